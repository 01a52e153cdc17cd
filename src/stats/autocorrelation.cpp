#include "quartic/stats/autocorrelation.hpp"

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"

namespace quartic {

SeriesEstimate estimate_series(std::span<const double> series, int chains) {
  if (chains < 1 || series.empty() || series.size() % static_cast<std::size_t>(chains) != 0) {
    throw BadInput("a series of " + std::to_string(series.size()) + " values does not split into " +
                       std::to_string(chains) + " chains of equal length",
                   "give chains * draws values, draw running fastest");
  }
  const int draws = static_cast<int>(series.size() / static_cast<std::size_t>(chains));
  const double count = static_cast<double>(series.size());
  SeriesEstimate result;
  for (const double x : series) result.mean += x;
  result.mean /= count;

  const auto correlation = [&](int lag) {
    double sum = 0;
    for (int c = 0; c < chains; ++c) {
      const double* x = series.data() + static_cast<std::ptrdiff_t>(c) * draws;
      for (int t = 0; t + lag < draws; ++t)
        sum += (x[t] - result.mean) * (x[t + lag] - result.mean);
    }
    return sum / (static_cast<double>(chains) * (draws - lag));
  };
  const double variance = correlation(0);
  if (variance > 0) {
    double tau = 0.5;
    int window = 0;
    result.window_found = draws == 1;
    for (int lag = 1; lag < draws; ++lag) {
      tau += correlation(lag) / variance;
      window = lag;
      if (lag >= 5 * tau) {
        result.window_found = true;
        break;
      }
    }
    result.window = window;
    result.tau = std::max(tau, 1e-3) *
                 (1 + (2 * window + 1) / count);  // bias of the subtracted mean, Wolff eq. (49)
    result.tau_error =
        result.tau * std::sqrt(4 * (window + 0.5 - std::min(tau, window + 0.5)) / count);
  }
  result.ess = count / (2 * result.tau);
  result.error = std::sqrt(variance / result.ess * count / std::max(count - 1, 1.0));
  return result;
}

}  // namespace quartic
