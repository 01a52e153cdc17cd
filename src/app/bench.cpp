// quartic bench: what this machine's kernels reach: time a site and chain, site updates/s,
// effective samples/s, products, updates of networks, epochs of learning
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <vector>

#include "app/bench_learning.hpp"
#include "app/plain_metropolis.hpp"
#include "app/verb.hpp"
#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/blas.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

struct BenchArguments {
  std::vector<int> extents{16, 64, 256};
  double seconds = 2;
};

double seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

/// One core, one block of 64 chains, a nearly critical periodic square lattice (mu^2 = -0.9515,
/// lambda = 0.7 of Bachtis, Aarts & Lucini, Phys. Rev. D 103, 074510).
Sampler<float> make_sampler(int extent, const SamplerOptions& wanted) {
  const auto graph =
      std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}}));
  SamplerOptions options = wanted;
  options.chains = 64, options.threads = 1;
  return {Action::uniform(graph, 1, 0, 1.52425, 0.175), options, 1, Stream::check};
}

/// One local pass alone.
SamplerOptions passes(int reflections, int hits = 0, ClusterMove cluster = ClusterMove::none) {
  SamplerOptions options;
  options.reflections = reflections, options.metropolis_hits = hits;
  options.cluster = cluster, options.flips = false;
  return options;
}

struct Time {
  double nanoseconds, error;
  Time operator-(const Time& other) const {
    return {nanoseconds - other.nanoseconds, std::hypot(error, other.error)};
  }
};

/// Nanoseconds of one sweep a site and chain: the median and half the spread of the middle half of
/// eleven runs.
Time sweep_time(int extent, const SamplerOptions& options) {
  auto sampler = make_sampler(extent, options);
  sampler.sweep(20);
  const double updates = static_cast<double>(sampler.sites()) * sampler.chains();
  const int sweeps = std::max(1, static_cast<int>(1e7 / updates));
  std::vector<double> runs;
  for (int run = 0; run < 11; ++run) {
    const auto start = std::chrono::steady_clock::now();
    sampler.sweep(sweeps);
    runs.push_back(seconds(start) / (updates * sweeps) * 1e9);
  }
  std::sort(runs.begin(), runs.end());
  return {runs[5], (runs[8] - runs[2]) / 2};
}

struct Rate {
  SeriesEstimate magnetisation;
  double per_second, per_second_error;
  bool long_enough;  ///< else tau is a lower limit, and the rate an upper one
};

/// The rate at which a series of m^2, [chain][draw], was effectively sampled.
Rate rate_of(const std::vector<double>& series, int chains, double sampling) {
  const auto estimate = estimate_series(series, chains);
  const double rate = estimate.ess / sampling;
  const bool long_enough =
      estimate.window_found && static_cast<double>(series.size()) > 50 * estimate.tau;
  return {estimate, rate, rate * estimate.tau_error / estimate.tau, long_enough};
}

/// Effective samples of m^2 a second, measuring not counted; and the schedule in words.
std::pair<Rate, std::string> effective_rate(int extent, const SamplerOptions& options,
                                            double limit) {
  auto sampler = make_sampler(extent, options);
  sampler.warm_up(200);
  std::vector<std::vector<double>> series(sampler.chains());
  double sampling = 0;
  while (sampling < limit && series[0].size() < 8000) {
    const auto start = std::chrono::steady_clock::now();
    sampler.sweep(1);
    sampling += seconds(start);
    const auto block = sampler.block(0);
    std::vector<double> m(block.lanes);
    for (int i = 0; i < block.sites; ++i)
      for (int lane = 0; lane < block.lanes; ++lane) m[lane] += block.site(i)[lane];
    for (int lane = 0; lane < block.lanes; ++lane)
      series[lane].push_back(m[lane] * m[lane] / std::pow(block.sites, 2));
  }
  std::vector<double> all;
  for (const auto& chain : series) all.insert(all.end(), chain.begin(), chain.end());
  return {rate_of(all, sampler.chains(), sampling), sampler.describe_schedule()};
}

/// The same of what a user has without quartic.
Rate plain_rate(int extent, double limit) {
  const auto [series, sampling] = plain_metropolis(extent, limit);
  return rate_of(series, 1, sampling);
}

