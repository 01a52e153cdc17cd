#include <fmt/format.h>

#include <cmath>

#include "quartic/run/number.hpp"
#include "quartic/run/sample.hpp"
#include "run/report_couplings.hpp"
#include "run/report_json.hpp"

namespace quartic::reports {
namespace {

std::string stop_text(const SampleRun& run) {
  if (run.stop_reason == StopReason::relative_error)
    return fmt::format("{} reached its relative error", run.config.sample.until);
  return std::string(stop_words(run.stop_reason));
}

std::string sampling_text(const SampleRun& run) {
  const int sweeps = run.config.sample.sweeps;
  std::string out = fmt::format(
      "sampling  {} chains, {} draws each, {} sweep{} apart, after {} sweeps of warm-up{}; {}\n",
      run.config.sampler.options.chains, run.measurement.draws, sweeps, sweeps == 1 ? "" : "s",
      run.warm_up_sweeps, run.stationary ? "" : " (averages NOT at rest)", stop_text(run));
  if (!run.wells.empty()) out += fmt::format("wells     {}\n", run.wells);
  out += fmt::format("schedule  {}\nacceptance", run.schedule);
  for (std::size_t k = 0; k < run.acceptance.size(); ++k)
    out += fmt::format("{} {} {}", k ? "," : "", run.acceptance[k].move,
                       fixed(run.acceptance[k].rate, 3));
  if (run.flipped.draws > 0)
    out += fmt::format("; signs flipped by clusters {}", fixed(run.flipped.rate, 3));
  return out + "\n";
}

std::string observables_text(const std::vector<ObservableResult>& results) {
  std::string out = fmt::format("{:<24} {:<18} {:<12} {:>9}  {:>6}  {}\n", "observable", "value",
                                "tau", "ESS", "R-hat", "verdict");
  for (const auto& result : results) {
    const auto& [name, meaning, derived, e, ok, reason] = result;
    out += fmt::format("{:<24} {:<18} {:<12} {:>9}  {:>6}  {}\n", name,
                       result.undefined() ? "-" : with_error(e.mean, e.error),
                       with_error(e.tau, e.tau_error), rounded(e.ess, 3),
                       std::isfinite(e.r_hat) ? fmt::format("{:.4f}", e.r_hat) : "-",
                       ok                   ? "ok"
                       : result.undefined() ? "undefined"
                                            : "NOT ok");
  }
  out += "  tau: integrated autocorrelation time in draws; ESS: effective samples of all chains\n";
  for (const auto& result : results)
    if (!result.ok) out += fmt::format("  {}: {}\n", result.name, result.reason);
  return out;
}

std::string speed_text(const SampleRun& run) {
  const auto* slowest = slowest_observable(run.results);
  if (!slowest || run.measuring_seconds <= 0) return {};
  return fmt::format("{} effective samples/s of {}, the slowest; {} site updates/s\n",
                     rounded(slowest->estimate.ess / run.measuring_seconds, 3), slowest->name,
                     rounded(site_updates(run) / run.measuring_seconds, 3));
}

}  // namespace

std::string text(const SampleRun& run) {
  std::string out = graph_text(run.action) + sampling_text(run);
  if (run.results.empty())
    out += "no draws yet\n";
  else
    out += observables_text(run.results) + speed_text(run);
  return out + origin_text(run.config, run.provenance);
}

nlohmann::json json(const SampleRun& run) {
  nlohmann::json observables = nlohmann::json::object(), acceptance = nlohmann::json::object();
  for (const auto& result : run.results) observables[result.name] = fields_json(result);
  for (const auto& move : run.acceptance) acceptance[move.move] = number(move.rate);
  nlohmann::json out = origin_json(run.action, run.provenance);
  out.update(json_of("chains", run.config.sampler.options.chains, "draws", run.measurement.draws,
                     "sweeps", run.config.sample.sweeps, "warm_up", run.warm_up_sweeps,
                     "stationary", run.stationary, "wells", run.wells, "stop_reason",
                     run.stop_reason, "schedule", run.schedule, "acceptance", acceptance,
                     "flipped_fraction", run.flipped.draws > 0 ? run.flipped.rate : NAN,
                     "observables", observables, "measuring_seconds", run.measuring_seconds));
  const auto* slowest = slowest_observable(run.results);
  if (slowest && run.measuring_seconds > 0) {
    out["slowest"] = slowest->name;
    out["effective_samples_per_second"] = number(slowest->estimate.ess / run.measuring_seconds);
    out["site_updates_per_second"] = number(site_updates(run) / run.measuring_seconds);
  }
  return out;
}

}  // namespace quartic::reports
