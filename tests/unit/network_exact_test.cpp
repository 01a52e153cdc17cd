// Exact values of small networks: reference, determinants, numeric integrals, gauge moves,
// validity.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/network/exact.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

void expect_near(const std::vector<double>& values, const nlohmann::json& expected,
                 const std::string& what) {
  std::vector<double> flat;
  for (const auto& entry : expected) {
    if (entry.is_array()) {
      for (const double x : entry) flat.push_back(x);
    } else {
      flat.push_back(entry);
    }
  }
  ASSERT_EQ(values.size(), flat.size()) << what;
  for (std::size_t k = 0; k < flat.size(); ++k)
    EXPECT_NEAR(values[k], flat[k], 1e-10 * (1 + std::abs(flat[k]))) << what << ' ' << k;
}

TEST(NetworkExact, MatchesReferenceValues) {
  const auto all = reference_networks();
  ASSERT_EQ(all.size(), 3u);
  for (const auto& [kind, network, values] : all) {
    SCOPED_TRACE(kind);
    const auto exact = solve_exactly(network);
    EXPECT_NEAR(-exact.log_z, values["F"].get<double>(), 1e-10);
    EXPECT_NEAR(exact_log_z(network), exact.log_z, 1e-12);
    std::vector<double> log_p;
    std::vector<std::vector<double>> data = values["data"];
    for (const auto& row : data) log_p.push_back(-network.free_energy(row) - exact.log_z);
    expect_near(log_p, values["ln_p"], "ln p");
    const auto gradient = log_likelihood_gradient(
        network, exact.moments, data[values["gradient_at_data_index"].get<int>()]);
    const auto check = [&, &values = values](const char* key, const std::vector<double>& of_model,
                                             const std::vector<double>& of_gradient, double sign) {
      if (!values["expectation_of_f"].contains(key)) return;
      auto f = of_model;
      for (double& x : f) x *= sign;
      expect_near(f, values["expectation_of_f"][key], std::string("<f> of ") + key);
      expect_near(of_gradient, values["grad_ln_p"][key], std::string("gradient of ") + key);
    };
    const auto& m = exact.moments;
    check("w", m.w, gradient.w, -1);
    check("r", m.r, gradient.r, 1), check("a", m.a, gradient.a, 1), check("b", m.b, gradient.b, 1);
    check("s", m.s, gradient.s, 1), check("m", m.m, gradient.m, 1), check("n", m.n, gradient.n, 1);
  }
}

TEST(NetworkExact, EveryPairOfUnitsMatchesTheBruteSum) {
  for (const Unit visible : all_units) {
    for (const Unit hidden : all_units) {
      SCOPED_TRACE(pair_name(visible, hidden));
      const bool integrals = !Layer(visible, 1).discrete() && !Layer(hidden, 1).discrete();
      const Network network = sample_network(visible, hidden, 2, integrals ? 1 : 2);
      EXPECT_NEAR(exact_log_z(network), brute_force_log_z(network), 1e-8);
      EXPECT_NEAR(exact_log_z(network.transposed()), exact_log_z(network), 1e-10);
      for (std::vector<double> phi : {std::vector<double>{0, 1}, {1, 1}}) {
        if (!network.visible.discrete()) phi[0] = -0.7;
        if (visible == Unit::spin) phi[0] = -1;
        EXPECT_NEAR(-network.free_energy(phi), brute_force_log_z(network, &phi), 1e-8);
        const std::vector<float> row(phi.begin(), phi.end());
        const std::vector<double> rounded(row.begin(), row.end());
        EXPECT_NEAR(free_energies(network, row)[0], network.free_energy(rounded), 1e-11);
        EXPECT_NEAR(free_energies(network, phi)[0], network.free_energy(phi), 1e-11);
      }
    }
  }
}

