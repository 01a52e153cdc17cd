// Configurations that occur again where none can by chance.
#pragma once

#include <cstddef>

#include "quartic/field/action.hpp"
#include "quartic/stats/identities.hpp"

namespace quartic {

struct Repeats {
  std::size_t rows = 0;               ///< configurations that repeat an earlier one
  std::size_t first = 0, second = 0;  ///< an example
  bool identical = false;  ///< of the example: the same values; else a mirrored, permuted
                           ///< or slightly changed copy
  double tolerance = 0;    ///< rms distance of two copies, in units of a site's conditional width
  double expected = 0;     ///< pairs so near among independent draws, an upper bound
  double log_p_value = 0;
};

/// Copies of configurations among different chains (rows of independent samples): the same, nearly
/// the same, with turned sign, or with sites permuted, as augmented data are. Copies have the same
/// ascending |phi|; these are compared where their norms are near. Two independent draws lie within
/// rms distance e of each other with a probability below (2 e)^V V!, e in units of the narrowest
/// conditional width of a site, 1 / sqrt(2 |a| + 12 b max phi^2): e is chosen (at most 0.01) such
/// that none is expected; a float's own resolution bounds it from below, so that few sites, which
/// repeat by chance, are not accused. O(N V log V + 64 N V).
Repeats find_repeats(const Action& action, const FieldSample& sample, int threads);

}  // namespace quartic
