// Gates: a hidden unit moves the width of a visible one. Exact values, derivatives, free energies,
// what is refused; learning without chains.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/exact_learner.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

Network gated_network(Unit visible, Unit hidden, int visibles, int hiddens) {
  Network network = sample_network(visible, hidden, visibles, hiddens);
  for (std::size_t k = 0; k < network.w.size(); ++k)
    network.u.push_back(0.15 * std::sin(2.3 * static_cast<double>(k) + 1));
  return network;
}

TEST(Gates, LogZMatchesTheBruteSum) {
  for (const Unit visible : {Unit::quartic, Unit::gaussian}) {
    for (const Unit hidden : {Unit::binary, Unit::spin, Unit::quartic}) {
      if (visible == Unit::gaussian && hidden == Unit::quartic) continue;  // not normalisable
      SCOPED_TRACE(pair_name(visible, hidden));
      const Network network = gated_network(visible, hidden, 2, hidden == Unit::quartic ? 1 : 3);
      EXPECT_NEAR(exact_log_z(network), brute_force_log_z(network), 1e-8);
    }
  }
}

TEST(Gates, BothWaysOfSummingAgree) {
  // Two columns, so that a plane's quadrature is chosen once the hidden units are many.
  const Network few = gated_network(Unit::quartic, Unit::binary, 2, 3);
  Network many(few.visible, Layer(Unit::binary, 14));  // eleven more that do nothing
  many.w.assign(28, 0.0), many.u.assign(28, 0.0);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j) {
      many.w[14 * i + j] = few.w[3 * i + j], many.u[14 * i + j] = few.u[3 * i + j];
      many.hidden.r[j] = few.hidden.r[j];
    }
  ASSERT_EQ(exact_method(few).kind, ExactMethod::Kind::sum_hidden);
  ASSERT_EQ(exact_method(many).kind, ExactMethod::Kind::sum_visible);
  const auto one = solve_exactly(few), other = solve_exactly(many);
  EXPECT_NEAR(other.log_z, one.log_z + 11 * std::log(2.0), 1e-9);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j) {
      EXPECT_NEAR(other.moments.u[14 * i + j], one.moments.u[3 * i + j], 1e-8);
      EXPECT_NEAR(other.moments.w[14 * i + j], one.moments.w[3 * i + j], 1e-8);
    }
}

TEST(Gates, MomentsAreTheDerivativesOfLogZ) {
  for (const Unit visible : {Unit::quartic, Unit::gaussian}) {
    const Network network = gated_network(visible, Unit::binary, 3, 4);
    const auto m = solve_exactly(network).moments;
    const auto derivative = [&](auto&& coupling) {
      constexpr double h = 1e-4;
      Network up = network, down = network;
      coupling(up) += h, coupling(down) -= h;
      return (exact_log_z(up) - exact_log_z(down)) / (2 * h);
    };
    for (std::size_t k = 0; k < network.u.size(); ++k) {
      EXPECT_NEAR(derivative([k](Network& n) -> double& { return n.u[k]; }), m.u[k], 1e-6);
      EXPECT_NEAR(derivative([k](Network& n) -> double& { return n.w[k]; }), m.w[k], 1e-6);
    }
    EXPECT_NEAR(derivative([](Network& n) -> double& { return n.visible.a[1]; }), -m.a[1], 1e-6);
    EXPECT_NEAR(derivative([](Network& n) -> double& { return n.hidden.r[1]; }), -m.s[1], 1e-6);
  }
}

TEST(Gates, FreeEnergiesAreTheSumsOverHiddenUnits) {
  const Network network = gated_network(Unit::quartic, Unit::spin, 3, 2);
  const std::vector<double> phi{0.7, -1.1, 0.4};
  double sum = 0;
  for (const double first : {-1.0, 1.0})
    for (const double second : {-1.0, 1.0})
      sum += std::exp(-network.action(phi, std::vector<double>{first, second}));
  EXPECT_NEAR(-network.free_energy(phi), std::log(sum), 1e-12);
  EXPECT_NEAR(free_energies(network, phi)[0], network.free_energy(phi), 1e-11);
}

TEST(Gates, WhatCannotBeIsRefusedByUnit) {
  const auto reason = [](const Network& network) {
    return why_not_normalisable(network).value_or("");
  };
  Network network = gated_network(Unit::gaussian, Unit::binary, 2, 2);
  network.u = {0.5, 0.4, 0, 0};  // a of unit 0 is .8
  EXPECT_NE(reason(network).find("visible unit 0"), std::string::npos) << reason(network);
  network.u = {0.5, 0.2, 0, -3};
  EXPECT_EQ(reason(network), "");
  Network bits = sample_network(Unit::binary, Unit::binary);
  bits.u.assign(bits.w.size(), 0.1);
  EXPECT_NE(reason(bits).find("binary units have none"), std::string::npos) << reason(bits);
  Network strong = gated_network(Unit::quartic, Unit::gaussian, 2, 1);
  strong.u = {2, 0};  // u^2 / 4 m = 1.25 > b
  EXPECT_NE(reason(strong).find("outgrow"), std::string::npos) << reason(strong);
  strong.u = {0.3, 0};
  EXPECT_EQ(reason(strong), "");
  EXPECT_THROW(strong.transposed(), BadInput);
}

