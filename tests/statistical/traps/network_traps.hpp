// Networks on which estimators of ln Z usually lie, each with its exact value: first-order
// transitions, stored patterns, broken phases; and ordinary ones.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quartic/core/random.hpp"
#include "quartic/network/exact.hpp"
#include "unit/network_fixtures.hpp"

namespace quartic::testing {

struct NetworkTrap {
  std::string name;
  Network network;
  std::optional<double> known;  ///< in closed form

  double exact() const { return known ? *known : exact_log_z(network); }
};

inline Network uniform(Unit visible, Unit hidden, int v, int h, double w, double r, double s) {
  Network network(Layer(visible, v), Layer(hidden, h));
  std::fill(network.w.begin(), network.w.end(), w);
  std::fill(network.visible.r.begin(), network.visible.r.end(), r);
  std::fill(network.hidden.r.begin(), network.hidden.r.end(), s);
  return network;
}

/// ln Z of a uniform binary-binary network by the number of visible units that are on.
inline double uniform_binary_log_z(const Network& network) {
  const int v = network.visible.size(), h = network.hidden.size();
  std::vector<double> terms;
  for (int n = 0; n <= v; ++n) {
    const double choose = std::lgamma(v + 1.0) - std::lgamma(n + 1.0) - std::lgamma(v - n + 1.0);
    const double field = network.w[0] * n - network.hidden.r[0];
    terms.push_back(choose - network.visible.r[0] * n +
                    h * (std::max(field, 0.0) + std::log1p(std::exp(-std::abs(field)))));
  }
  const double peak = *std::max_element(terms.begin(), terms.end());
  double sum = 0;
  for (const double t : terms) sum += std::exp(t - peak);
  return peak + std::log(sum);
}

/// Uncoupled networks side by side, each with phases of its own.
inline NetworkTrap blocks(const std::vector<Network>& parts) {
  int v = 0, h = 0;
  for (const auto& part : parts) v += part.visible.size(), h += part.hidden.size();
  Network network(Layer(parts[0].visible.unit, v), Layer(parts[0].hidden.unit, h));
  double log_z = 0;
  int row = 0, column = 0;
  for (const auto& part : parts) {
    for (int i = 0; i < part.visible.size(); ++i)
      for (int j = 0; j < part.hidden.size(); ++j)
        network.w[static_cast<std::size_t>(row + i) * h + column + j] = part.weight(i, j);
    std::copy(part.visible.r.begin(), part.visible.r.end(), network.visible.r.begin() + row);
    std::copy(part.hidden.r.begin(), part.hidden.r.end(), network.hidden.r.begin() + column);
    row += part.visible.size(), column += part.hidden.size();
    log_z += exact_log_z(part);
  }
  return {fmt::format("{} blocks", parts.size()), std::move(network), log_z};
}

/// Patterns stored as outer products of signs, heavier by `uneven` each; binary units get the
/// fields that make them equal to spins.
inline Network stored(Unit visible, Unit hidden, int v, int h, int patterns, double strength,
                      double uneven, std::uint64_t seed) {
  Network network(Layer(visible, v), Layer(hidden, h));
  RandomStream random(seed, Stream::check, 0);
  const auto sign = [&] { return random.uniform() < 0.5 ? -1.0 : 1.0; };
  for (int p = 0; p < patterns; ++p) {
    std::vector<double> x(v), y(h);
    for (double& s : x) s = sign();
    for (double& s : y) s = sign();
    for (int i = 0; i < v; ++i)
      for (int j = 0; j < h; ++j)
        network.w[static_cast<std::size_t>(i) * h + j] +=
            strength * (1 + uneven * p) * x[i] * y[j] / h;
  }
  for (int i = 0; i < v; ++i) {
    for (int j = 0; j < h; ++j) {
      if (hidden == Unit::binary) network.visible.r[i] += network.weight(i, j) / 2;
      if (visible == Unit::binary) network.hidden.r[j] += network.weight(i, j) / 2;
    }
  }
  return network;
}

/// Two groups of hidden units, each with its half of the visible ones: all of the one or all of the
/// other, or none, of comparable weight, first order from each to each.
inline Network two_blocks(int v, int h, double w, double between, double r, double s) {
  Network network = uniform(Unit::binary, Unit::binary, v, h, 0, r, s);
  for (int i = 0; i < v; ++i)
    for (int j = 0; j < h; ++j)
      network.w[static_cast<std::size_t>(i) * h + j] = (i < v / 2) == (j < h / 2) ? w : between;
  return network;
}

/// One-hot groups of `q` hidden units, each of which turns its own visible units on: Potts-like,
/// first order between disorder and q ordered phases.
inline Network potts(int v, int q, double w, double s, double r) {
  Network network = uniform(Unit::binary, Unit::binary, v, q, 0, r, s);
  for (int i = 0; i < v; ++i)
    for (int j = 0; j < q; ++j)
      network.w[static_cast<std::size_t>(i) * q + j] = i % q == j ? w : -w / (q - 1);
  return network;
}

inline Layer wells(int size, double a, double b, double r) {
  Layer layer(Unit::quartic, size);
  std::fill(layer.a.begin(), layer.a.end(), a);
  std::fill(layer.b.begin(), layer.b.end(), b);
  std::fill(layer.r.begin(), layer.r.end(), r);
  return layer;
}

inline Network coupled(Layer visible, Layer hidden, double w) {
  Network network(std::move(visible), std::move(hidden));
  std::fill(network.w.begin(), network.w.end(), w);
  return network;
}

/// Random couplings of deviation `strength` / sqrt(units), random fields.
inline Network random_network(Unit visible, Unit hidden, int v, int h, double strength,
                              double field, std::uint64_t seed) {
  Network network(sample_layer(visible, v, 0.4), sample_layer(hidden, h, 1.9));
  RandomStream random(seed, Stream::check, 1);
  for (double& w : network.w) w = strength * random.normal() / std::sqrt(std::max(v, h));
  for (double& r : network.visible.r) r += field * random.normal();
  for (double& r : network.hidden.r) r += field * random.normal();
  return network;
}

class TrapList {
 public:
  void add(std::string name, Network network, std::optional<double> known = std::nullopt) {
    all_.push_back({std::move(name), std::move(network), known});
  }
  void add_uniform(std::string name, int v, int h, double w, double r, double s) {
    Network network = uniform(Unit::binary, Unit::binary, v, h, w, r, s);
    const double exact = uniform_binary_log_z(network);
    add(std::move(name), std::move(network), exact);
  }
  std::vector<NetworkTrap> take() { return std::move(all_); }

