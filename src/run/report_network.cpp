#include <fmt/format.h>

#include <algorithm>

#include "quartic/network/training_watch.hpp"
#include "quartic/run/number.hpp"
#include "run/report_couplings.hpp"
#include "run/report_json.hpp"

namespace quartic::reports {
namespace {

std::string evaluation_text(const NetworkRun& run) {
  const NetworkEvaluation& j = run.evaluations.back();
  const auto& z = j.log_z;
  std::string out =
      run.exact() ? "evaluation\n" : fmt::format("evaluation after epoch {}\n", j.epoch);
  out += estimate_line("ln Z", z.value,
                       z.exact ? "exact"
                               : fmt::format("annealed there {} and back {}", with_error(z.forward),
                                             with_error(z.reverse)));
  out += likelihood_text("ln p, data", j.train, j.train_in_data);
  if (j.held_out) {
    out += likelihood_text("ln p, held out", *j.held_out, j.held_out_in_data);
    out += estimate_line("free-energy gap", j.free_energy_gap, "held-out rows minus the data");
  }
  if (j.above_gaussian)
    out += estimate_line("above a Gaussian", *j.above_gaussian,
                         j.held_out ? "ln p held out, less that of one Gaussian of all the data"
                                    : "ln p, less that of one Gaussian of all the data");
  if (j.above_independent)
    out += estimate_line("above columns", *j.above_independent,
                         "ln p, less that of independent columns");
  out += estimate_line("reconstruction", j.reconstruction, "(phi - <phi | h>)^2 a unit");
  if (!z.ok) out += fmt::format("  NOT TO BE TRUSTED: {}\n", z.reason);
  return out;
}

std::string ended(const NetworkRun& run) {
  if (run.stop_reason == StopReason::running) return "not finished";
  if (run.config.training.epochs > 0) return "all";
  if (run.network.w.size() > TrainingWatch::most_weights)
    return "so many as w is too large to look at ln p";
  return run.stop_reason == StopReason::held_out_worse
             ? "until ln p of held-out rows rose no more; the best of them is kept"
             : "with ln p of held-out rows still rising";
}

/// How the scalings did on held-out rows.
std::string density_text(const NetworkRun& run) {
  const DensityChoice& choice = run.density.choice;
  const bool running = run.stop_reason == StopReason::running;
  const std::string done = running && choice.iterations == 0
                               ? "not finished"
                               : fmt::format("{} iterations with all rows", choice.iterations);
  std::string out =
      fmt::format("{}  exact gradients{}, {}\n", run.density.start ? "start   " : "learning",
                  run.network.gated() ? ", with gates" : "", done);
  out += "scaling   ln p of rows held out of those, in the units of the data\n";
  for (std::size_t k = 0; k < choice.candidates.size(); ++k) {
    const DensityCandidate& one = choice.candidates[k];
    const bool chosen = k == choice.chosen;
    const double best = one.held_out[static_cast<std::size_t>(one.best)];
    // Rows came in the units that were asked for.
    const auto scaling = one.scaling == ScalingMethod::none ? run.data.scaling.method : one.scaling;
    out += fmt::format("  {:<18} {:<18} after {} iterations{}{}\n", name(scaling),
                       with_error(best, one.error), 10 * one.best, one.dropped ? ", dropped" : "",
                       chosen ? running ? ", the best so far" : ", chosen" : "");
  }
  return out + notes_text(choice.remarks);
}

}  // namespace

std::string likelihood_text(std::string_view what, const LogLikelihood& likelihood,
                            const std::optional<LogLikelihood>& in_data) {
  // In the units of the data where the model's are others: that is what can be compared.
  const LogLikelihood& shown = in_data ? *in_data : likelihood;
  // Annealing back may end below annealing there, where neither is near ln Z.
  const auto [low, high] = std::minmax(shown.lower, shown.upper);
  std::string meaning =
      low == high ? "a row" : fmt::format("a row, in [{}, {}]", rounded(low, 6), rounded(high, 6));
  meaning += fmt::format("; other rows: +- {}", rounded(shown.rows_error, 2));
  if (in_data)
    meaning += fmt::format("; {} in the units of the model", with_error(likelihood.value));
  return estimate_line(what, shown.value, meaning);
}

std::string training_text(const NetworkRun& run) {
  const auto& network = run.network;
  const auto& training = run.config.training;
  std::string out =
      fmt::format("network   {} {} units, {} {} hidden ones\n", network.visible.size(),
                  name(network.visible.unit), network.hidden.size(), name(network.hidden.unit));
  out += fmt::format("data      {}\n", run.data.description);
  out += fmt::format("rows      {} to learn from, {} held out\n", run.data.rows, run.data.held_out);
  out += notes_text(run.data.remarks);
  if (!run.density.choice.candidates.empty()) out += density_text(run);
  if (run.exact()) return out + (run.evaluations.empty() ? "" : evaluation_text(run));
  const double rate = run.history.empty() ? training.rate : run.history.front().rate;
  const std::string slower = training.epochs == 0 && rate < training.rate
                                 ? fmt::format(", as {} made ln p fall", rounded(training.rate, 6))
                                 : "";
  const bool persistent = training.start == ChainStart::persistent;
  out += fmt::format("training  {}-{}{}, batches of {}, rate {}{}; {} epochs, {}\n",
                     persistent ? "PCD" : "CD", training.steps,
                     training.rungs > 1 ? fmt::format(" over {} rungs of {}", training.rungs,
                                                      name(training.tempering))
                                        : "",
                     batch_rows(training, run.data.rows), rounded(rate, 6), slower,
                     run.history.empty() ? 0 : run.history.back().epoch, ended(run));
  if (!run.history.empty()) {
    const auto& row = run.history.back();
    out += fmt::format(
        "last epoch: free energy of data {}, of chains {}; moments agree to {} errors; |w| "
        "{}\n",
        with_error(row.data_free_energy), with_error(row.model_free_energy),
        rounded(row.moment_score, 3), rounded(row.weight_norm, 3));
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
  const DensityChoice& choice = run.density.choice;
  if (choice.candidates.empty()) return out;
  auto& density = out["density"];
  density = json_of("scaling", name(choice.best().scaling), "iterations", choice.iterations);
  density["held_out"] = to_json(choice.held_out);
  for (const auto& one : choice.candidates)
    density["candidates"].push_back(json_of("scaling", name(one.scaling), "held_out", one.held_out,
                                            "best", one.best, "error", one.error, "dropped",
                                            one.dropped, "improving", one.improving));
  return out;
}

nlohmann::json json(const NetworkRun& run) {
  auto out = training_json(run);
  out.update(provenance_json(run.provenance));
  return out;
}

}  // namespace quartic::reports
