// The steps of a layer's own couplings, with exact moments in place of chains.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "network/trained_layer.hpp"
#include "quartic/core/data_source.hpp"
#include "quartic/core/random.hpp"
#include "quartic/network/start.hpp"

namespace quartic {
namespace {

/// Far from zero, with tails that no b >= 0 has: b falls as far as it may, and <phi> and <phi^2>
/// become the data's all the same.
TEST(TrainedLayer, WhereBCanFallNoFurtherTheOtherMomentsAreRight) {
  constexpr int rows = 20000, columns = 8;
  std::vector<float> values;
  RandomStream random(3, Stream::check, 0);
  for (int row = 0; row < rows; ++row) {
    for (int i = 0; i < columns; ++i) {
      const double z = random.normal();
      values.push_back(
          static_cast<float>(-1 + 0.03 * (i + 2) * std::copysign(std::pow(std::abs(z), 1.5), z)));
    }
  }
  const auto moments = column_moments(ArraySource(values, columns));
  const Layer start = fit_layer(Unit::quartic, moments);
  for (const double rate : {0.02, 0.08}) {
    SCOPED_TRACE(rate);
    TrainedLayer trained(start, start, 3);
    const std::vector<double> no_shift(columns);
    for (int step = 1; step <= 2000; ++step) {
      std::vector<double> difference;
      for (int i = 0; i < columns; ++i) {
        const auto model = trained.layer.moments(i, 0);
        difference.push_back(moments.first[i] - model.mean);
        difference.push_back(moments.second[i] - model.second);
        difference.push_back(moments.fourth[i] - model.fourth);
      }
      trained.step(TrainingOptions(), rate, step, difference, no_shift);
    }
    for (int i = 0; i < columns; ++i) {
      const auto model = trained.layer.moments(i, 0);
      const double width = std::sqrt(moments.variance(i));
      EXPECT_LT(trained.layer.b[i], 0.1 * start.b[i]) << i;
      EXPECT_NEAR(model.mean, moments.first[i], 1e-6 * width) << i;
      EXPECT_NEAR(model.second, moments.second[i], 1e-6 * width) << i;
    }
  }
}

}  // namespace
}  // namespace quartic
