#include <fmt/format.h>

#include "run/report_json.hpp"

namespace quartic::reports {
namespace {

std::string units_text(const StackRun& run) {
  const auto& model = run.config.model;
  const FitData& data = run.layers.front().data;
  std::string out =
      fmt::format("{} {} units", run.layers.front().network.visible.size(), name(model.visible));
  for (int l = 0; l < model.layers(); ++l)
    out += fmt::format(" - {} {}", model.units(l, data.rows), name(model.hidden_unit(l)));
  return out;
}

/// What the bound of the stack up to a layer rests on.
const LogZ& log_z_of(const StackRun& run, std::size_t layer) {
  return run.layers[layer].evaluations.back().log_z;
}

std::string bounds_text(const StackRun& run) {
  if (run.bounds.empty()) return {};
  const DataScaling& scaling = run.layers.front().data.scaling;
  const auto in_data = [&](const LogLikelihood& of) -> std::optional<LogLikelihood> {
    if (scaling.method == ScalingMethod::none) return std::nullopt;
    const int columns = run.layers.front().network.visible.size();
    return of.shifted(scaling.log_jacobian(static_cast<std::size_t>(columns)));
  };
  std::string out = "ln p of the data is at least, by the stack up to\n";
  for (std::size_t l = 0; l < run.bounds.size(); ++l) {
    const auto& bound = run.bounds[l];
    out += likelihood_text(fmt::format("layer {}", l + 1), bound.train, in_data(bound.train));
    if (bound.held_out)
      out += likelihood_text(fmt::format("layer {}, held out", l + 1), *bound.held_out,
                             in_data(*bound.held_out));
    if (!log_z_of(run, l).ok) out += fmt::format("  NOT TO BE TRUSTED: ln Z of layer {}\n", l + 1);
  }
  return out;
}

nlohmann::json bound_json(const StackBound& bound, const LogZ& log_z) {
  auto out = fields_json(bound);
  out["ok"] = log_z.ok, out["reason"] = log_z.reason;
  return out;
}

}  // namespace

std::string text(const StackRun& run) {
  std::string out = fmt::format("deep stack  {}, {}\n", units_text(run),
                                run.finished() ? "finished"
                                               : fmt::format("at layer {} of {}", run.layers.size(),
                                                             run.config.model.layers()));
  for (std::size_t l = 0; l < run.layers.size(); ++l)
    out += fmt::format("\nlayer {}\n{}", l + 1, training_text(run.layers[l]));
  return out + "\n" + bounds_text(run) + provenance_text(run.provenance);
}

nlohmann::json json(const StackRun& run) {
  auto layers = nlohmann::json::array(), bounds = nlohmann::json::array();
  for (const auto& layer : run.layers) layers.push_back(training_json(layer));
  for (std::size_t l = 0; l < run.bounds.size(); ++l)
    bounds.push_back(bound_json(run.bounds[l], log_z_of(run, l)));
  auto out = json_of("layers", layers, "bounds", bounds, "wanted_layers", run.config.model.layers(),
                     "finished", run.finished());
  out.update(provenance_json(run.provenance));
  return out;
}

}  // namespace quartic::reports
