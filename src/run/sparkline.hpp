// Curves of a run's numbers in a line of text each.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace quartic {

/// Numbers by where a run was, ascending.
using Points = std::vector<std::pair<double, double>>;

/// So many blocks of eight heights, the first point at the left and the last at the right; a place
/// without a point has the one before. Numbers that are all positive and span more than a factor
/// 30 are drawn by their logarithms. O(points + width).
std::string sparkline(const Points& points, std::size_t width);

/// Adds a point, and halves them where they are more than 4096: every second one stays.
void add_point(Points& points, double position, double value);

}  // namespace quartic
