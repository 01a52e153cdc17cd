#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "stats/referee.hpp"

namespace quartic {
namespace {

constexpr int lanes_at_once = FieldStatistics::lanes;

/// Calls visit(first, values[k][16], rows) for all configurations, 16 at a time; blocks of one
/// share, of 64, in order and by one thread.
template <class Visit>
void for_each_evaluated(const FieldStatistics& statistics, const FieldSample& sample, int threads,
                        Visit&& visit) {
  constexpr int shares = 64;
  const std::size_t count = sample.count(), blocks = (count + lanes_at_once - 1) / lanes_at_once;
  in_parallel(shares, threads_or_all(threads), [&](int share, int) {
    AlignedVector<double> phi(static_cast<std::size_t>(sample.sites()) * lanes_at_once),
        values(static_cast<std::size_t>(statistics.size()) * lanes_at_once);
    auto scratch = statistics.scratch();
    for (std::size_t b = blocks * share / shares; b < blocks * (share + 1) / shares; ++b) {
      const std::size_t first = b * lanes_at_once,
                        here = std::min<std::size_t>(lanes_at_once, count - first);
      for (std::size_t lane = 0; lane < lanes_at_once; ++lane)
        for (int i = 0; i < sample.sites(); ++i)
          phi[static_cast<std::size_t>(i) * lanes_at_once + lane] =
              sample.at(first + std::min(lane, here - 1), i);
      statistics.evaluate(phi.data(), values.data(), scratch);
      visit(share, first, values.data(), here);
    }
  });
}

}  // namespace

NullSample weighted_means(const FieldStatistics& statistics, const FieldSample& sample,
                          const std::vector<double>& log_weight, int threads) {
  constexpr std::size_t shares = 64;
  const auto size = static_cast<std::size_t>(statistics.size());
  const auto count = static_cast<double>(sample.count());
  const double top = *std::max_element(log_weight.begin(), log_weight.end());
  std::vector<double> weight(log_weight.size());
  double total = 0;
  for (std::size_t n = 0; n < weight.size(); ++n)
    total += weight[n] = std::exp(log_weight[n] - top);
  for (double& w : weight) w *= count / total;
  NullSample out;
  StatisticMeans& means = out.means;
  for (auto* values : {&means.mean, &means.error, &means.variance, &means.freedom})
    values->assign(size, 0);
  means.tau.assign(size, 0.5), means.count = sample.count();
  std::vector<std::vector<double>> sum(shares, std::vector<double>(size)), square = sum,
                                                                           fourth = sum;
  for_each_evaluated(statistics, sample, threads,
                     [&](int share, std::size_t first, const double* x, std::size_t here) {
                       for (std::size_t k = 0; k < size; ++k)
                         for (std::size_t lane = 0; lane < here; ++lane)
                           sum[share][k] += weight[first + lane] * x[k * lanes_at_once + lane];
                     });
  for (std::size_t k = 0; k < size; ++k)
    for (const auto& one : sum) means.mean[k] += one[k] / count;
  const auto rows = null_rows(sample.count(), statistics.size());
  out.rows.resize(rows.size() * size);
  for_each_evaluated(
      statistics, sample, threads,
      [&](int share, std::size_t first, const double* x, std::size_t here) {
        for (std::size_t k = 0; k < size; ++k)
          for (std::size_t lane = 0; lane < here; ++lane) {
            const double u = weight[first + lane] * (x[k * lanes_at_once + lane] - means.mean[k]);
            square[share][k] += u * u, fourth[share][k] += u * u * u * u;
          }
        auto row = std::lower_bound(rows.begin(), rows.end(), first);
        for (; row != rows.end() && *row < first + here; ++row)
          for (std::size_t k = 0; k < size; ++k)
            out.rows[static_cast<std::size_t>(row - rows.begin()) * size + k] = static_cast<float>(
                weight[*row] * (x[k * lanes_at_once + *row - first] - means.mean[k]));
      });
  for (std::size_t k = 0; k < size; ++k) {
    double squares = 0, fourths = 0;
    for (std::size_t s = 0; s < shares; ++s) squares += square[s][k], fourths += fourth[s][k];
    means.variance[k] = squares / count;
    means.error[k] = std::sqrt(squares) / count;
    means.freedom[k] = fourths > 0 ? squares * squares / fourths : 1;
    const auto sd = static_cast<float>(std::sqrt(means.variance[k]));
    for (std::size_t n = 0; n < rows.size(); ++n) {
      float& u = out.rows[n * size + k];
      u = sd > 0 ? u / sd : 0;
    }
  }
  return out;
}

std::vector<TestedStatistic> lagged_correlations(const Action& action, const FieldSample& rows,
                                                 int threads) {
  const FieldStatistics statistics(action, std::vector<double>(rows.sites()),
                                   FieldStatistics::Detail::terms, true);
  const std::size_t count = rows.count();
  std::vector<int> chosen;
  for (int k = 0; k < statistics.size(); ++k)
    if (statistics.family(k) == StatisticFamily::terms) chosen.push_back(k);
  std::vector<std::vector<double>> series(chosen.size(), std::vector<double>(count));
  for_each_evaluated(statistics, rows, threads,
                     [&](int, std::size_t first, const double* x, std::size_t here) {
                       for (std::size_t c = 0; c < chosen.size(); ++c)
                         for (std::size_t lane = 0; lane < here; ++lane)
                           series[c][first + lane] = x[chosen[c] * lanes_at_once + lane];
                     });
  std::vector<TestedStatistic> out;
  const auto n = static_cast<double>(count);
  for (std::size_t c = 0; c < chosen.size(); ++c) {
    auto& x = series[c];
    double mean = 0, square = 0, product = 0;
    for (const double v : x) mean += v / n;
    for (double& v : x) v -= mean, square += v * v;
    if (!(square > 1e-20 * n * mean * mean)) continue;  // it does not vary
    for (std::size_t k = 1; k < count; ++k) product += x[k] * x[k - 1];
    const double error = 1 / std::sqrt(n), rho = product / square + 1 / n;
    out.push_back({statistics.name(chosen[c]), {rho, error}, {}, rho / error});
  }
  return out;
}

}  // namespace quartic
