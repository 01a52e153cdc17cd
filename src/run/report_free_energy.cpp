#include "run/report_json.hpp"

namespace quartic::reports {
namespace {

nlohmann::json learned_json(const FromLearned& learned) {
  return json_of("free_energy", learned.free_energy, "weight_ess", learned.sample.weight_ess,
                 "direct_ess", learned.direct_ess, "steps", learned.sample.steps, "ok",
                 learned.sample.ok, "reason", learned.sample.reason);
}

nlohmann::json work_json(const WorkFreeEnergy& work) {
  const WorkEstimate& w = work.work;
  return json_of("free_energy", w.difference, "forward", w.forward, "reverse", w.reverse, "upper",
                 w.upper, "lower", w.lower, "forward_ess", w.forward_ess, "reverse_ess",
                 w.reverse_ess, "overlap", w.overlap, "steps", work.steps, "start",
                 work.mean_field ? "mean field" : "w = 0", "ok", work.ok, "reason", work.reason);
}

nlohmann::json integration_json(const IntegrationFreeEnergy& i) {
  return json_of("free_energy", i.difference, "statistical_error", i.statistical_error,
                 "quadrature_error", i.quadrature_error, "hysteresis", i.hysteresis, "nodes",
                 i.nodes, "sweeps", i.sweeps, "ok", i.ok, "reason", i.reason);
}

}  // namespace

nlohmann::json json(const FreeEnergies& results) {
  auto out = json_of("free_energy", results.combined.value, "z", results.combined.z, "ok",
                     results.combined.ok, "reason", results.combined.reason);
  out["work"] = work_json(results.work);
  out["from_learned"] = results.learned ? learned_json(*results.learned) : nlohmann::json();
  out["integration"] = integration_json(results.integration);
  return out;
}

}  // namespace quartic::reports

namespace quartic {

std::string report_json(const FreeEnergies& results) {
  return reports::json(results).dump();
}

}  // namespace quartic
