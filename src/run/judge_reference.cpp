#include "run/judge_reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/run/sample.hpp"

namespace quartic {
namespace {

constexpr int fewest_chains = 64;
constexpr double round_values = 1 << 24;  // stored of a round
constexpr double most_evaluated = 3e10;   // statistics of configurations in all
constexpr int most_thin = 16;
constexpr int most_draws = 4096;  // of a chain: what is slower than that is not to be trusted
/// So that a reference is never the run that is judged, begun with the same seed.
constexpr std::uint64_t other_seed = 0x9E3779B97F4A7C15;
constexpr double doubtful_log_p = -13.8;  // 1e-6, of all identities of the reference together

Config reference_config(Config config) {
  const auto warm_up = config.sample.warm_up;
  config.sample = {}, config.sample.warm_up = warm_up;
  config.sampler.options.chains = std::max(config.sampler.options.chains, fewest_chains);
  config.output = {}, config.output.draws = 1 << 30;
  config.run.seed ^= other_seed;
  return config;
}

}  // namespace

double coarseness(const FieldSample& sample) {
  double most = 0;
  const auto count = static_cast<double>(sample.count());
  for (int i = 0; i < sample.sites(); ++i) {
    const double first = sample.at(0, i);
    double sum = 0, square = 0, largest = 0;
    for (std::size_t n = 0; n < sample.count(); ++n) {
      const double x = sample.at(n, i), d = x - first;
      sum += d, square += d * d, largest = std::max(largest, std::abs(x));
    }
    const double variance = square / count - sum / count * (sum / count);
    const auto at = static_cast<float>(largest);
    const double spacing = std::nextafter(at, 2 * at + 1) - at;
    if (variance > 0) most = std::max(most, spacing / std::sqrt(variance));
  }
  return most;
}

JudgeReference::JudgeReference(const Config& config, const Action& action)
    : run_(begin_sampling(reference_config(config), action, "quartic judge")),
      threads_(config.run.threads) {
  summary_.chains = run_.config.sampler.options.chains;
}

/// Draws so many more, and takes their statistics.
void JudgeReference::round(int draws, const Session& session) {
  Observer nobody;
  const Session quiet{session.stop, nobody, session.clock, 1e9, session.team};
  Store<SampleRun> nowhere;
  run_.config.sample.draws = static_cast<int>(run_.measurement.draws) + draws;
  run_.stop_reason = StopReason::running;
  if (sample(run_, nowhere, quiet) == Outcome::interrupted) throw Interrupted();
  bring_fields(session.team);
  const FieldSample fields(last_, run_.action.graph->sites(), summary_.chains);
  if (!statistics_)
    statistics_ = std::make_unique<FieldStatistics>(run_.action, centre_of(fields),
                                                    FieldStatistics::Detail::all, true);
  if (!sums_) sums_.emplace(*statistics_, fields, threads_, session.team);
  sums_->add(fields);
  summary_.draws = static_cast<int>(run_.measurement.draws);
}

/// What the root has kept of the round, to all.
void JudgeReference::bring_fields(const Team& team) {
  auto& kept = run_.kept.phi;
  const int chains = summary_.chains, sites = run_.action.graph->sites();
  last_draws_ = static_cast<int>(kept.size());
  last_.resize(static_cast<std::size_t>(chains) * kept.size() * sites);
  auto to = last_.begin();
  for (int chain = 0; team.root() && chain < chains; ++chain)
    for (const auto& draw : kept)
      to = std::copy_n(draw.begin() + static_cast<std::ptrdiff_t>(chain) * sites, sites, to);
  kept.clear(), run_.kept.action.clear();
  team.broadcast(std::as_writable_bytes(std::span(last_)));
}

void JudgeReference::grow(double effective, const Session& session) {
  if (summary_.effective >= effective) return;
  const auto progress = session.progress("reference run");
  const int chains = summary_.chains, sites = run_.action.graph->sites();
  report_progress(progress, 0);
  while (summary_.effective < effective) {
    const double configurations = static_cast<double>(chains) * sites;
    int draws = std::clamp(static_cast<int>(round_values / configurations), 4, 256);
    if (summary_.effective > 0)  // no more than needed
      draws = std::min(draws, static_cast<int>(std::ceil((effective / summary_.effective - 1) *
                                                         summary_.draws / run_.kept.thin)) +
                                  1);
    else
      draws = std::min(draws, 64);
    draws = std::max(draws, 2);
    round(draws * run_.kept.thin, session);
    const auto slowest = decided<SeriesEstimate>(
        session.team, [&] { return slowest_observable(run_.results)->estimate; });
    summary_.effective = slowest.ess;
    if (run_.kept.thin == 1)
      run_.kept.thin = std::clamp(static_cast<int>(slowest.tau), 1, most_thin);
    report_progress(progress, std::min(summary_.effective / effective, 1.0));
    const double evaluated = static_cast<double>(chains) * summary_.draws / run_.kept.thin;
    if (evaluated * statistics_->size() > most_evaluated || summary_.draws >= most_draws) break;
  }
  null_.means = sums_->means();
  const FieldSample fields(last_, sites, chains);
  null_.rows = standardised(*statistics_, fields, null_rows(fields.count(), statistics_->size()),
                            null_.means, threads_);
  joint_.clear();
  judge_itself(session.team);
}

const JointTest& JudgeReference::joint(double effective, bool lagged, const Team& team) {
  const int step = static_cast<int>(std::lround(2 * std::log2(effective)));
  const std::pair key{step, lagged};
  auto found = joint_.find(key);
  if (found == joint_.end())
    found = joint_
                .emplace(key, joint_test(*statistics_, null_, std::exp2(0.5 * step), lagged,
                                         threads_, team))
                .first;
  return found->second;
}

/// Not to be trusted where the sampler says so itself, or where it breaks what is exactly known.
void JudgeReference::judge_itself(const Team& team) {
  summary_.ok = run_.stationary;
  summary_.reason = run_.stationary ? "" : "the warm-up ended before averages were at rest";
  for (const auto& result : run_.results) {
    if (result.derived || result.ok || !summary_.ok) continue;
    summary_.ok = false;
    summary_.reason = fmt::format("{}: {}", result.name, result.reason);
  }
  summary_.ok = decided<bool>(team, [&] { return summary_.ok; });  // whose results these are
  if (summary_.ok && coarseness({last_, run_.action.graph->sites(), summary_.chains}) > coarsest) {
    summary_.ok = false;
    summary_.reason =
        "stored as float32 it does not resolve the fluctuations about a field so large";
  }
  const auto scores = score(*statistics_, null_.means, null_, false, false);
  const double tests = std::log(static_cast<double>(scores.size()));
  for (const auto& s : scores) {
    if (!exactly_known(statistics_->family(s.index)) || !summary_.ok) continue;
    if (log_p_of_z(s.z) + tests > doubtful_log_p) continue;
    summary_.ok = false;
    summary_.reason =
        fmt::format("{} is {:.1f} errors from what it must be", statistics_->name(s.index), s.z);
  }
}

}  // namespace quartic
