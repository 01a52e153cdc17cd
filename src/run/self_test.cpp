#include "quartic/run/self_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "quartic/core/error.hpp"
#include "quartic/run/free_energy.hpp"
#include "quartic/run/problem.hpp"
#include "quartic/run/sample.hpp"

namespace quartic {
namespace {

struct Known {
  std::string_view observable;
  double value;
};

struct CompiledTrap {
  std::string_view name;
  bool ordinary;  ///< what is right of it must be ok
  std::string_view config;
  std::vector<Known> exact;
};

const std::vector<CompiledTrap>& compiled_traps() {
  static const std::vector<CompiledTrap> traps = {
#include "run/self_test_traps.inc"
  };
  return traps;
}

/// One number of a run.
struct Found {
  std::string_view name;
  Estimate estimate;
  bool ok;
};

std::vector<Found> run_trap(const CompiledTrap& trap, const Config& config,
                            const Session& session) {
  const Unattended nobody;
  const Session quiet{session.stop, nobody.session.observer, session.clock};
  const Action action = make_start(config, make_graph(config.graph));
  std::vector<Found> found;
  if (trap.exact.front().observable == "F") {
    const auto f = free_energies(config, action, 0.01, nullptr, quiet).combined;
    return {{"F", f.value, f.ok}};
  }
  SampleRun run = begin_sampling(config, action, "quartic selftest --long");
  Store<SampleRun> nowhere;
  if (sample(run, nowhere, quiet) == Outcome::interrupted) throw Interrupted();
  for (const auto& known : trap.exact) {
    const auto at = std::find_if(run.results.begin(), run.results.end(),
                                 [&](const auto& r) { return r.name == known.observable; });
    if (at != run.results.end())
      found.push_back({known.observable, {at->estimate.mean, at->estimate.error}, at->ok});
  }
  return found;
}

/// |z|; no number at all is as far off as can be.
double distance(double z) {
  return std::isnan(z) ? INFINITY : std::abs(z);
}

TrapResult judge(const CompiledTrap& trap, const std::vector<Found>& found) {
  TrapResult out;
  out.trap = trap.name;
  std::pair furthest(false, -1.0);  // those that say ok come first
  int refused_though_right = 0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    const auto& [name, estimate, ok] = found[k];
    const double exact = trap.exact[k].value;
    const double error = std::hypot(estimate.error, 1e-9 * exact);
    const double z = estimate.value == exact ? 0 : (estimate.value - exact) / error;
    ++out.numbers, out.ok += ok ? 1 : 0;
    if (!ok && distance(z) <= 4) ++refused_though_right;
    const std::pair weight(ok, distance(z));
    if (weight <= furthest) continue;
    furthest = weight;
    out.observable = name, out.value = estimate.value, out.error = estimate.error;
    out.expected = exact, out.z = z;
  }
  const bool wrong = out.ok > 0 && !(std::abs(out.z) <= 4);
  out.verdict = wrong || (trap.ordinary && refused_though_right > 0) ? TrapVerdict::wrong
                : out.ok == 0                                        ? TrapVerdict::refused
                                                                     : TrapVerdict::right;
  return out;
}

}  // namespace

std::vector<TrapResult> long_self_test(int threads, const Session& session) {
  const auto& traps = compiled_traps();
  std::vector<TrapResult> results;
  const auto progress = session.progress("traps");
  for (const auto& trap : traps) {
    report_progress(progress,
                    static_cast<double>(results.size()) / static_cast<double>(traps.size()));
    Config config = parse_config(trap.config, std::string(trap.name));
    config.run.threads = threads;
    results.push_back(judge(trap, run_trap(trap, config, session)));
  }
  return results;
}

}  // namespace quartic
