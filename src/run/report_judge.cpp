#include <fmt/format.h>

#include <cmath>

#include "quartic/run/number.hpp"
#include "run/report_json.hpp"

namespace quartic::reports {
namespace {

nlohmann::json statistic_json(const TestedStatistic& s) {
  return json_of("name", s.name, "value", s.value, "expected", s.expected, "z", s.z);
}

nlohmann::json family_json(const FamilyTest& test) {
  auto out = json_of("family", name(test.family), "statistics", test.count, "p_value", test.p_value,
                     "adjusted", test.adjusted);
  for (const auto& s : test.worst) out["worst"].push_back(statistic_json(s));
  return out;
}

nlohmann::json check_json(const Check& check) {
  return json_of("check", check.name, "value", check.value, "threshold", check.threshold, "ok",
                 check.ok, "advice", check.advice);
}

nlohmann::json weights_json(const WeightSummary& w) {
  return json_of("ess", w.ess, "pareto_shape", w.pareto_shape, "log_z", w.log_z, "kl", w.kl,
                 "p_value_as_they_are", w.p_value_as_they_are);
}

std::string judged_number(const Estimate& e) {
  return e.error > 0 ? with_error(e) : rounded(e.value, 4);
}

/// Columns as wide as what stands in them; numbers to the right.
std::string table(const std::vector<std::vector<std::string>>& rows, std::string_view right) {
  std::vector<std::size_t> width(right.size());
  for (const auto& row : rows)
    for (std::size_t k = 0; k < row.size(); ++k) width[k] = std::max(width[k], row[k].size());
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t k = 0; k < row.size(); ++k)
      line += right[k] == '>' ? fmt::format("{:>{}}  ", row[k], width[k])
                              : fmt::format("{:<{}}  ", row[k], width[k]);
    out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return out;
}

/// How many there are of a family is in the JSON.
std::string family_table(const Judgement& j) {
  std::vector<std::vector<std::string>> rows = {
      {"family", "the worst of it", "value", "must be", "z", "p", ""}};
  for (const auto& test : j.families) {
    const TestedStatistic& worst = test.worst.front();
    rows.push_back({std::string(name(test.family)), worst.name, judged_number(worst.value),
                    judged_number(worst.expected), fixed(worst.z, 1), rounded(test.adjusted, 2),
                    test.adjusted >= j.level ? "ok" : "FAILED"});
  }
  return table(rows, "<<<<>><");
}

std::string check_table(const Judgement& j) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t k = j.families.size(); k < j.checks.size(); ++k) {
    const Check& check = j.checks[k];
    rows.push_back(
        {check.name, judged_number(check.value), check.threshold, check.ok ? "ok" : "FAILED"});
  }
  return table(rows, "<<<<");
}

std::string weights_text(const WeightSummary& w) {
  return fmt::format("weights exp(-S) / q: p = {} without them, what follows is with them\n",
                     rounded(w.p_value_as_they_are, 2)) +
         estimate_line("weight ESS", w.ess, "of 1") +
         estimate_line("ln Z", w.log_z, "where logq is normalised") +
         estimate_line("KL(q||p)", w.kl, "");
}

}  // namespace

nlohmann::json json(const Judgement& j) {
  auto out =
      json_of("verdict", name(j.verdict), "ok", j.ok(), "p_value", j.p_value, "level", j.level,
              "chains", j.chains, "draws", j.draws, "sites", j.sites, "effective", j.effective);
  for (const auto& test : j.families) out["families"].push_back(family_json(test));
  for (const auto& check : j.checks) out["checks"].push_back(check_json(check));
  out["findings"] = j.findings;
  out["couplings"] = nlohmann::json::array();
  for (const auto& c : j.couplings)
    out["couplings"].push_back(json_of("name", c.name, "relative", c.relative, "change", c.change,
                                       "sufficient", c.sufficient));
  const ReferenceSummary& r = j.reference;
  out["reference"] = json_of("chains", r.chains, "draws", r.draws, "effective", r.effective, "ok",
                             r.ok, "reason", r.reason);
  out["weights"] = j.weights ? weights_json(*j.weights) : nlohmann::json();
  return out;
}

}  // namespace quartic::reports

namespace quartic {

std::string report_json(const Judgement& judgement) {
  return reports::json(judgement).dump();
}

std::string report(const Judgement& j) {
  using namespace reports;  // NOLINT: its lines
  std::string out = j.draws == 1 ? fmt::format("{} independent rows of {} sites", j.chains, j.sites)
                                 : fmt::format("{} chains of {} draws of {} sites, {} effective",
                                               j.chains, j.draws, j.sites, rounded(j.effective, 3));
  out += fmt::format("\nreference run: {} chains of {} draws, {} effective\n", j.reference.chains,
                     j.reference.draws, rounded(j.reference.effective, 3));
  if (j.weights) out += weights_text(*j.weights);
  out += family_table(j) + check_table(j);
  out += fmt::format("{}: p = {} of all together, level {:g}\n", name(j.verdict),
                     rounded(j.p_value, 2), j.level);
  for (const auto& finding : j.findings) out += "  " + finding + "\n";
  return out;
}

}  // namespace quartic
