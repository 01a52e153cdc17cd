#include "quartic/core/autocorrelation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include "core/student.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

constexpr double stretch = 2;       // Wolff's S: exponential over integrated autocorrelation time
constexpr int max_lags = 256;       // a longer window is looked for in joined bins
constexpr double significance = 2;  // of a slow mode that shows only in joined bins

/// Deviations from the mean over all chains, in bins of `length` draws.
struct Bins {
  std::vector<double> x;  // [chain][bin]
  int chains, bins, length;

  double count() const { return static_cast<double>(chains) * bins; }
  const double* chain(int c) const { return x.data() + static_cast<std::ptrdiff_t>(c) * bins; }
  /// Neighbours joined; an odd bin at a chain's end is left out.
  Bins joined() const {
    Bins out{{}, chains, bins / 2, 2 * length};
    out.x.reserve(static_cast<std::size_t>(chains) * out.bins);
    for (int c = 0; c < chains; ++c)
      for (int t = 0; t < out.bins; ++t)
        out.x.push_back(0.5 * (chain(c)[2 * t] + chain(c)[2 * t + 1]));
    return out;
  }
};

/// The sum of autocovariances over all lags, C = 2 tau Gamma(0), as draws see it: Var(mean) = C/N.
struct LongRunVariance {
  double value = 0;
  double finite = 0;    // the same for chains of this length: lags weighted by 1 - lag / draws
  double relative = 0;  // standard error of value, relative to it
  int window = 0;       // draws
  bool found = false;
};

double autocovariance(const Bins& b, int lag) {
  double sum = 0;
  for (int c = 0; c < b.chains; ++c) {
    const double* x = b.chain(c);
    double part[4] = {};  // independent sums keep the adders busy
    int t = 0;
    for (; t + 4 + lag <= b.bins; t += 4)
      for (int k = 0; k < 4; ++k) part[k] += x[t + k] * x[t + k + lag];
    for (; t + lag < b.bins; ++t) part[0] += x[t] * x[t + lag];
    sum += (part[0] + part[1]) + (part[2] + part[3]);
  }
  return sum / (static_cast<double>(b.chains) * (b.bins - lag));
}

/// Whether a window of `lag` closes the sum tau: Wolff's eqs. (51) and (52). Below 1/2 the sum says
/// as much of how fast correlations decay by how far it is from 1/2: antithetic draws alternate,
/// and a sum that is cut after their first, negative term would be too small.
bool closes(int lag, double tau, double count) {
  const double sum = 0.5 + std::abs(tau - 0.5);
  if (sum == 0.5) return true;
  const double slowest = stretch / std::log((2 * sum + 1) / (2 * sum - 1));
  return std::exp(-lag / slowest) < slowest / std::sqrt(lag * count);
}

LongRunVariance integrate(const Bins& b) {
  LongRunVariance result;
  const double variance = autocovariance(b, 0), count = b.count();
  if (variance == 0) return result;
  double sum = variance, finite = variance, largest = variance;
  int lag = 0;
  result.found = b.bins == 1;
  for (lag = 1; lag < std::min(b.bins, max_lags + 1); ++lag) {
    const double gamma = autocovariance(b, lag);
    sum += 2 * gamma;
    finite += 2 * gamma * (1 - static_cast<double>(lag) / b.bins);
    largest = std::max(largest, sum);
    // Sums of alternating terms leap about their limit: the last counts half.
    const bool antithetic = sum - gamma < variance;
    const double settled = antithetic ? sum - gamma : sum;
    result.found = closes(lag, settled / (2 * variance), count);
    if (!result.found) continue;
    if (antithetic) finite -= gamma * (1 - static_cast<double>(lag) / b.bins), sum = settled;
    break;
  }
  const int window = std::min(lag, std::max(b.bins - 1, 0));
  if (!result.found) sum = finite = largest;
  const double bias = 1 + (2 * window + 1) / count;  // of the subtracted mean, Wolff eq. (49)
  const double tau = std::clamp(sum / (2 * variance), 0.0, window + 0.5);
  result.value = sum * bias * b.length;
  result.finite = finite * bias * b.length;
  result.relative = std::sqrt(4 * (window + 0.5 - tau) / count);  // eq. (42)
  result.window = window * b.length;
  return result;
}

/// The Gamma method on bins of growing length. A significantly larger sum at a coarser level is a
/// slow mode that the fast noise of single draws had hidden from the window.
LongRunVariance search(Bins b) {
  LongRunVariance best = integrate(b);
  while (b.bins >= 4 && b.count() >= 64) {
    b = b.joined();
    const LongRunVariance coarse = integrate(b);
    // The finer level is the better estimate, so its variance is part of the coarser one's.
    const double doubt = std::sqrt(
        std::max(coarse.relative * coarse.relative - best.relative * best.relative, 1 / b.count()));
    if (coarse.found && (!best.found || coarse.value * (1 - significance * doubt) > best.value))
      best = coarse;
    if (!best.found && coarse.value > best.value) best = coarse;
  }
  return best;
}

/// draws * variance of the chains' means, whose expectation is C for independent chains.
double between_chains(const Bins& b) {
  double sum = 0;
  for (int c = 0; c < b.chains; ++c) {
    double mean = 0;
    for (int t = 0; t < b.bins; ++t) mean += b.chain(c)[t] / b.bins;
    sum += mean * mean;
  }
  return static_cast<double>(b.bins) * b.length * sum / (b.chains - 1);
}

