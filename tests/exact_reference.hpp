// The exact values of small fields in reference/exact.json, and the fields themselves.
#pragma once

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/field/action.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic::testing {

inline const nlohmann::json& reference() {
  static const auto json =
      nlohmann::json::parse(std::ifstream(QUARTIC_TEST_DATA "/reference/exact.json"));
  return json;
}

/// Periodic and square in shape.
inline std::shared_ptr<const Graph> lattice(const std::string& name, int extent) {
  return std::make_shared<Graph>(make_lattice({name, {extent, extent}, {true, true}}));
}

/// An entry of reference()["graphs"], edge by edge.
inline Action listed_action(const nlohmann::json& entry) {
  std::vector<Edge> edges;
  for (const auto& e : entry["edges"]) edges.push_back({e[0], e[1]});
  Action action(std::make_shared<Graph>(entry["n_sites"].get<int>(), edges));
  for (const auto kind : all_coupling_kinds)
    action.couplings(kind) = entry[std::string(name(kind))].get<std::vector<double>>();
  return action;
}
inline Action open_3x3() {
  return listed_action(reference()["graphs"]["open_3x3_random"]);
}

inline double z(const Estimate& estimate, double exact) {
  return (estimate.value - exact) / estimate.error;
}

}  // namespace quartic::testing