/// d ln Z / d theta = -<f>, by central differences of ln Z.
TEST(NetworkExact, MomentsAreTheDerivativesOfLogZ) {
  for (const Unit visible : all_units) {
    for (const Unit hidden : all_units) {
      SCOPED_TRACE(pair_name(visible, hidden));
      const Network network = sample_network(visible, hidden, 2, 3, 0.5);
      const auto m = solve_exactly(network).moments;
      const auto derivative = [&](auto&& coupling) {
        constexpr double h = 1e-4;
        Network up = network, down = network;
        coupling(up) += h, coupling(down) -= h;
        return -(exact_log_z(up) - exact_log_z(down)) / (2 * h);
      };
      EXPECT_NEAR(derivative([](Network& n) -> double& { return n.w[4]; }), -m.w[4], 1e-6);
      EXPECT_NEAR(derivative([](Network& n) -> double& { return n.visible.r[1]; }), m.r[1], 1e-6);
      EXPECT_NEAR(derivative([](Network& n) -> double& { return n.hidden.r[2]; }), m.s[2], 1e-6);
      if (network.visible.has_a()) {
        EXPECT_NEAR(derivative([](Network& n) -> double& { return n.visible.a[0]; }), m.a[0], 1e-6);
      }
      if (network.hidden.has_b()) {
        EXPECT_NEAR(derivative([](Network& n) -> double& { return n.hidden.b[1]; }), m.n[1], 1e-5);
      }
    }
  }
}

/// ln Z = sum over pairs of singular values, worked out by hand for one pair:
/// Z = 2 pi / sqrt(4 a m - w^2) exp(...) at r = s = 0.
TEST(NetworkExact, GaussianPairIsClosedForm) {
  Network network(Layer(Unit::gaussian, 1), Layer(Unit::gaussian, 1));
  network.visible.a = {0.9}, network.hidden.a = {0.6}, network.w = {1.1};
  const double expected = std::log(2 * std::numbers::pi) - std::log(4 * 0.9 * 0.6 - 1.1 * 1.1) / 2;
  EXPECT_NEAR(exact_log_z(network), expected, 1e-12);
}

/// A larger enumeration: the sum over hidden units against that over visible ones.
TEST(NetworkExact, BothSidesOfABinaryNetworkAgree) {
  const Network network = sample_network(Unit::binary, Unit::spin, 9, 11, 0.8);
  const auto exact = solve_exactly(network), other = solve_exactly(network.transposed());
  EXPECT_NEAR(exact.log_z, other.log_z, 1e-11);
  for (int i = 0; i < 9; ++i)
    for (int j = 0; j < 11; ++j)
      EXPECT_NEAR(exact.moments.w[i * 11 + j], other.moments.w[j * 9 + i], 1e-11);
}

TEST(NetworkExact, SameBitsForAnyNumberOfThreads) {
  const Network network = sample_network(Unit::quartic, Unit::binary, 3, 15, 0.4);
  const auto one = solve_exactly(network, 1), many = solve_exactly(network, 3);
  EXPECT_EQ(one.log_z, many.log_z);
  EXPECT_EQ(one.moments.w, many.moments.w);
}

/// phi_0 -> -phi_0 with its w and r, and h -> h / c with w -> c w, are changes of variables.
TEST(NetworkExact, GaugeMovesLeaveTheMarginal) {
  for (const Unit hidden : all_units) {
    SCOPED_TRACE(name(hidden));
    const Network network = sample_network(Unit::quartic, hidden, 2, 2, 0.6);
    const std::vector<double> phi{0.8, -0.4}, mirrored{-0.8, -0.4};
    const double before = -network.free_energy(phi) - exact_log_z(network);
    Network turned = network;
    turned.visible.r[0] *= -1;
    for (int j = 0; j < 2; ++j) turned.w[j] *= -1;
    EXPECT_NEAR(-turned.free_energy(mirrored) - exact_log_z(turned), before, 1e-10);
    if (network.hidden.discrete()) continue;
    Network scaled = network;
    const double c = 1.7;
    for (int j = 0; j < 2; ++j) {
      scaled.hidden.r[j] *= c, scaled.hidden.a[j] *= c * c, scaled.hidden.b[j] *= c * c * c * c;
    }
    for (double& w : scaled.w) w *= c;
    EXPECT_NEAR(-scaled.free_energy(phi) - exact_log_z(scaled), before, 1e-10);
  }
  // A hidden spin is a binary unit twice as large: x = 2y - 1.
  Network spins = sample_network(Unit::gaussian, Unit::spin),
          binary(spins.visible, Layer(Unit::binary, 2));
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j) {
      binary.w[2 * i + j] = 2 * spins.weight(i, j);
      binary.visible.r[i] += spins.weight(i, j);
    }
  for (int j = 0; j < 2; ++j) binary.hidden.r[j] = 2 * spins.hidden.r[j];
  const std::vector<double> phi{0.8, -0.4};
  EXPECT_NEAR(-spins.free_energy(phi) - exact_log_z(spins),
              -binary.free_energy(phi) - exact_log_z(binary), 1e-10);
}

