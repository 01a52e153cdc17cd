// A density of rows without chains: scaling, gates and the length of learning chosen on the rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/core/hidden.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/network/exact_learner.hpp"
#include "quartic/runfile/density_choice.hpp"

namespace quartic {

struct DensityOptions {
  Unit visible = Unit::quartic, hidden = Unit::binary;
  int hidden_units = 0;  ///< 0: density_units
  bool gates = true;     ///< where the units can have them
  /// Candidates, the best on held-out rows is taken; discrete visible units know none.
  std::vector<ScalingMethod> scalings = {ScalingMethod::standardise, ScalingMethod::whiten,
                                         ScalingMethod::power, ScalingMethod::power_whiten};
  double ridge = 1;   ///< as in ExactOptions
  int folds = 0;      ///< splits, each holds out other 15 % of the rows; 0: 5 below 500 rows, 3
                      ///< below 3000, else 1
  int rounds = 500;   ///< most rounds of 10 iterations; 0: units alone, no more than their scaling
  int patience = 15;  ///< a candidate ends where so many rounds, or a third of all so far, brought
                      ///< less than .005 a row
  double noise = 0;   ///< standard deviation of Gaussian noise on the scaled rows to learn from
  int threads = 0;    ///< 0: all cores; never changes the results
  /// Shrunk: whitened columns of no more rows than columns are a candidate as one Gaussian, from
  /// which nothing else is learned.
  FewRows few_rows = FewRows::shrunk;
  std::vector<std::string> names = {};  ///< of columns, for remarks; none: their numbers
};

/// So many hidden units by default: two-valued ones exact_units(columns), and no more than one for
/// 15 rows; of Gaussian ones as many as columns.
int density_units(Unit hidden, int columns, std::size_t rows);

struct DensityFit {
  DataScaling scaling;
  Network network;
  double log_z = 0;
  DensityChoice choice;
};

/// Learns networks whose ln Z is exact (network/exact_learner.hpp) with every scaling on the splits
/// in step, drops those that fall behind the best by more than 2 errors of the paired difference,
/// ends a candidate whose held-out ln p has not risen for as long as `patience` says, takes the
/// scaling and the number of rounds of largest held-out ln p and learns all rows again as long.
/// Round 0, units alone, is a candidate too, with whitened columns the Gaussian of the shrunk
/// covariance; it is taken unless another is better by more than the error of the difference. All
/// choices are made on `rows` alone; bounded in iterations, never by the clock: the same seed gives
/// the same bits.
class DensityLearner {
 public:
  /// rows[row][column], in the units of the data. Throws BadInput as fit_scaling and ExactLearner
  /// do, and for fewer than 8 rows.
  DensityLearner(std::span<const double> rows, std::size_t columns, const DensityOptions& options,
                 std::uint64_t seed);

  /// A round of 10 iterations: of all candidates in step or, once one is chosen, with all rows.
  /// `going_on` is asked by the calling thread between iterations; where it says no, Interrupted is
  /// thrown and only `restore` makes this usable again.
  void step(const ProgressCallback& going_on = {});
  bool finished() const;
  int rounds() const;         ///< that were done
  int rounds_left() const;    ///< at least, as it stands
  double share_done() const;  ///< of the time, roughly
  /// How the candidates do so far; `chosen` is the best until now.
  DensityChoice choice() const;
  /// The density, once finished.
  DensityFit fit() const;

  /// All that further rounds depend on, of the same rows and options, to the bit.
  std::vector<double> state() const;
  void restore(std::span<const double> state);

 private:
  struct Parts;
  Hidden<Parts> parts_;
};

/// All rounds of a DensityLearner. Throws Interrupted where `progress` says so.
DensityFit learn_density(std::span<const double> rows, std::size_t columns,
                         const DensityOptions& options, std::uint64_t seed,
                         const ProgressCallback& progress = {});

/// ln p of rows in the units of the data. O(rows (columns hidden + columns^2)).
std::vector<double> log_densities(const Network& network, double log_z, const DataScaling& scaling,
                                  std::span<const double> rows, int threads = 0);

/// One sentence where more than a twentieth of rows [row][column] are copies of others, and not by
/// chance, or none: what is held out is learned from, too. O(rows columns log rows).
std::string remark_on_copies(std::span<const double> rows, std::size_t columns);

}  // namespace quartic
