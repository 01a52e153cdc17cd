#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/number.hpp"
#include "app/report.hpp"

namespace quartic::app {
namespace {

constexpr CouplingKind kinds[] = {CouplingKind::w, CouplingKind::r, CouplingKind::a,
                                  CouplingKind::b};

/// The couplings of one kind in a few numbers.
struct KindSummary {
  Freedom freedom = Freedom::free;
  std::size_t count = 0;
  double mean = 0, spread = 0;
  double error = 0;  ///< rms standard error of one coupling
  double expected_mean = std::nan("");
  double largest_deviation = std::nan("");
};

KindSummary summarise(const LearnRun& run, CouplingKind kind) {
  KindSummary s;
  const auto& values = run.action.couplings(kind);
  s.freedom = run.freedom[static_cast<int>(kind)];
  s.count = values.size();
  if (values.empty()) return s;
  const double n = static_cast<double>(values.size());
  for (const double x : values) s.mean += x / n;
  for (const double x : values) s.spread += (x - s.mean) * (x - s.mean) / n;
  s.spread = std::sqrt(s.spread);
  const Parameters parameters = run.parameters();
  const int begin = parameters.begin(kind), end = parameters.end(kind);
  if (begin == end) return s;
  const auto theta = parameters.gather(run.action);
  double deviation = 0, expected = 0;
  for (int k = begin; k < end; ++k) {
    if (!run.theta_error.empty())
      s.error += run.theta_error[k] * run.theta_error[k] / (end - begin);
    expected += run.history.expected[k] / (end - begin);
    deviation = std::max(deviation, std::abs(theta[k] - run.history.expected[k]));
  }
  s.error = std::sqrt(s.error);
  s.expected_mean = expected;
  if (std::isfinite(expected)) s.largest_deviation = deviation;
  return s;
}

std::string kind_line(const LearnRun& run, CouplingKind kind) {
  const auto s = summarise(run, kind);
  std::string line = fmt::format("  {} {:<6} {:>6}   ", name(kind), name(s.freedom), s.count);
  if (s.freedom == Freedom::frozen)
    return line + fmt::format("{:<16} {:.2g}\n", fmt::format("{:.6g}", s.mean), s.spread);
  line += fmt::format("{:<16} {:<9.2g} {:<9.2g}", with_error(s.mean, s.error), s.spread, s.error);
  if (std::isfinite(s.largest_deviation))
    line += fmt::format(" {:<10.6g} {:.2g}", s.expected_mean, s.largest_deviation);
  return line + "\n";
}

std::string couplings_text(const LearnRun& run) {
  std::string out = "couplings            mean             spread    error";
  const bool expected = std::any_of(run.history.expected.begin(), run.history.expected.end(),
                                    [](double x) { return std::isfinite(x); });
  out += expected ? "     expected   largest deviation\n" : "\n";
  for (const auto kind : kinds) out += kind_line(run, kind);
  return out + "  error: of one coupling, rms; the mean carries that error\n";
}

std::string stop_text(const LearnRun& run) {
  const int epochs = run.history.rows.empty() ? 0 : run.history.rows.back().epoch;
  const char* why = run.reason == StopReason::converged
                        ? "converged: the couplings stopped moving beyond their error"
                    : run.reason == StopReason::epochs_exhausted
                        ? "NOT converged: the epochs ran out while the couplings were still moving"
                        : "not finished";
  return fmt::format("{} parameters by {}, {} updates; {}", run.history.parameters.size(),
                     name(run.config.learn.optimiser), epochs, why);
}

std::string certificate_text(const Certificate& c) {
  const auto line = [](std::string_view what, const Estimate& e, std::string_view meaning) {
    return fmt::format("  {:<12} {:<18} {}\n", what, with_error(e.value, e.error), meaning);
  };
  std::string out = "certificate\n";
  out += line("F(theta)", c.free_energy,
              "-ln Z of the learned action, by annealing in both directions");
  out += line("  forward", c.free_energy_forward,
              fmt::format("alone; its mean work bounds F from above: {}",
                          with_error(c.free_energy_upper.value, c.free_energy_upper.error)));
  out += line("  reverse", c.free_energy_reverse,
              fmt::format("alone; and from below: {}",
                          with_error(c.free_energy_lower.value, c.free_energy_lower.error)));
  out += line("F_A", c.target_free_energy, "of the target");
  out += line("F_var", c.variational_free_energy, "= <A - S> + F(theta), the bound: F_A <= F_var");
  out += line("gap", c.gap, "F_var - F_A = KL(p||q)");
  out += line("Var(A-S)/2", c.half_variance, "the gap to leading order");
  out += line("weight ESS", c.weight_ess, "overlap: effective fraction of the weights exp(-(A-S))");
  out +=
      line("annealing", c.annealing_ess,
           fmt::format("effective fraction of the forward weights, {} steps", c.annealing_steps));
  if (!c.ok) out += fmt::format("  NOT TO BE TRUSTED: {}\n", c.reason);
  return out;
}

nlohmann::json couplings_json(const LearnRun& run) {
  nlohmann::json out;
  for (const auto kind : kinds) {
    const auto s = summarise(run, kind);
    out[std::string(name(kind))] = {{"freedom", name(s.freedom)},
                                    {"count", s.count},
                                    {"mean", number(s.mean)},
                                    {"spread", number(s.spread)},
                                    {"error", number(s.error)},
                                    {"expected", number(s.expected_mean)},
                                    {"largest_deviation", number(s.largest_deviation)}};
  }
  return out;
}

nlohmann::json certificate_json(const Certificate& c) {
  return {{"free_energy", to_json(c.free_energy)},
          {"free_energy_forward", to_json(c.free_energy_forward)},
          {"free_energy_reverse", to_json(c.free_energy_reverse)},
          {"free_energy_upper", to_json(c.free_energy_upper)},
          {"free_energy_lower", to_json(c.free_energy_lower)},
          {"target_free_energy", to_json(c.target_free_energy)},
          {"variational_free_energy", to_json(c.variational_free_energy)},
          {"gap", to_json(c.gap)},
          {"half_variance", to_json(c.half_variance)},
          {"weight_ess", to_json(c.weight_ess)},
          {"annealing_ess", to_json(c.annealing_ess)},
          {"annealing_steps", c.annealing_steps},
          {"ok", c.ok},
          {"reason", c.reason}};
}

}  // namespace

std::string report(const LearnRun& run) {
  std::string out = graph_text(run.action);
  out +=
      fmt::format("target    {}\nlearning  {}\n", target_text(run.config.target), stop_text(run));
  out += couplings_text(run);
  if (!run.history.rows.empty()) {
    const auto& row = run.history.rows.back();
    out +=
        fmt::format("last epoch: gradient norm {}, Var(A-S) {}, weight ESS {}, acceptance {:.3f}\n",
                    with_error(row.gradient_norm, row.gradient_norm_error),
                    with_error(row.action_variance, row.action_variance_error),
                    with_error(row.weight_ess, row.weight_ess_error), row.acceptance);
  }
  if (run.certificate) out += certificate_text(*run.certificate);
  return out + origin_text(run.config, run.provenance);
}

nlohmann::json report_json(const LearnRun& run) {
  nlohmann::json out = origin_json(run.action, run.provenance);
  out.update({{"target", target_text(run.config.target)},
              {"parameters", run.history.parameters.size()},
              {"optimiser", name(run.config.learn.optimiser)},
              {"epochs", run.history.rows.size()},
              {"stop_reason", name(run.reason)},
              {"converged", run.reason == StopReason::converged},
              {"couplings", couplings_json(run)}});
  if (!run.history.rows.empty()) out["last_epoch"] = to_json(run.history.rows.back());
  if (run.certificate) out["certificate"] = certificate_json(*run.certificate);
  return out;
}

nlohmann::json to_json(const EpochRow& row) {
  return {{"epoch", row.epoch},
          {"gradient_norm", number(row.gradient_norm)},
          {"gradient_norm_error", number(row.gradient_norm_error)},
          {"action_variance", number(row.action_variance)},
          {"action_variance_error", number(row.action_variance_error)},
          {"weight_ess", number(row.weight_ess)},
          {"weight_ess_error", number(row.weight_ess_error)},
          {"acceptance", number(row.acceptance)},
          {"reflection_acceptance", number(row.reflection_acceptance)},
          {"rate", number(row.rate)},
          {"largest_step", number(row.largest_step)},
          {"step_significance", number(row.step_significance)}};
}

}  // namespace quartic::app
