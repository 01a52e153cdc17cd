// The kernels of every kind of unit against its float64 reference, on every SIMD target.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "network/unit_type.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/simd.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

constexpr int lanes = 64;

/// Units with wells of every shape, each felt by lanes with fields from weak to strong.
template <class T>
struct Bench {
  Layer layer;
  std::vector<UnitConstants<T>> constants;
  AlignedVector<T> field, scale, x;
  AlignedVector<std::uint32_t> words;

  explicit Bench(Unit unit) : layer(couplings(unit)) {
    for (int i = 0; i < layer.size(); ++i)
      constants.emplace_back(layer.r[i], layer.a[i], layer.b[i]);
    x.assign(static_cast<std::size_t>(layer.size()) * lanes, T(0));
    scale.assign(lanes, T(0.5));
    for (int i = 0; i < layer.size(); ++i)
      for (int lane = 0; lane < lanes; ++lane)
        field.push_back(
            static_cast<T>(lane == 0 ? 0 : std::pow(-1, lane) * std::pow(lane / 12.0, 2)));
    words.resize(4 * lanes);
    for (int lane = 0; lane < lanes; ++lane) {
      const auto seed = seed_stream(5, Stream::check, static_cast<std::uint64_t>(lane));
      for (int k = 0; k < 4; ++k) words[k * lanes + lane] = seed[k];
    }
  }
  static Layer couplings(Unit unit) {
    Layer layer(unit, 24);
    for (int i = 0; i < layer.size(); ++i) {
      layer.r[i] = 0.2 * i - 1;
      const double a[] = {-12, -3, -0.7, 0, 0.5, 6}, b[] = {0.02, 0.175, 1, 8};
      if (layer.has_b()) layer.a[i] = a[i % 6], layer.b[i] = b[i / 6];
      if (layer.has_b() && layer.a[i] > 0 && i == 23) layer.b[i] = 0;
      // Barriers of a hundred units of action: no chain crosses them, no sum needs to.
      if (layer.has_b() && layer.a[i] == -12) layer.b[i] = std::max(layer.b[i], 0.3);
      if (layer.has_a() && !layer.has_b()) layer.a[i] = 0.1 + 0.4 * i;
    }
    return layer;
  }
  UnitBlock<T> block() const {
    return {constants.data(), layer.size(), lanes, field.data(), lanes, scale.data()};
  }
  UnitDraws<T> draws() { return {x.data(), lanes, words.data(), lanes}; }
  UnitKernels<T> kernels() const { return type_of(layer.unit).template kernels<T>(); }
  UnitMoments exact(int unit, int lane) const {
    return layer.moments(unit, static_cast<double>(scale[lane] * field[unit * lanes + lane]));
  }
};

template <class T>
class NetworkUnits : public ::testing::Test {
 protected:
  void TearDown() override { restrict_simd_target(""); }
  template <class F>
  void for_all(F&& f) {
    for (const auto& target : simd_targets()) {
      restrict_simd_target(target);
      for (const Unit unit : all_units) {
        SCOPED_TRACE(target + " " + std::string(name(unit)));
        Bench<T> bench(unit);
        f(bench);
      }
    }
  }
};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(NetworkUnits, Precisions);

