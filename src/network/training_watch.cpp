#include "quartic/network/training_watch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/packed_state.hpp"
#include "quartic/core/error.hpp"
#include "quartic/network/likelihood.hpp"

namespace quartic {
namespace {

constexpr std::size_t small = 4096;  // weights
constexpr int falls_in_a_row = 3;
constexpr std::int64_t fewest_updates = 100;
constexpr double ratio_of_looks = 1.4, errors_below = 3;
constexpr double unknown = -std::numeric_limits<double>::infinity();

template <class Archive>
void couplings(Archive& state, Network& network) {
  auto &v = network.visible, &h = network.hidden;
  for (auto* kind : {&network.w, &network.u, &v.r, &v.a, &v.b, &h.r, &h.a, &h.b}) {
    const std::size_t size = kind->size();
    state(*kind);
    state.require(kind->size() == size);
  }
}

}  // namespace

TrainingWatch::TrainingWatch(std::vector<float> judged, std::vector<float> learned,
                             ColumnMoments moments, const Network& start, const Options& options)
    : judged_(std::move(judged)),
      some_(std::move(learned)),
      moments_(std::move(moments)),
      options_(options),
      weights_(start.w.size()),
      best_network_(start) {
  if (judged_.empty()) throw BadInput("no rows to judge the training by", "hold some out");
  if (weights_ > most_weights) return;
  for (const double energy : free_energies(start, judged_, options_.threads))
    levels_before_.push_back(-energy);
  before_ = last_ = best_ = likelihood(start);
  best_log_z_ = last_log_z_, learned_before_ = learned_;
}

namespace {
/// Where the two ways do not meet, the way back from rows of data: too large if anything, so that
/// no look is best because annealing missed what the network has learned.
Estimate cautious(const LogZ& z) {
  if (z.ok) return z.value;
  return {std::max(z.value.value, z.reverse.value),
          std::hypot(z.value.error, (z.reverse.value - z.forward.value) / 2)};
}
}  // namespace

/// Its error is that of the difference to independent units, on the same rows.
Estimate TrainingWatch::likelihood(const Network& network) {
  const bool few = network.hidden.size() <= 12 && network.hidden.discrete();
  // Where looks choose, a mode that annealing misses would make the network that has it the best.
  // A rate that is too large shows by nats: there a look must not cost what epochs do.
  LogZOptions o;
  o.chains = 128, o.steps = 200, o.sweeps = 0, o.equilibration = 50, o.exact = few;
  if (!options_.stops && weights_ > small)
    o.chains = 64, o.steps = 50, o.equilibration = 10, o.modes = false;
  o.threads = options_.threads;
  try {
    const std::vector<double> rows(some_.begin(), some_.end());
    last_log_z_ = cautious(estimate_log_z<float>({base_network(network, moments_, some_), network},
                                                 o, options_.seed, rows));
    auto levels = free_energies(network, judged_, options_.threads);
    double mean = 0;
    for (std::size_t n = 0; n < levels.size(); ++n) {
      mean -= levels[n] / static_cast<double>(levels.size());
      levels[n] = -levels[n] - levels_before_[n];
    }
    learned_ = -mean_of(free_energies(network, some_, options_.threads)).value - last_log_z_.value;
    const double error = std::hypot(mean_of(levels).error, last_log_z_.error);
    const double value = mean - last_log_z_.value;
    return std::isfinite(value) && std::isfinite(error) ? Estimate{value, error}
                                                        : Estimate{unknown, 0};
  } catch (const BadInput&) {  // weights that no annealing follows
    return {unknown, 0};
  }
}

TrainingWatch::Verdict TrainingWatch::after_epoch(const Network& now, int epoch,
                                                  std::int64_t updates, bool last) {
  if (weights_ > most_weights || (epoch < next_ && !last))
    return last ? Verdict::enough : Verdict::go_on;
  last_epoch_ = epoch;
  next_ = std::max(epoch + 1, static_cast<int>(ratio_of_looks * epoch));
  last_ = likelihood(now);
  const bool low = last_.value + errors_below * last_.error < before_.value;
  fallen_ = low ? fallen_ + 1 : 0;
  if (low && (last || fallen_ >= falls_in_a_row)) return Verdict::too_fast;
  ++since_;
  const double bought = last_.value - before_.value, paid = learned_before_ - learned_;
  if (last_.value > best_.value && paid <= bought) {
    best_ = last_, best_network_ = now, best_epoch_ = epoch, since_ = 0;
    best_updates_ = updates, best_log_z_ = last_log_z_;
  }
  const bool rests = since_ >= options_.patience && updates - best_updates_ >= fewest_updates;
  const bool enough = last || (options_.stops && rests);
  return enough ? Verdict::enough : Verdict::go_on;
}

template <class Archive>
void TrainingWatch::archive(Archive& state) {
  state(last_.value, last_.error, best_.value, best_.error, best_epoch_, last_epoch_, since_,
        fallen_, next_, best_updates_, last_log_z_.value, last_log_z_.error, best_log_z_.value,
        best_log_z_.error);
  if (last_epoch_ > 0) couplings(state, best_network_);
}

std::vector<double> TrainingWatch::state() const {
  StatePacker packer;
  const_cast<TrainingWatch*>(this)->archive(packer);  // packing changes nothing
  return std::move(packer.values);
}
void TrainingWatch::restore(std::span<const double> state, const Network& like) {
  StateUnpacker unpacker(state, "checkpoint/pace");
  best_network_ = like;
  archive(unpacker);
}

}  // namespace quartic
