#include "quartic/stats/stationarity.hpp"

#include <cmath>
#include <numeric>
#include <vector>

#include "quartic/core/error.hpp"

namespace quartic {

double drift(std::span<const double> series, int chains) {
  if (chains < 2 || series.size() % chains != 0)
    throw BadInput("drift needs two chains or more, of equal length",
                   "give chains * draws values, draw running fastest");
  const std::size_t draws = series.size() / chains, half = draws / 2;
  if (half == 0) return 0;
  std::vector<double> differences(chains);
  for (int chain = 0; chain < chains; ++chain) {
    const auto one = series.subspan(chain * draws, draws);
    const auto first = one.first(half), second = one.last(half);
    differences[chain] = (std::accumulate(second.begin(), second.end(), 0.0) -
                          std::accumulate(first.begin(), first.end(), 0.0)) /
                         static_cast<double>(half);
  }
  const double mean = std::accumulate(differences.begin(), differences.end(), 0.0) / chains;
  double square = 0;
  for (const double d : differences) square += (d - mean) * (d - mean);
  const double error = std::sqrt(square / (chains - 1) / chains);
  return error > 0 ? std::abs(mean) / error : 0;
}

}  // namespace quartic
