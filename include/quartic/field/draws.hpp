// Configurations that were drawn and stored.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace quartic {

/// Of values[chain][draw], of any width each, those of the first `kept` draws of every chain.
template <class V>
void keep_first_draws(std::vector<V>& values, int chains, int draws, int kept) {
  if (kept >= draws || chains == 0) return;
  const auto chain = static_cast<std::ptrdiff_t>(values.size() / static_cast<std::size_t>(chains)),
             room = chain / draws * kept;
  for (std::ptrdiff_t c = 0; c < chains; ++c)
    std::copy_n(values.begin() + c * chain, room, values.begin() + c * room);
  values.resize(static_cast<std::size_t>(chains * room));
}

/// Configurations of p = exp(-S) / Z, and their S.
struct Draws {
  int chains = 0;
  int draws = 0;  ///< of a chain
  int sites = 0;
  std::vector<float> phi;            ///< [chain][draw][site]
  std::vector<double> action_value;  ///< S of each, [chain][draw]

  /// Only the first `kept` draws of each chain, in O(chains kept sites).
  void keep_first(int kept) {
    if (kept >= draws) return;
    keep_first_draws(phi, chains, draws, kept);
    keep_first_draws(action_value, chains, draws, kept);
    draws = kept;
  }
};

}  // namespace quartic
