#include "app/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "quartic/runfile/sample_file.hpp"

namespace quartic::app {
namespace {

struct Entry {
  int order;
  Setup setup;
};

std::vector<Entry>& registry() {
  static std::vector<Entry> entries;
  return entries;
}

bool changes_graph(const std::vector<std::string>& settings) {
  return std::any_of(settings.begin(), settings.end(),
                     [](const std::string& s) { return s.starts_with("graph."); });
}

}  // namespace

Registration::Registration(int order, Setup setup) {
  registry().push_back({order, setup});
}

void add_verbs(CLI::App& app, Globals& globals) {
  auto entries = registry();
  std::sort(entries.begin(), entries.end(),
            [](const Entry& x, const Entry& y) { return x.order < y.order; });
  for (const auto& entry : entries) entry.setup(app, globals);
  for (auto* verb : app.get_subcommands({})) verb->fallthrough();
}

void print_json(const nlohmann::json& json) {
  fmt::print("{}\n", json.dump());
  std::fflush(stdout);
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
  if (!network) action = read_model(file).action;
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
