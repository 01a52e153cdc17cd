// Networks to test with: every pair of kinds of units, and those of the reference values.
#pragma once

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "quartic/field/action.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/network/network.hpp"
#include "unit_draws.hpp"

namespace quartic {

inline constexpr Unit all_units[] = {Unit::quartic, Unit::gaussian, Unit::binary, Unit::spin};

/// Couplings of every kind of unit, different from unit to unit: single and double wells.
inline Layer sample_layer(Unit unit, int size, double shift) {
  Layer layer(unit, size);
  for (int i = 0; i < size; ++i) {
    layer.r[i] = 0.3 * std::sin(2.0 * i + shift) + 0.1;
    if (layer.has_b()) {
      layer.a[i] = i % 2 == 0 ? 0.4 : -0.9;
      layer.b[i] = 0.2 + 0.05 * i;
    } else if (layer.has_a()) {
      layer.a[i] = 0.8 + 0.2 * i;
    }
  }
  return layer;
}

inline Network sample_network(Unit visible, Unit hidden, int visibles = 2, int hiddens = 2,
                              double strength = 0.7) {
  Network network(sample_layer(visible, visibles, 0.4), sample_layer(hidden, hiddens, 1.9));
  for (std::size_t k = 0; k < network.w.size(); ++k)
    network.w[k] = strength * std::cos(1.7 * static_cast<double>(k) + 0.3);
  return network;
}

inline std::string pair_name(Unit visible, Unit hidden) {
  return std::string(name(visible)) + "-" + std::string(name(hidden));
}

/// sum_j w_ij h_j for every i.
inline std::vector<double> field_on_visible(const Network& network, std::span<const double> h) {
  return network.transposed().field_on_hidden(h);
}

/// A network of continuous units as a field on the graph `bipartite`, visible units first.
inline Action as_action(const Network& network) {
  const Layer &visible = network.visible, &hidden = network.hidden;
  Action action(
      std::make_shared<Graph>(make_lattice({"bipartite", {visible.size(), hidden.size()}, {}})));
  for (int e = 0; e < action.graph->edge_count(); ++e) {
    const auto [i, j] = action.graph->edges()[e];
    action.w[e] = network.weight(std::min(i, j), std::max(i, j) - visible.size());
  }
  action.r = visible.r, action.a = visible.a, action.b = visible.b;
  action.r.insert(action.r.end(), hidden.r.begin(), hidden.r.end());
  action.a.insert(action.a.end(), hidden.a.begin(), hidden.a.end());
  action.b.insert(action.b.end(), hidden.b.begin(), hidden.b.end());
  return action;
}

/// Nested trapezoidal or plain sums of exp(-S): no conditional, no fold, no matrix product.
inline double brute_force_log_z(const Network& network,
                                const std::vector<double>* visible = nullptr) {
  std::vector<double> phi(network.visible.size()), h(network.hidden.size());
  if (visible) phi = *visible;
  double sum = 0;
  std::function<void(int, double)> over = [&](int unit, double weight) {
    const int visibles = network.visible.size();
    if (unit == visibles + network.hidden.size()) {
      sum += weight * std::exp(-network.action(phi, h));
      return;
    }
    const bool on_visible = unit < visibles;
    const Layer& layer = on_visible ? network.visible : network.hidden;
    double& x = on_visible ? phi[unit] : h[unit - visibles];
    if (layer.discrete()) {
      for (const double value : layer.values()) x = value, over(unit + 1, weight);
    } else {
      constexpr double step = 0.2;
      for (double value = -7; value <= 7; value += step) x = value, over(unit + 1, weight * step);
    }
  };
  over(visible ? network.visible.size() : 0, 1);
  return std::log(sum);
}

struct ReferenceNetwork {
  std::string kind;
  Network network;
  nlohmann::json values;
};

inline std::vector<ReferenceNetwork> reference_networks() {
  const auto json = nlohmann::json::parse(std::ifstream(QUARTIC_TEST_DATA "/reference/exact.json"));
  std::vector<ReferenceNetwork> all;
  for (const auto& entry : json["networks"]["cases"]) {
    const std::string kind = entry["kind"];
    const auto unit = [](const std::string& word) {
      return word == "phi4" ? Unit::quartic : word == "gauss" ? Unit::gaussian : Unit::binary;
    };
    const auto dash = kind.find('-');
    const auto& p = entry["params"];
    Layer visible(unit(kind.substr(0, dash)), static_cast<int>(p["r"].size()));
    Layer hidden(unit(kind.substr(dash + 1)), static_cast<int>(p["s"].size()));
    const auto numbers = [&](const char* key) { return p[key].get<std::vector<double>>(); };
    visible.r = numbers("r"), visible.a = numbers("a"), visible.b = numbers("b");
    hidden.r = numbers("s"), hidden.a = numbers("m"), hidden.b = numbers("n");
    Network network(visible, hidden);
    network.w.clear();
    for (const auto& row : p["w"])
      for (const double w : row) network.w.push_back(w);
    all.push_back({kind, network, entry});
  }
  return all;
}

}  // namespace quartic
