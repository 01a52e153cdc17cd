// Every move leaves the exact distribution of a two-site field invariant: chains start as exact
// draws, make some sweeps, and the probability transform of each site must still be uniform
// (Kolmogorov-Smirnov), on every SIMD target.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "mcmc/local_moves.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/core/random.hpp"
#include "quartic/core/simd.hpp"
#include "statistical/triangle.hpp"
#include "unit_draws.hpp"

namespace quartic {
namespace {

using testing::lanes;

struct Coupled {
  const char* name;
  double w;
  double r[2], a[2], b[2];
};

const Coupled fields[] = {
    {"single well", 1.0, {0, 0}, {1.52425, 1.52425}, {0.175, 0.175}},
    {"double well", 0.4, {0, 0}, {-2, -2}, {0.3, 0.3}},
    {"negative w, field", -0.8, {0.3, -0.5}, {0.4, -0.6}, {0.25, 0.4}},
    {"strong field", 0.5, {-25, 3}, {0.7, 1.0}, {0.3, 0.05}},
    {"sharp wells", 0.3, {0.1, 0}, {-40, -30}, {20, 15}},
    {"pure quartic", 0.6, {0, 0.2}, {0, 0}, {1, 1e-2}},
    {"gaussian and quartic", 0.5, {0.4, 0}, {0.8, 0.2}, {0, 0.5}},
    {"pulled far beyond the usual field", 1.0, {-400, 0}, {0.7, 1.0}, {0.3, 0.3}},
};

/// Marginal of site 0 on a fine grid: p(x) ~ exp(-S_0(x)) Z1(a_1, b_1, w x - r_1), and its
/// distribution function.
class ExactPair {
 public:
  explicit ExactPair(const Coupled& f) : f_(f) {
    double peak = -INFINITY, low = 0,
           high = 0;  // both grow from the peak until the density has died
    for (double x = -60; x <= 60; x += 0.05)
      if (log_density(x) > peak) peak = log_density(x), low = high = x;
    const double step = 0.01;
    while (log_density(low) > peak - 40 || low > -1) low -= step;
    while (log_density(high) > peak - 40 || high < 1) high += step;
    double sum = 0;
    for (int k = 0; k < points; ++k) {
      x_.push_back(low + (high - low) * k / (points - 1));
      if (k > 0)
        sum += (std::exp(log_density(x_[k - 1]) - peak) + std::exp(log_density(x_[k]) - peak)) / 2;
      cumulative_.push_back(sum);
    }
    for (double& c : cumulative_) c /= sum;
  }
  double cdf(double x) const {
    const auto k = std::clamp<std::ptrdiff_t>(
        std::upper_bound(x_.begin(), x_.end(), x) - x_.begin(), 1, points - 1);
    const double t = std::clamp((x - x_[k - 1]) / (x_[k] - x_[k - 1]), 0.0, 1.0);
    return cumulative_[k - 1] + t * (cumulative_[k] - cumulative_[k - 1]);
  }
  double draw(RandomStream& random) const {
    const double u = random.uniform();
    const auto k = std::clamp<std::ptrdiff_t>(
        std::upper_bound(cumulative_.begin(), cumulative_.end(), u) - cumulative_.begin(), 1,
        points - 1);
    const double t =
        (u - cumulative_[k - 1]) / std::max(cumulative_[k] - cumulative_[k - 1], 1e-300);
    return x_[k - 1] + t * (x_[k] - x_[k - 1]);
  }

 private:
  static constexpr int points = 20001;
  double log_density(double x) const {
    return -x * (f_.r[0] + x * (f_.a[0] + f_.b[0] * x * x)) +
           log_quartic_normaliser(f_.a[1], f_.b[1], f_.w * x - f_.r[1]);
  }
  Coupled f_;
  std::vector<double> x_, cumulative_;
};

constexpr int blocks = 64;

/// A field with its exact distribution and exact draws to start from, made once for all moves and
/// targets.
struct Start {
  Coupled field;
  ExactPair exact;
  std::vector<double> first, second;  ///< one an entry a chain