/// Whether chi^2 / freedom = ratio is beyond four standard deviations (Wilson-Hilferty), the
/// reference being itself uncertain by `relative`.
bool far_above(double ratio, double freedom, double relative) {
  const double spread = 2 / (9 * freedom);
  return std::cbrt(ratio) - (1 - spread) > 4 * std::sqrt(spread + relative * relative / 9);
}

/// Split R-hat: every chain in two halves, the variance of their means against that within.
double split_r_hat(const Bins& b, double variance) {
  const double draws = 0.5 * b.bins * b.length;  // of a half
  if (b.bins < 2 || draws < 2) return std::numeric_limits<double>::quiet_NaN();
  double between = 0;
  for (int c = 0; c < b.chains; ++c) {
    const double* x = b.chain(c);
    const int middle = b.bins / 2;
    double first = 0, second = 0;
    for (int t = 0; t < middle; ++t) first += x[t] / middle;
    for (int t = middle; t < b.bins; ++t) second += x[t] / (b.bins - middle);
    between += first * first + second * second;
  }
  const double halves = 2.0 * b.chains;
  const double within = std::max(variance - between / halves, 0.0) * draws / (draws - 1);
  if (within <= 1e-14 * variance) return std::numeric_limits<double>::infinity();
  return std::sqrt((draws - 1) / draws + between / (halves - 1) / within);
}

SeriesEstimate undefined(double mean, double error) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  SeriesEstimate result;
  result.mean = mean, result.error = error, result.window_found = false, result.r_hat = nan;
  result.ess = std::isfinite(mean) ? 1 : 0;
  if (!std::isfinite(mean)) result.tau = result.tau_error = nan;
  return result;
}

SeriesEstimate estimate(const Bins& b, double mean, double variance) {
  SeriesEstimate result;
  result.mean = mean;
  const double count = b.count() * b.length, freedom = b.chains - 1;
  const LongRunVariance gamma = search(b);
  result.window = gamma.window, result.window_found = gamma.found;
  const double single = variance + gamma.value / count;  // eq. (49) for Gamma(0)
  const double least = single / std::max(1.0, std::log10(count));
  double tau_part = std::max(gamma.value, least), error_part = std::max(gamma.finite, least);
  // Independent draws look antithetic half of the time.
  if (gamma.value * (1 + significance * gamma.relative) > single)
    error_part = std::max(error_part, single);
  double relative = gamma.relative, of_error = relative;
  if (b.chains > 1) {
    const double between = between_chains(b);
    if (!gamma.found || far_above(between / error_part, freedom, relative)) {
      result.window_found = false;
      tau_part = error_part = between, relative = of_error = std::sqrt(2 / freedom);
    } else {
      const double weight = relative * relative / (relative * relative + 2 / freedom);
      error_part += weight * (between - error_part);
      of_error = std::sqrt(weight * 2 / freedom);
    }
  }
  // A variance good to such a fraction is one from so many degrees of freedom.
  const double widening = student_factor(2 / (of_error * of_error));
  error_part *= widening * widening;
  result.tau = std::max(tau_part, least) / (2 * single);
  // A tau that chance made small is not the better known for it.
  result.tau_error = std::max(result.tau, 0.5) * relative;
  result.ess = count / (2 * result.tau);
  result.error = std::sqrt(std::max(error_part, least) / count);
  result.r_hat = split_r_hat(b, variance);
  return result;
}

void require_rectangular(std::size_t size, int chains) {
  if (chains >= 1 && size > 0 && size % static_cast<std::size_t>(chains) == 0) return;
  throw BadInput(fmt::format("a series of {} values does not split into {} chains of equal length",
                             size, chains),
                 "give chains * draws values, draw running fastest");
}

}  // namespace

SeriesEstimate estimate_binned_series(std::span<const double> bins, int chains, int bin_length,
                                      double variance) {
  require_rectangular(bins.size(), chains);
  if (bin_length < 1)
    throw BadInput(fmt::format("a bin of {} draws cannot be", bin_length),
                   "a bin holds at least one draw");
  Bins b{{bins.begin(), bins.end()},
         chains,
         static_cast<int>(bins.size() / static_cast<std::size_t>(chains)),
         bin_length};
  double mean = 0;
  for (const double x : bins) mean += (x - bins[0]) / b.count();
  mean += bins[0];
  if (!std::isfinite(mean) || !std::isfinite(variance))
    return undefined(std::numeric_limits<double>::quiet_NaN(),
                     std::numeric_limits<double>::quiet_NaN());
  const double count = b.count() * bin_length;
  if (b.count() == 1) return undefined(mean, std::numeric_limits<double>::infinity());
  const auto [least, most] = std::minmax_element(bins.begin(), bins.end());
  if (*least == *most) {
    SeriesEstimate constant;
    constant.mean = bins[0], constant.ess = count;
    return constant;
  }
  for (double& x : b.x) x -= mean;
  return estimate(b, mean, std::max(variance, autocovariance(b, 0)));
}

SeriesEstimate estimate_series(std::span<const double> series, int chains) {
  require_rectangular(series.size(), chains);
  return estimate_binned_series(series, chains, 1, 0);
}

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
