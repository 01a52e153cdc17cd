#include "quartic/run/diagnosis.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <set>
#include <utility>

#include "quartic/data/gaussian_density.hpp"
#include "quartic/mcmc/precision.hpp"
#include "quartic/network/training_watch.hpp"
#include "quartic/stats/identities.hpp"
#include "run/heavy_tails.hpp"

namespace quartic {
namespace {

constexpr double significant = 5;  // errors: by chance in one of 10^4 runs of 16 chains
constexpr double max_r_hat = 1.05;
constexpr double min_effective = 400;  // Vehtari et al., Bayesian Anal. 16 (2021) 667
constexpr double min_taus = 50, many_chains_min_taus = 10;
constexpr double min_acceptance = 0.1;
constexpr double min_weight = 0.1;
constexpr double max_ridge = 1e-4;
constexpr double max_chi2 = 3;
constexpr double max_moment_score = 3;

/// Of a value that has no error.
Check check(std::string name, double value, std::string threshold, bool ok, std::string advice) {
  return {std::move(name), {value, 0}, std::move(threshold), ok, std::move(advice)};
}

bool agrees(const Estimate& estimate, double expected) {
  return std::abs(estimate.value - expected) <= significant * estimate.error;
}

/// What every sample of exp(-S) obeys exactly, where nothing is hidden. Stored fields are float32:
/// of an action that needs more they say nothing.
void check_identities(std::vector<Check>& checks, const Action& action, std::span<const float> phi,
                      int chains) {
  constexpr int most_sites = 256;  // that are looked at one by one
  const int sites = action.graph->sites();
  if (!why_not_float32(action).empty() || action.graph->hidden_sites() > 0) return;
  const Estimate value = virial(action, phi, chains);
  checks.push_back({"virial <phi dS/dphi>", value, "1 within 5 errors", agrees(value, 1),
                    "the fields do not follow exp(-S): a longer warm-up, float64 fields; please "
                    "report it if that does not help"});
  const FieldSample sample(phi, sites, chains);
  if (sample.count() < 64) return;
  for (auto& check :
       identity_checks(test_identities(action, sample, {.by_site = sites <= most_sites})))
    checks.push_back(std::move(check));
}

Check acceptance_check(const std::string& move, double rate) {
  return check("acceptance of " + move, rate, fmt::format(">= {}", min_acceptance),
               rate >= min_acceptance,
               "the move hardly ever succeeds: sampler.metropolis_hits = 4");
}

/// The primary observable for which `measure` is largest.
template <class Measure>
const ObservableResult& worst(const std::vector<ObservableResult>& results, Measure measure) {
  const ObservableResult* found = nullptr;
  for (const auto& result : results)
    if (!result.derived && (!found || measure(result) > measure(*found))) found = &result;
  return *found;
}

void check_series(std::vector<Check>& checks, const SampleRun& run) {
  const auto& all = run.results;
  const auto draws = static_cast<double>(run.measurement.draws);
  const auto& mixed = worst(all, [](const auto& r) { return r.estimate.r_hat; });
  const auto& slow = worst(all, [](const auto& r) { return r.estimate.tau; });
  const auto& few = worst(all, [](const auto& r) { return -r.estimate.ess; });
  const double tau = slow.estimate.tau;
  const auto longer = fmt::format("quartic resume RUN --draws {:.0f}",
                                  std::max(2 * draws, std::ceil(2 * min_taus * tau)));
  // Many chains of a draw or three speak by their number: there is no R-hat and no tau.
  const bool few_draws = std::isnan(mixed.estimate.r_hat);
  if (!few_draws)
    checks.push_back(check("R-hat of " + mixed.name, mixed.estimate.r_hat,
                           fmt::format("<= {}", max_r_hat), mixed.estimate.r_hat <= max_r_hat,
                           "the chains disagree: more warm_up, or longer: " + longer));
  checks.push_back(check("ESS of " + few.name, few.estimate.ess,
                         fmt::format(">= {:.0f}", min_effective), few.estimate.ess >= min_effective,
                         longer));
  if (few_draws) return;
  // The scatter between many chains shows a tau that each of them is too short for.
  constexpr int many = 64;
  const double wanted = run.config.sampler.options.chains >= many ? many_chains_min_taus : min_taus;
  checks.push_back({"draws / tau of " + slow.name,
                    {draws / tau, draws / tau * slow.estimate.tau_error / tau},
                    fmt::format(">= {:.0f}", wanted),
                    draws / tau >= wanted,
                    longer});
  const auto open = std::count_if(
      all.begin(), all.end(), [](const auto& r) { return !r.derived && !r.estimate.window_found; });
  checks.push_back(check("tau without a window", static_cast<double>(open), "0", open == 0,
                         "tau is only a lower bound: " + longer));
}

void check_observables(std::vector<Check>& checks, const SampleRun& run) {
  std::string reasons;
  int failed = 0;
  for (const auto& result : run.results) {
    if (result.ok || result.undefined()) continue;
    ++failed;
    if (reasons.empty()) reasons = fmt::format("{}: {}", result.name, result.reason);
  }
  checks.push_back(check("observables not ok", static_cast<double>(failed), "0", failed == 0,
                         std::move(reasons)));
}

void check_symmetry(std::vector<Check>& checks, const SampleRun& run) {
  const auto& r = run.action.r;
  if (std::any_of(r.begin(), r.end(), [](double x) { return x != 0; })) return;
  const auto m = std::find_if(run.results.begin(), run.results.end(),
                              [](const auto& result) { return result.name == "m"; });
  if (m == run.results.end()) return;
  const Estimate value{m->estimate.mean, m->estimate.error};
  checks.push_back({"sign symmetry <m>", value, "0 within 5 errors", agrees(value, 0),
                    "chains are stuck in one sign: sampler.flips = true, or a longer warm-up"});
}

/// What every learner's run is asked.
template <class Run>
std::vector<Check> learning_checks(const Run& run) {
  std::vector<Check> checks;
  const double epochs = run.history.rows.empty() ? 0 : run.history.rows.back().epoch;
  checks.push_back(check(
      "epochs, converged", epochs, "couplings at rest",
      run.stop_reason == StopReason::converged || run.stop_reason == StopReason::held_out_worse,
      run.stop_reason == StopReason::running ? "quartic resume RUN"
                                             : "quartic resume RUN --epochs N"));
  if (run.history.rows.empty()) return checks;
  const auto& row = run.history.rows.back();
  checks.push_back(check("ridge", row.ridge, fmt::format("<= {:g}", max_ridge),
                         row.ridge <= max_ridge,
                         "the samples do not determine the couplings: more draws, or tied ones"));
  checks.push_back(acceptance_check("independence", row.acceptance));
  return checks;
}

Check missing(const char* what) {
  return check(what, 0, "there", false,
               fmt::format("{}.enabled = true, or quartic resume RUN", what));
}

Check annealing_check(const Estimate& ess, std::string_view section) {
  return {"annealing ESS", ess, fmt::format(">= {}", min_weight), ess.value >= min_weight,
          fmt::format("more {}.steps", section)};
}

Check overfitting_check(const LogLikelihood& here, const LogLikelihood& held_out,
                        const std::string& remedies) {
  const Estimate gap{here.value.value - held_out.value.value,
                     std::hypot(here.rows_error, held_out.rows_error)};
  return {"ln p, data - held out", gap, "<= 5 errors", gap.value <= significant * gap.error,
          "overfitting: " + remedies};
}

/// What stands in the way of a density, or of judging it.
void check_remarks(std::vector<Check>& checks, const std::vector<std::string>& remarks) {
  const auto known = [&](const std::string& name) {
    return std::ranges::any_of(checks, [&](const Check& one) { return one.name == name; });
  };
  int number = 1;
  for (const std::string& remark : remarks) {
    while (known(fmt::format("remark {}", number))) ++number;
    checks.push_back(check(fmt::format("remark {}", number), number, "none", false, remark));
  }
}

/// So many independent moments there are in effect: K^2 / sum_kl rho_kl^2, rho the correlations of
/// the features over draws of the model (Satterthwaite's degrees of freedom of a mean of z^2), less
/// what chance adds to rho^2. O(draws^2 K) of 256 draws at most.
double effective_moments(const FitRun& run) {
  constexpr std::size_t most_draws = 256;
  const Graph& graph = *run.action.graph;
  const auto sites = static_cast<std::size_t>(graph.visible_sites());
  const auto& phi = run.evaluation->draws.phi;
  const std::size_t all = phi.size() / sites, count = std::min(all, most_draws);
  const auto edges = graph.edges();
  const auto moments = static_cast<Eigen::Index>(edges.size() + 3 * sites);
  if (count < 16 || graph.hidden_sites() > 0) return static_cast<double>(moments);
  Eigen::MatrixXd features(count, moments);
  for (std::size_t n = 0; n < count; ++n) {
    const float* x = phi.data() + n * all / count * sites;
    Eigen::Index k = 0;
    const auto row = static_cast<Eigen::Index>(n);
    for (const auto& [i, j] : edges) features(row, k++) = static_cast<double>(x[i] * x[j]);
    for (const int power : {1, 2, 4})
      for (std::size_t i = 0; i < sites; ++i)
        features(row, k++) = std::pow(static_cast<double>(x[i]), power);
  }
  features.rowwise() -= features.colwise().mean().eval();
  for (Eigen::Index k = 0; k < moments; ++k) features.col(k) /= features.col(k).norm();
  if (!features.allFinite()) return static_cast<double>(moments);
  const double squares = (features * features.transpose()).squaredNorm(),
               k = static_cast<double>(moments);
  const double by_chance = k * (k - 1) / (static_cast<double>(count) - 1);
  return k * k / std::max(k, squares - by_chance);
}

/// What the mean of z^2 stays below in all but one of 10^4 fits that are right, or a gross misfit.
double most_chi2(const FitRun& run) {
  const double freedom = effective_moments(run);
  const boost::math::chi_squared chi2(freedom);
  return std::max(max_chi2, boost::math::quantile(boost::math::complement(chi2, 1e-4)) / freedom);
}

Check moments_check(const FitRun& run, const char* what, const MomentMatch& match) {
  const Parameters every(run.action.graph,
                         {Freedom::free, Freedom::free, Freedom::free, Freedom::free});
  const bool mean = match.all.worst >= 0 && every.kind(match.all.worst) == CouplingKind::r &&
                    run.freedom[static_cast<int>(CouplingKind::r)] == Freedom::frozen;
  const double most = most_chi2(run);
  return check(
      fmt::format("chi2 of {}", what), match.all.chi2, fmt::format("<= {:.2g}", most),
      match.all.chi2 <= most,
      fmt::format("the model misses {} by {:.1f} errors: {}", match.label(match.all.worst),
                  std::abs(match.all.worst_z),
                  mean ? "action.r = { freedom = \"free\" }, or data.scaling = \"standardise\""
                       : "free more couplings, or more edges"));
}

}  // namespace

std::vector<Check> diagnose(const SampleRun& run) {
  std::vector<Check> checks;
  const auto draws = static_cast<double>(run.measurement.draws);
  checks.push_back(check("draws, finished", draws, "> 0, finished",
                         draws > 0 && run.stop_reason != StopReason::running,
                         "quartic resume RUN"));
  if (run.results.empty()) return checks;
  if (const std::set<std::int32_t> wells(run.measurement.wells.begin(),
                                         run.measurement.wells.end());
      !wells.empty()) {
    const bool apart =
        std::any_of(run.results.begin(), run.results.end(), [](const ObservableResult& r) {
          return r.reason.find("different wells") != std::string::npos;
        });
    checks.push_back(check("wells that moves do not join",
                           apart ? static_cast<double>(wells.size()) : 1, "1", !apart,
                           run.wells + ": sampler.rungs = 8"));
  }
  checks.push_back(check("warm-up sweeps", static_cast<double>(run.warm_up_sweeps),
                         "averages at rest", run.stationary,
                         "they were still moving: give sample.warm_up more sweeps"));
  check_series(checks, run);
  check_observables(checks, run);
  for (const auto& move : run.acceptance)
    if (move.move != "flip" && move.move != "turned")
      checks.push_back(acceptance_check(move.move, move.rate));
  check_symmetry(checks, run);
  if (!run.kept.phi.empty()) {
    std::vector<float> phi;  // by chain
    const int chains = run.config.sampler.options.chains, sites = run.action.graph->sites();
    for (int chain = 0; chain < chains; ++chain)
      for (const auto& draw : run.kept.phi)
        phi.insert(phi.end(), draw.begin() + static_cast<std::ptrdiff_t>(chain) * sites,
                   draw.begin() + static_cast<std::ptrdiff_t>(chain + 1) * sites);
    check_identities(checks, run.action, phi, chains);
  }
  return checks;
}

/// What longer patches would still gain; where that could not be tried, what the last edge has
/// gained, or all that is left.
void check_patches(std::vector<Check>& checks, const LearnRun& run) {
  const auto& rows = run.history.rows;
  if (run.stop_reason == StopReason::running || rows.empty() || rows.back().radius == 0) return;
  const int radius = rows.back().radius;
  const auto& left = rows.back().action_variance;
  const auto tried = std::find_if(rows.rbegin(), rows.rend(), [](const LearnRow& row) {
    return std::isfinite(row.wider_gain.value);
  });
  const bool any = tried != rows.rend(), here = any && tried->radius == radius;
  const Estimate gain = any ? tried->wider_gain : Estimate{left.value / 2, left.error / 2};
  constexpr double little = 0.05;  // of the last edge, which gains more than the next
  const bool ok = here ? !tried->wider_patches_gain()
                       : gain.value < little * left.value / 2 || left.value < 2e-3;
  checks.push_back({"KL that longer patches gain", gain,
                    "0 within 2 errors, or a hundredth of Var(A-S)/2", ok,
                    here ? fmt::format("learn.radius = {}, or leave it to be found", radius + 1)
                         : "one edge more was not tried, it needs more samples an epoch: "
                           "learn.draws or sampler.chains"});
}

/// Couplings at rest do not raise what is left; those of a target without a minimum do.
void check_rise(std::vector<Check>& checks, const LearnRun& run) {
  const auto& rows = run.history.rows;
  const auto patience = static_cast<std::size_t>(run.config.learn.patience);
  if (run.stop_reason != StopReason::converged || rows.size() <= patience) return;
  const Estimate &before = rows[rows.size() - patience].action_variance,
                 &last = rows.back().action_variance;
  const Estimate rise{last.value - before.value, std::hypot(last.error, before.error)};
  checks.push_back({"rise of Var(A-S) at rest", rise, "<= 5 errors, or a fifth",
                    rise.value <= significant * rise.error || rise.value <= 0.2 * before.value,
                    "the target may have no minimum, or samples are too few: more chains"});
}

std::vector<Check> diagnose(const LearnRun& run) {
  constexpr int enough = 64;  // groups of chains, for errors good to a tenth
  auto checks = learning_checks(run);
  check_patches(checks, run);
  check_rise(checks, run);
  const int chains = run.config.sampler.options.chains;
  checks.push_back(check("chains", chains, fmt::format(">= {}", enough), chains >= enough,
                         "so few make the errors of couplings too small: sampler.chains = 1024"));
  if (!run.certificate) {
    if (run.config.certificate.enabled) checks.push_back(missing("certificate"));
    return checks;
  }
  const Certificate& c = *run.certificate;
  checks.push_back(check("certificate", static_cast<double>(c.ok), "ok", c.ok, c.reason));
  checks.push_back({"weight ESS", c.weight_ess, fmt::format(">= {}", min_weight),
                    c.weight_ess.value >= min_weight,
                    "the learned field is far from the target: reweighting to it will not hold"});
  checks.push_back(annealing_check(c.free_energy.work.forward_ess, "certificate"));
  checks.push_back({"gap F_var - F_A", c.gap, ">= 0 within 5 errors",
                    c.gap.value >= -significant * c.gap.error,
                    "KL(p||q) cannot be negative: more certificate.draws and steps"});
  check_identities(checks, run.action, c.draws.phi, c.draws.chains);
  return checks;
}

std::vector<Check> diagnose(const FitRun& run) {
  auto checks = learning_checks(run);
  check_remarks(checks, run.data.remarks);
  if (!run.evaluation) {
    if (run.config.evaluation.enabled) checks.push_back(missing("evaluation"));
    return checks;
  }
  const Evaluation& j = *run.evaluation;
  checks.push_back(check("free energy", static_cast<double>(j.ok), "ok", j.ok, j.reason));
  checks.push_back(annealing_check(j.free_energy.work.forward_ess, "evaluation"));
  if (const std::string tails = heavy_tails(run); !tails.empty())
    checks.push_back(check("tails of the data", 0, "the model's", false, tails));
  checks.push_back(moments_check(run, "the data's moments", j.train.moments));
  if (j.held_out) {
    checks.push_back(moments_check(run, "held-out moments", j.held_out->moments));
    checks.push_back(
        overfitting_check(j.train.log_likelihood, j.held_out->log_likelihood,
                          "fit.weight_decay, fit.held_out_patience, or tied couplings"));
  }
  check_identities(checks, run.action, j.draws.phi, j.draws.chains);
  return checks;
}

namespace {

/// Learned less than the means and covariances say: nothing, mostly.
void check_gaussian(std::vector<Check>& checks, const NetworkEvaluation& j,
                    const std::string& remedy) {
  if (!j.above_gaussian) return;
  const Estimate& above = *j.above_gaussian;
  checks.push_back({"ln p above one Gaussian's", above, ">= -3 errors", !below_gaussian(above),
                    "one Gaussian knows the data better: " + remedy});
}

/// Two-valued columns that were trained and learned nothing.
void check_independent(std::vector<Check>& checks, const NetworkEvaluation& j) {
  if (!j.above_independent) return;
  constexpr double errors = 2;
  const Estimate& above = *j.above_independent;
  checks.push_back({"ln p above independent columns", above, "> 2 errors",
                    above.value >= std::max(errors * above.error, TrainingWatch::worth_telling),
                    "it is no higher than theirs, and independent they may be; if not, more epochs "
                    "(training.epochs) or another rate"});
}

/// Of a network that was learned exactly.
std::vector<Check> diagnose_density(const NetworkRun& run) {
  const DensityChoice& choice = run.density.choice;
  std::vector<Check> checks{check("iterations, all done", choice.iterations, "finished",
                                  run.stop_reason != StopReason::running && !run.draws.empty(),
                                  "quartic resume RUN")};
  check_remarks(checks, run.data.remarks);
  check_remarks(checks, choice.remarks);
  const DensityCandidate& best = choice.best();
  const double rise = best.last_rise();
  checks.push_back({"ln p held out, rise in the last tenth",
                    {rise, choice.held_out.error},
                    "at rest",
                    !best.improving,
                    fmt::format("{}: training.iterations = {}",
                                rise > 0 ? "it was still rising"
                                         : "it ended before held-out rows could say how long",
                                2 * run.config.exact.iterations)});
  if (run.evaluations.empty()) return checks;
  const NetworkEvaluation& j = run.evaluations.back();
  checks.push_back(check("ln Z", static_cast<double>(j.log_z.ok), "ok", j.log_z.ok,
                         j.log_z.reason + ": more evaluation.steps, sweeps or ladders"));
  if (j.held_out)
    checks.push_back(overfitting_check(j.train_in_data.value_or(j.train),
                                       j.held_out_in_data.value_or(*j.held_out),
                                       "fewer hidden units, or a larger training.ridge"));
  check_gaussian(checks, j,
                 run.config.data.scaling == ScalingMethod::automatic
                     ? "more rows, or other hidden units"
                     : "data.scaling = \"auto\", or more hidden units");
  return checks;
}
}  // namespace

std::vector<Check> diagnose(const NetworkRun& run) {
  if (run.exact()) return diagnose_density(run);
  std::vector<Check> checks;
  const double epochs = run.history.empty() ? 0 : run.history.back().epoch;
  checks.push_back(check("epochs, all done", epochs, "finished",
                         run.stop_reason != StopReason::running, "quartic resume RUN"));
  if (run.history.empty()) return checks;
  const double score = run.history.back().moment_score;
  checks.push_back(
      check("moments, batch - chains", score, fmt::format("<= {}", max_moment_score),
            score <= max_moment_score,
            "the chains lag behind the network: more training.steps, rungs, or a lower rate"));
  check_remarks(checks, run.data.remarks);
  check_remarks(checks, run.density.choice.remarks);
  if (run.evaluations.empty()) {
    checks.push_back(check("evaluation", 0, "there", false, "quartic resume RUN"));
    return checks;
  }
  const NetworkEvaluation& j = run.evaluations.back();
  checks.push_back(check("ln Z", static_cast<double>(j.log_z.ok), "ok", j.log_z.ok,
                         j.log_z.reason + ": more evaluation.steps, sweeps or ladders"));
  if (j.held_out)
    checks.push_back(overfitting_check(j.train, *j.held_out,
                                       "fewer epochs or hidden units, training.weight_decay"));
  check_gaussian(checks, j,
                 "data.scaling = \"whiten\" begins at that Gaussian; more epochs, a larger rate");
  check_independent(checks, j);
  return checks;
}

std::vector<Check> diagnose(const StackRun& run) {
  const int wanted = run.config.model.layers();
  std::vector<Check> checks{{"layers, all finished",
                             {static_cast<double>(run.bounds.size()), 0},
                             fmt::format("{}", wanted),
                             run.finished(),
                             "quartic resume RUN"}};
  for (std::size_t l = 0; l < run.layers.size(); ++l) {
    for (auto& check : diagnose(run.layers[l])) {
      check.name = fmt::format("layer {}: {}", l + 1, check.name);
      checks.push_back(std::move(check));
    }
  }
  for (std::size_t l = 1; l < run.bounds.size(); ++l) {
    const LogLikelihood &above = run.bounds[l].train, &below = run.bounds[l - 1].train;
    const Estimate gain{above.value.value - below.value.value,
                        std::hypot(above.value.error, below.value.error,
                                   std::hypot(above.rows_error, below.rows_error))};
    checks.push_back({fmt::format("ln p gained by layer {}", l + 1), gain, ">= -5 errors",
                      gain.value >= -significant * gain.error,
                      "it knows its data less well than the layer below does: more "
                      "training.layer_epochs or hidden_units, or another of layer_rates"});
  }
  return checks;
}

std::vector<Check> diagnose(const ReweightRun& run) {
  std::vector<Check> checks;
  for (std::size_t k = 0; k < run.points.size(); ++k) {
    const auto& point = run.points[k];
    checks.push_back({fmt::format("weight ESS of point {}", k), point.ess, "ok", point.ok,
                      point.reason + "; go less far, or put runs between"});
  }
  return checks;
}

std::vector<Check> diagnose(const AnyRun& run) {
  return std::visit([](const auto& r) { return diagnose(r); }, run);
}

}  // namespace quartic
