// What a judgement means, in words.
#pragma once

#include <string>
#include <vector>

#include "quartic/run/judge.hpp"
#include "stats/referee.hpp"
#include "stats/repeats.hpp"

namespace quartic {

/// The couplings that the tied sums follow, if one kind alone differs.
std::vector<FollowedCoupling> followed_couplings(const FieldStatistics& statistics,
                                                 const std::vector<TestedStatistic>& scores,
                                                 const NullSample& null);
/// The same of the coupling that belongs to one statistic; nothing where none does.
std::optional<FollowedCoupling> followed_coupling(const FieldStatistics& statistics,
                                                  const TestedStatistic& score,
                                                  const NullSample& null);

/// "as if all w were 1.02(5) % stronger".
std::string in_words(const FollowedCoupling& coupling);

/// What is wrong about a family, one sentence.
std::string finding_on(const FamilyTest& test);
std::string finding_on(const Repeats& repeats, const FieldSample& sample);

}  // namespace quartic
