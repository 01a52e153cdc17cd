// Deep stacks against enumeration: draws up and down, rows from the whole stack, and the bound of
// ln p.
#include <gtest/gtest.h>

#include <cmath>

#include "quartic/network/exact.hpp"
#include "quartic/network/stack.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic {
namespace {

using Row = std::vector<double>;

/// All configurations of a layer of discrete units.
std::vector<Row> configurations(const Layer& layer) {
  std::vector<Row> out(1);
  for (int i = 0; i < layer.size(); ++i) {
    std::vector<Row> longer;
    for (const Row& row : out) {
      for (const double x : layer.values()) {
        longer.push_back(row);
        longer.back().push_back(x);
      }
    }
    out = std::move(longer);
  }
  return out;
}

/// p(row | j) of independent discrete units with these fields.
double probability(const Layer& layer, const Row& row, const Row& field) {
  double log_p = 0;
  for (int i = 0; i < layer.size(); ++i)
    log_p +=
        field[i] * row[i] - layer.energy(i, row[i]) - layer.moments(i, field[i]).log_normaliser;
  return std::exp(log_p);
}

double log_p(const Network& network, const Row& visible) {
  return -network.free_energy(visible) - exact_log_z(network);
}

/// p of the visible units of network `layer` by the stack from there up, by enumeration.
std::vector<double> marginal(const DeepStack& stack, int layer) {
  const Network& network = stack.networks()[layer];
  const auto rows = configurations(network.visible);
  std::vector<double> out(rows.size());
  if (layer + 1 == stack.layers()) {
    for (std::size_t k = 0; k < rows.size(); ++k) out[k] = std::exp(log_p(network, rows[k]));
    return out;
  }
  const auto above = marginal(stack, layer + 1);
  const auto hidden = configurations(network.hidden);
  for (std::size_t h = 0; h < hidden.size(); ++h) {
    const Row field = field_on_visible(network, hidden[h]);
    for (std::size_t k = 0; k < rows.size(); ++k)
      out[k] += above[h] * probability(network.visible, rows[k], field);
  }
  return out;
}

/// z of the mean of f over rows of values, each independent.
template <class F>
void expect_mean(const std::vector<float>& values, int width, double exact, F f) {
  double sum = 0, sum2 = 0;
  const std::size_t rows = values.size() / width;
  for (std::size_t n = 0; n < rows; ++n) {
    const double x = f(&values[n * width]);
    sum += x, sum2 += x * x;
  }
  const double mean = sum / rows, error = std::sqrt((sum2 / rows - mean * mean) / rows);
  EXPECT_LT(std::abs(mean - exact), 4 * error) << mean << " +- " << error << ", exact " << exact;
}

DeepStack discrete_stack() {
  return DeepStack({sample_network(Unit::binary, Unit::spin, 3, 2, 1.2),
                    sample_network(Unit::spin, Unit::binary, 2, 3, 0.9),
                    sample_network(Unit::binary, Unit::binary, 3, 2, 1.5)});
}

TEST(DeepStack, DrawsHaveTheConditionalMoments) {
  for (const Unit visible : all_units) {
    for (const Unit hidden : all_units) {
      SCOPED_TRACE(pair_name(visible, hidden));
      const Network network = sample_network(visible, hidden, 2, 2, 0.4);
      const Row row{network.visible.discrete() ? 1.0 : 0.7,
                    network.visible.discrete() ? 1.0 : -1.1};
      std::vector<float> rows;
      for (int n = 0; n < 20000; ++n) rows.insert(rows.end(), row.begin(), row.end());
      const auto drawn = hidden_values(network, rows, UnitValues::samples, {7});
      const auto field = network.field_on_hidden(row);
      for (int j = 0; j < 2; ++j) {
        const auto m = network.hidden.moments(j, field[j]);
        expect_mean(drawn, 2, m.mean, [j](const float* h) { return h[j]; });
        if (!network.hidden.discrete())
          expect_mean(drawn, 2, m.second, [j](const float* h) { return h[j] * h[j]; });
      }
      expect_mean(
          drawn, 2,
          network.hidden.moments(0, field[0]).mean * network.hidden.moments(1, field[1]).mean,
          [](const float* h) { return h[0] * h[1]; });
    }
  }
}

/// Every configuration of the visible units as often as the enumeration says: chi^2.
TEST(DeepStack, GeneratesTheExactDistribution) {
  const DeepStack stack = discrete_stack();
  const auto exact = marginal(stack, 0);
  constexpr int chains = 40000;
  const auto rows = stack.generate(std::vector<double>(3 * chains), 60, UnitValues::samples, 11);
  std::vector<double> counts(exact.size());
  for (int n = 0; n < chains; ++n) {
    int k = 0;
    for (int i = 0; i < 3; ++i) k = 2 * k + (rows[3 * n + i] > 0.5F);
    ++counts[k];
  }
  double chi2 = 0, total = 0;
  for (std::size_t k = 0; k < exact.size(); ++k) {
    chi2 += std::pow(counts[k] - chains * exact[k], 2) / (chains * exact[k]);
    total += exact[k];
  }
  EXPECT_NEAR(total, 1, 1e-9);
  EXPECT_LT(chi2, 24.3);  // 7 degrees of freedom, p = 1e-3
}

/// Real values beneath: moments of the mixture p(phi) = sum_h p(h) p(phi | h); means of the
/// expectations are the same, their spread is smaller.
TEST(DeepStack, GeneratesRealValuesFromTheTop) {
  const DeepStack stack({sample_network(Unit::quartic, Unit::binary, 2, 3, 0.8),
                         sample_network(Unit::binary, Unit::spin, 3, 2, 1.1)});
  const Network& bottom = stack.networks()[0];
  const auto p = marginal(DeepStack({stack.top()}), 0);
  const auto hidden = configurations(bottom.hidden);
  std::vector<double> mean(2), second(2), square_of_mean(2);
  double product = 0;
  for (std::size_t h = 0; h < hidden.size(); ++h) {
    const Row field = field_on_visible(bottom, hidden[h]);
    UnitMoments m[2];
    for (int i = 0; i < 2; ++i) {
      m[i] = bottom.visible.moments(i, field[i]);
      mean[i] += p[h] * m[i].mean, second[i] += p[h] * m[i].second;
      square_of_mean[i] += p[h] * m[i].mean * m[i].mean;
    }
    product += p[h] * m[0].mean * m[1].mean;
  }
  constexpr int chains = 40000;
  const std::vector<double> start(3 * chains, 1.0);
  const auto drawn = stack.generate(start, 60, UnitValues::samples, 12);
  const auto expected = stack.generate(start, 60, UnitValues::expectations, 12);
  for (int i = 0; i < 2; ++i) {
    const auto square = [i](const float* x) { return double(x[i]) * x[i]; };
    expect_mean(drawn, 2, mean[i], [i](const float* x) { return x[i]; });
    expect_mean(drawn, 2, second[i], square);
    expect_mean(expected, 2, mean[i], [i](const float* x) { return x[i]; });
    expect_mean(expected, 2, square_of_mean[i], square);
  }
  expect_mean(drawn, 2, product, [](const float* x) { return double(x[0]) * x[1]; });
}

/// The bound's average over draws by enumeration; below ln p of the stack, also by enumeration.
TEST(DeepStack, BoundIsBelowTheExactLogLikelihood) {
  const DeepStack stack = discrete_stack();
  const auto p = marginal(stack, 0);
  const auto& networks = stack.networks();
  const auto visible = configurations(networks[0].visible);
  LogZ z;
  z.value = z.forward = z.reverse = {exact_log_z(stack.top()), 0};
  for (std::size_t k = 0; k < visible.size(); ++k) {
    double exact = 0;
    for (const Row& first : configurations(networks[0].hidden)) {
      const double q1 =
          probability(networks[0].hidden, first, networks[0].field_on_hidden(visible[k]));
      double above = 0;
      for (const Row& second : configurations(networks[1].hidden)) {
        const double q2 =
            probability(networks[1].hidden, second, networks[1].field_on_hidden(first));
        above += q2 * (log_p(networks[2], second) - log_p(networks[1].transposed(), second));
      }
      exact += q1 * (above + log_p(networks[1], first) - log_p(networks[0].transposed(), first));
    }
    exact += log_p(networks[0], visible[k]);
    EXPECT_LT(exact, std::log(p[k]));
    std::vector<float> rows;
    for (int n = 0; n < 20000; ++n) rows.insert(rows.end(), visible[k].begin(), visible[k].end());
    const auto bound = stack.bound(rows, z, {21 + k});
    // Rows are all alike: what varies are the draws.
    EXPECT_LT(std::abs(bound.value.value - exact), 4 * bound.value.error);
    EXPECT_LT(bound.value.error, 0.02);
    EXPECT_LT(bound.rows_error, bound.value.error);
  }
}

/// The hidden draws are in the error of a set of rows, however few, and only once in that of
/// another set.
TEST(DeepStack, BoundsOfRepeatedDrawsScatterByTheirErrors) {
  const DeepStack stack = discrete_stack();
  LogZ z;
  z.value = z.forward = z.reverse = {exact_log_z(stack.top()), 0};
  for (const std::size_t count : {1, 3, 200}) {
    std::vector<float> rows;
    for (std::size_t n = 0; n < count; ++n)
      for (const float x : {1.0F, n % 2 == 0 ? 1.0F : 0.0F, n % 3 == 0 ? 0.0F : 1.0F})
        rows.push_back(x);
    constexpr int seeds = 400;
    double mean = 0, square = 0, variance = 0;
    for (int seed = 0; seed < seeds; ++seed) {
      const auto bound = stack.bound(rows, z, {static_cast<std::uint64_t>(100 + seed)});
      mean += bound.value.value / seeds, square += bound.value.value * bound.value.value / seeds;
      variance += bound.value.error * bound.value.error / seeds;
    }
    EXPECT_NEAR((square - mean * mean) / variance, 1, 4.42 * std::sqrt(2.0 / seeds)) << count;
  }
}

}  // namespace
}  // namespace quartic
