// One scaling of rows on one split of a density's race (quartic/run/density_learner.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "quartic/core/progress.hpp"
#include "quartic/network/exact_learner.hpp"
#include "quartic/run/density_learner.hpp"

namespace quartic::race {

inline constexpr int iterations_in_round = 10;

struct Split {
  std::vector<double> train, held_out;
};

/// Rows in a fixed random order, of which every split holds out another 15 %.
std::vector<Split> splits_of(std::span<const double> rows, std::size_t columns, int folds,
                             std::uint64_t seed);

/// Throws BadInput where rows that a split leaves to learn from all have the same value in a
/// column.
void require_varied(const std::vector<Split>& splits, std::span<const double> rows,
                    std::size_t columns);

/// Rows in the units of a model, rounded as it learns from them.
std::vector<float> model_rows(const DataScaling& scaling, std::span<const double> rows,
                              std::size_t columns, double noise, std::uint64_t seed);

DataScaling scaling_by(ScalingMethod method, std::span<const double> rows, std::size_t columns,
                       FewRows few);

/// Units alone, with the columns' moments. Rotated columns are Gaussian, of the variance 1 that the
/// shrunk covariance gives them or, `own`, of the rows': of few rows the one or the other is
/// better.
Network without_couplings(Network network, const DataScaling& scaling, bool own,
                          std::span<const float> rows, int columns);

/// Whether whitened columns of so few rows have in some directions no variance but the one that
/// shrinkage gives them: there is one Gaussian, and nothing to learn.
bool only_gaussian(const DataScaling& scaling, std::size_t rows, std::size_t columns);

Network uncoupled_network(const DensityOptions& o, int columns);

/// One scaling on one fold.
class Trial {
 public:
  Trial(ScalingMethod method, const Split& split, std::size_t columns, const DensityOptions& o,
        int threads, std::uint64_t seed);
  void step(const ProgressCallback& going_on) { learner_->step(iterations_in_round, going_on); }
  std::vector<double> state() const { return learner_->state(); }
  void restore(std::span<const double> state) { learner_->restore(state); }
  bool learns() const { return learner_.has_value(); }
  bool converged() const { return learner_->converged(); }
  const std::vector<double>& alone(bool own) const { return alone_[own]; }
  std::vector<double> scores() const {
    return log_densities(learner_->network(), learner_->log_z(), scaling_, held_out_, threads_);
  }

 private:
  DataScaling scaling_;
  std::vector<double> held_out_, alone_[2];
  std::optional<ExactLearner> learner_;
  int threads_ = 1;
};

}  // namespace quartic::race
