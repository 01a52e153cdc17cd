// The warm-up: equilibration, and the schedule that gives most independent samples for the cost.
#include <algorithm>
#include <cmath>

#include "mcmc/ensemble.hpp"
#include "quartic/core/autocorrelation.hpp"

namespace quartic {
namespace {

// Of an independence pass, from bench/: nominal, so that the choice is reproducible.
constexpr double reflection_cost = 0.54, fill_cost = 0.8, swendsen_wang_cost = 2.2;
constexpr double measuring_cost = 0.7;  // of the observables, once a sweep

/// More reflections, with the cluster moves between them, lower tau only as far as they cost (at
/// criticality, to 5 % from L = 16 to 256): noise would choose.
constexpr int max_with_clusters = 3;

/// Sweeps that a candidate is tried for: few chains need longer ones for a tau to 5 %.
int trial_sweeps(int chains) {
  return std::clamp(16384 / chains, 48, 192);
}

double cost_of(const Schedule& schedule) {
  const double signs = schedule.cluster == ClusterMove::fill            ? fill_cost
                       : schedule.cluster == ClusterMove::swendsen_wang ? swendsen_wang_cost
                                                                        : 0;
  return 1 + reflection_cost * schedule.reflections + signs * schedule.cluster_moves() +
         measuring_cost;
}

}  // namespace

/// Nominal cost of a sweep times the slowest autocorrelation time of m^2 and sum phi^2.
template <class T>
double Ensemble<T>::cost_per_sample() {
  const int trial = trial_sweeps(options_.chains);
  std::vector<double> magnetisation(static_cast<std::size_t>(chains()) * trial),
      squares(magnetisation.size());
  for (int draw = 0; draw < trial; ++draw) {
    sweep(1);
    for_each_block([&](int index) {
      const auto fields = block(index);
      for (int lane = 0; lane < lanes_; ++lane) {
        double m = 0, square = 0;
        for (int site = 0; site < sites_; ++site) {
          const double x = fields.site(site)[lane];
          m += x;
          square += x * x;
        }
        const std::size_t at = (static_cast<std::size_t>(index) * lanes_ + lane) * trial + draw;
        magnetisation[at] = m * m;
        squares[at] = square;
      }
    });
  }
  const auto tau_of = [&](const std::vector<double>& own) {
    return estimate_series(gather_by_chain(own, 1), options_.chains).tau;
  };
  const double tau = std::max({0.5, tau_of(magnetisation), tau_of(squares)});
  return tau * cost_of(schedule_);
}

template <class T>
void Ensemble<T>::tune_schedule(const ProgressCallback& progress) {
  std::vector<int> reflections{0, 1, 2, 3, 5, 7};
  if (options_.reflections.has_value() || !local_move_.in_bands)
    reflections = {schedule_.reflections};
  std::vector<ClusterMove> clusters{ClusterMove::fill, ClusterMove::none};
  if (options_.cluster != ClusterMove::automatic) clusters = {options_.cluster};
  if (reflections.size() * clusters.size() < 2) return;

  Schedule best = schedule_;
  double least = INFINITY;
  int tried = 0;
  for (const auto cluster : clusters) {
    double min_here = INFINITY;
    Schedule best_here = schedule_;
    for (const int count : reflections) {
      const bool enough = cluster != ClusterMove::none && count > max_with_clusters;
      if (enough && min_here < INFINITY) break;
      // A cluster move serves two passes: an odd one out costs as much and brings less.
      const bool odd_one_out = (1 + count) % Schedule::passes_per_cluster_move != 0;
      if (cluster != ClusterMove::none && count > 1 && odd_one_out && reflections.size() > 1)
        continue;
      schedule_.cluster = cluster, schedule_.reflections = count;
      forget_bonds();
      const double cost = cost_per_sample();
      report_progress(progress,
                      ++tried / static_cast<double>(reflections.size() * clusters.size()));
      if (cost > 1.15 * min_here) break;                  // more reflections will not pay either
      if (cost < 1.02 * min_here) best_here = schedule_;  // at equal cost the smaller tau
      min_here = std::min(min_here, cost);
    }
    if (min_here < 0.95 * least) least = min_here, best = best_here;
  }
  set_schedule(best);
}

/// Towards an acceptance of 0.8 by stochastic approximation (Robbins & Monro, 1951).
template <class T>
void Ensemble<T>::adapt_step_size() {
  constexpr double wanted = 0.8;
  for (int round = 1; round <= 24; ++round) {
    reset_acceptance();
    sweep(2);
    schedule_.step_size *= std::exp(2 * (acceptance().local - wanted) / std::sqrt(round));
  }
}

template <class T>
void Ensemble<T>::warm_up(int sweeps, const ProgressCallback& progress) {
  constexpr int parts = 20;
  constexpr std::int64_t max_updates = 1 << 24;  // between two looks at whether to go on
  const std::int64_t updates = std::int64_t{options_.chains} * options_.rungs * sites_;
  const int together = static_cast<int>(std::max<std::int64_t>(max_updates / updates, 1));
  for (int part = 0; part < parts; ++part) {
    int left = sweeps * (part + 1) / parts - sweeps * part / parts;
    for (int done; left > 0; left -= done) {
      done = std::min(left, together);
      sweep(done);
      report_progress(progress, 0.5 * part / parts);
    }
    if (local_move_.first_step_size != nullptr && part == 0) adapt_step_size();
    if (options_.rungs > 1) adapt_rungs();
    report_progress(progress, 0.5 * (part + 1) / parts);
  }
  if (local_move_.first_step_size != nullptr) adapt_step_size();
  tune_schedule([&](double done) { return !progress || progress(0.5 + 0.5 * done); });
  reset_acceptance();
  report_progress(progress, 1);
}

#define QUARTIC_INSTANTIATE(T)                                       \
  template double Ensemble<T>::cost_per_sample();                    \
  template void Ensemble<T>::tune_schedule(const ProgressCallback&); \
  template void Ensemble<T>::adapt_step_size();                      \
  template void Ensemble<T>::warm_up(int, const ProgressCallback&);
QUARTIC_INSTANTIATE(float)
QUARTIC_INSTANTIATE(double)
#undef QUARTIC_INSTANTIATE

}  // namespace quartic
