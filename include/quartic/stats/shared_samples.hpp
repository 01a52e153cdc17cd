// Samples that several sets have in common: what would count twice if the sets were combined.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "quartic/field/stored_fields.hpp"
#include "quartic/stats/jackknife.hpp"

namespace quartic {

/// Two sets, by number, and how many samples of the second the first holds too.
struct SharedSamples {
  int first = 0, second = 0;
  std::size_t count = 0;
};

/// The first two of the sets that hold the same samples, in whatever order and under whatever
/// action; nothing where all differ. Samples are the same where all their numbers are, to the bit:
/// values[k][sample], the samples of the sets one after another. What chains of one set have in
/// common by chance (fields of few sites, or too narrow for their precision) is no sign of a copy:
/// the sets have to share far more. O(samples (numbers + log samples)).
std::optional<SharedSamples> shared_samples(const std::vector<std::vector<double>>& values,
                                            std::span<const ChainSet> sets);
/// The same of configurations.
std::optional<SharedSamples> shared_samples(StoredFields fields, std::span<const ChainSet> sets);

}  // namespace quartic
