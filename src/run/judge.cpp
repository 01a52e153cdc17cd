#include "quartic/run/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quartic/run/number.hpp"
#include "quartic/stats/reweighting.hpp"
#include "run/judge_reference.hpp"
#include "run/judge_words.hpp"

namespace quartic {
namespace {

constexpr double least_reference = 2e4, most_reference = 5e5;  // effective configurations
constexpr double least_effective = 50;
constexpr double repeats_log_p = -13.8;  // 1e-6: a proof by itself
constexpr double max_pareto = 0.7;       // Vehtari et al.

double smallest_adjusted(const std::vector<FamilyTest>& tests) {
  double p = 1;
  for (const auto& test : tests) p = std::min(p, test.adjusted);
  return p;
}

/// Effective configurations by the slowest of the tied sums.
double effective_count(const FieldStatistics& statistics, const StatisticMeans& means) {
  double tau = 0.5;
  for (int k = 0; k < statistics.size(); ++k) {
    const auto family = statistics.family(k);
    if (family == StatisticFamily::terms || family == StatisticFamily::magnetisation ||
        family == StatisticFamily::sd_terms)
      tau = std::max(tau, means.tau[k]);
  }
  return static_cast<double>(means.count) / (2 * tau);
}

std::vector<double> log_weights(const Action& action, const JudgedFields& fields) {
  std::vector<double> out(fields.log_q.size());
  const auto sites = static_cast<std::size_t>(fields.sites);
  for (std::size_t n = 0; n < out.size(); ++n)
    out[n] = -action.evaluate(std::span(fields.phi).subspan(n * sites, sites)) - fields.log_q[n];
  return out;
}

WeightSummary summarise_weights(const std::vector<double>& log_weight) {
  const auto n = static_cast<double>(log_weight.size());
  const double top = *std::max_element(log_weight.begin(), log_weight.end());
  double mean = 0, square = 0, mean_log = 0;
  for (const double l : log_weight) {
    const double w = std::exp(l - top);
    mean += w / n, square += w * w / n, mean_log += l / n;
  }
  WeightSummary out;
  out.ess.value = mean * mean / square;
  double z_variance = 0, kl_variance = 0, ess_variance = 0;
  for (const double l : log_weight) {  // of the influences of one row
    const double w = std::exp(l - top) / mean, v = std::exp(2 * (l - top)) / square;
    z_variance += (w - 1) * (w - 1) / n;
    kl_variance += std::pow(w - 1 - (l - mean_log), 2) / n;
    ess_variance += std::pow(2 * (w - 1) - (v - 1), 2) / n;
  }
  out.ess.error = out.ess.value * std::sqrt(ess_variance / n);
  out.log_z = {std::log(mean) + top, std::sqrt(z_variance / n)};
  out.kl = {out.log_z.value - mean_log, std::sqrt(kl_variance / n)};
  out.pareto_shape = pareto_shape(log_weight);
  return out;
}

/// A check that is no family's.
Check plain(const char* name, Estimate value, const std::string& threshold, bool ok,
            std::string advice) {
  return {name, value, threshold, ok, ok ? std::string() : std::move(advice)};
}

}  // namespace

struct Referee::State {
  Config config;
  Action action;
  JudgeOptions options;
  JudgeReference reference;

  State(Config c, const Action& a, const JudgeOptions& o)
      : config(std::move(c)), action(a), options(o), reference(config, action) {}

  Judgement judge(const JudgedFields& fields, const Session& session);

