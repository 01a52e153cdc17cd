#include "network/mode_log_z.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "network/annealing.hpp"
#include "quartic/core/random.hpp"
#include "quartic/stats/acceptance_ratio.hpp"

namespace quartic {
namespace {

/// A seed for each mode, so that none shares its random numbers with another or with the rest.
std::uint64_t seed_of_mode(std::uint64_t seed, std::size_t mode) {
  const auto words = seed_stream(seed, Stream::pilot, (std::uint64_t{1} << 40) + mode);
  return (std::uint64_t{words[0]} << 32) | words[1];
}

/// What is rarer than one in all steps of all chains was not seen, and is an error however well the
/// works agree. Where a handful of chains make all of their spread, one more like the largest is,
/// too.
double unseen_weight(std::span<const double> works, std::size_t steps) {
  constexpr double enough = 10;
  std::vector<double> sorted(works.begin(), works.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  double square = 0, fourth = 0, largest = 0;
  for (const double w : works) {
    const double d2 = (w - *middle) * (w - *middle);
    square += d2, fourth += d2 * d2, largest = std::max(largest, std::abs(w - *middle));
  }
  const auto count = static_cast<double>(works.size());
  const double one = 1 / (count * static_cast<double>(steps));
  if (fourth > 0 && square * square > enough * fourth) return one;
  return std::max(std::min(1.0, largest) / count, one);
}

/// Chains that are held in a mode: a sweep of p_t is accepted with probability min(1, g_m(new) /
/// g_m(old)), so that p_t g_m stays invariant.
class HeldChains {
 public:
  HeldChains(Annealing<double>& chains, const ModeShares& shares, std::size_t mode,
             RandomStream random)
      : chains_(chains),
        shares_(shares),
        mode_(mode),
        random_(random),
        rows_(chains.chains().visible_rows()),
        log_share_(shares.log_share(mode, rows_)) {}

  const std::vector<double>& rows() const { return rows_; }
  const std::vector<double>& log_share() const { return log_share_; }
  /// After a sweep.
  void hold() {
    auto next = chains_.chains().visible_rows();
    auto next_share = shares_.log_share(mode_, next);
    const std::size_t columns = rows_.size() / log_share_.size();
    bool held = false;
    for (std::size_t c = 0; c < log_share_.size(); ++c) {
      if (std::log(random_.uniform()) < next_share[c] - log_share_[c]) continue;
      std::copy_n(rows_.data() + c * columns, columns, next.data() + c * columns);
      next_share[c] = log_share_[c], held = true;
    }
    if (held) chains_.chains().set_visible_rows(next);
    rows_ = std::move(next), log_share_ = std::move(next_share);
  }

 private:
  Annealing<double>& chains_;
  const ModeShares& shares_;
  std::size_t mode_;
  RandomStream random_;
  std::vector<double> rows_, log_share_;
};

}  // namespace

double log_sum_exp(std::span<const double> x) {
  const double peak = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double value : x) sum += std::exp(value - peak);
  return peak + std::log(sum);
}

ModeShares::ModeShares(const Network& network, std::span<const MeanFieldMode> modes)
    : columns_(network.visible.r.size()) {
  for (const auto& mode : modes) {
    double constant = mode.bound;
    for (std::size_t i = 0; i < columns_; ++i)
      constant -=
          network.visible.moments(static_cast<int>(i), mode.visible_field[i]).log_normaliser;
    field_.push_back(mode.visible_field);
    constant_.push_back(constant);
  }
}

std::vector<double> ModeShares::log_shares(std::span<const double> row) const {
  std::vector<double> out = constant_;
  for (std::size_t m = 0; m < out.size(); ++m)
    out[m] += std::inner_product(row.begin(), row.end(), field_[m].begin(), 0.0);
  const double norm = log_sum_exp(out);
  for (double& x : out) x -= norm;
  return out;
}

std::vector<double> ModeShares::log_share(std::size_t mode, std::span<const double> rows) const {
  std::vector<double> out;
  for (std::size_t at = 0; at < rows.size(); at += columns_)
    out.push_back(log_shares(rows.subspan(at, columns_))[mode]);
  return out;
}

std::vector<double> ModeShares::mean_shares(std::span<const double> rows) const {
  std::vector<double> out(modes(), 0.0);
  const auto count = static_cast<double>(rows.size() / columns_);
  for (std::size_t at = 0; at < rows.size(); at += columns_) {
    const auto shares = log_shares(rows.subspan(at, columns_));
    for (std::size_t m = 0; m < out.size(); ++m) out[m] += std::exp(shares[m]) / count;
  }
  return out;
}

struct ModeRun::Mode {
  MeanFieldMode field;
  NetworkPath path;
  AnnealingStops plan;
  double base_log_z, pilot_log_z = 0;
  WorkEstimate work{};
  double unseen = 0;  ///< error by what too few chains did, or none
  int chains = 0;
  std::vector<double> samples{};  ///< of p g_m, [chain][visible]

