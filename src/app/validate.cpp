// quartic validate CONFIG: checks it and says what `fit`, `learn` or `sample` would run
#include <fmt/format.h>

#include <algorithm>

#include "app/verb.hpp"
#include "quartic/core/memory.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/run/forecast.hpp"
#include "quartic/run/number.hpp"
#include "quartic/run/problem.hpp"
#include "quartic/run/report.hpp"
#include "run/report_json.hpp"

namespace quartic::app {
namespace {

using Kind = Forecast::Kind;

struct ValidateArguments {
  std::string input;
  bool effective = false, reference = false, schema = false;
};

nlohmann::json layers_json(const Forecast& f) {
  auto layers = nlohmann::json::array();
  for (const auto& layer : f.layers)
    layers.push_back(reports::json_of("visible", layer.visible, "visible_unit", layer.visible_unit,
                                      "hidden", layer.hidden, "hidden_unit", layer.hidden_unit,
                                      "epochs", layer.epochs, "updates", layer.updates, "seconds",
                                      layer.seconds));
  return layers;
}

nlohmann::json to_json(const Forecast& f, const Config& config, const std::string& output) {
  auto out = reports::json_of("memory_bytes", f.bytes, "output", output);
  if (f.graph) {
    out["graph"] = f.graph->description();
    out["sites"] = f.graph->sites();
    out["edges"] = f.graph->edge_count();
  }
  if (!f.data.empty())
    out.update(reports::json_of("data", f.data, "rows", f.rows, "held_out", f.held_out));
  if (f.parameters) {
    out.update(reports::json_of("parameters", f.parameters->size(), "epochs", f.epochs,
                                "samples_per_epoch", f.samples));
  }
  if (!config.target.empty()) out["target"] = target_text(config.target);
  if (f.kind == Kind::sample) out["samples"] = f.samples, out["file_bytes"] = f.file_bytes;
  if (f.kind == Kind::train) out["layers"] = layers_json(f), out["updates"] = f.samples;
  out[f.kind == Kind::learn ? "seconds_at_most"
      : f.kind == Kind::fit ? "seconds_for_ten_epochs"
                            : "seconds"] = f.seconds;
  if (f.kind == Kind::learn) out["seconds_for_ten_epochs"] = f.ten_epochs;
  return out;
}

void line(std::string_view what, const std::string& text) {
  to_output("{:<12}{}\n", what, text);
}

std::string parameters_text(const Parameters& parameters) {
  std::string out = fmt::format("{}:", parameters.size());
  for (const auto kind : all_coupling_kinds)
    out += fmt::format(" {} {}", name(kind), name(parameters.freedom(kind)));
  return out;
}

/// "w 1, a 1.4, b 0.25", "w 0.2 to 0.6, ..."; a kind that is 0 everywhere is left out.
std::string action_text(const Action& action) {
  std::string out;
  for (const auto kind : all_coupling_kinds) {
    const auto& all = action.couplings(kind);
    const auto [low, high] = std::minmax_element(all.begin(), all.end());
    if (low == all.end() || (*low == 0 && *high == 0)) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name(kind), rounded(*low, 6));
    if (*low < *high) out += fmt::format(" to {}", rounded(*high, 6));
  }
  return out;
}

std::string draws_text(const SampleConfig& sample) {
  if (sample.draws) return fmt::format("{} draws each", *sample.draws);
  return sample.until.empty() ? "1000 draws each"
                              : "as many as " + sample.until + " needs draws each";
}

std::string time_text(const Forecast& f, const Config& config) {
  const auto time = "about " + duration(f.seconds);
  const bool open = !config.sample.draws && !config.sample.until.empty();
  switch (f.kind) {
    case Kind::sample:
      return time + (open ? " for each 1000 draws" : "");
    case Kind::learn:
      if (config.learn.optimiser == Optimiser::natural && config.learn.epochs > 10)
        return fmt::format("about {} for ten epochs", duration(f.ten_epochs));
      return time + " if all epochs are needed";
    case Kind::fit:
      return time + " for ten epochs";
    case Kind::train:
      return time + " and evaluation";
  }
  return time;
}

std::string learning_text(const LayerForecast& layer) {
  if (layer.updates == 0) return "learned exactly, length by held-out rows";
  return fmt::format("{}{} epochs, {:.0f} updates",
                     layer.from_exact ? "by chains from what is exact, " : "", layer.epochs,
                     layer.updates);
}

void print(const Forecast& f, const Config& config, const std::string& output) {
  if (f.graph)
    line("graph", fmt::format("{}: {} sites, {} edges", f.graph->description(), f.graph->sites(),
                              f.graph->edge_count()));
  for (const auto& layer : f.layers)
    line("network",
         fmt::format("{} {} units, {} {} hidden ones; {}", layer.visible, name(layer.visible_unit),
                     layer.hidden, name(layer.hidden_unit), learning_text(layer)));
  if (f.kind == Kind::learn) line("target", target_text(config.target));
  if (f.kind == Kind::sample) {
    line("action", action_text(make_start(config, f.graph)));
    line("target", config.target.empty() ? "none: this can be sampled, not learned"
                                         : target_text(config.target) +
                                               ": `quartic reweight` of the sample goes there");
  }
  if (!f.data.empty()) {
    line("data", f.data);
    line("rows", fmt::format("{} to learn from, {} held out", f.rows, f.held_out));
  }
  if (f.parameters) line("parameters", parameters_text(*f.parameters));
  if (f.kind != Kind::train)
    line("sampling",
         fmt::format("{} chains, {}, {}", config.sampler.options.chains,
                     name(config.sampler.precision),
                     f.kind == Kind::sample ? draws_text(config.sample)
                                            : fmt::format("{:.0f} samples an epoch", f.samples)));
  if (f.parameters)
    line(f.kind == Kind::learn ? "learning" : "fitting",
         fmt::format("{}, at most {} epochs", f.optimiser, f.epochs));
  if (f.bytes > 0)
    line("memory",
         "about " + bytes_text(f.bytes) + (f.kind == Kind::train ? " of hidden units" : ""));
  line("time", time_text(f, config));
  line("output",
       output + (f.file_bytes > 0 ? ", about " + bytes_text(f.file_bytes) : std::string()));
}

ErrorCode validate(const ValidateArguments& options, const Globals& globals) {
  if (options.reference) {
    if (globals.json)
      print_json({{"reference", config_reference()}});
    else
      write_text(config_reference(), globals);
    return ErrorCode::ok;
  }
  if (options.schema) {
    write_text(config_schema(), globals);
    return ErrorCode::ok;
  }
  if (options.input.empty())
    throw Error(ErrorCode::usage, "validate needs a config", "quartic validate CONFIG.toml");
  const Loaded loaded = load(options.input, globals, true);
  const Forecast f = forecast(loaded.config, loaded.graph, options.input);
  std::error_code error;
  const bool named = std::filesystem::is_regular_file(options.input, error) ||
                     !loaded.config.output.file.empty() || !globals.output.empty();
  std::string output = "where -o says";
  if (named) {
    const auto file = output_file(loaded, options.input, globals);
    if (globals.output.empty()) require_writable(file, true);  // -o names what is printed, too
    output = path_text(file.string());
  }
  if (!options.effective && !globals.output.empty())
    require_output(globals.output, globals, loaded.config);
  if (options.effective && globals.json)
    print_json({{"config", to_toml(loaded.config)}});
  else if (options.effective)
    write_text(to_toml(loaded.config), globals);
  else if (globals.json && !globals.quiet)
    print_json(to_json(f, loaded.config, output));
  else if (!globals.quiet)
    print(f, loaded.config, output);
  return ErrorCode::ok;
}

const Verb validate_verb(112, "validate", validate, [](CLI::App& verb, ValidateArguments& options) {
  verb.description(
      "check a config and say what it would run"
      "\n$ quartic validate run.toml --set graph.extent=[8,8]"
      "\n$ quartic validate --schema > quartic.schema.json");
  verb.add_option("CONFIG", options.input, "a config or run file")->type_name(value::config);
  verb.add_flag("--effective", options.effective, "print the config with all defaults filled in");
  verb.add_flag("--reference", options.reference, "print all sections and keys as Markdown");
  verb.add_flag("--schema", options.schema, "print them, with their ranges, as a JSON schema");
});

}  // namespace
}  // namespace quartic::app
