// Moments of data: <f_k> with errors, in one streamed pass.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/core/team.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/parameters.hpp"

namespace quartic {

/// How a learner passes over its data.
struct DataPass {
  /// Standard deviation of Gaussian noise that is added to every value, by its exact effect on the
  /// moments: <x^2> + s^2, <x^4> + 6 s^2 <x^2> + 3 s^4, ... No noise is drawn. It makes few rows (a
  /// single image) well posed: the likelihood of one configuration has no maximum.
  double noise = 0;
  int threads = 0;                        ///< 0: all cores; never changes the results
  std::size_t batch_bytes = 32UL << 20U;  ///< of rows in memory; never changes the results
  /// Who shares the rows, by sixteenths: each reads its own; outlives the pass; null: nobody. Never
  /// changes the results.
  const Team* team = nullptr;
};

/// <f_k> over the rows of a source, a column being a site, for every edge and site and thus for
/// every choice of free, tied and frozen kinds. Rows are taken in consecutive groups (up to 256),
/// and errors are from the scatter between groups: they hold for independent rows, and for
/// autocorrelated rows in the order of their making as long as the autocorrelation is much shorter
/// than rows / 256.
class DataMoments {
 public:
  /// One pass, O(rows (V + E)). Memory: the batch and 256 (3 V + E) numbers. Throws BadInput where
  /// columns are not sites, for no rows, for a value that is not finite, and for a negative noise.
  DataMoments(const DataSource& data, std::shared_ptr<const Graph> graph,
              const DataPass& pass = {});
  /// The same of an action with hidden sites, given which a column is a site that is not hidden:
  /// <E[f_k | phi]>, as hidden sites are when the action expects them. Throws BadInput for noise
  /// with hidden sites, whose effect is not known in closed form.
  DataMoments(const DataSource& data, const Action& action, const DataPass& pass = {});

  std::size_t rows() const { return rows_; }
  double noise() const { return noise_; }
  /// <f_k> in the order of the parameters; a tied kind gives its sum.
  std::vector<double> mean(const Parameters& parameters) const;
  /// Standard error of the mean. Infinite for a single row.
  std::vector<double> error(const Parameters& parameters) const;
  /// Deviations of the groups' means from the mean, [group][k], each scaled such that the sum of
  /// their outer products is the covariance of the mean; empty for a single row.
  std::vector<std::vector<double>> deviations(const Parameters& parameters) const;

  double field(int site) const;   ///< <phi_i>
  double square(int site) const;  ///< <phi_i^2>
  double fourth(int site) const;  ///< <phi_i^4>

  /// <S - entropy of h | phi> per row, -ln sum_h exp(-S(phi, h)), of the action that the moments
  /// are of; and its deviations by group, scaled as those above.
  double marginal_action(const Action& action) const;
  std::vector<double> marginal_deviations(const Action& action) const;

 private:
  std::shared_ptr<const Graph> graph_;
  Parameters all_;  ///< every kind free
  std::size_t rows_;
  double noise_;
  std::vector<double> weight_;              ///< rows of a group over all rows
  std::vector<double> mean_;                ///< of all_
  std::vector<std::vector<double>> group_;  ///< the groups' means
  std::vector<double> entropy_;             ///< of h given phi, the groups' means
};

}  // namespace quartic