  Mode(const Network& network, const MeanFieldMode& of, const LogZOptions& options,
       std::uint64_t seed)
      : field(of),
        path(base_of_mode(network, of), network),
        plan(plan_stops<double>(path, std::max(2, options.steps / 2), seed, options.threads)),
        base_log_z(uncoupled_log_z(path.base())) {}

  /// ln Z_m from the pilot alone.
  void weigh(const ModeShares& shares, std::size_t number) {
    auto works = shares.log_share(number, plan.ends);
    for (std::size_t chain = 0; chain < works.size(); ++chain) works[chain] -= plan.work[chain];
    pilot_log_z = base_log_z + log_sum_exp(works) - std::log(static_cast<double>(works.size()));
  }
  Estimate log_z() const {
    return {base_log_z - work.difference.value, std::hypot(work.difference.error, unseen)};
  }
};

ModeRun::ModeRun(const Network& network, const std::vector<MeanFieldMode>& modes,
                 const LogZOptions& options, std::uint64_t seed)
    : network_(network), options_(options), seed_(seed) {
  choose(modes);
}

ModeRun::~ModeRun() = default;

std::size_t ModeRun::modes() const {
  return modes_.size();
}

void ModeRun::choose(const std::vector<MeanFieldMode>& candidates) {
  constexpr double least_stay = 0.1, negligible = 14;  // e^-14 = 1e-6
  constexpr std::size_t most_tried = 12, most = 8;
  const std::size_t tried = std::min(candidates.size(), most_tried);
  for (std::size_t m = tried; m < candidates.size(); ++m) left_out_.push_back(candidates[m].bound);
  for (std::size_t m = 0; m < tried; ++m)
    modes_.emplace_back(network_, candidates[m], options_, seed_of_mode(seed_, m));
  const auto share_out = [&] {
    std::vector<MeanFieldMode> fields;
    for (const Mode& mode : modes_) fields.push_back(mode.field);
    shares_ = ModeShares(network_, fields);
    for (std::size_t m = 0; m < modes_.size(); ++m) modes_[m].weigh(shares_, m);
  };
  share_out();
  // The one that holds its chains worst goes first: its share falls to its neighbours, which may
  // then hold theirs.
  while (modes_.size() > 1) {
    std::size_t worst = 0;
    double stay = 1;
    for (std::size_t m = 0; m < modes_.size(); ++m) {
      const double kept = shares_.mean_shares(modes_[m].plan.ends)[m];
      if (kept < stay) worst = m, stay = kept;
    }
    if (stay >= least_stay) break;
    left_out_.push_back(modes_[worst].field.bound);
    modes_.erase(modes_.begin() + static_cast<std::ptrdiff_t>(worst));
    share_out();
  }
  std::stable_sort(modes_.begin(), modes_.end(),
                   [](const Mode& x, const Mode& y) { return x.pilot_log_z > y.pilot_log_z; });
  const double least = modes_.front().pilot_log_z - negligible;
  while (modes_.size() > most || modes_.back().pilot_log_z < least) {
    left_out_.push_back(modes_.back().field.bound);
    modes_.pop_back();
  }
  share_out();
}

void ModeRun::anneal(Mode& mode, std::size_t number, int chains) {
  const auto& stops = mode.plan.t;
  const std::uint64_t seed = seed_of_mode(seed_, 1000 + number);
  mode.chains = chains;
  std::vector<double> forward(chains), reverse(chains);
  Annealing<double> there(mode.path, chains, seed, Stream::annealing, options_.threads);
  there.start_at_base();
  HeldChains ahead(there, shares_, number, RandomStream(seed, Stream::exchange, 0));
  for (int c = 0; c < chains; ++c) forward[c] = -ahead.log_share()[c];
  for (std::size_t n = 1; n < stops.size(); ++n) {
    there.go(stops[n], forward);
    ahead.hold();
  }
  Annealing<double> back(mode.path, chains, seed, Stream::reverse, options_.threads);
  back.start_at(1);
  back.chains().set_visible_rows(ahead.rows());
  HeldChains behind(back, shares_, number, RandomStream(seed, Stream::exchange, 1));
  for (int sweep = 0; sweep < options_.equilibration; ++sweep) {
    back.sweep(1);
    behind.hold();
  }
  mode.samples = behind.rows();
  for (std::size_t n = stops.size() - 1; n-- > 0;) {
    back.go(stops[n], reverse);
    behind.hold();
  }
  for (int c = 0; c < chains; ++c) reverse[c] += behind.log_share()[c];
  mode.work = acceptance_ratio(forward, reverse);
  mode.unseen =
      std::max(unseen_weight(forward, stops.size()), unseen_weight(reverse, stops.size()));
}

ModesLogZ ModeRun::run(const std::function<void(double)>& report) {
  constexpr int least_chains = 64;
  constexpr double weighty = 1e-3, min_effective = 10, max_apart = 4;
  const auto count = static_cast<int>(modes_.size());
  const int chains = std::max(least_chains, options_.chains / count / 16 * 16);
  for (std::size_t m = 0; m < modes_.size(); ++m) {
    anneal(modes_[m], m, chains);
    report(static_cast<double>(m + 1) / count);
  }
  ModesLogZ out;
  std::vector<double> values;
  for (const Mode& mode : modes_) {
    out.log_z.push_back(mode.log_z());
    out.forward.push_back({mode.base_log_z - mode.work.forward.value, mode.work.forward.error});
    out.reverse.push_back({mode.base_log_z - mode.work.reverse.value, mode.work.reverse.error});
    values.push_back(mode.log_z().value);
  }
  out.value.value = log_sum_exp(values);
  double square = 0;
  for (std::size_t m = 0; m < modes_.size(); ++m) {
    const double share = std::exp(values[m] - out.value.value);
    square += std::pow(share * out.log_z[m].error, 2);
    out.share.push_back(share);
    if (!out.ok || share < weighty) continue;
    const WorkEstimate& work = modes_[m].work;
    const double effective = chains * std::min(work.forward_ess.value, work.reverse_ess.value),
                 apart = work.reverse.value - work.forward.value,
                 error = std::hypot(work.forward.error, work.reverse.error);
    if (!work.ok) {
      out.reason = work.reason;
    } else if (effective < min_effective) {
      out.reason = fmt::format("its weights are worth {:.1f} chains only", effective);
    } else if (apart > max_apart * error + 1e-4) {
      out.reason = fmt::format("annealing back gives less than there, by {:.3g}", apart);
    }
    out.ok = out.reason.empty();
    if (!out.ok) out.reason = fmt::format("mode {} of weight {:.2g}: {}", m + 1, share, out.reason);
  }
  double left_out = 0;
  for (const double bound : left_out_) left_out += std::exp(bound - out.value.value);
  out.value.error = std::hypot(std::sqrt(square), left_out);
  weight_ = out.share;
  return out;
}

std::vector<double> ModeRun::samples(std::size_t count) const {
  std::vector<double> out;
  double passed = 0;
  std::size_t m = 0;
  for (std::size_t n = 0; n < count; ++n) {  // systematic resampling
    const double at = (static_cast<double>(n) + 0.5) / static_cast<double>(count);
    while (m + 1 < weight_.size() && passed + weight_[m] < at) passed += weight_[m++];
    const auto& rows = modes_[m].samples;
    const std::size_t columns = rows.size() / modes_[m].chains, row = n % modes_[m].chains;
    out.insert(out.end(), rows.begin() + static_cast<std::ptrdiff_t>(row * columns),
               rows.begin() + static_cast<std::ptrdiff_t>((row + 1) * columns));
  }
  return out;
}

}  // namespace quartic
