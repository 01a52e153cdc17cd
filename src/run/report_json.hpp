// What the reports of all kinds of runs share: lines of text, and JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>

#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"
#include "quartic/core/words.hpp"
#include "quartic/run/report.hpp"

namespace quartic::reports {

// One pair of functions a kind of run.
std::string text(const LearnRun& run);
std::string text(const SampleRun& run);
std::string text(const ReweightRun& run);
std::string text(const FitRun& run);
std::string text(const NetworkRun& run);
std::string text(const StackRun& run);
nlohmann::json json(const LearnRun& run);
nlohmann::json json(const SampleRun& run);
nlohmann::json json(const ReweightRun& run);
nlohmann::json json(const FitRun& run);
nlohmann::json json(const NetworkRun& run);
nlohmann::json json(const StackRun& run);
nlohmann::json json(const FreeEnergies& results);
nlohmann::json json(const Judgement& judgement);

/// The parts that a deep stack's layers have as well.
std::string training_text(const NetworkRun& run);
nlohmann::json training_json(const NetworkRun& run);
/// `in_data`: in the units of the data, where the model's are others.
std::string likelihood_text(std::string_view what, const LogLikelihood& likelihood,
                            const std::optional<LogLikelihood>& in_data);

/// One line: what, its value with its error, what it means.
/// What the data lack, a sentence a line.
std::string notes_text(const std::vector<std::string>& notes);
std::string estimate_line(std::string_view what, const Estimate& estimate,
                          const std::string& meaning);
std::string graph_text(const Action& action);
std::string origin_text(const Config& config, const Provenance& provenance);
nlohmann::json origin_json(const Action& action, const Provenance& provenance);
/// The instruction set of the kernels, BLAS, whose kernels that chose, and what they reach.
std::string kernels_text(const Provenance& provenance);
/// Of models without a graph.
std::string provenance_text(const Provenance& provenance);
nlohmann::json provenance_json(const Provenance& provenance);

nlohmann::json number(double x);  ///< null where it is not finite
nlohmann::json to_json(const Estimate& estimate);

nlohmann::json to_json(const ComplexEstimate& estimate);

template <class Row>
nlohmann::json fields_json(const Row& row);

/// Into `out`, a member as it is called; nameless ones bring names of their own.
template <class V>
void add(nlohmann::json& out, const std::string& name, const V& value) {
  nlohmann::json as_json;
  if constexpr (std::is_same_v<V, Estimate> || std::is_same_v<V, ComplexEstimate>)
    as_json = to_json(value);
  else if constexpr (std::is_floating_point_v<V>)
    as_json = number(value);
  else if constexpr (Worded<V>)
    as_json = quartic::name(value);
  else if constexpr (requires { fields(value, [](const std::string&, auto&) {}); })
    as_json = fields_json(value);
  else
    as_json = value;
  if (name.empty())
    out.update(as_json);
  else
    out[name] = std::move(as_json);
}

/// Every member that fields(row, visit) names.
template <class Row>
nlohmann::json fields_json(const Row& row) {
  nlohmann::json out;
  fields(row, [&out](const std::string& name, const auto& value) { add(out, name, value); });
  return out;
}

/// An object by name, member, name, member, ...
template <class... Pairs>
nlohmann::json json_of(const Pairs&... pairs) {
  nlohmann::json out;
  members([&out](const char* name, const auto& value) { add(out, name, value); }, pairs...);
  return out;
}

}  // namespace quartic::reports
