#include <fmt/format.h>

#include <algorithm>

#include "quartic/run/number.hpp"
#include "run/report_couplings.hpp"
#include "run/report_json.hpp"

namespace quartic::reports {
namespace {

std::string evaluation_text(const NetworkRun& run) {
  const NetworkEvaluation& j = run.evaluations.back();
  const auto& z = j.log_z;
  std::string out = fmt::format("evaluation after epoch {}\n", j.epoch);
  out += estimate_line("ln Z", z.value,
                       z.exact ? "exact"
                               : fmt::format("annealed there {} and back {}", with_error(z.forward),
                                             with_error(z.reverse)));
  const double jacobian = log_jacobian(run);
  out += likelihood_text("ln p, data", j.train, jacobian);
  if (j.held_out) {
    out += likelihood_text("ln p, held out", *j.held_out, jacobian);
    out += estimate_line("free-energy gap", j.free_energy_gap, "held-out rows minus the data");
  }
  out += estimate_line("reconstruction", j.reconstruction, "(phi - <phi | h>)^2 a unit");
  if (!z.ok) out += fmt::format("  NOT TO BE TRUSTED: {}\n", z.reason);
  return out;
}

}  // namespace

std::string likelihood_text(std::string_view what, const LogLikelihood& likelihood,
                            double jacobian) {
  // Annealing back may end below annealing there, where neither is near ln Z.
  const auto [low, high] = std::minmax(likelihood.lower, likelihood.upper);
  std::string meaning = fmt::format("a row, in [{:.6g}, {:.6g}]; other rows: +- {:.2g}", low, high,
                                    likelihood.rows_error);
  if (jacobian != 0) {
    meaning += fmt::format("; {} in the units of the data",
                           with_error(likelihood.value.value + jacobian, likelihood.value.error));
  }
  return estimate_line(what, likelihood.value, meaning);
}

double log_jacobian(const NetworkRun& run) {
  if (run.data.scaling.method == ScalingMethod::none) return 0;
  return run.data.scaling.log_jacobian(static_cast<std::size_t>(run.network.visible.size()));
}

std::string training_text(const NetworkRun& run) {
  const auto& network = run.network;
  const auto& training = run.config.training;
  std::string out =
      fmt::format("network   {} {} units, {} {} hidden ones\n", network.visible.size(),
                  name(network.visible.unit), network.hidden.size(), name(network.hidden.unit));
  out += fmt::format("data      {}\n", run.data.description);
  out += fmt::format("rows      {} to learn from, {} held out\n", run.data.rows, run.data.held_out);
  const bool persistent = training.start == ChainStart::persistent;
  out += fmt::format(
      "training  {}-{}{}, batches of {}, rate {:g}; {} epochs, {}\n", persistent ? "PCD" : "CD",
      training.steps,
      training.rungs > 1
          ? fmt::format(" over {} rungs of {}", training.rungs, name(training.tempering))
          : "",
      training.batch, training.rate, run.history.empty() ? 0 : run.history.back().epoch,
      run.stop_reason == StopReason::running ? "not finished" : "all");
  if (!run.history.empty()) {
    const auto& row = run.history.back();
    out += fmt::format(
        "last epoch: free energy of data {}, of chains {}; moments agree to {:.2f} errors; "
        "|w| {:.3g}\n",
        with_error(row.data_free_energy), with_error(row.model_free_energy), row.moment_score,
        row.weight_norm);
  }
  if (!run.evaluations.empty()) out += evaluation_text(run);
  return out;
}

std::string text(const NetworkRun& run) {
  return training_text(run) + provenance_text(run.provenance);
}

nlohmann::json training_json(const NetworkRun& run) {
  auto out = json_of(
      "visible", run.network.visible.size(), "visible_unit", name(run.network.visible.unit),
      "hidden", run.network.hidden.size(), "hidden_unit", name(run.network.hidden.unit), "data",
      run.data.description, "rows", run.data.rows, "held_out", run.data.held_out, "epochs",
      run.history.empty() ? 0 : run.history.back().epoch, "stop_reason", name(run.stop_reason));
  if (!run.history.empty()) out["last_epoch"] = fields_json(run.history.back());
  for (const auto& evaluation : run.evaluations)
    out["evaluations"].push_back(fields_json(evaluation));
  return out;
}

nlohmann::json json(const NetworkRun& run) {
  auto out = training_json(run);
  out.update(provenance_json(run.provenance));
  return out;
}

}  // namespace quartic::reports
