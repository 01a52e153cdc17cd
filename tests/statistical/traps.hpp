// The traps of traps/traps.json, run as a user would run them: config, run layer, verdicts.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "coverage.hpp"
#include "quartic/run/file_store.hpp"
#include "quartic/run/free_energy.hpp"
#include "quartic/run/problem.hpp"
#include "quartic/run/reweight.hpp"
#include "quartic/run/sample.hpp"

namespace quartic::testing {

/// One number that a run gave, against its exact value.
struct Pull {
  std::string trap, observable;
  bool ordinary = false;  ///< must be ok where it is right
  double z = 0;           ///< (value - exact) / error; NaN: no number
  bool ok = true;

  bool right() const { return std::abs(z) <= 4; }
};

inline const nlohmann::json& traps() {
  static const auto json =
      nlohmann::json::parse(std::ifstream(QUARTIC_TEST_DATA "/statistical/traps/traps.json"));
  return json;
}

namespace trap_detail {

inline std::vector<double> values(const nlohmann::json& couplings, const char* kind,
                                  std::size_t count) {
  if (!couplings.contains(kind)) return std::vector<double>(count, 0.0);
  const auto& given = couplings[kind];
  if (given.is_number()) return std::vector<double>(count, given.get<double>());
  return given.get<std::vector<double>>();
}

inline Config config_of(const nlohmann::json& trap, std::uint64_t seed) {
  Config config;
  const auto& graph = trap["graph"];
  if (graph.contains("pairs")) {
    for (const auto& pair : graph["pairs"]) config.graph.pairs.push_back({pair[0], pair[1]});
    config.graph.sites = graph["sites"].get<int>();
  } else {
    config.graph.lattice = graph["lattice"];
    config.graph.extent = graph["extent"].get<std::vector<int>>();
    if (graph.contains("boundary")) config.graph.boundary = {graph["boundary"]};
  }
  const auto& run = trap["run"];
  config.sampler.options.chains = run.value("chains", 256);
  config.sample.draws = run.value("draws", 400);
  config.run.seed = seed, config.run.threads = 1;
  return config;
}

inline Action action_of(const nlohmann::json& trap, const Config& config) {
  Action action(make_graph(config.graph));
  const auto& couplings = trap["couplings"];
  const std::size_t sites = action.r.size(), edges = action.w.size();
  action.w = values(couplings, "w", edges), action.r = values(couplings, "r", sites);
  action.a = values(couplings, "a", sites), action.b = values(couplings, "b", sites);
  return action;
}

/// `digits` of the exact value are known.
inline double pull(double value, double error, double exact, int digits = 10) {
  // By symmetry alone, as <m> of an even target: the exact value is a zero of the script's
  // rounding.
  if (error == 0 && std::abs(value - exact) < 1e-12) return 0;
  error = std::hypot(error, exact * std::pow(10.0, -digits));
  return value == exact ? 0 : (value - exact) / error;
}

/// xi is undefined where xi^2 < 0, and 0 is no root of a noisy number.
inline Pull correlation_length(const ObservableResult& result, double exact_square, Pull pull) {
  pull.z = exact_square < -1e-9 ? std::numeric_limits<double>::infinity()
                                : result.estimate.mean / result.estimate.error;
  if (!result.ok && std::isnan(result.estimate.mean)) pull.z = std::nan("");
  return pull;
}

}  // namespace trap_detail

inline std::vector<Pull> sampled(const nlohmann::json& trap, std::uint64_t seed) {
  using namespace trap_detail;
  const Config config = config_of(trap, seed);
  SampleRun run = begin_sampling(config, action_of(trap, config), "test");
  const Unattended nobody;
  Store<SampleRun> nowhere;
  sample(run, nowhere, nobody.session);
  std::vector<Pull> pulls;
  const auto& exact = trap["exact"];
  for (const auto& result : run.results) {
    const std::string& name = result.name;
    if (name == "susceptibility" || name == "action_density") continue;  // as m2 and action
    Pull pull{trap["name"], name, trap["ordinary"], 0, result.ok};
    const double square = exact.value("xi2", 1.0);
    if (name == "correlation_length" && square < 1e-9) {
      pulls.push_back(correlation_length(result, square, pull));
      continue;
    }
    if (!exact.contains(name)) continue;
    const auto& e = result.estimate;
    pull.z = trap_detail::pull(e.mean, e.error, exact[name], trap["digits"]);
    pulls.push_back(pull);
  }
  return pulls;
}

inline std::vector<Pull> free_energy(const nlohmann::json& trap, std::uint64_t seed) {
  using namespace trap_detail;
  const Config config = config_of(trap, seed);
  const Unattended nobody;
  const auto found =
      free_energies(config, action_of(trap, config), 0.01, nullptr, nobody.session).combined;
  const double exact = trap["exact"]["F"];
  return {{trap["name"], "F", trap["ordinary"],
           pull(found.value.value, found.value.error, exact, trap["digits"]), found.ok}};
}

inline std::vector<TermSpec> terms_of(const nlohmann::json& point, const Action& action) {
  using trap_detail::values;
  std::vector<TermSpec> terms;
  const auto add = [&](const std::string& name, std::complex<double> coupling,
                       std::vector<double> weights) {
    auto& term = terms.emplace_back();
    term.name = name, term.coupling = coupling, term.weights = std::move(weights);
  };
  const auto& to = point["to"];
  if (!action.w.empty()) add("edges", -1, values(to, "w", action.w.size()));
  add("phi", 1, values(to, "r", action.r.size()));
  add("phi2", 1, values(to, "a", action.a.size()));
  add("phi4", 1, values(to, "b", action.b.size()));
  for (const auto& [name, g] : point["imaginary"].items()) add(name, {0, g.get<double>()}, {});
  return terms;
}

/// A run in a file, reweighted; `copies` of the same file say nothing new. A refusal by name is as
/// good as no ok.
inline std::vector<Pull> reweighted(const nlohmann::json& point, std::uint64_t seed) {
  using namespace trap_detail;
  const Config config = config_of(point, seed);
  const Action action = action_of(point, config);
  const auto file = std::filesystem::temp_directory_path() /
                    ("quartic-trap-" + std::to_string(::getpid()) + ".h5");
  SampleRun run = begin_sampling(config, action, "test");
  const Unattended nobody;
  FileStore<SampleRun> store(file);
  sample(run, store, nobody.session);
  ReweightOptions options;
  options.runs.assign(point["copies"].get<int>(), file.string());
  options.target = terms_of(point, action);
  options.anneal = point["anneal"], options.threads = 1;
  for (const auto& [name, exact] : point["exact"].items()) options.observables.push_back(name);
  std::vector<Pull> pulls;
  const auto give = [&](const std::string& name, double value, double error, double exact,
                        bool ok) {
    pulls.push_back(
        {point["name"], name, point["ordinary"], pull(value, error, exact, point["digits"]), ok});
  };
  try {
    const ReweightRun found = reweight(options, nobody.session);
    const auto& at = found.points.front();
    for (std::size_t k = 0; k < found.observables.size(); ++k) {
      const auto& exact = point["exact"][found.observables[k]];
      const auto& o = at.observables[k];
      give(found.observables[k], o.value.real(), o.real_error,
           (exact.is_array() ? exact[0] : exact).get<double>(), at.ok);
      if (exact.is_array())
        give("Im " + found.observables[k], o.value.imag(), o.imag_error, exact[1], at.ok);
    }
  } catch (const BadInput&) {
    for (const auto& name : options.observables)
      pulls.push_back({point["name"], name, point["ordinary"], std::nan(""), false});
  }
  std::filesystem::remove(file);
  return pulls;
}

using TrapRunner = std::vector<Pull> (*)(const nlohmann::json&, std::uint64_t);

/// All pulls of a family over seeds 1 ... `seeds`; of sampling, free energies, reweighting.
struct TrapFamily {
  std::string name;
  TrapRunner run = sampled;

