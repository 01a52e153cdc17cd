// quartic init KIND: a config to begin from
#include <fmt/format.h>

#include <filesystem>

#include "app/verb.hpp"
#include "quartic/config/config_template.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/data/data_set.hpp"

namespace quartic::app {
namespace {

struct InitArguments {
  std::string kind, data;
};

ConfigKind kind_of(const std::string& word) {
  if (const auto kind = find_word<ConfigKind>(word)) return *kind;
  if (word == "fit")
    throw Error(ErrorCode::usage, "a fit is of a field, a network or a deep stack",
                "quartic init field, quartic init network or quartic init stack");
  throw Error(ErrorCode::usage, fmt::format("there is no config for '{}'", word),
              suggestion(word, words_of<ConfigKind>));
}

/// A lattice that has a site for every column: of images their own, else one where every column
/// knows every other, or a chain where these would be too many.
std::vector<std::string> graph_of(const DataSet& data) {
  const auto& shape = data.row_shape;
  const std::size_t columns = data.train->columns();
  constexpr std::size_t few = 32;
  if (shape.size() == 2 && shape[0] > 1 && shape[1] > 1)
    return {"graph.lattice=square", fmt::format("graph.extent=[{}, {}]", shape[0], shape[1]),
            "graph.boundary=open"};
  if (columns > few)
    return {"graph.lattice=chain", fmt::format("graph.extent=[{}]", columns),
            "graph.boundary=open"};
  return {"graph.lattice=complete", fmt::format("graph.extent=[{}]", columns), "graph.boundary=[]"};
}

/// Text and numbers of rows are left out of a table, which is said.
std::vector<std::string> columns_of(DataOptions& data, const Globals& globals) {
  if (!data.columns.empty() || !data.column_names.empty()) return {};
  const TableColumns table = table_columns(data);
  if (table.data.empty() || (table.text.empty() && table.index.empty())) return {};
  for (const auto& [columns, what] :
       {std::pair(&table.text, "text"), std::pair(&table.index, "an index of the rows")})
    if (!columns->empty())
      warn(fmt::format("[data] columns leaves out {}: {}", columns_text(*columns, table.names),
                       what),
           globals);
  std::string setting = "data." + columns_line(table.data, table.names);
  setting.replace(setting.find(" = "), 3, "=");
  Config chosen;
  apply_setting(chosen, setting);
  data.columns = chosen.data.columns, data.column_names = chosen.data.column_names;
  return {setting};
}

/// Of a stack: where whitening is refused, columns by themselves.
std::string scaling_of(DataOptions data) {
  try {
    data.scaling = ScalingMethod::whiten;
    open_data_set(data);
    return "whiten";
  } catch (const BadInput&) {
    return "standardise";
  }
}

/// What the data ask for.
std::vector<std::string> settings_of(ConfigKind kind, const std::string& file,
                                     const Globals& globals) {
  if (file.empty()) return {};
  const bool fits =
      kind == ConfigKind::field || kind == ConfigKind::network || kind == ConfigKind::stack;
  if (!fits)
    throw Error(ErrorCode::usage, fmt::format("--data is not for {}", name(kind)),
                "quartic init field, network or stack learn from data");
  Config config;
  for (const auto& setting : globals.all_settings()) apply_setting(config, setting);
  config.data.path = file;
  auto columns = columns_of(config.data, globals);
  const DataSet data = open_data_set(config.data);
  for (const auto& warning : data.warnings) warn(warning, globals);
  std::vector<std::string> settings = {"data.path=" + toml_string(path_text(file))};
  for (auto& setting : columns) settings.push_back(std::move(setting));
  if (kind == ConfigKind::field) settings.emplace_back("data.scaling=standardise");
  if (kind == ConfigKind::stack) settings.push_back("data.scaling=" + scaling_of(config.data));
  if (kind != ConfigKind::field) return settings;
  for (auto& setting : graph_of(data)) settings.push_back(std::move(setting));
  return settings;
}

/// What is typed next, every line as it stands: where the config's rows are those of the config
/// for `sample`, and not there yet, also what makes them.
std::string next_lines(const std::filesystem::path& file, const std::string& text) {
  namespace fs = std::filesystem;
  const std::string validate = "quartic validate " + shell_word(file.string());
  const fs::path rows =
      parse_config(text, file.string(), {}, fs::absolute(file).parent_path()).data.path;
  std::error_code error;
  if (rows.empty() || fs::exists(rows, error)) return "next: " + validate;
  if (fs::weakly_canonical(rows, error) != fs::current_path(error) / template_data)
    return fmt::format("once {} is there: {}", path_text(rows.string()), validate);
  const bool made = fs::exists("sample.toml", error);
  return fmt::format(
      "its rows are of {0}, which is not there (--data FILE: your own); next:\n{1}"
      "  quartic sample sample.toml -o {0}\n  {2}",
      template_data, made ? "" : "  quartic init sample -o sample.toml\n", validate);
}

ErrorCode init(const InitArguments& arguments, const Globals& globals) {
  const ConfigKind kind = kind_of(arguments.kind);
  const std::filesystem::path file = globals.output;
  auto settings = settings_of(kind, arguments.data, globals);
  for (auto& setting : globals.all_settings()) settings.push_back(std::move(setting));
  const std::string shown_name = file.empty() ? std::string(name(kind)) + ".toml" : file.string();
  const std::string text = config_template(kind, shown_name, settings);
  write_text(text, globals);
  if (!file.empty() && !globals.quiet)
    to_output("written to {}; {}\n", file.string(), next_lines(file, text));
  return ErrorCode::ok;
}

const Verb init_verb(110, "init", init, [](CLI::App& verb, InitArguments& options) {
  verb.description(
      "a config to begin from, every key with its meaning, to -o or standard output"
      "\n$ quartic init learn -o learn.toml"
      "\n$ quartic init network --data table.csv -o table.toml");
  verb.add_option("KIND", options.kind, "what the config is for")
      ->required()
      ->type_name("KIND")
      ->check(offers(all_words<ConfigKind>()));
  verb.add_option(
          "--data", options.data,
          "of field, network and stack: the rows to learn from; a field gets a site a column")
      ->type_name(value::data);
});

}  // namespace
}  // namespace quartic::app
