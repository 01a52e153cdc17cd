// ln p of rows under the model of a run: what `quartic score` does.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/run/any_run.hpp"

namespace quartic {

struct Scores {
  std::vector<double> log_density = {};  ///< of every row, in the units of the data
  /// Of every row: that of ln Z, which is common to all of them; of a deep stack with that of the
  /// row's hidden draws.
  std::vector<double> error = {};
  Estimate mean = {};       ///< over the rows, as independent ones; without the error of ln Z
  double log_z_error = 0;   ///< 0 where ln Z is exact
  bool exact = false;       ///< ln Z
  bool bound = false;       ///< a deep stack: ln p is at least that, but for the error
  bool discrete = false;    ///< probabilities of rows, not densities
  bool ok = true;           ///< ln Z is to be trusted
  std::string reason = {};  ///< why not
};

/// ln p(x) = -E(y) - ln Z + ln |dy / dx|, y = the row in the units of the model, E its action or
/// free energy, ln Z as the run's last evaluation knows it, exactly or by annealing (fields learned
/// from data: -F). Of a deep stack the lower bound of ln p(x), averaged over 16 draws of the hidden
/// units. The data are opened as the run's own (options_like). O(rows (V + E)), of networks O(rows
/// visible hidden).
///
/// Throws BadInput for runs that know no ln Z, rows of other columns, values that are not finite or
/// that a discrete unit does not take, and as open_data_file does; Interrupted where the session
/// stops it.
Scores score(const AnyRun& run, const std::string& data, const Session& session);

/// The numbers of the `count` rows of smallest ln p, ascending by ln p. O(rows log(count)).
std::vector<std::size_t> lowest_rows(const Scores& scores, std::size_t count);

}  // namespace quartic
