// ln Z of a network as a sum over its modes, each annealed from independent units of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "network/mean_field.hpp"
#include "quartic/network/likelihood.hpp"

namespace quartic {

double log_sum_exp(std::span<const double> x);

/// Shares of a configuration among modes, g_m(phi) = e^F_m q_m(phi) / sum_n e^F_n q_n(phi), F_m the
/// modes' bounds: smooth, positive and of sum 1.
class ModeShares {
 public:
  ModeShares() = default;
  ModeShares(const Network& network, std::span<const MeanFieldMode> modes);
  std::size_t modes() const { return constant_.size(); }
  /// ln g_m of one row, for all m. O(modes visible).
  std::vector<double> log_shares(std::span<const double> row) const;
  /// ln g_m of rows, [row][visible].
  std::vector<double> log_share(std::size_t mode, std::span<const double> rows) const;
  /// Mean of g_m over rows.
  std::vector<double> mean_shares(std::span<const double> rows) const;

 private:
  std::size_t columns_ = 0;
  std::vector<std::vector<double>> field_;
  std::vector<double> constant_;
};

/// Z = sum_m Z_m, Z_m = sum_phi g_m(phi) exp(-f(phi)), whatever the modes are. Annealing goes from
/// mode m's own independent units, q_m, over q_m g_m and p_t g_m to p g_m, and back. Along a line
/// of actions a region weighs at most the geometric mean of what it weighs at both ends (Hoelder),
/// so that none that is light at both lies on the way, and chains cannot leave the mode: each sweep
/// of p_t is accepted with probability min(1, g_m(new) / g_m(old)). Only equilibrium within the
/// mode is asked for. Both ways meet in Bennett's acceptance ratio. In float64: within a mode works
/// may agree so well that the rounding of float32 would be all that is left of their spread.
class ModeRun {
 public:
  /// Modes that a short run cannot tell from others (its chains leave them) or that weigh nothing
  /// are left out.
  ModeRun(const Network& network, const std::vector<MeanFieldMode>& modes,
          const LogZOptions& options, std::uint64_t seed);

  ~ModeRun();

  std::size_t modes() const;
  const ModeShares& shares() const { return shares_; }
  ModesLogZ run(const std::function<void(double)>& report);
  /// `count` configurations of the network, [row][visible], from every mode its share.
  std::vector<double> samples(std::size_t count) const;

 private:
  struct Mode;
  void choose(const std::vector<MeanFieldMode>& candidates);
  void anneal(Mode& mode, std::size_t number, int chains);

  const Network& network_;
  LogZOptions options_;
  std::uint64_t seed_;
  std::vector<Mode> modes_;
  ModeShares shares_;
  std::vector<double> weight_;
  std::vector<double> left_out_;  ///< bounds of the solutions that were not annealed
};

}  // namespace quartic