/// The network is a field on the bipartite graph.
TEST(NetworkExact, ActionIsThatOfTheField) {
  const Network network = sample_network(Unit::quartic, Unit::gaussian, 3, 2);
  const Action action = as_action(network);
  const std::vector<double> phi{0.3, -1.2, 0.8}, h{0.5, -0.4};
  EXPECT_NEAR(network.action(phi, h),
              action.evaluate(std::vector<double>{0.3, -1.2, 0.8, 0.5, -0.4}), 1e-14);
}

std::string refusal(const Network& network) {
  return why_not_normalisable(network).value_or("");
}

TEST(NetworkValidity, RefusalsNameTheParameter) {
  for (const Unit visible : all_units)
    for (const Unit hidden : all_units)
      EXPECT_EQ(refusal(sample_network(visible, hidden)), "") << pair_name(visible, hidden);
  Network network = sample_network(Unit::quartic, Unit::quartic);
  network.hidden.b[1] = -0.1;
  EXPECT_NE(refusal(network).find("hidden unit 1: n = -0.1 < 0"), std::string::npos);
  network = sample_network(Unit::quartic, Unit::binary);
  network.visible.b[1] = 0;
  EXPECT_NE(refusal(network).find("visible unit 1: a = -0.9 with b = 0"), std::string::npos);
  network = sample_network(Unit::gaussian, Unit::binary);
  network.visible.a[0] = 0;
  EXPECT_NE(refusal(network).find("visible unit 0: a = 0"), std::string::npos);
  network = sample_network(Unit::gaussian, Unit::binary);
  network.hidden.a[1] = 0.5;
  EXPECT_NE(refusal(network).find("hidden unit 1: m = 0.5"), std::string::npos);
  network.hidden.a[1] = 0, network.w[3] = NAN;
  EXPECT_NE(refusal(network).find("w of visible unit 1 and hidden unit 1"), std::string::npos);
  EXPECT_THROW(require_normalisable(network), BadInput);
}

/// Binary and quartic partners allow any w; Gaussian ones bound it: the determinant 4am - w^2.
TEST(NetworkValidity, GaussianUnitsOnBothSidesBoundTheirCouplings) {
  Network network(Layer(Unit::gaussian, 2), Layer(Unit::gaussian, 1));
  network.visible.a = {0.5, 0.5}, network.hidden.a = {0.5};
  const double limit = 1 / std::sqrt(2.0);  // w0^2 + w1^2 < 1
  network.w = {0.999 * limit, -0.999 * limit};
  EXPECT_EQ(refusal(network), "");
  EXPECT_TRUE(std::isfinite(exact_log_z(network)));
  network.w = {1.001 * limit, -1.001 * limit};
  EXPECT_NE(refusal(network).find("positive definite"), std::string::npos);
  for (const Unit partner : {Unit::quartic, Unit::binary, Unit::spin}) {
    Network other(network.visible, Layer(partner, 1));
    other.w = {30, -30};
    EXPECT_EQ(refusal(other), "") << name(partner);
  }
  // Single units without quartic coupling count as Gaussian.
  Network mixed(Layer(Unit::gaussian, 1), Layer(Unit::quartic, 2));
  mixed.w = {3, 3};
  EXPECT_EQ(refusal(mixed), "");
  mixed.hidden.b[1] = 0, mixed.hidden.a[1] = 0.5;
  EXPECT_NE(refusal(mixed).find("hidden unit 1"), std::string::npos);
}

TEST(NetworkExact, TooLargeIsRefused) {
  EXPECT_EQ(exact_method(sample_network(Unit::gaussian, Unit::gaussian, 30, 30, 0.01)).kind,
            ExactMethod::Kind::determinant);
  EXPECT_EQ(exact_method(sample_network(Unit::quartic, Unit::binary, 30, 12)).kind,
            ExactMethod::Kind::sum_hidden);
  EXPECT_THROW(exact_log_z(sample_network(Unit::quartic, Unit::quartic, 5, 5)), BadInput);
}

}  // namespace
}  // namespace quartic
