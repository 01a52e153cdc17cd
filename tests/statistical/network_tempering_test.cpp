// Parallel tempering of networks: p is stationary on every rung, exchanges are as frequent as the
// exact sum says, and chains pass between modes that plain Gibbs sampling never leaves.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/error.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/tempering.hpp"
#include "statistical/network_draws.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

/// Independent units with couplings other than the network's.
Network some_base(const Network& network) {
  Network base(network.visible, network.hidden);
  for (double& r : base.visible.r) r = 0.5 * r - 0.2;
  for (double& a : base.visible.a) a *= 0.9;
  for (double& s : base.hidden.r) s += 0.3;
  return base;
}

/// A path over a model that lies on no straight line between its ends.
NetworkPath bent_path(const Network& network) {
  Network between = network;
  for (std::size_t k = 0; k < between.w.size(); ++k) between.w[k] *= k % 2 == 0 ? 0.9 : -0.3;
  for (double& r : between.visible.r) r -= 0.2;
  for (double& s : between.hidden.r) s *= 0.5;
  const auto knot = [](const Network& model) { return std::make_shared<const Network>(model); };
  return NetworkPath({knot(some_base(network)), knot(between), knot(network)});
}

/// Chains that start exactly at p_beta on every rung stay there: every pair of units, every rung.
/// On a bent path rungs at knots, between them, and neighbours that share w or do not.
template <class T>
void expect_stationary_rungs(int chains, int sweeps, bool only_quartic, bool bent) {
  const std::vector<double> betas =
      bent ? std::vector<double>{1, 0.8, 0.5, 0.3, 0} : std::vector<double>{1, 0.5, 0};
  for (const Unit visible : all_units) {
    for (const Unit hidden : all_units) {
      if (only_quartic && (visible != Unit::quartic || hidden != Unit::quartic)) continue;
      const Network network = sample_network(visible, hidden);
      const NetworkPath path = bent ? bent_path(network) : NetworkPath(some_base(network), network);
      NetworkTempering<T> ladder(path, betas, chains, 3, Stream::check, 2);
      NetworkTemperingState state = ladder.state();
      RandomStream random(17, Stream::check, 1u << 20);
      double *v = state.chains.visible.data(), *h = state.chains.hidden.data();
      for (const double beta : betas) {
        const ExactDraws draws(path.at(beta));
        for (int c = 0; c < chains; ++c, v += 2, h += 2) draws.draw(random, v, h);
      }
      ladder.restore(state);
      ladder.sweep(sweeps);
      for (std::size_t k = 0; k < betas.size(); ++k) {
        SCOPED_TRACE(pair_name(visible, hidden) + ", rung " + std::to_string(k));
        const Network rung = path.at(betas[k]);
        const int at = static_cast<int>(k);
        expect_moments(rung, ladder.visible(at), ladder.hidden(at), solve_exactly(rung).moments);
      }
    }
  }
}
TEST(NetworkTempering, ExactDrawsStayExactOnEveryRung) {
  expect_stationary_rungs<float>(9216, 7, false, false);
}
TEST(NetworkTempering, ExactDrawsStayExactInDoublePrecision) {
  expect_stationary_rungs<double>(4608, 7, true, false);
}

TEST(NetworkTempering, ExactDrawsStayExactOnABentPath) {
  expect_stationary_rungs<float>(4608, 7, false, true);
}

TEST(NetworkPath, RunsThroughItsKnotsOnStraightLines) {
  const Network network = sample_network(Unit::quartic, Unit::binary, 3, 2);
  const NetworkPath path = bent_path(network);
  const auto expect_same = [](const Network& x, const Network& y) {
    EXPECT_EQ(x.w, y.w);
    EXPECT_EQ(x.visible.r, y.visible.r);
    EXPECT_EQ(x.visible.b, y.visible.b);
    EXPECT_EQ(x.hidden.r, y.hidden.r);
  };
  expect_same(path.at(0), path.base());
  expect_same(path.at(0.5), *path.knots()[1]);
  expect_same(path.at(1), network);
  const std::vector<double> phi{0.3, -0.8, 1.1}, h{1, 0};
  const double quarter = path.at(0.75).action(phi, h);
  EXPECT_NEAR(quarter, 0.5 * (path.knots()[1]->action(phi, h) + network.action(phi, h)), 1e-14);
}

/// The mean of min(1, exp(...)) over independent draws of both rungs, by summing all pairs of
/// visible configurations.
TEST(NetworkTempering, ExchangesAreAsFrequentAsTheExactSumSays) {
  const Network network = sample_network(Unit::spin, Unit::quartic, 5, 3, 0.8);
  const Network base = some_base(network);
  const std::vector<double> betas{1, 0.4, 0};
  NetworkTempering<float> ladder({base, network}, betas, 512, 5, Stream::check, 1);
  ladder.sweep(60);
  ladder.reset_counts();
  constexpr int sweeps = 200;
  std::vector<std::vector<double>> log_p;
  for (const double beta : betas) {
    const Network rung = NetworkPath(base, network).at(beta);
    auto& all = log_p.emplace_back();
    for (int k = 0; k < 32; ++k) {
      std::vector<double> phi;
      for (int i = 0; i < 5; ++i) phi.push_back((k >> i & 1) != 0 ? 1 : -1);
      all.push_back(-rung.free_energy(phi));
    }
    const double log_z = exact_log_z(rung);
    for (double& x : all) x -= log_z;
  }
  ladder.sweep(sweeps);
  const auto found = ladder.acceptance();
  for (int k = 0; k < 2; ++k) {
    double expected = 0;
    for (int x = 0; x < 32; ++x) {
      for (int y = 0; y < 32; ++y) {
        const double both = std::exp(log_p[k][x] + log_p[k + 1][y]);
        const double other = std::exp(log_p[k][y] + log_p[k + 1][x]);
        expected += std::min(both, other);
      }
    }
    // A probability varies by less than 1/2; tau is below three sweeps.
    EXPECT_NEAR(found[k], expected, 4 * 0.5 * std::sqrt(6.0 / (512.0 * sweeps)));
    EXPECT_GT(expected, 0.2);
    EXPECT_LT(expected, 0.9);
  }
}

