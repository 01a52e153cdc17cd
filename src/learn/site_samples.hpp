// A - S of sampled fields, site by site.
#pragma once

#include <vector>

#include "learn/feature_statistics.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/target.hpp"

namespace quartic {

/// A number for every site and sample, [site][(block * draws + draw) * lanes + lane].
struct SiteSamples {
  std::size_t count = 0;  ///< samples
  std::vector<float> values;
  const float* site(int i) const { return values.data() + static_cast<std::ptrdiff_t>(i) * count; }
};

/// That part of A - S, which the target must have. Taken in float64 and rounded then, so that what
/// is left of A - S near its minimum keeps its digits. O(samples V).
template <class T>
SiteSamples action_difference(SitePart part, const Target& target, const Action& action,
                              const FieldSamples<T>& samples);

}  // namespace quartic
