// quartic bench: what this machine's kernels reach: time a site and chain, site updates/s,
// effective samples/s
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/verb.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/stats/autocorrelation.hpp"

namespace quartic::app {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

/// One core, two blocks of 64 chains, periodic square lattice at the BAL point.
Sampler<float> make_sampler(int extent, std::optional<int> reflections, int hits, bool flips) {
  const auto graph =
      std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}}));
  SamplerOptions options;
  options.chains = 128, options.threads = 1, options.reflections = reflections;
  options.metropolis_hits = hits, options.flips = flips;
  return {Action::uniform(graph, 1, 0, 1.52425, 0.175), options, 1, Stream::check};
}

/// Nanoseconds of one sweep a site and chain: the median and half the spread of the middle half of
/// eleven runs.
std::pair<double, double> sweep_time(int extent, std::optional<int> reflections, int hits,
                                     bool flips) {
  auto sampler = make_sampler(extent, reflections, hits, flips);
  sampler.sweep(20);
  const double updates = static_cast<double>(sampler.sites()) * sampler.chains();
  const int sweeps = std::max(1, static_cast<int>(2e7 / updates));
  std::vector<double> runs;
  for (int run = 0; run < 11; ++run) {
    const auto start = Clock::now();
    sampler.sweep(sweeps);
    runs.push_back(seconds(start) / (updates * sweeps) * 1e9);
  }
  std::sort(runs.begin(), runs.end());
  return {runs[5], (runs[8] - runs[2]) / 2};
}

struct Rate {
  SeriesEstimate magnetisation;
  double per_second;
  double per_second_error;
  int reflections;
};

/// Effective samples of m^2 a second.
Rate effective_rate(int extent, int hits, double limit) {
  auto sampler = make_sampler(extent, std::nullopt, hits, true);
  sampler.warm_up(200);
  std::vector<std::vector<double>> draws;
  double sampling = 0;
  while (sampling < limit && draws.size() < 4000) {
    const auto start = Clock::now();
    sampler.sweep(1);
    sampling += seconds(start);
    std::vector<double> m2(sampler.chains());
    for (int index = 0; index < sampler.blocks(); ++index) {
      const auto block = sampler.block(index);
      for (int lane = 0; lane < block.lanes; ++lane) {
        double m = 0;
        for (int i = 0; i < block.sites; ++i) m += block.site(i)[lane];
        m2[index * block.lanes + lane] = m * m / (static_cast<double>(block.sites) * block.sites);
      }
    }
    draws.push_back(std::move(m2));
  }
  std::vector<double> series;
  for (int chain = 0; chain < sampler.chains(); ++chain)
    for (const auto& draw : draws) series.push_back(draw[chain]);
  const auto estimate = estimate_series(series, sampler.chains());
  const double rate = estimate.ess / sampling;
  return {estimate, rate, rate * estimate.tau_error / estimate.tau, sampler.reflections()};
}

void print_kernel(const Globals& globals, const std::string& name, int extent,
                  std::pair<double, double> time) {
  if (globals.json) {
    fmt::print(
        "{}\n",
        nlohmann::json{
            {"kernel", name}, {"extent", extent}, {"ns", time.first}, {"ns_error", time.second}}
            .dump());
  } else {
    fmt::print("{:<34} L={:<4} {:6.2f} ± {:<5.2f} ns a site and chain  {:7.1f} M updates/s\n", name,
               extent, time.first, time.second, 1e3 / time.first);
  }
}

void print_rate(const Globals& globals, const std::string& name, int extent, const Rate& rate) {
  const auto& m = rate.magnetisation;
  if (globals.json) {
    fmt::print("{}\n", nlohmann::json{{"schedule", name},
                                      {"extent", extent},
                                      {"ess_per_second", rate.per_second},
                                      {"ess_per_second_error", rate.per_second_error},
                                      {"tau", m.tau},
                                      {"tau_error", m.tau_error}}
                           .dump());
  } else {
    fmt::print(
        "{:<34} L={:<4} {:9.3g} ± {:<8.2g} effective samples of m^2/s, tau {:.2f} ± {:.2f} "
        "sweeps{}\n",
        name, extent, rate.per_second, rate.per_second_error, m.tau, m.tau_error,
        m.window_found ? "" : " (run too short for its tau: an upper limit)");
  }
}

ErrorCode bench(const Globals& globals) {
  if (!globals.json) {
    fmt::print(
        "one core, {} kernels, 64 chains in lanes, periodic square lattice at the BAL point (w = "
        "1, a = "
        "1.52425, b = 0.175)\n",
        simd_target());
  }
  for (const int extent : {8, 64}) {
    const auto independence = sweep_time(extent, 0, 0, false),
               both = sweep_time(extent, 4, 0, false);
    print_kernel(globals, "independence Metropolis", extent, independence);
    print_kernel(
        globals, "reflection", extent,
        {(both.first - independence.first) / 4, std::hypot(both.second, independence.second) / 4});
    print_kernel(globals, "Metropolis, one hit", extent, sweep_time(extent, 0, 1, false));
  }
  for (const int extent : {8, 16, 32}) {
    const auto rate = effective_rate(extent, 0, 1.0);
    print_rate(globals, fmt::format("default schedule ({} reflections)", rate.reflections), extent,
               rate);
    print_rate(globals, "Metropolis, one hit", extent, effective_rate(extent, 1, 1.0));
  }
  return ErrorCode::ok;
}

void add(CLI::App& app, Globals& globals) {
  auto* verb = app.add_subcommand(
      "bench", "speed of the kernels and effective samples a second on this machine");
  verb->callback([&globals] { globals.action = [&globals] { return bench(globals); }; });
}

const Registration registration(80, add);

}  // namespace
}  // namespace quartic::app
