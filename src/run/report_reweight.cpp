#include <fmt/format.h>

#include <algorithm>

#include "quartic/run/coupling.hpp"
#include "quartic/run/number.hpp"
#include "run/report_json.hpp"

namespace quartic::reports {
namespace {

using Row = std::vector<std::string>;

std::string complex_text(const ComplexEstimate& e, bool complex) {
  const std::string real = with_error(e.value.real(), e.real_error);
  if (!complex) return real;
  const std::string imag = with_error(e.value.imag(), e.imag_error);
  return real + (imag.starts_with('-') ? " - " + imag.substr(1) : " + " + imag) + " i";
}

std::string source_text(const ReweightRun& run) {
  std::string out;
  for (std::size_t k = 0; k < run.sources.size(); ++k) {
    out += fmt::format("{:<10}{}", k == 0 ? "from" : "", run.sources[k]);
    if (run.sources.size() > 1 && k > 0)
      out += fmt::format("   F - F_1 = {}", with_error(run.free_energy[k]));
    out += "\n";
  }
  out += fmt::format("samples   {}{}\n", run.samples,
                     run.sources.size() > 1 ? ", combined by MBAR" : "");
  if (!run.annealed) return out;
  const auto& a = *run.annealed;
  return out + fmt::format("annealed  {} steps, weight ESS {}{}\n", a.steps,
                           with_error(a.weight_ess), a.ok ? "" : "; NOT ok: " + a.reason);
}

/// B, with the scanned coupling as g.
std::string target_line(const ReweightRun& run) {
  std::string out = "to        B =";
  for (std::size_t k = 0; k < run.terms.size(); ++k) {
    const bool scanned = run.terms[k] == run.scanned;
    const auto g = run.points.front().couplings[k];
    const std::string text = scanned ? "g" : coupling_text(g);
    const bool negative = !scanned && g.imag() == 0 && g.real() < 0;
    out += k == 0 ? (negative ? " -" : " ") : (negative ? " - " : " + ");
    out += g.imag() != 0 && g.real() != 0 && !scanned ? "(" + text + ")"
                                                      : text.substr(negative ? 1 : 0);
    out += " " + run.terms[k];
  }
  return out + "\n";
}

Row header(const ReweightRun& run) {
  Row row;
  if (!run.scanned.empty()) row.emplace_back("g");
  for (const auto& name : run.observables) row.push_back(name);
  row.emplace_back("F_B - F_S");
  row.emplace_back("weight ESS");
  if (run.complex()) row.emplace_back("phase");
  row.emplace_back("verdict");
  return row;
}

Row cells(const ReweightRun& run, const ReweightedPoint& point) {
  const bool complex = run.complex();
  Row row;
  if (!run.scanned.empty()) row.push_back(coupling_text(point.couplings[run.scanned_term()]));
  for (const auto& o : point.observables) row.push_back(complex_text(o, complex));
  Estimate shift{-point.log_ratio.value.real(), point.log_ratio.real_error};
  const double rounding = 1e-13 * run.action.graph->sites();  // where B is S
  if (std::abs(shift.value) + shift.error < rounding) shift = {};
  row.push_back(with_error(shift));
  row.push_back(with_error({point.ess.value, point.ess.error < 1e-13 ? 0 : point.ess.error}));
  if (complex) row.push_back(with_error(point.phase));
  row.push_back(point.ok ? "ok" : "NOT ok: " + point.reason);
  return row;
}

std::size_t width(const std::string& text) {  // of UTF-8, in characters
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t k = 0; k + 1 < row.size(); ++k) widths[k] = std::max(widths[k], width(row[k]));
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t k = 0; k < row.size(); ++k) {
      const std::size_t pad = k + 1 < row.size() ? widths[k] - width(row[k]) : 0;
      out += (k ? "  " : "") + row[k] + std::string(pad, ' ');
    }
    out += "\n";
  }
  return out;
}

nlohmann::json point_json(const ReweightRun& run, const ReweightedPoint& point) {
  nlohmann::json couplings, observables;
  for (std::size_t k = 0; k < run.terms.size(); ++k)
    couplings[run.terms[k]] = {point.couplings[k].real(), point.couplings[k].imag()};
  for (std::size_t k = 0; k < run.observables.size(); ++k)
    observables[run.observables[k]] = to_json(point.observables[k]);
  auto out = fields_json(point);
  out["couplings"] = couplings, out["observables"] = observables;
  return out;
}

}  // namespace

std::string text(const ReweightRun& run) {
  std::string out = graph_text(run.action) + source_text(run) + target_line(run) + "\n";
  std::vector<Row> rows{header(run)};
  for (const auto& point : run.points) rows.push_back(cells(run, point));
  out += table(rows);
  out += "  F_B - F_S = -ln |Z_B / Z_S|; weight ESS: effective fraction of the samples";
  return out + (run.complex() ? "; phase: |<exp(-i Im B)>|\n" : "\n");
}

nlohmann::json json(const ReweightRun& run) {
  auto out = origin_json(run.action, run.provenance);
  out["sources"] = run.sources;
  for (const auto& f : run.free_energy) out["free_energy_difference"].push_back(to_json(f));
  out["samples"] = run.samples;
  out["terms"] = run.terms;
  out["scanned"] = run.scanned;
  if (run.annealed) {
    const AnnealedSample& a = *run.annealed;
    out["annealed"] =
        json_of("steps", a.steps, "weight_ess", a.weight_ess, "ok", a.ok, "reason", a.reason);
  }
  for (const auto& point : run.points) out["points"].push_back(point_json(run, point));
  return out;
}

}  // namespace quartic::reports