/// Two modes, phi_i = h_j = 1 and = -1 for all units, with weights of about 3 : 1 by a weak field,
/// and so little between them that Gibbs sampling does not cross in the time.
Network two_modes() {
  Network network(Layer(Unit::spin, 24), Layer(Unit::spin, 6));
  for (double& w : network.w) w = 0.45;
  for (double& r : network.visible.r) r = -0.55 / 24;
  return network;
}

TEST(NetworkTempering, ReachesTheExactWeightsOfModesWhereGibbsSamplingDoesNot) {
  const Network network = two_modes(), base(Layer(Unit::spin, 24), Layer(Unit::spin, 6));
  const double exact = solve_exactly(network).moments.s[0];
  constexpr int chains = 64, sweeps = 1500, burn = 300;
  const auto magnetisation = [&](const std::vector<double>& hidden) {
    std::vector<double> out;
    for (int c = 0; c < chains; ++c) out.push_back(hidden[c * 6]);
    return out;
  };
  // Both start with every chain in the lighter mode.
  const std::vector<double> wrong(static_cast<std::size_t>(chains) * 24, -1.0);
  NetworkSampler<float> gibbs(network, chains, 2, Stream::check, 1);
  gibbs.set_visible(wrong);
  std::vector<double> betas;
  for (int k = 8; k >= 0; --k) betas.push_back(k / 8.0);
  NetworkTempering<float> ladder({base, network}, betas, chains, 2, Stream::check, 1);
  for (int k = 0; k < 9; ++k) ladder.set_visible(k, wrong);
  for (int round = 0; round < 3; ++round) {
    ladder.sweep(burn / 3);
    ladder.adapt();
  }
  gibbs.sweep(burn);
  std::vector<double> tempered(static_cast<std::size_t>(chains) * sweeps), plain(tempered);
  for (int t = 0; t < sweeps; ++t) {
    ladder.sweep(), gibbs.sweep(1);
    const auto x = magnetisation(ladder.hidden()), y = magnetisation(gibbs.hidden());
    for (int c = 0; c < chains; ++c) tempered[c * sweeps + t] = x[c], plain[c * sweeps + t] = y[c];
  }
  const auto found = estimate_series(tempered, chains), stuck = estimate_series(plain, chains);
  EXPECT_NEAR(found.mean, exact, 4 * found.error);
  EXPECT_LT(found.error, 0.03);
  EXPECT_LT(found.r_hat, 1.05);
  EXPECT_LT(stuck.mean, -0.9);
  EXPECT_GT(exact, 0.3);
  for (const double a : ladder.acceptance()) EXPECT_NEAR(a, ladder.acceptance()[0], 0.15);
  EXPECT_GT(ladder.round_trips(), 10 * chains);
}

TEST(NetworkTempering, SameBitsForAnyNumberOfThreadsAndAfterARestart) {
  const Network network = sample_network(Unit::quartic, Unit::binary, 70, 60, 0.1);
  const std::vector<double> betas{1, 0.8, 0.5, 0.2, 0};
  for (const NetworkPath& path : {NetworkPath(some_base(network), network), bent_path(network)}) {
    NetworkTempering<float> one(path, betas, 48, 7, Stream::fields, 1),
        three(path, betas, 48, 7, Stream::fields, 3);
    one.sweep(3), three.sweep(3);
    one.adapt(), three.adapt();
    one.sweep(4), three.sweep(1);
    NetworkTempering<float> resumed(path, betas, 48, 7, Stream::check, 2);
    resumed.restore(three.state());
    resumed.sweep(3), three.sweep(3);
    for (int k = 0; k < 5; ++k) {
      EXPECT_EQ(one.visible(k), three.visible(k));
      EXPECT_EQ(one.hidden(k), resumed.hidden(k));
    }
    EXPECT_EQ(one.acceptance(), three.acceptance());
    EXPECT_EQ(one.state().chains.streams, resumed.state().chains.streams);
  }
}

TEST(NetworkTempering, LaddersThatCannotBeAreRefused) {
  const Network network = sample_network(Unit::quartic, Unit::binary, 3, 2);
  const Network base = some_base(network);
  const auto refuses = [](const Network& of, const Network& from, std::vector<double> betas,
                          int chains) {
    EXPECT_THROW(NetworkTempering<float>({from, of}, std::move(betas), chains, 1), BadInput);
  };
  refuses(network, base, {1, 0.5, 0}, 20);
  refuses(network, base, {1, 0.5}, 16);
  refuses(network, base, {0.9, 0}, 16);
  refuses(network, base, {1, 0.5, 0.5, 0}, 16);
  refuses(network, network, {1, 0}, 16);
  refuses(network, Network(sample_layer(Unit::quartic, 3, 0), sample_layer(Unit::spin, 2, 0)),
          {1, 0}, 16);
  NetworkTempering<float> ladder({base, network}, {1, 0.5, 0}, 16, 1);
  EXPECT_THROW(ladder.set_visible(3, std::vector<double>(48)), BadInput);
  EXPECT_THROW(ladder.set_visible(0, std::vector<double>(47)), BadInput);
}

}  // namespace
}  // namespace quartic