TYPED_TEST(NetworkUnits, MomentsMatchTheReference) {
  using T = TypeParam;
  const double tolerance = sizeof(T) == 4 ? 3e-5 : 1e-12, higher = sizeof(T) == 4 ? 2e-4 : 1e-12;
  this->for_all([&](Bench<T>& bench) {
    const int units = bench.layer.size(), count = 50;
    AlignedVector<T> mean(static_cast<std::size_t>(units) * lanes);
    std::vector<double> sums(3 * static_cast<std::size_t>(units), 0.0);
    bench.kernels().moments(bench.block(), {mean.data(), lanes, count, sums.data(), true});
    // Without the higher moments the means are the same.
    AlignedVector<T> alone(mean.size());
    std::vector<double> first_only(sums.size(), 0.0);
    bench.kernels().moments(bench.block(), {alone.data(), lanes, count, first_only.data(), false});
    for (int i = 0; i < units; ++i) {
      EXPECT_NEAR(first_only[3 * i], sums[3 * i], 1e-5 * count);
      double expected[3] = {}, size = 0;
      for (int lane = 0; lane < lanes; ++lane) {
        const auto m = bench.exact(i, lane);
        const double deviation = std::sqrt(m.second);
        ASSERT_NEAR(mean[i * lanes + lane], m.mean, tolerance * deviation) << i << ' ' << lane;
        if (lane < count) expected[0] += m.mean, expected[1] += m.second, expected[2] += m.fourth;
        if (lane < count) size += deviation;
      }
      EXPECT_NEAR(sums[3 * i], expected[0], tolerance * size) << i;
      if (bench.layer.has_a()) {
        EXPECT_NEAR(sums[3 * i + 1] / expected[1], 1, higher) << i;
      }
      if (bench.layer.has_b()) {
        EXPECT_NEAR(sums[3 * i + 2] / expected[2], 1, 3 * higher) << i;
      }
    }
  });
}

/// Fields of any strength; for the means of many units with the same couplings kernels take a short
/// cut.
TYPED_TEST(NetworkUnits, StrongFieldsOnManyAlikeUnitsMatchTheReference) {
  using T = TypeParam;
  const int units = 160, points = units * lanes;
  const double tolerance = sizeof(T) == 4 ? 2e-5 : 1e-12;
  this->for_all([&](Bench<T>& bench) {
    if (bench.layer.unit != Unit::quartic) return;
    AlignedVector<T> field(points), mean(points);
    std::vector<double> sums(3 * static_cast<std::size_t>(units));
    for (int i = 0; i < bench.layer.size(); ++i) {
      const double width = std::sqrt(bench.layer.moments(i, bench.layer.r[i]).second);
      for (int k = 0; k < points; ++k)  // from 1e-3 to 1e3 of 1 / width
        field[k] =
            static_cast<T>((k % 2 == 0 ? 1 : -1) * std::pow(10.0, 6.0 * k / points - 3) / width);
      const std::vector<UnitConstants<T>> alike(units, bench.constants[i]);
      bench.kernels().moments({alike.data(), units, lanes, field.data(), lanes, bench.scale.data()},
                              {mean.data(), lanes, lanes, sums.data(), false});
      std::vector<double> log_normaliser(points, 0.0);
      for (int unit = 0; unit < units; ++unit)
        bench.kernels().log_normaliser(
            {&alike[unit], 1, lanes, field.data() + unit * lanes, lanes, bench.scale.data()},
            log_normaliser.data() + unit * lanes);
      for (int k = 0; k < points; k += 7) {
        const auto m = bench.layer.moments(i, static_cast<double>(bench.scale[0] * field[k]));
        ASSERT_NEAR(mean[k], m.mean, tolerance * std::sqrt(m.second)) << i << ' ' << field[k];
        ASSERT_NEAR(log_normaliser[k], m.log_normaliser,
                    tolerance * (1 + std::abs(m.log_normaliser)))
            << i << ' ' << field[k];
      }
    }
  });
}

TYPED_TEST(NetworkUnits, LogNormalisersMatchTheReference) {
  using T = TypeParam;
  const double tolerance = sizeof(T) == 4 ? 4e-6 : 1e-12;
  this->for_all([&](Bench<T>& bench) {
    for (int i = 0; i < bench.layer.size(); ++i) {
      std::vector<double> sums(lanes, 1.5);
      auto block = bench.block();
      block.constants += i, block.field += i * lanes, block.units = 1;
      bench.kernels().log_normaliser(block, sums.data());
      for (int lane = 0; lane < lanes; ++lane) {
        const double expected = bench.exact(i, lane).log_normaliser;
        ASSERT_NEAR(sums[lane] - 1.5, expected, tolerance * (1 + std::abs(expected)))
            << i << ' ' << lane;
      }
    }
  });
}

