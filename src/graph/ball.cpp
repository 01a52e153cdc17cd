#include "quartic/graph/ball.hpp"

#include <array>

namespace quartic {

const std::vector<int>& GraphBall::around(std::span<const int> centre, int radius) {
  ++stamp_;
  found_.assign(centre.begin(), centre.end());
  for (const int site : centre) mark_[site] = stamp_;
  for (std::size_t begin = 0, end = found_.size(); radius > 0 && begin < end; --radius) {
    for (std::size_t n = begin; n < end; ++n) {
      for (const Neighbour& neighbour : graph_->neighbours(found_[n])) {
        if (mark_[neighbour.site] == stamp_) continue;
        mark_[neighbour.site] = stamp_;
        found_.push_back(neighbour.site);
      }
    }
    begin = end, end = found_.size();
  }
  return found_;
}

int GraphBall::distance(int one, int other, int most) {
  for (int radius = 0; radius <= most; ++radius) {
    around(std::array{one}, radius);
    if (holds(other)) return radius;
  }
  return most + 1;
}

}  // namespace quartic