 private:
  struct Case;
  void weigh(Case& c, Judgement& out, const Team& team) const;
  void conclude(const Case& c, Judgement& out) const;
  void find_causes(const Case& c, Judgement& out) const;
};

/// One judgement under way.
struct Referee::State::Case {
  const JudgedFields& fields;
  FieldSample sample;
  const FieldStatistics& statistics;
  const NullSample& against;  // the reference, or the data themselves
  bool referenced;
  StatisticMeans means;
  NullSample weighted{};  // where there are weights
  std::vector<TestedStatistic> scores{};
  std::vector<TestedStatistic> lagged{};
  Repeats repeats{};
};

namespace {

/// What the fields are held against without a reference run.
struct OwnReference {
  FieldStatistics statistics;
  NullSample null;
  OwnReference(const Action& action, const FieldSample& sample, int threads, const Team& team)
      : statistics(action, centre_of(sample), FieldStatistics::Detail::all, false) {
    StatisticSums sums(statistics, sample, threads, team);
    sums.add(sample);
    null.means = sums.means();
    null.rows = standardised(statistics, sample, null_rows(sample.count(), statistics.size()),
                             null.means, threads);
  }
};

}  // namespace

Judgement Referee::State::judge(const JudgedFields& fields, const Session& session) {
  require_judgeable(fields, *action.graph);
  const int threads = config.run.threads;
  const FieldSample sample(fields.phi, fields.sites, fields.chains);
  Judgement out;
  out.chains = fields.chains, out.draws = fields.draws, out.sites = fields.sites;
  out.level = options.level;
  reference.grow(std::clamp(options.reference_ratio * static_cast<double>(sample.count()),
                            least_reference, most_reference),
                 session);
  out.reference = reference.summary();
  report_progress(session.progress("holding the fields against it"), 0);
  std::optional<OwnReference> own;
  if (!out.reference.ok) own.emplace(action, sample, threads, session.team);
  Case c{fields,
         sample,
         own ? own->statistics : reference.statistics(),
         own ? own->null : reference.null(),
         !own,
         {}};
  StatisticSums sums(c.statistics, sample, threads, session.team);
  sums.add(sample);
  c.means = sums.means();
  out.effective = effective_count(c.statistics, c.means);
  c.scores = score(c.statistics, c.means, c.against, sample.independent(), c.referenced);
  if (sample.independent()) c.lagged = lagged_correlations(action, sample, threads);
  const bool lagged = !c.lagged.empty();
  out.families = test_families(
      c.statistics, c.scores,
      own ? joint_test(c.statistics, c.against, out.effective, lagged, threads, session.team)
          : reference.joint(out.effective, lagged, session.team),
      c.lagged);
  if (!fields.log_q.empty()) weigh(c, out, session.team);
  c.repeats = find_repeats(action, sample, threads);
  conclude(c, out);
  report_progress(session.progress("holding the fields against it"), 1);
  return out;
}

/// The same with weights.
void Referee::State::weigh(Case& c, Judgement& out, const Team& team) const {
  const auto log_weight = log_weights(action, c.fields);
  out.weights = summarise_weights(log_weight);
  out.weights->p_value_as_they_are = smallest_adjusted(out.families);
  c.weighted = weighted_means(c.statistics, c.sample, log_weight, config.run.threads);
  if (c.referenced) {
    c.scores = score(c.statistics, c.weighted.means, c.against, false, true);
  } else {
    c.scores = score(c.statistics, c.weighted.means, c.weighted, false, false);
  }
  out.effective = out.weights->ess.value * static_cast<double>(c.means.count);
  const auto joint = joint_test(c.statistics, c.weighted, out.effective, !c.lagged.empty(),
                                config.run.threads, team);
  out.families = test_families(c.statistics, c.scores, joint, c.lagged);
}

void Referee::State::conclude(const Case& c, Judgement& out) const {
  auto& checks = out.checks;
  const std::string least = fmt::format("p >= {:g}", options.level);
  std::vector<const FamilyTest*> failed;
  for (const auto& test : out.families) {
    const bool ok = test.adjusted >= options.level;
    if (!ok) failed.push_back(&test);
    checks.push_back({std::string(name(test.family)),
                      {test.adjusted, 0},
                      least,
                      ok,
                      ok ? std::string() : finding_on(test)});
  }
  out.p_value = smallest_adjusted(out.families);
  const bool copies = c.repeats.rows > 0 && c.repeats.log_p_value < repeats_log_p;
  if (copies) out.p_value = std::min(out.p_value, std::exp(c.repeats.log_p_value));
  checks.push_back(plain("repeats", {static_cast<double>(c.repeats.rows), 0}, "0", !copies,
                         copies ? finding_on(c.repeats, c.sample) : ""));
  if (copies) out.findings.push_back(checks.back().advice);
  const std::size_t conditions = checks.size();  // of a verdict: those that follow
  const double spacing = c.sample.rounded_to_float() ? coarseness(c.sample) : 0;
  checks.push_back(plain("spacing / deviation", {spacing, 0}, fmt::format("<= {:g}", coarsest),
                         spacing <= coarsest,
                         "float32 does not resolve the fluctuations about a field so large: store "
                         "float64, or phi less "
                         "its mean"));
  const bool few = out.effective < least_effective;
  const bool resolved = c.means.resolved && !few;
  checks.push_back(plain("effective configurations", {out.effective, 0},
                         fmt::format(">= {:g}, tau found", least_effective), resolved,
                         few ? "too few independent configurations: longer chains"
                             : "a chain too short for its autocorrelation: a longer one, or "
                               "several"));
  checks.push_back(plain("reference run", {out.reference.effective, 0}, "to be trusted",
                         out.reference.ok,
                         "moments were not compared: " + out.reference.reason +
                             "; a longer sample.warm_up, or sampler.rungs = 8"));
  if (out.weights) {
    const bool weights_hold = out.weights->pareto_shape <= max_pareto;
    checks.push_back(
        plain("Pareto k of the weights", {out.weights->pareto_shape, 0},
              fmt::format("<= {:g}", max_pareto), weights_hold,
              "few rows carry the weight, so that no average over them holds: a better "
              "generator"));
  }
  const bool wrong = copies || (!failed.empty() && resolved && spacing <= coarsest);
  if (wrong) {
    // Of much the same weight, what is held against the reference says more than an identity.
    const auto weight = [](const FamilyTest* test) {
      return std::abs(test->worst.front().z) * (exactly_known(test->family) ? 0.7 : 1);
    };
    std::stable_sort(failed.begin(), failed.end(),
                     [&](const auto* x, const auto* y) { return weight(x) > weight(y); });
    find_causes(c, out);
    for (const auto* test : failed) out.findings.push_back(finding_on(*test));
  }
  out.verdict = wrong ? Verdict::wrong : Verdict::passed;
  for (std::size_t k = conditions; k < checks.size(); ++k) {
    if (checks[k].ok) continue;
    if (!wrong) out.verdict = Verdict::undecided;
    out.findings.push_back(checks[k].name + ": " + checks[k].advice);
  }
}

/// Among single couplings and kinds the one that the fields follow has the largest score.
void Referee::State::find_causes(const Case& c, Judgement& out) const {
  if (!c.referenced) return;
  const TestedStatistic* most = nullptr;
  for (const auto& s : c.scores) {
    const auto family = c.statistics.family(s.index);
    if (exactly_known(family) && family != StatisticFamily::sign_symmetry) continue;
    if (!most || std::abs(s.z) > std::abs(most->z)) most = &s;
  }
  for (const auto& test : out.families)
    if (test.family == StatisticFamily::terms && test.adjusted < options.level)
      out.couplings = followed_couplings(c.statistics, c.scores, c.against);
  if (!most || log_p_of_z(most->z) > std::log(options.level)) return;
  const auto of = c.statistics.conjugate(most->index);
  if (!of) return;
  // The largest of many is large by chance: its family has to have failed as a whole.
  const auto family = c.statistics.family(most->index);
  if (std::none_of(out.families.begin(), out.families.end(), [&](const FamilyTest& test) {
        return test.family == family && test.adjusted < options.level;
      }))
    return;
  if (of->index >= 0) {
    const auto single = followed_coupling(c.statistics, *most, c.against);
    if (single) out.findings.push_back(in_words(*single) + " and all else right, to first order");
    return;
  }
  const auto own = followed_coupling(c.statistics, *most, c.against);
  for (const auto& tied : out.couplings)
    if (own && tied.name == own->name)
      out.findings.push_back(
          in_words(tied) + (tied.sufficient ? ", which explains the other terms, too"
                                            : ", but that alone does not explain the other terms"));
}

Referee::Referee(const Config& config, const Action& action, const JudgeOptions& options)
    : state_(make_hidden<State>(config, action, options)) {}

Judgement Referee::judge(const JudgedFields& fields, const Session& session) {
  return state_->judge(fields, session);
}

}  // namespace quartic
