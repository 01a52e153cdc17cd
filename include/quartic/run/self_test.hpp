// Traps with exact values, run on this machine as a user would run them: `quartic selftest --long`.
#pragma once

#include <string>
#include <vector>

#include "quartic/core/words.hpp"
#include "quartic/run/session.hpp"

namespace quartic {

enum class TrapVerdict {
  right,    ///< every number that says ok is within 4 errors
  refused,  ///< none says ok
  wrong     ///< one that says ok is further off, or one that has to be ok is not
};
template <>
inline constexpr auto words_of<TrapVerdict> = word_list("right", "refused", "WRONG");

struct TrapResult {
  std::string trap;        ///< what was run
  std::string observable;  ///< the number that is furthest off, of those that say ok if any do
  double value = 0, error = 0, expected = 0;
  double z = 0;             ///< (value - expected) / error
  int numbers = 0, ok = 0;  ///< with an exact value; those of them that say ok
  TrapVerdict verdict = TrapVerdict::right;
};

/// Samples and free energies of a choice of the traps in tests/statistical/traps, through the run
/// layer with all its checks, with fixed seeds. Some are too hard to be ok and may be refused; what
/// everybody runs may not. Tells the session's observer of each; a minute or two on two cores.
/// threads 0: all cores. Throws Interrupted.
std::vector<TrapResult> long_self_test(int threads, const Session& session);

}  // namespace quartic
