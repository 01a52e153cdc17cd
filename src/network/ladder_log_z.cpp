#include "network/ladder_log_z.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/stats/acceptance_ratio.hpp"

namespace quartic {
namespace {

/// beta at equal steps along the stops, falling from 1 to 0.
std::vector<double> place_rungs(const std::vector<double>& stops, int rungs) {
  std::vector<double> betas;
  const auto last = static_cast<double>(stops.size() - 1);
  for (int rung = rungs - 1; rung >= 0; --rung) {
    const double at = last * rung / (rungs - 1);
    const auto below = std::min(static_cast<std::size_t>(at), stops.size() - 2);
    const double fraction = at - static_cast<double>(below);
    betas.push_back((1 - fraction) * stops[below] + fraction * stops[below + 1]);
  }
  betas.front() = 1, betas.back() = 0;
  return betas;
}

/// Works of every pair, [chain * draws + draw], of the ladders from `first` on.
std::vector<std::vector<double>> ladders_of(const std::vector<std::vector<double>>& works,
                                            std::size_t begin, std::size_t count) {
  std::vector<std::vector<double>> out;
  for (const auto& w : works) {
    const auto from = w.begin() + static_cast<std::ptrdiff_t>(begin);
    out.emplace_back(from, from + static_cast<std::ptrdiff_t>(count));
  }
  return out;
}

void judge(LadderLogZ& z, bool window_found) {
  // 1.1 as in BDA3: many ladders average out what 1.05 of a few would not.
  constexpr double max_r_hat = 1.1, min_acceptance = 0.05, min_trips = 1, max_apart = 3;
  const auto worst = std::min_element(z.acceptance.begin(), z.acceptance.end());
  const double apart = std::abs(z.from_base.value - z.from_network.value),
               error = std::hypot(z.from_base.error, z.from_network.error);
  z.ok = false;
  if (!(*worst >= min_acceptance)) {
    const auto pair = worst - z.acceptance.begin();
    z.reason = fmt::format(
        "rungs at beta = {:.3g} and {:.3g} exchange with probability {:.2g} only: use more rungs",
        z.betas[pair], z.betas[pair + 1], *worst);
  } else if (!(z.round_trips >= min_trips)) {
    z.reason = fmt::format(
        "a ladder made {:.2g} round trips between base and network, {:g} is the least: use more "
        "sweeps",
        z.round_trips, min_trips);
  } else if (!(apart <= max_apart * error)) {
    z.reason = fmt::format(
        "ladders that started from the base give {:.6g}, from the network {:.6g}: they are not in "
        "equilibrium, use more sweeps",
        z.from_base.value, z.from_network.value);
  } else if (!(z.r_hat < max_r_hat) || !window_found) {
    z.reason = fmt::format(
        "the ladders disagree or are too short for their autocorrelation time (R-hat {:.3f}, tau "
        "{:.0f} sweeps): use more sweeps",
        z.r_hat, z.tau);
  } else {
    z.ok = true;
  }
}

}  // namespace

template <class T>
TemperedRun<T>::TemperedRun(const NetworkPath& path, const std::vector<double>& stops, int rungs,
                            const LogZOptions& options, std::uint64_t seed)
    : ladders_(options.ladders),
      unstarted_(rungs - 1),
      columns_(static_cast<std::size_t>(path.base().visible.size())),
      betas_(place_rungs(stops, rungs)),
      tempering_(path, betas_, ladders_, seed, Stream::sample, options.threads),
      start_(rungs, std::vector<double>(ladders_ * columns_)),
      log_z_of_base_(uncoupled_log_z(path.base())) {}

template <class T>
void TemperedRun<T>::start(int rung, int first, int count, std::span<const double> rows) {
  // Of another number of rows than ladders, those far apart: neighbours may be alike.
  const std::size_t all = rows.size() / columns_;
  const std::size_t apart = std::max<std::size_t>(all / count, 1);
  for (int k = 0; k < count; ++k) {
    const std::size_t from = (k * apart + rung) % all;
    std::copy_n(rows.data() + from * columns_, columns_,
                start_[rung].data() + (first + k) * columns_);
  }
}

template <class T>
void TemperedRun<T>::start_from_base(double beta, std::span<const double> rows) {
  for (; wants(beta); --unstarted_) start(unstarted_, 0, ladders_ / 2, rows);
}
template <class T>
void TemperedRun<T>::start_from_network(std::span<const double> rows) {
  for (int rung = 0; rung < tempering_.rungs(); ++rung)
    start(rung, ladders_ / 2, ladders_ - ladders_ / 2, rows);
}

template <class T>
LadderLogZ TemperedRun<T>::run(int sweeps, const std::function<void(int)>& report) {
  constexpr int adaptations = 4, max_draws = 1024, max_kept = 64;
  const int rungs = tempering_.rungs();
  for (int rung = 0; rung < rungs; ++rung) tempering_.set_visible(rung, start_[rung]);
  int done = 0;
  // The rungs are placed during the first quarter, so that the second is in equilibrium with them.
  for (int k = 0; k < sweeps / 4; ++k) {
    tempering_.sweep();
    if ((k + 1) % std::max(1, sweeps / (4 * adaptations)) == 0) tempering_.adapt();
    report(++done);
  }
  for (; done < sweeps / 2; report(++done)) tempering_.sweep();
  tempering_.reset_counts();
  // Draws are so far apart that their works fit into memory.
  const int interval = (sweeps - done + max_draws - 1) / max_draws;
  const int draws = (sweeps - done) / interval, kept_interval = std::max(1, draws / max_kept);
  LadderWorks works(rungs - 1, ladders_, draws);
  for (int draw = 0; draw < draws; ++draw, report(done += interval)) {
    tempering_.sweep(interval);
    works.record(tempering_, draw);
    if ((draw + 1) % kept_interval == 0) kept_.push_back(tempering_.visible());
  }
  const auto estimate = [&](const LadderEstimate& e) {
    return Estimate{log_z_of_base_ + e.difference.mean, e.difference.error};
  };
  const LadderEstimate all = ladder_ratio(works.down, works.up, ladders_);
  const int half = ladders_ / 2;
  const auto part = [&](int first, int count) {
    const std::size_t begin = static_cast<std::size_t>(first) * draws,
                      size = static_cast<std::size_t>(count) * draws;
    return estimate(ladder_ratio(ladders_of(works.down, begin, size),
                                 ladders_of(works.up, begin, size), count));
  };
  LadderLogZ out;
  out.value = estimate(all);
  out.from_base = part(0, half), out.from_network = part(half, ladders_ - half);
  // The mean of the halves departs from ln Z as half their difference does, if both are unbiased.
  // What that has beyond its own error is not chance: they have not yet forgotten where they began.
  const double spread = std::abs(out.from_base.value - out.from_network.value) / 2;
  out.value.error = std::max(out.value.error, spread - out.value.error);
  out.betas.assign(tempering_.betas().begin(), tempering_.betas().end());
  out.acceptance = tempering_.acceptance();
  out.round_trips = static_cast<double>(tempering_.round_trips()) / ladders_;
  const SeriesEstimate at_network = estimate_series(works.down.front(), ladders_);
  out.r_hat = std::max(all.difference.r_hat, at_network.r_hat);
  out.tau = interval * std::max(all.difference.tau, at_network.tau);
  judge(out, all.difference.window_found && at_network.window_found);
  return out;
}

template <class T>
std::vector<double> TemperedRun<T>::samples(int chains) const {
  const std::size_t each = (static_cast<std::size_t>(chains) + ladders_ - 1) / ladders_;
  std::vector<double> out(static_cast<std::size_t>(chains) * columns_);
  for (std::size_t c = 0; c < static_cast<std::size_t>(chains); ++c) {
    const std::size_t ladder = c * ladders_ / chains, draw = c % each * kept_.size() / each;
    std::copy_n(kept_[draw].data() + ladder * columns_, columns_, out.data() + c * columns_);
  }
  return out;
}

template class TemperedRun<float>;
template class TemperedRun<double>;

}  // namespace quartic