 private:
  std::vector<NetworkTrap> all_;
};

/// The field on one hidden unit that opens all visible units, such that the open phase has
/// `odds` : 1 against the closed one.
inline double opening_field(int v, double w, double r, double odds) {
  const double open = v * std::log1p(std::exp(w - r)), closed = v * std::log1p(std::exp(-r));
  return open - closed - std::log(odds);
}

/// Two phases of comparable weight that no path from independent units joins continuously, or
/// modes that Gibbs sampling does not pass between.
inline std::vector<NetworkTrap> network_traps() {
  TrapList list;
  // All on against all off.
  list.add_uniform("issue 30x30", 30, 30, 0.5, 7.5, 7.2);
  list.add_uniform("30x30 equal weights", 30, 30, 0.5, 7.5, 7.5);
  list.add_uniform("30x30 on 10 %", 30, 30, 0.5, 7.5, 7.57);
  list.add_uniform("30x30 on 1 %", 30, 30, 0.5, 7.5, 7.65);
  list.add_uniform("60x40 on", 60, 40, 0.3, 6.0, 8.9);
  list.add_uniform("60x40 equal", 60, 40, 0.3, 6.0, 9.0);
  list.add_uniform("200x100 on", 200, 100, 0.1, 5.0, 9.98);
  list.add_uniform("200x100 equal", 200, 100, 0.1, 5.0, 10.0);
  list.add_uniform("25x500 on", 25, 500, 0.4, 100.0, 4.98);
  // One hidden unit opens all visible ones.
  for (const double odds : {0.1, 1.0, 12.0}) {
    Network network = uniform(Unit::binary, Unit::binary, 60, 1, 4, 0, 0);
    network.hidden.r[0] = opening_field(60, 4, 0, odds);
    list.add("one opens 60, odds " + std::to_string(odds), network);
  }
  // Twelve do so for twelve groups, and two patterns of equal weight far apart.
  list.add("two blocks, both", two_blocks(40, 14, 1.3, -1.3, 4.55, 13.0));
  list.add("two blocks, off heavier", two_blocks(40, 14, 1.3, -1.3, 4.57, 13.1));
  list.add("two blocks, one field", [] {
    Network network = two_blocks(40, 14, 1.3, -1.3, 4.4, 12.8);
    for (int i = 0; i < 20; ++i) network.visible.r[i] += 0.1;
    return network;
  }());
  // Stored patterns.
  list.add("2 patterns", stored(Unit::binary, Unit::binary, 60, 12, 2, 4, 0.02, 11));
  list.add("3 patterns", stored(Unit::binary, Unit::binary, 80, 15, 3, 4, 0.03, 12));
  list.add("4 patterns, strong", stored(Unit::binary, Unit::binary, 60, 16, 4, 5, 0.0, 13));
  list.add("2 patterns of spins", stored(Unit::spin, Unit::spin, 50, 14, 2, 2, 0.05, 14));
  list.add("3 patterns of spins, strong", stored(Unit::spin, Unit::spin, 70, 15, 3, 3, 0.01, 15));
  list.add("4 patterns, 10 spins", stored(Unit::spin, Unit::binary, 60, 10, 4, 4, 0.1, 16));
  // Ferromagnets below their critical temperature.
  list.add("ferromagnet", uniform(Unit::spin, Unit::spin, 40, 14, 0.1, 0, 0));
  list.add("ferromagnet in a field", uniform(Unit::spin, Unit::spin, 40, 14, 0.1, 0.02, 0));
  list.add("ferromagnet, deep", uniform(Unit::spin, Unit::spin, 60, 14, 0.3, 0.01, 0));
  list.add("antiferromagnet", uniform(Unit::spin, Unit::spin, 60, 14, -0.3, 0.0, 0.02));
  list.add("fields against each other", uniform(Unit::spin, Unit::spin, 60, 14, 0.3, 0.3, -1.32));
  list.add("field at the wrong side", uniform(Unit::spin, Unit::spin, 60, 14, 0.4, 1.0, -4.35));
  // Potts-like.
  list.add("3 states", potts(45, 3, 3, 14, 1.0));
  list.add("4 states, disorder as heavy", potts(60, 4, 3.5, 24, 1.5));
  list.add("6 states", potts(60, 6, 4, 20, 2.0));
  // Gaussian and quartic units.
  list.add("Gaussian-spin, 2 patterns", stored(Unit::gaussian, Unit::spin, 30, 8, 2, 6, 0.05, 17));
  list.add("spin-Gaussian ferromagnet",
           coupled(Layer(Unit::spin, 16), Layer(Unit::gaussian, 30), 0.08));
  list.add("spin-Gaussian, deep", coupled(Layer(Unit::spin, 15), Layer(Unit::gaussian, 30), 0.15));
  list.add("wells, quartic-binary", [] {
    Network network = coupled(wells(30, -6, 1, 0), Layer(Unit::binary, 10), 0.6);
    std::fill(network.hidden.r.begin(), network.hidden.r.end(), 0.1);
    return network;
  }());
  list.add("wells, quartic-spin", coupled(wells(40, -8, 1, 0.02), Layer(Unit::spin, 12), 0.3));
  list.add("wells against a field", [] {
    Network network = coupled(wells(40, -6, 1, 1.5), Layer(Unit::binary, 14), 0.85);
    std::fill(network.hidden.r.begin(), network.hidden.r.end(), 16.0);
    return network;
  }());
  list.add("wells, first order", [] {
    Network network = coupled(wells(40, -6, 1, 1.5), Layer(Unit::binary, 14), 0.85);
    const auto log_z1 = [&](double j) { return network.visible.moments(0, j).log_normaliser; };
    std::fill(network.hidden.r.begin(), network.hidden.r.end(),
              40 * (log_z1(0.85 * 14) - log_z1(0)) / 14 - 0.05);
    return network;
  }());
  list.add("quartic-quartic wells", coupled(wells(30, -6, 1, 0), wells(2, -6, 1, 0), 0.5));
  list.add("quartic-quartic, tilted", coupled(wells(30, -6, 1, 0.05), wells(2, -10, 1, 0), 0.5));
  list.add("quartic-quartic, single wells",
           coupled(wells(25, 1, 0.1, 0), wells(2, 1, 0.1, 0), 0.9));
  list.add("quartic against a far field",
           coupled(wells(30, 1, 0.05, 2), wells(2, -3, 0.2, -28), 0.7));
  return list.take();
}

/// Ordinary networks: weak and strong random couplings of every pair of units, which must stay
/// trusted.
inline std::vector<NetworkTrap> ordinary_networks() {
  TrapList list;
  std::uint64_t seed = 100;
  for (const double strength : {0.3, 1.0, 2.0, 3.0, 4.0})
    for (const auto& [v, h] : {std::pair{40, 12}, {100, 14}})
      list.add("binary " + std::to_string(strength) + " " + std::to_string(v),
               random_network(Unit::binary, Unit::binary, v, h, strength, 0.5, ++seed));
  for (const double strength : {0.3, 1.0, 1.5})
    list.add("spins " + std::to_string(strength),
             random_network(Unit::spin, Unit::spin, 50, 14, strength, 0.3, ++seed));
  for (const auto& [visible, hidden] : {std::pair{Unit::gaussian, Unit::binary},
                                        {Unit::gaussian, Unit::spin},
                                        {Unit::quartic, Unit::binary},
                                        {Unit::quartic, Unit::spin}})
    for (const double strength : {0.5, 1.5})
      list.add(pair_name(visible, hidden) + " " + std::to_string(strength),
               random_network(visible, hidden, 30, 12, strength, 0.3, ++seed));
  for (const auto& [visible, hidden] : {std::pair{Unit::binary, Unit::quartic},
                                        {Unit::spin, Unit::gaussian},
                                        {Unit::quartic, Unit::quartic},
                                        {Unit::gaussian, Unit::quartic}})
    list.add(pair_name(visible, hidden), random_network(visible, hidden, 25, 2, 0.7, 0.3, ++seed));
  return list.take();
}

}  // namespace quartic::testing