void print_kernel(const Globals& globals, const std::string& name, int extent, const Time& time) {
  if (globals.json) {
    print_json(reports::json_of("kernel", name, "extent", extent, "ns", time.nanoseconds,
                                "ns_error", time.error));
  } else {
    to_output("L={:<4} {:<26} {:6.2f} ± {:<5.2f} ns a site and chain  {:7.1f} M updates/s\n",
              extent, name, time.nanoseconds, time.error, 1e3 / time.nanoseconds);
  }
  flush_output();
}

void print_rate(const Globals& globals, const std::string& name, int extent, const Rate& rate) {
  const auto& m = rate.magnetisation;
  if (globals.json) {
    print_json(reports::json_of("schedule", name, "extent", extent, "ess_per_second",
                                rate.per_second, "ess_per_second_error", rate.per_second_error,
                                "tau", m.tau, "tau_error", m.tau_error, "long_enough",
                                rate.long_enough));
  } else {
    to_output(
        "L={:<4} {}{:>9.3g} ± {:<8.2g} effective samples of m^2/s  tau {:.2f} ± {:.2f} sweeps  "
        "{}{}\n",
        extent, rate.long_enough ? ' ' : '<', rate.per_second, rate.per_second_error, m.tau,
        m.tau_error, name, rate.long_enough ? "" : " (run too short for its tau: an upper limit)");
  }
  flush_output();
}

void print_learning(const Globals& globals, const LearningTime& time) {
  if (globals.json) {
    print_json(
        reports::json_of("learning", time.what, "ms", time.milliseconds, "ms_error", time.error));
  } else {
    to_output("{:7.1f} ± {:<5.1f} ms  {}\n", time.milliseconds, time.error, time.what);
  }
  std::fflush(stdout);
}

void print_blas(const Globals& globals) {
  const auto& blas = blas_identity();
  if (globals.json) {
    print_json(reports::json_of("blas", blas.version, "file", blas.file, "core", blas.core,
                                "gflops", blas_speed(), "advice", blas.advice));
  } else {
    to_output("{:7.1f} GF/s a core in products of float32 matrices: {}, {} kernels, {}\n",
              blas_speed(), blas.version, blas.core, blas.file);
  }
  if (!blas.advice.empty()) warn(blas.advice, globals);
}

ErrorCode bench(const BenchArguments& options, const Globals& globals) {
  blas_identity();  // or it throws: not after minutes
  if (!globals.json) {
    to_output(
        "one core, {} kernels, 64 chains in lanes, nearly critical periodic square lattice (w = "
        "1, a = 1.52425, b = 0.175)\n",
        simd_target());
  }
  for (const int extent : {8, 64, 256}) {
    const Time independence = sweep_time(extent, passes(0));
    const Time four = sweep_time(extent, passes(4)) - independence;
    print_kernel(globals, "independence Metropolis", extent, independence);
    print_kernel(globals, "reflection", extent, {four.nanoseconds / 4, four.error / 4});
    print_kernel(globals, "Metropolis, one hit", extent, sweep_time(extent, passes(0, 1)));
    for (const auto cluster : {ClusterMove::fill, ClusterMove::swendsen_wang})
      print_kernel(globals, fmt::format("cluster move, {}", name(cluster)), extent,
                   sweep_time(extent, passes(0, 0, cluster)) - independence);
  }
  for (const int extent : options.extents) {
    const auto [rate, schedule] = effective_rate(extent, {}, options.seconds);
    print_rate(globals, "default: " + schedule, extent, rate);
    print_rate(globals, "plain scalar Metropolis, one chain", extent,
               plain_rate(extent, options.seconds));
  }
  print_blas(globals);
  time_learning([&](const LearningTime& time) { print_learning(globals, time); });
  return ErrorCode::ok;
}

const Verb bench_verb(
    520, "bench", bench,
    [](CLI::App& verb, BenchArguments& options) {
      verb.description(
          "speed of the kernels, effective samples a second and times of learning on this machine");
      verb.add_option("--extent", options.extents, "lattices L x L for the effective samples")
          ->check(integer(2, 4096));
      verb.add_option("--seconds", options.seconds, "sampling time of each")
          ->check(between(0.01, 1e4));
    },
    Work::of_one, Gives::text);

}  // namespace
}  // namespace quartic::app
