#include "run/sparkline.hpp"

#include <algorithm>
#include <cmath>

namespace quartic {

std::string sparkline(const Points& points, std::size_t width) {
  constexpr const char* blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (points.empty() || width == 0) return {};
  const auto by_value = [](const auto& a, const auto& b) { return a.second < b.second; };
  double low = std::min_element(points.begin(), points.end(), by_value)->second;
  double high = std::max_element(points.begin(), points.end(), by_value)->second;
  const bool logarithmic = low > 0 && high > 30 * low;
  if (logarithmic) low = std::log(low), high = std::log(high);
  const auto height = [&](double value) {
    if (!(high > low)) return 0;
    const double share = ((logarithmic ? std::log(value) : value) - low) / (high - low);
    return std::clamp(static_cast<int>(8 * share), 0, 7);
  };
  const double first = points.front().first, span = points.back().first - first;
  std::string out;
  std::size_t k = 0;
  for (std::size_t column = 0; column < width; ++column) {
    const double end = first + span * static_cast<double>(column + 1) / static_cast<double>(width);
    while (k + 1 < points.size() && (points[k + 1].first <= end || column + 1 == width)) ++k;
    out += blocks[height(points[k].second)];
  }
  return out;
}

void add_point(Points& points, double position, double value) {
  constexpr std::size_t most = 4096;
  points.emplace_back(position, value);
  if (points.size() <= most) return;
  for (std::size_t k = 0; 2 * k < points.size(); ++k) points[k] = points[2 * k];
  points.resize((points.size() + 1) / 2);
}

}  // namespace quartic