  explicit Start(const Coupled& f) : field(f), exact(f) {
    for (int chain = 0; chain < lanes * blocks; ++chain) {
      RandomStream random(12, Stream::check, static_cast<std::uint64_t>(chain));
      first.push_back(exact.draw(random));
      second.push_back(draw_quartic(f.a[1], f.b[1], f.w * first.back() - f.r[1], random));
    }
  }
};

const std::vector<Start>& starts() {
  static const std::vector<Start> all(std::begin(fields), std::end(fields));
  return all;
}

/// Asymptotic p-value of the Kolmogorov-Smirnov distance of values that should be uniform.
double uniform_p_value(std::vector<double> u) {
  std::sort(u.begin(), u.end());
  const double n = static_cast<double>(u.size());
  double distance = 0;
  for (std::size_t k = 0; k < u.size(); ++k)
    distance = std::max(
        {distance, (static_cast<double>(k) + 1) / n - u[k], u[k] - static_cast<double>(k) / n});
  const double x = (std::sqrt(n) + 0.12 + 0.11 / std::sqrt(n)) * distance;
  double p = 0;
  for (int k = 1; k < 100; ++k) p += 2 * (k % 2 ? 1 : -1) * std::exp(-2.0 * k * k * x * x);
  return std::clamp(p, 0.0, 1.0);
}

template <class T>
using Move = double (*)(const SweepBlock<T>&);

template <class T>
void expect_invariant(Move<T> move, const char* move_name, int sweeps) {
  const auto graph = std::make_shared<Graph>(2, std::vector<Edge>{{0, 1}});
  for (const auto& start : starts()) {
    const auto& f = start.field;
    Action action(graph);
    action.w = {f.w};
    action.r = {f.r[0], f.r[1]}, action.a = {f.a[0], f.a[1]}, action.b = {f.b[0], f.b[1]};
    SweepTable<T> table(*graph);
    table.set(action);
    std::vector<double> first, second, other;
    for (int block = 0; block < blocks; ++block) {
      AlignedVector<T> phi(2 * lanes);
      AlignedVector<std::uint32_t> words(4 * lanes);
      for (int lane = 0; lane < lanes; ++lane) {
        const auto chain = static_cast<std::uint64_t>(block) * lanes + lane;
        const auto seed = seed_stream(11, Stream::fields, chain);
        for (int k = 0; k < 4; ++k) words[k * lanes + lane] = seed[k];
        phi[lane] = static_cast<T>(start.first[chain]);
        phi[lanes + lane] = static_cast<T>(start.second[chain]);
      }
      for (int k = 0; k < sweeps; ++k) move({&table, T(1), phi.data(), words.data(), lanes, 3});
      for (int lane = 0; lane < lanes; ++lane) {
        first.push_back(start.exact.cdf(phi[lane]));
        // Given site 0, the sign and size of site 1 must fit its conditional: compare with the
        // conditional mean.
        const auto m = quartic_moments(f.a[1], f.b[1], f.w * phi[lane] - f.r[1]);
        second.push_back((phi[lanes + lane] - m.mean) / std::sqrt(m.second - m.mean * m.mean));
        other.push_back((static_cast<double>(phi[lanes + lane]) * phi[lanes + lane] - m.second) /
                        std::sqrt(m.fourth - m.second * m.second));
      }
    }
    const auto z = [](const std::vector<double>& x) {
      double sum = 0;
      for (const double v : x) sum += v;
      return sum / std::sqrt(static_cast<double>(x.size()));
    };
    const auto place = ::testing::Message() << move_name << ", " << f.name << ", " << simd_target();
    EXPECT_GT(uniform_p_value(first), 1e-4) << place;
    EXPECT_LT(std::abs(z(second)), 4) << place;
    EXPECT_LT(std::abs(z(other)), 4) << place;
  }
}

template <class T>
void check_all_moves() {
  for (const auto& target : simd_targets()) {
    restrict_simd_target(target);
    expect_invariant<T>(independence_sweep<T>, "independence Metropolis", 5);
    expect_invariant<T>(reflection_sweep<T>, "reflection", 5);
    expect_invariant<T>(metropolis_sweep<T>, "Metropolis", 5);
    expect_invariant<T>(heat_bath_sweep<T>, "heat bath", 2);
    expect_invariant<T>(flip_sweep<T>, "flip", 5);
  }
  restrict_simd_target("");
}

TEST(Moves, LeaveTheExactDistributionInvariantFloat) {
  check_all_moves<float>();
}
TEST(Moves, LeaveTheExactDistributionInvariantDouble) {
  check_all_moves<double>();
}

// A heat bath reaches the conditional in one sweep from anywhere, and independence Metropolis in a
// few dozen.
TEST(Moves, ForgetTheStart) {
  const auto graph = std::make_shared<Graph>(64, std::vector<Edge>{});
  for (const auto& f : fields) {
    Action action(graph);
    for (int i = 0; i < 64; ++i) action.r[i] = f.r[0], action.a[i] = f.a[0], action.b[i] = f.b[0];
    SweepTable<float> table(*graph);
    table.set(action);
    const auto m = quartic_moments(f.a[0], f.b[0], -f.r[0]);
    for (const auto move : {heat_bath_sweep<float>, independence_sweep<float>}) {
      AlignedVector<float> phi(64 * lanes, 1.0F);
      AlignedVector<std::uint32_t> words(4 * lanes);
      for (int lane = 0; lane < lanes; ++lane) {
        const auto seed = seed_stream(5, Stream::fields, static_cast<std::uint64_t>(lane));
        for (int k = 0; k < 4; ++k) words[k * lanes + lane] = seed[k];
      }
      const SweepBlock<float> block{&table, 1, phi.data(), words.data(), lanes, 20};
      for (int k = 0; k < 100; ++k) move(block);
      double sum = 0, square = 0;
      for (const float x : phi) sum += x, square += static_cast<double>(x) * x;
      const double n = static_cast<double>(phi.size());
      EXPECT_LT(std::abs(sum / n - m.mean),
                4.5 * std::sqrt((m.second - m.mean * m.mean) / n) + 1e-6)
          << f.name;
      EXPECT_LT(std::abs(square / n - m.second),
                4.5 * std::sqrt((m.fourth - m.second * m.second) / n) + 1e-5 * m.second)
          << f.name;
    }
  }
}

}  // namespace
}  // namespace quartic
