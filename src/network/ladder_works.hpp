// The works between neighbouring rungs of a tempered network, as ladder_ratio takes them.
#pragma once

#include <cstddef>
#include <vector>

#include "quartic/network/tempering.hpp"

namespace quartic {

/// By pair, [chain * draws + draw].
struct LadderWorks {
  int draws;
  std::vector<std::vector<double>> down, up;

  LadderWorks(int pairs, int chains, int draw_count)
      : draws(draw_count),
        down(pairs, std::vector<double>(static_cast<std::size_t>(chains) * draw_count)),
        up(down) {}

  /// Those of the ladder's last sweep.
  template <class T>
  void record(const NetworkTempering<T>& ladder, int draw) {
    for (std::size_t pair = 0; pair < down.size(); ++pair) {
      const auto d = ladder.down(static_cast<int>(pair)), u = ladder.up(static_cast<int>(pair));
      for (std::size_t chain = 0; chain < d.size(); ++chain) {
        down[pair][chain * draws + draw] = d[chain];
        up[pair][chain * draws + draw] = u[chain];
      }
    }
  }
};

}  // namespace quartic
