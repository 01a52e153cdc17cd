#include "stats/joint_test.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/parallel.hpp"
#include "quartic/core/random.hpp"

namespace quartic {
namespace {

constexpr int replicates = 1000;
constexpr double upper_tail = 0.02;
constexpr int gemm_tile = 128;

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

double poisson(double mean, RandomStream& random) {
  if (mean > 50) return std::round(mean + std::sqrt(mean) * random.normal());
  const double limit = std::exp(-mean);
  double product = random.uniform();
  int k = 0;
  for (; product > limit; ++k) product *= random.uniform();
  return k;
}

/// [replicate][row]: how often a row is taken, standardised.
Matrix multipliers(int rows, double effective, std::uint64_t seed, int threads) {
  Matrix out(replicates, rows);
  const double mean = std::max(effective / rows, 1e-3);
  const auto scale = static_cast<float>(1 / std::sqrt(mean * rows));
  in_parallel(replicates, threads_or_all(threads), [&](int b, int) {
    RandomStream random(seed, Stream::check, 1000 + static_cast<std::uint64_t>(b));
    for (int n = 0; n < rows; ++n)
      out(b, n) = static_cast<float>(poisson(mean, random) - mean) * scale;
  });
  return out;
}

/// [family][replicate]: largest |z|.
std::vector<std::vector<float>> largest_z(std::span<const float> rows, std::span<const int> family,
                                          int families, double effective, std::uint64_t seed,
                                          int threads, const Team& team) {
  const auto size = static_cast<int>(family.size());
  const auto count = static_cast<int>(rows.size() / family.size());
  const Matrix taken = multipliers(count, effective, seed, threads);
  const Eigen::Map<const Matrix> all(rows.data(), count, size);
  const int tiles = (size + gemm_tile - 1) / gemm_tile;
  std::vector<std::vector<std::vector<float>>> part(
      tiles, std::vector<std::vector<float>>(families, std::vector<float>(replicates)));
  const Shares own{static_cast<std::size_t>(tiles), team.size()};
  const int begin = static_cast<int>(own.begin(team.rank()));
  in_parallel(static_cast<int>(own.size(team.rank())), threads_or_all(threads), [&](int n, int) {
    const int t = begin + n;
    const int first = t * gemm_tile, width = std::min(gemm_tile, size - first);
    const Matrix z = taken * all.middleCols(first, width);
    for (int b = 0; b < replicates; ++b)
      for (int k = 0; k < width; ++k) {
        float& most = part[t][family[first + k]][b];
        most = std::max(most, std::abs(z(b, k)));
      }
  });
  std::vector<std::vector<float>> out(families, std::vector<float>(replicates));
  for (const auto& one : part)
    for (int f = 0; f < families; ++f)
      for (int b = 0; b < replicates; ++b) out[f][b] = std::max(out[f][b], one[f][b]);
  for (auto& most : out) {
    std::vector<double> of_all(most.begin(), most.end());
    team.max(of_all);
    std::copy(of_all.begin(), of_all.end(), most.begin());
  }
  return out;
}

/// ln(1 - exp(x)) for x < 0.
double log1m_exp(double x) {
  return x > -std::numbers::ln2 ? std::log(-std::expm1(x)) : std::log1p(-std::exp(x));
}

std::vector<ExtremeTail> tails(const std::vector<std::vector<float>>& z,
                               std::span<const int> family, std::uint64_t seed,
                               std::vector<double>& smallest) {
  std::vector<ExtremeTail> out;
  smallest.assign(replicates, 0);
  for (std::size_t f = 0; f < z.size(); ++f) {
    std::vector<double> log_p(replicates);
    const bool sampled =
        std::find(family.begin(), family.end(), static_cast<int>(f)) != family.end();
    RandomStream random(seed, Stream::check, f);
    for (int b = 0; b < replicates; ++b)
      log_p[b] = sampled ? log_p_of_z(z[f][b]) : std::log1p(-random.uniform());
    const ExtremeTail& known = out.emplace_back(log_p);
    for (int b = 0; b < replicates; ++b)
      smallest[b] = std::min(smallest[b], known.log_p_value(log_p[b]));
  }
  return out;
}

}  // namespace

double log_p_of_z(double z) {
  z = std::abs(z);
  if (z < 30) return std::log(std::erfc(z / std::numbers::sqrt2));
  return -z * z / 2 - std::log(z * std::sqrt(std::numbers::pi / 2)) - 1 / (z * z);
}

double normal_of_t(double t, double freedom) {
  if (!(freedom < 1e6) || t == 0 || !std::isfinite(t)) return t;
  const double z =
      (8 * freedom + 1) / (8 * freedom + 3) * std::sqrt(freedom * std::log1p(t * t / freedom));
  return std::copysign(z, t);
}

ExtremeTail::ExtremeTail(std::vector<double> log_p) : sorted_(std::move(log_p)) {
  std::sort(sorted_.begin(), sorted_.end());
  const auto at = static_cast<std::size_t>(upper_tail * static_cast<double>(sorted_.size()));
  threshold_ = sorted_[at];
  tests_ = std::log1p(-upper_tail) / std::min(log1m_exp(std::min(threshold_, -1e-12)), -1e-300);
}

double ExtremeTail::log_p_value(double log_p) const {
  if (log_p > threshold_) {
    const auto rank = std::upper_bound(sorted_.begin(), sorted_.end(), log_p) - sorted_.begin();
    return std::log(std::min(1.0, static_cast<double>(rank) / static_cast<double>(sorted_.size())));
  }
  if (log_p < -30) return std::min(0.0, std::log(tests_) + log_p);
  const double rest = tests_ * std::log1p(-std::exp(log_p));  // ln (1 - p)^m
  return rest < 0 ? log1m_exp(rest) : log_p;
}

JointTest::JointTest(std::span<const float> rows, std::span<const int> family, int families,
                     double effective, std::uint64_t seed, int threads, const Team& team)
    : all_({0}) {
  const auto z = largest_z(rows, family, families, effective, seed, threads, team);
  std::vector<double> smallest;
  family_ = tails(z, family, seed, smallest);
  all_ = ExtremeTail(std::move(smallest));
}

}  // namespace quartic
