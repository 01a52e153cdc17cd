#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "quartic/run/number.hpp"
#include "run/heavy_tails.hpp"
#include "run/report_couplings.hpp"
#include "run/report_json.hpp"

namespace quartic::reports {
namespace {

/// (learned - true) / error, where the truth is known and the coupling is off its bound.
struct ZScores {
  int count = 0;
  double mean = 0, variance = 0;
};
ZScores z_scores(const FitRun& run) {
  ZScores z;
  const auto theta = run.parameters().gather(run.action);
  double square = 0;
  for (std::size_t k = 0; k < theta.size(); ++k) {
    const double score = (theta[k] - run.history.expected[k]) / run.theta_error[k];
    if (!std::isfinite(score)) continue;
    ++z.count, z.mean += score, square += score * score;
  }
  if (z.count < 2) return {};
  z.mean /= z.count;
  z.variance = (square - z.count * z.mean * z.mean) / (z.count - 1);
  return z;
}

std::string z_text(const FitRun& run) {
  const ZScores z = z_scores(run);
  if (z.count == 0) return {};
  return fmt::format("  (learned - true) / error of {} couplings: mean {}, variance {}\n", z.count,
                     with_error(z.mean, std::sqrt(z.variance / z.count)),
                     with_error(z.variance, z.variance * std::sqrt(2.0 / (z.count - 1))));
}

/// A single row has no error of its own.
std::string score_text(const FitRun& run, const DataScore& score) {
  const auto& likelihood = score.log_likelihood;
  std::string out = estimate_line(
      "ln p a row", likelihood.total(),
      std::isfinite(likelihood.rows_error)
          ? fmt::format("error of the rows {}, of F {}", rounded(likelihood.rows_error, 2),
                        rounded(likelihood.value.error, 2))
          : fmt::format("of one row, which has no error; error of F {}",
                        rounded(likelihood.value.error, 2)));
  if (run.data.scaling.method != ScalingMethod::none) {
    const double jacobian =
        run.data.scaling.log_jacobian(static_cast<std::size_t>(run.action.graph->visible_sites()));
    out +=
        estimate_line("  unscaled", {likelihood.value.value + jacobian, likelihood.total().error},
                      "in the units of the data");
  }
  if (run.action.graph->hidden_sites() == 0) {
    out +=
        estimate_line("pseudo-likelihood", score.pseudo_likelihood, "sum_i ln p(phi_i | others)");
    out += estimate_line("score matching", score.score_matching,
                         "Hyvarinen's objective, lower is better");
  }
  const auto& all = score.moments.all;
  if (all.worst >= 0) {
    out += fmt::format(
        "  {:<18} {:<18} of {} moments, z^2 on average; the worst, {}: data {}, model {}\n", "chi2",
        rounded(all.chi2, 4), all.count, score.moments.label(all.worst),
        std::isfinite(score.moments.data[all.worst].error)
            ? with_error(score.moments.data[all.worst])
            : rounded(score.moments.data[all.worst].value, 4),
        with_error(score.moments.model[all.worst]));
  }
  return out;
}

/// That at b = 0 the data have no more of a fourth moment than the model says nothing of tails:
/// Gaussian data put half of the b there.
std::string at_bound_text(const FitRun& run, int at_bound) {
  const bool tied = run.freedom[static_cast<int>(CouplingKind::b)] == Freedom::tied;
  return fmt::format("{}, where the model is Gaussian\n",
                     tied ? std::string("b is at its bound")
                          : fmt::format("{} of {} b are at their bound", at_bound,
                                        run.action.graph->visible_sites()));
}

/// Why not to take the fit for the data's density.
std::string lacks_text(const FitRun& run) {
  auto notes = run.data.remarks;
  if (auto tails = heavy_tails(run); !tails.empty()) notes.push_back(std::move(tails));
  return notes_text(notes);
}

std::string evaluation_text(const FitRun& run) {
  const Evaluation& j = *run.evaluation;
  const auto& work = j.free_energy.work;
  std::string out = "evaluation\n";
  out += estimate_line("F(theta)", work.difference,
                       fmt::format("-ln Z, {}; bounds {} and {}", j.free_energy.route(),
                                   with_error(work.lower), with_error(work.upper)));
  out += "the data, which the model learned from\n" + score_text(run, j.train);
  if (j.held_out) out += "held-out data\n" + score_text(run, *j.held_out);
  if (!j.ok) out += fmt::format("  NOT TO BE TRUSTED: {}\n", j.reason);
  return out;
}

nlohmann::json score_json(const DataScore& score) {
  const auto& all = score.moments.all;
  return json_of("log_likelihood", score.log_likelihood.total(), "log_likelihood_rows_error",
                 score.log_likelihood.rows_error, "pseudo_likelihood", score.pseudo_likelihood,
                 "score_matching", score.score_matching, "chi2", all.chi2, "worst_z", all.worst_z,
                 "worst_moment", all.worst >= 0 ? score.moments.label(all.worst) : "");
}

nlohmann::json evaluation_json(const Evaluation& j) {
  const auto& work = j.free_energy.work;
  auto out =
      json_of("free_energy", work.difference, "free_energy_lower", work.lower, "free_energy_upper",
              work.upper, "annealing_ess", work.forward_ess, "annealing_steps", j.free_energy.steps,
              "data", score_json(j.train), "ok", j.ok, "reason", j.reason);
  if (j.held_out) out["held_out"] = score_json(*j.held_out);
  return out;
}

}  // namespace

std::string text(const FitRun& run) {
  std::string out = graph_text(run.action);
  out += fmt::format("data      {}\n", run.data.description);
  out += fmt::format("rows      {} to learn from, {} held out", run.data.rows, run.data.held_out);
  if (run.data.pass_seconds > 0.5) {
    out += fmt::format("; one pass for their moments took {}, {:.3g} rows/s",
                       duration(run.data.pass_seconds),
                       double(run.data.rows + run.data.held_out) / run.data.pass_seconds);
  }
  out += '\n';
  if (!run.start.empty()) out += fmt::format("start     {}\n", run.start);
  out += "fitting   " + learning_text(run, name(run.config.fit.optimiser));
  out += couplings_text(learned(run)) + z_text(run);
  if (!run.history.rows.empty()) {
    const auto& row = run.history.rows.back();
    out +=
        fmt::format("last epoch: gradient norm {}, gain since the start {}, acceptance {}\n",
                    with_error(row.gradient_norm), with_error(row.gain), fixed(row.acceptance, 3));
    if (row.at_bound > 0) out += at_bound_text(run, row.at_bound);
  }
  if (run.evaluation) out += evaluation_text(run);
  return out + lacks_text(run) + origin_text(run.config, run.provenance);
}

nlohmann::json json(const FitRun& run) {
  auto out = learning_json(run, name(run.config.fit.optimiser));
  out.update(json_of("data", run.data.description, "rows", run.data.rows, "held_out",
                     run.data.held_out, "pass_seconds", run.data.pass_seconds, "start", run.start));
  const ZScores z = z_scores(run);
  if (z.count > 0)
    out["z_scores"] = json_of("count", z.count, "mean", z.mean, "variance", z.variance);
  if (run.evaluation) out["evaluation"] = evaluation_json(*run.evaluation);
  return out;
}

}  // namespace quartic::reports
