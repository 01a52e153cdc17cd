#include "app/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "quartic/field/hidden_sites.hpp"
#include "quartic/runfile/sample_file.hpp"

namespace quartic::app {
namespace {

/// The verbs' setups by their order.
std::multimap<int, Setup>& registry() {
  static std::multimap<int, Setup> setups;
  return setups;
}

bool changes_graph(const std::vector<std::string>& settings) {
  return std::any_of(settings.begin(), settings.end(),
                     [](const std::string& s) { return s.starts_with("graph."); });
}

}  // namespace

Verb::Verb(int order, Setup setup) {
  registry().emplace(order, std::move(setup));
}

void add_verbs(CLI::App& app, Globals& globals) {
  for (const auto& [order, setup] : registry()) setup(app, globals);
  for (auto* verb : app.get_subcommands({})) verb->fallthrough();
}

void print_json(const nlohmann::json& json) {
  fmt::print("{}\n", json.dump());
  std::fflush(stdout);
}

void warn(const std::string& what, const Globals& globals) {
  if (!globals.quiet) fmt::print(stderr, "quartic: warning: {}\n", what);
}

std::vector<std::string> Globals::all_settings() const {
  auto all = settings;
  if (seed) all.push_back(fmt::format("run.seed={}", *seed));
  if (threads) all.push_back(fmt::format("run.threads={}", *threads));
  return all;
}

Loaded load(const std::filesystem::path& file, const Globals& globals, bool networks) {
  const auto settings = globals.all_settings();
  if (!is_run_file(file)) return {read_config(file, settings), nullptr, {}};
  const RunKind kind = run_kind(file);
  const bool network = networks && (kind == RunKind::network || kind == RunKind::stack);
  std::optional<Action> action;
  // A fit takes the graph, and has hidden units by its own config.
  if (!network) action = visible_part(read_model(file, networks).action);
  Config config = read_run_config(file);
  for (const auto& setting : settings) apply_setting(config, setting);
  require_consistent(config, file.string());
  if (network || changes_graph(settings)) return {std::move(config), nullptr, {}, true};
  auto graph = action->graph;
  return {std::move(config), std::move(graph), std::move(action), true};
}

std::filesystem::path output_file(const Loaded& loaded, const std::filesystem::path& input,
                                  const Globals& globals, const std::string& suffix) {
  if (!globals.output.empty()) return globals.output;
  if (!loaded.from_run && !loaded.config.output.file.empty()) return loaded.config.output.file;
  return input.stem().string() + (loaded.from_run ? suffix : std::string()) + ".h5";
}

}  // namespace quartic::app
