#include <fmt/format.h>

#include <cmath>

#include "quartic/run/number.hpp"
#include "run/report_json.hpp"

namespace quartic::reports {

nlohmann::json number(double x) {
  return std::isfinite(x) ? nlohmann::json(x) : nlohmann::json();
}

nlohmann::json to_json(const ComplexEstimate& e) {
  return {{"real", to_json(Estimate{e.value.real(), e.real_error})},
          {"imag", to_json(Estimate{e.value.imag(), e.imag_error})}};
}

nlohmann::json to_json(const Estimate& e) {
  return {{"value", number(e.value)}, {"error", number(e.error)}};
}

std::string kernels_text(const Provenance& p) {
  if (p.blas.empty()) return p.simd_target;  // a run of former days
  return fmt::format("{}, {} ({}, {} GF/s a core)", p.simd_target, p.blas, p.blas_core,
                     rounded(p.blas_speed, 3));
}

std::string provenance_text(const Provenance& p) {
  return fmt::format("seed {}, quartic {} ({}), {}, {}, took {}\n", p.seed, p.version, p.git_hash,
                     kernels_text(p), p.date, duration(p.seconds));
}

std::string estimate_line(std::string_view what, const Estimate& e, const std::string& meaning) {
  const auto number = std::isfinite(e.error) ? with_error(e) : rounded(e.value, 6);
  return fmt::format("  {:<18} {:<18} {}\n", what, number, meaning);
}

std::string notes_text(const std::vector<std::string>& notes) {
  std::string out;
  for (const std::string& note : notes) out += fmt::format("  NOTE: {}\n", note);
  return out;
}

std::string graph_text(const Action& action) {
  const auto& graph = *action.graph;
  return fmt::format("graph     {}: {} sites, {} edges\n", graph.description(), graph.sites(),
                     graph.edge_count());
}

std::string origin_text(const Config& config, const Provenance& p) {
  return fmt::format("seed {}, {} chains, {}, quartic {} ({}), {}, {}, took {}\n", p.seed,
                     config.sampler.options.chains, name(config.sampler.precision), p.version,
                     p.git_hash, kernels_text(p), p.date, duration(p.seconds));
}

nlohmann::json provenance_json(const Provenance& p) {
  return json_of("seed", p.seed, "version", p.version, "git_hash", p.git_hash, "simd_target",
                 p.simd_target, "blas", p.blas, "blas_core", p.blas_core, "blas_speed",
                 p.blas_speed, "date", p.date, "seconds", p.seconds);
}

nlohmann::json origin_json(const Action& action, const Provenance& p) {
  const auto& graph = *action.graph;
  nlohmann::json out = {
      {"graph", graph.description()}, {"sites", graph.sites()}, {"edges", graph.edge_count()}};
  out.update(provenance_json(p));
  return out;
}

}  // namespace quartic::reports

namespace quartic {

std::string target_text(const std::vector<TermSpec>& target) {
  std::string out = "A =";
  for (std::size_t k = 0; k < target.size(); ++k) {
    const auto g = target[k].coupling;
    const bool negative = g.imag() == 0 && g.real() < 0;
    out += k == 0 ? (negative ? " -" : " ") : (negative ? " - " : " + ");
    out += g.imag() != 0 ? fmt::format("({:g}{:+g}i)", g.real(), g.imag())
                         : fmt::format("{:g}", std::abs(g.real()));
    out += " " + target[k].name;
  }
  return out;
}

std::string report(const AnyRun& run) {
  return std::visit([](const auto& r) { return reports::text(r); }, run);
}

std::string report_json(const AnyRun& run) {
  return std::visit([](const auto& r) { return reports::json(r).dump(); }, run);
}

}  // namespace quartic