std::vector<float> two_widths(int rows) {
  std::vector<float> out;
  RandomStream random(5, Stream::fields, 0);
  for (int n = 0; n < rows; ++n) {
    const double width = n % 2 == 0 ? 0.3 : 1.5;
    for (int i = 0; i < 2; ++i) out.push_back(static_cast<float>(width * random.normal()));
  }
  return out;
}

TEST(ExactLearner, GradientIsThatOfTheObjective) {
  // The first step goes along the gradient, so a wrong one could not climb as foretold; the sum of
  // squares of what is left is small at the end.
  const auto rows = two_widths(400);
  for (const bool gates : {false, true}) {
    ExactLearner learner(rows, exact_start(Unit::quartic, Unit::binary, 3, gates, rows, 2, 1),
                         {.ridge = 1, .threads = 2});
    const double before = learner.log_likelihood();
    learner.step(300);
    EXPECT_GT(learner.log_likelihood(), before);
    // At the optimum <f>_p = <f>_data for what the prior leaves alone.
    const auto exact = solve_exactly(learner.network());
    double first = 0, second = 0;
    for (std::size_t n = 0; n < rows.size(); n += 2)
      first += rows[n] / 400.0, second += rows[n] * rows[n] / 400.0;
    EXPECT_NEAR(exact.moments.r[0], first, 2e-3);
    EXPECT_NEAR(exact.moments.a[0], second, 5e-3);
  }
}

TEST(ExactLearner, GatesLearnWidthsThatColumnsShare) {
  const auto rows = two_widths(2000), others = two_widths(2000);
  const auto fit = [&](bool gates) {
    ExactLearner learner(rows, exact_start(Unit::quartic, Unit::binary, 4, gates, rows, 2, 1), {});
    learner.step(200);
    const auto f = free_energies(learner.network(), others);
    double sum = 0;
    for (const double x : f) sum -= x / 2000;
    return sum - learner.log_z();
  };
  double truth = 0;
  for (std::size_t n = 0; n < others.size(); n += 2) {
    double mixed = 0;
    for (const double width : {0.3, 1.5})
      mixed +=
          std::exp(-(others[n] * others[n] + others[n + 1] * others[n + 1]) / (2 * width * width)) /
          (4 * std::numbers::pi * width * width);
    truth += std::log(mixed) / 2000;
  }
  const double with = fit(true), without = fit(false);
  EXPECT_NEAR(with, truth, 0.03);
  EXPECT_LT(without, truth - 0.03);
}

TEST(ExactLearner, GaussianPairsStayInTheConeAndFindTheGaussian) {
  // Two columns of correlation .95, one Gaussian hidden unit: the maximum is the data's Gaussian.
  std::vector<float> rows;
  RandomStream random(3, Stream::fields, 0);
  double xx = 0, xy = 0, yy = 0, x_sum = 0, y_sum = 0;
  constexpr int count = 2000;
  for (int n = 0; n < count; ++n) {
    const double x = random.normal(), y = 0.95 * x + std::sqrt(1 - 0.95 * 0.95) * random.normal();
    rows.push_back(static_cast<float>(x)), rows.push_back(static_cast<float>(y));
    xx += x * x / count, xy += x * y / count, yy += y * y / count;
    x_sum += x / count, y_sum += y / count;
  }
  const double determinant =
      (xx - x_sum * x_sum) * (yy - y_sum * y_sum) - (xy - x_sum * y_sum) * (xy - x_sum * y_sum);
  const double best = -1 - std::log(2 * std::numbers::pi) - std::log(determinant) / 2;
  ExactLearner learner(rows, exact_start(Unit::gaussian, Unit::gaussian, 1, false, rows, 2, 1, 0.3),
                       {.ridge = 0});
  learner.step(300);
  EXPECT_NEAR(learner.log_likelihood(), best, 1e-4);
  EXPECT_FALSE(why_not_normalisable(learner.network()));
}

TEST(ExactLearner, SameBitsForAnyNumberOfThreads) {
  const auto rows = two_widths(3000);
  const auto learned = [&](int threads) {
    ExactLearner learner(rows, exact_start(Unit::quartic, Unit::binary, 5, true, rows, 2, 1),
                         {.ridge = 1, .threads = threads});
    learner.step(10);
    return learner.network().u;
  };
  EXPECT_EQ(learned(1), learned(3));
}

TEST(ExactLearner, RefusesWhatItCannotDo) {
  const std::vector<float> rows(60, 0.5F);
  const Network large(Layer(Unit::binary, 30), Layer(Unit::binary, 40));
  EXPECT_THROW(ExactLearner(rows, large, {}), BadInput);
  const Network network = gated_network(Unit::quartic, Unit::binary, 2, 3);
  EXPECT_THROW(ExactLearner(std::vector<float>(3), network, {}), BadInput);
  EXPECT_THROW(ExactLearner(std::vector<float>{1, NAN}, network, {}), BadInput);
  EXPECT_THROW(ExactLearner(rows, network, {.ridge = -1}), BadInput);
}

}  // namespace
}  // namespace quartic
