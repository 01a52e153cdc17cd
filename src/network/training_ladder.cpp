#include "network/training_ladder.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "network/ladder_log_z.hpp"
#include "quartic/stats/acceptance_ratio.hpp"

namespace quartic {
namespace {

/// The field j - r under which <x> = mean, to a per cent of the deviation; of discrete units a per
/// cent away from their values at most. <x> is odd in the field (about the middle of discrete
/// values) and concave where it is positive (Griffiths, Hurst, Sherman, J. Math. Phys. 11 (1970)
/// 790), so that Newton's method from zero never goes too far.
double field_of_mean(const Layer& layer, int unit, double mean) {
  if (const auto values = layer.values(); !values.empty()) {
    const double margin = 0.01 * (values.back() - values.front());
    mean = std::clamp(mean, values.front() + margin, values.back() - margin);
  }
  double field = 0;
  for (int k = 0; k < 50; ++k) {
    const UnitMoments m = layer.moments(unit, field + layer.r[unit]);
    const double missing = mean - m.mean, deviation = std::sqrt(m.variance());
    if (!(std::abs(missing) > 0.01 * deviation)) break;
    field += missing / m.variance();
  }
  return field;
}

std::vector<double> even_betas(int rungs) {
  std::vector<double> betas;
  for (int k = rungs - 1; k >= 0; --k) betas.push_back(static_cast<double>(k) / (rungs - 1));
  return betas;
}

}  // namespace

NetworkPath trajectory(const std::vector<TrainingSnapshot>& snapshots, const Network& now) {
  std::vector<NetworkPath::Knot> knots;
  for (const auto& snapshot : snapshots) knots.push_back(snapshot.network);
  knots.push_back(std::make_shared<const Network>(now));
  return NetworkPath(std::move(knots));
}

template <class T>
TrainingLadder<T>::TrainingLadder(const Network& start, const Layer& typical,
                                  const std::vector<double>& offset, const TrainingOptions& options,
                                  std::uint64_t seed)
    : options_(options),
      typical_(typical),
      tempering_(temperatures(start, offset), even_betas(options.rungs), options.chains, seed,
                 Stream::sample, options.threads) {}

template <class T>
NetworkPath TrainingLadder<T>::temperatures(const Network& now,
                                            const std::vector<double>& offset) const {
  Network base(typical_, now.hidden);
  for (int j = 0; j < now.hidden.size(); ++j)
    base.hidden.r[j] = -field_of_mean(base.hidden, j, offset[j]);
  return {base, now};
}

/// The network of before became a knot: rungs stay at their models.
template <class T>
void TrainingLadder<T>::follow(std::size_t segments) {
  if (segments == segments_) return;
  tempering_.adapt();
  std::vector<double> betas(tempering_.betas().begin(), tempering_.betas().end());
  const double ratio = static_cast<double>(segments_) / static_cast<double>(segments);
  for (std::size_t rung = 1; rung < betas.size(); ++rung) betas[rung] *= ratio;
  tempering_.set_betas(std::move(betas));
  segments_ = segments;
}

template <class T>
void TrainingLadder<T>::sweep(const Network& now, const std::vector<double>& offset,
                              const std::vector<TrainingSnapshot>& snapshots) {
  const bool along = options_.tempering == Tempering::trajectory;
  if (along) follow(snapshots.size());
  const NetworkPath path = along ? trajectory(snapshots, now) : temperatures(now, offset);
  log_z_of_base_ = uncoupled_log_z(path.base());
  tempering_.set_path(path);
  tempering_.sweep(options_.steps);
}

template <class T>
Estimate TrainingLadder<T>::log_z(int sweeps) {
  LadderWorks works(tempering_.rungs() - 1, tempering_.chains(), sweeps);
  for (int draw = 0; draw < sweeps; ++draw) {
    tempering_.sweep();
    works.record(tempering_, draw);
  }
  const auto ratio = ladder_ratio(works.down, works.up, tempering_.chains()).difference;
  return {log_z_of_base_ + ratio.mean, ratio.error};
}

template <class T>
void TrainingLadder<T>::restore(const NetworkTemperingState& state, std::size_t snapshots) {
  tempering_.restore(state);
  if (options_.tempering == Tempering::trajectory) segments_ = snapshots;
}

template class TrainingLadder<float>;
template class TrainingLadder<double>;

}  // namespace quartic
