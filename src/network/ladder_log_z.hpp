// ln Z of a network from parallel tempering.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "quartic/network/likelihood.hpp"
#include "quartic/network/tempering.hpp"

namespace quartic {

/// The works between neighbouring rungs of a tempered network, as ladder_ratio takes them.
/// By pair, [chain * draws + draw].
struct LadderWorks {
  int draws;
  std::vector<std::vector<double>> down, up;

  LadderWorks(int pairs, int chains, int draw_count)
      : draws(draw_count),
        down(pairs, std::vector<double>(static_cast<std::size_t>(chains) * draw_count)),
        up(down) {}

  /// Those of the ladder's last sweep.
  template <class T>
  void record(const NetworkTempering<T>& ladder, int draw) {
    for (std::size_t pair = 0; pair < down.size(); ++pair) {
      const auto d = ladder.down(static_cast<int>(pair)), u = ladder.up(static_cast<int>(pair));
      for (std::size_t chain = 0; chain < d.size(); ++chain) {
        down[pair][chain * draws + draw] = d[chain];
        up[pair][chain * draws + draw] = u[chain];
      }
    }
  }
};

/// Ladders whose first half starts from the base, by annealed chains taken up on the way, the
/// second half from given configurations on every rung: starts from both ends, so that what is not
/// yet in equilibrium shows as a difference between the halves.
template <class T>
class TemperedRun {
 public:
  /// Rungs at equal steps of the thermodynamic length between `stops`, from 0 to 1.
  TemperedRun(const NetworkPath& path, const std::vector<double>& stops, int rungs,
              const LogZOptions& options, std::uint64_t seed);

  /// Annealed chains at beta, [chain][visible], beta ascending: rungs at or below beta that have
  /// not yet started take them.
  void start_from_base(double beta, std::span<const double> rows);
  bool wants(double beta) const { return unstarted_ >= 0 && betas_[unstarted_] <= beta; }
  void start_from_network(std::span<const double> rows);

  /// Half of the sweeps to equilibrate and to place the rungs, the other half to measure.
  LadderLogZ run(int sweeps, const std::function<void(int)>& report);
  /// Configurations of the network from the measured half, [chain][visible], those of a ladder one
  /// after another.
  std::vector<double> samples(int chains) const;

 private:
  void start(int rung, int first, int count, std::span<const double> rows);

  int ladders_, unstarted_;
  std::size_t columns_;
  std::vector<double> betas_;
  NetworkTempering<T> tempering_;
  std::vector<std::vector<double>> start_;  ///< by rung, [ladder][visible]
  std::vector<std::vector<double>> kept_;   ///< visible values of the network's rung at some draws
  double log_z_of_base_;
};

}  // namespace quartic