/// Draws are exact whatever x was; steps started from exact draws stay exact.
TYPED_TEST(NetworkUnits, DrawsHaveTheRightMoments) {
  using T = TypeParam;
  this->for_all([&](Bench<T>& bench) {
    const int units = bench.layer.size(), draws = 1000;
    for (const bool fresh : {true, false}) {
      std::vector<double> first(bench.x.size()), second(bench.x.size());
      for (int n = 0; n < draws; ++n) {
        bench.kernels().draw(bench.block(), bench.draws());
        if (!fresh) bench.kernels().step(bench.block(), bench.draws());
        for (std::size_t k = 0; k < bench.x.size(); ++k) {
          const double x = bench.x[k];
          first[k] += x / draws, second[k] += x * x / draws;
        }
      }
      double chi2 = 0;
      for (int i = 0; i < units; ++i) {
        for (int lane = 0; lane < lanes; ++lane) {
          const auto m = bench.exact(i, lane);
          const double error1 = std::sqrt(m.variance() / draws) + 1e-6 * (1 + std::abs(m.mean)),
                       error2 = std::sqrt(std::max(m.fourth - m.second * m.second, 0.0) / draws) +
                                1e-6 * (1 + m.second);
          const double z1 = (first[i * lanes + lane] - m.mean) / error1,
                       z2 = (second[i * lanes + lane] - m.second) / error2;
          // Rare values of discrete units are not Gaussian.
          if (m.variance() * draws < 10 && bench.layer.discrete()) continue;
          EXPECT_LT(std::abs(z2), 6) << i << ' ' << lane << ' ' << fresh;
          chi2 += z1 * z1 - 1;
        }
      }
      EXPECT_LT(std::abs(chi2), 5 * std::sqrt(2.0 * units * lanes)) << fresh;
    }
  });
}

/// A step is exact whatever it proposes, and worth nothing if it never accepts.
TYPED_TEST(NetworkUnits, StepsMoveWhateverTheCouplingsAndFields) {
  using T = TypeParam;
  const AlignedVector<T> scale(lanes, T(1));
  this->for_all([&](Bench<T>& bench) {
    if (bench.layer.unit != Unit::quartic) return;
    const auto& kernels = bench.kernels();
    for (double a = -3; a < 3; a += 0.17) {
      const UnitConstants<T> constants(0, a, 0.4);
      Layer layer(Unit::quartic, 1);
      layer.a[0] = a, layer.b[0] = 0.4;
      const double width = std::sqrt(layer.moments(0, 0).second);
      AlignedVector<T> field(lanes), x(lanes), before;
      for (int lane = 0; lane < lanes; ++lane)  // up to 100 of 1 / width
        field[lane] = static_cast<T>((std::pow(101.0, lane / (lanes - 1.0)) - 1) / width);
      const UnitBlock<T> block{&constants, 1, lanes, field.data(), lanes, scale.data()};
      const UnitDraws<T> draws{x.data(), lanes, bench.words.data(), lanes};
      kernels.draw(block, draws);
      std::vector<int> moved(lanes, 0);
      for (int step = 0; step < 100; ++step) {
        before = x;
        kernels.step(block, draws);
        for (int lane = 0; lane < lanes; ++lane) moved[lane] += x[lane] != before[lane];
      }
      EXPECT_GT(*std::min_element(moved.begin(), moved.end()), 25) << a;
    }
  });
}

TEST(NetworkLayer, NamesComeBackAndMisspeltOnesAreExplained) {
  for (const Unit unit : all_units) EXPECT_EQ(find_word<Unit>(name(unit)), unit);
  try {
    from_word<Unit>("quartik", "unit");
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_NE(error.hint().find("quartic"), std::string::npos);
  }
}

}  // namespace
}  // namespace quartic
