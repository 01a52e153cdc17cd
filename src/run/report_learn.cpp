#include <fmt/format.h>

#include <cmath>

#include "quartic/run/number.hpp"
#include "run/report_couplings.hpp"
#include "run/report_json.hpp"

namespace quartic::reports {
namespace {

std::string certificate_text(const Certificate& c) {
  const auto line = [](std::string_view what, const Estimate& e, std::string_view meaning) {
    return fmt::format("  {:<12} {:<18} {}\n", what, with_error(e), meaning);
  };
  const auto& work = c.free_energy.work;
  std::string out = "certificate\n";
  out += line("F(theta)", work.difference,
              fmt::format("-ln Z of the learned action, {}", c.free_energy.route()));
  out += line("  forward", work.forward,
              fmt::format("alone; its mean work bounds F from above: {}", with_error(work.upper)));
  out += line("  reverse", work.reverse,
              fmt::format("alone; and from below: {}", with_error(work.lower)));
  out += line("F_A", c.target_free_energy, "of the target");
  out += line("F_var", c.variational_free_energy, "= <A - S> + F(theta), the bound: F_A <= F_var");
  out += line("gap", c.gap, "F_var - F_A = KL(p||q)");
  out += line("Var(A-S)/2", c.half_variance, "the gap to leading order");
  out += line("weight ESS", c.weight_ess, "overlap: effective fraction of the weights exp(-(A-S))");
  out +=
      line("annealing", work.forward_ess,
           fmt::format("effective fraction of the forward weights, {} steps", c.free_energy.steps));
  if (!c.ok) out += fmt::format("  NOT TO BE TRUSTED: {}\n", c.reason);
  return out;
}

/// How the natural gradient was found last, and what patches may have missed.
std::string solver_text(const LearnRow& row) {
  if (row.solver.empty()) return {};
  std::string out = "solver    " + row.solver;
  if (row.radius > 0) out += fmt::format(", patches of radius {}", row.radius);
  if (std::isfinite(row.wider_gain.value))
    out += fmt::format("; one edge more would gain {} nats of KL", with_error(row.wider_gain));
  else if (row.radius > 0)
    out += "; one edge more was not tried";
  return out + "\n";
}

}  // namespace

std::string text(const LearnRun& run) {
  std::string out = graph_text(run.action);
  out += fmt::format("target    {}\nlearning  {}", target_text(run.config.target),
                     learning_text(run, name(run.config.learn.optimiser)));
  out += couplings_text(learned(run));
  if (!run.history.rows.empty()) {
    const auto& row = run.history.rows.back();
    out += fmt::format("last epoch: gradient norm {}, Var(A-S) {}, weight ESS {}, acceptance {}\n",
                       with_error(row.gradient_norm), with_error(row.action_variance),
                       with_error(row.weight_ess), fixed(row.acceptance, 3));
    out += solver_text(row);
  }
  if (run.certificate) out += certificate_text(*run.certificate);
  return out + origin_text(run.config, run.provenance);
}

nlohmann::json json(const LearnRun& run) {
  auto out = learning_json(run, name(run.config.learn.optimiser));
  out["target"] = target_text(run.config.target);
  if (run.certificate) out["certificate"] = fields_json(*run.certificate);
  return out;
}

}  // namespace quartic::reports
