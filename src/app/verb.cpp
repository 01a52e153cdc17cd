#include "app/verb.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <map>
#include <utility>

#include "quartic/core/output_file.hpp"
#include "quartic/core/suggest.hpp"
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

CLI::Validator number(const std::string& range, const std::function<bool(double)>& fits) {
  const auto check = [=](const std::string& text) -> std::string {
    char* stop = nullptr;
    const double value = std::strtod(text.c_str(), &stop);
    if (!text.empty() && *stop == '\0' && fits(value) && std::isfinite(value)) return {};
    return fmt::format("must be a number {}, not '{}'", range, text);
  };
  return CLI::Validator(check, range);
}

constexpr const char* chapters[] = {
    "", "to begin", "runs", "what a run holds", "what a model does", "this machine"};

/// Where data are given and a config is wanted.
void refuse_data(const std::filesystem::path& file) {
  constexpr std::string_view suffixes[] = {".csv", ".tsv", ".npy",  ".npz", ".png",
                                           ".jpg", ".gz",  ".jpeg", ".pgm", ".ppm"};
  const std::string suffix = file.extension().string();
  if (std::find(std::begin(suffixes), std::end(suffixes), suffix) == std::end(suffixes)) return;
  throw BadInput(fmt::format("'{}' is data: a config is wanted, which names them", file.string()),
                 fmt::format("quartic init network --data {} -o fit.toml writes one",
                             path_text(file.string())));
}

}  // namespace

Verb::Verb(int order, Setup setup) {
  registry().emplace(order, std::move(setup));
}

void add_verbs(CLI::App& app, Globals& globals) {
  for (const auto& [order, setup] : registry()) {
    setup(app, globals);
    auto* verb = app.get_subcommands({}).back();
    verb->fallthrough();
    if (!verb->get_group().empty()) verb->group(chapters[order / 100]);
  }
}

CLI::Validator integer(std::int64_t low, std::int64_t high) {
  const auto check = [=](const std::string& text) -> std::string {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc{} && stop == end && value >= low && value <= high) return {};
    return fmt::format("must be an integer from {} to {}, not '{}'", low, high, text);
  };
  return CLI::Validator(
      check, high >= max_int ? fmt::format(">= {}", low) : fmt::format("from {} to {}", low, high));
}

CLI::Validator positive() {
  return number("> 0", [](double value) { return value > 0; });
}

CLI::Validator named() {
  return CLI::Validator(
      [](const std::string& text) { return text.empty() ? "is no name" : std::string(); }, "");
}

CLI::Validator not_negative() {
  return number(">= 0", [](double value) { return value >= 0; });
}

CLI::Validator between(double low, double high) {
  return number(fmt::format("from {} to {}", low, high),
                [=](double value) { return value >= low && value <= high; });
}

CLI::Validator one_of(std::vector<std::string> words) {
  const auto check = [words](const std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return {};
    const std::vector<std::string_view> names(words.begin(), words.end());
    return fmt::format("cannot be '{}'; {}", text, suggestion(text, names));
  };
  return CLI::Validator(check, fmt::format("{{{}}}", fmt::join(words, ",")));
}

CLI::Validator offers(const std::vector<std::string>& words) {
  return CLI::Validator([](const std::string&) { return std::string(); },
                        fmt::format("{{{}}}", fmt::join(words, ",")));
}

void write_text(const std::string& text, const Globals& globals) {
  if (globals.output.empty()) return put_out(text);
  require_output(globals.output, globals);
  replace_file(globals.output, [&](ByteSink& sink) { sink.put(text); });
}

void print_json(const nlohmann::json& json) {
  put_out(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  flush_output();
}

void warn(const std::string& what, const Globals& globals) {
  if (globals.quiet) return;
  put_error(painted("quartic: warning:", Colour::yellow, STDERR_FILENO));
  to_error(" {}\n", what);
}

std::vector<std::string> Globals::all_settings() const {
  auto all = settings;
  if (seed) all.push_back(fmt::format("run.seed={}", *seed));
  if (threads) all.push_back(fmt::format("run.threads={}", *threads));
  return all;
}

Loaded load(const std::filesystem::path& file, const Globals& globals, bool networks) {
  const auto settings = globals.all_settings();
  if (!is_run_file(file)) {
    refuse_data(file);
    return {read_config(file, settings), nullptr, {}};
  }
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

void require_output(const std::filesystem::path& file, const Globals& globals,
                    const Config& config) {
  std::vector<std::string> inputs = globals.inputs;
  inputs.insert(inputs.end(), {config.data.path, config.graph.edges});
  for (const auto kind : all_coupling_kinds) inputs.push_back(config.action.kind(kind).file);
  std::error_code error;
  for (const auto& input : inputs)
    if (std::filesystem::equivalent(input, file, error))
      throw BadInput(fmt::format("'{}' is what is read here, and would be lost", file.string()),
                     "give another name with -o");
  require_writable(file, globals.force);
}

std::filesystem::path still_free(const std::filesystem::path& file, const Globals& globals) {
  std::error_code error;
  if (globals.force || !std::filesystem::exists(file, error)) return file;
  auto other = file;
  other.replace_filename(file.stem().string() + ".quartic-new" + file.extension().string());
  warn(fmt::format("'{}' has appeared while this ran: what was made is '{}'", file.string(),
                   other.string()),
       globals);
  return other;
}

std::filesystem::path output_file(const Loaded& loaded, const std::filesystem::path& input,
                                  const Globals& globals, const std::string& suffix) {
  if (!globals.output.empty()) return globals.output;
  std::error_code error;
  if (loaded.config.output.file.empty() && !std::filesystem::is_regular_file(input, error))
    throw Error(ErrorCode::usage, "a config that is no file gives the run file no name",
                "name it with -o");
  if (!loaded.from_run && !loaded.config.output.file.empty()) return loaded.config.output.file;
  return input.stem().string() + (loaded.from_run ? suffix : std::string()) + ".h5";
}

}  // namespace quartic::app