  /// Of every `one_in`-th trap.
  std::vector<Pull> pulls(int seeds, int one_in = 1) const {
    std::vector<Pull> all;
    const bool reweights = run == reweighted;
    int number = 0;
    for (const auto& trap : traps()[reweights ? "reweighting" : "traps"]) {
      if (run == free_energy ? !trap["free_energy"].get<bool>() : trap["family"] != name) continue;
      if (number++ % one_in != 0) continue;
      for (int seed = 1; seed <= seeds; ++seed)
        for (auto& pull : run(trap, static_cast<std::uint64_t>(seed)))
          all.push_back(std::move(pull));
    }
    return all;
  }
};

inline void PrintTo(const TrapFamily& family, std::ostream* out) {
  *out << family.name;
}

/// As the name of a test.
inline std::string test_name(const ::testing::TestParamInfo<TrapFamily>& parameter) {
  std::string name = parameter.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

inline std::vector<TrapFamily> trap_families() {
  std::vector<TrapFamily> families;
  for (const auto& trap : traps()["traps"])
    if (families.empty() || families.back().name != trap["family"].get<std::string>())
      families.push_back({trap["family"]});
  families.push_back({"free energies", free_energy});
  families.push_back({"reweighting", reweighted});
  return families;
}

/// |z| that the largest of `count` normal deviates exceeds with p = 1e-5.
inline double largest_by_chance(double count) {
  double low = 0, high = 20;
  for (int k = 0; k < 60; ++k) {
    const double z = (low + high) / 2;
    (std::erfc(z / std::sqrt(2.0)) * count > 1e-5 ? low : high) = z;
  }
  return high;
}

/// ok means within 4 errors: of the traps that say ok, no more than `by_chance` may have a pull
/// beyond 4 (one run's pulls hang together), and none beyond what chance gives.
inline void expect_ok_is_right(const std::vector<Pull>& pulls, int by_chance) {
  const double most = largest_by_chance(static_cast<double>(pulls.size()));
  std::map<std::string, const Pull*> beyond;
  for (const auto& pull : pulls) {
    if (!pull.ok || std::abs(pull.z) <= 4) continue;
    auto& worst = beyond[pull.trap];
    if (!worst || !(std::abs(pull.z) <= std::abs(worst->z))) worst = &pull;
  }
  std::string list;
  bool impossible = false;
  for (const auto& [trap, pull] : beyond) {
    list += "\n  " + trap + ": " + pull->observable + " ok at " + std::to_string(pull->z);
    impossible = impossible || !(std::abs(pull->z) <= most);
  }
  EXPECT_TRUE(!impossible && static_cast<int>(beyond.size()) <= by_chance)
      << beyond.size() << " traps of ok numbers that are wrong:" << list;
}

/// Of the right ones of ordinary traps at least 98 % are ok.
inline void expect_right_is_ok(const std::vector<Pull>& pulls) {
  double right = 0, ok = 0;
  std::set<std::string> refused;
  for (const auto& pull : pulls) {
    if (!pull.ordinary || !pull.right()) continue;
    ++right, ok += pull.ok ? 1 : 0;
    if (!pull.ok) refused.insert(pull.trap + ": " + pull.observable);
  }
  std::string list;
  for (const auto& one : refused) list += "\n  " + one;
  EXPECT_GE(ok, 0.98 * right) << right - ok << " of " << right << " right ones refused:" << list;
}

}  // namespace quartic::testing
