// The table of keys as configs to begin from.
#include "quartic/config/config_template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "config/table.hpp"
#include "quartic/config/config.hpp"
#include "quartic/core/shown.hpp"

namespace quartic {
namespace {

using namespace binder;  // NOLINT: the table's vocabulary

constexpr std::size_t columns = 100;

/// What a kind of config has that is no default, and which sections it has none of.
struct Template {
  std::string_view what;                   ///< it is for
  std::vector<std::string_view> commands;  ///< that run it; {} is the config, {run} its run file
  std::vector<std::string_view> settings;  ///< section.key=value
  std::vector<std::pair<std::string_view, double>> target;
  std::vector<std::string_view> without;       ///< sections
  std::vector<std::string_view> example = {};  ///< settings where no data of one's own are named
};

using Words = std::vector<std::string_view>;
const Words square = {"graph.lattice=square", "graph.extent=[4, 4]", "graph.boundary=periodic"};
const Words homogeneous = {"action.kappa=1.0", "action.mu2=-0.9515", "action.lambda=0.7"};
const Words open_starts = {"action.w={ start = [0.2, 0.6], freedom = \"free\" }",
                           "action.a={ start = [1.0, 2.0], freedom = \"free\" }",
                           "action.b={ start = [0.1, 0.4], freedom = \"free\" }"};
const Words rows = {"data.held_out=0.1"};
const Words example_rows = {"data.path=sample.h5"};
/// Their signs: fields near a Gaussian leave the units of a second layer nothing to learn.
const Words example_signs = {"data.path=sample.h5", "data.binarise=0", "data.scaling=none",
                             "model.visible=binary"};
const Words seed = {"run.seed=1"};

Words joined(std::initializer_list<Words> parts) {
  Words all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Template template_of(ConfigKind kind) {
  switch (kind) {
    case ConfigKind::sample:
      return {"sampling an action, every observable with its error",
              {"quartic sample {}", "quartic diagnose {run}", "quartic plot {run}"},
              joined({square, homogeneous, {"sample.draws=1000", "output.draws=16"}, seed}),
              {},
              {"learn", "certificate"}};
    case ConfigKind::learn:
      return {"learning the couplings of a target action, with a certificate",
              {"quartic learn {}", "quartic diagnose {run}", "quartic plot {run}"},
              joined({square, open_starts, {"learn.optimiser=natural"}, seed}),
              {{"nn", -1.0}, {"nnn", -1.0}, {"phi2", 1.52425}, {"phi4", 0.175}},
              {"sample"}};
    case ConfigKind::field:
      return {"fitting a field to data, a site of its graph a column",
              {"quartic fit {}", "quartic diagnose {run}", "quartic plot {run}",
               "quartic generate {run} --rows 1000 -o new.npy"},
              joined({square, {"model.kind=field", "action.r.freedom=free"}, rows, seed}),
              {},
              {"sample"},
              example_rows};
    case ConfigKind::network:
      return {
          "fitting a network of two layers to data",
          {"quartic fit {}", "quartic diagnose {run}", "quartic score {run} ROWS",
           "quartic generate {run} --rows 1000 -o new.npy"},
          joined(
              {{"model.kind=network", "model.visible=quartic", "model.hidden=binary"}, rows, seed}),
          {},
          {},
          example_rows};
    case ConfigKind::stack:
      return {
          "fitting a deep stack, networks on top of each other, to data",
          {"quartic fit {}", "quartic plot {run}", "quartic transform {run} ROWS -o features.npy"},
          joined({{"model.kind=stack", "model.visible=quartic", "model.hidden=binary",
                   "model.hidden_units=[16, 8]"},
                  rows,
                  {"data.scaling=whiten", "training.layer_epochs=[20, 20]", "training.rate=0.1"},
                  seed}),
          {},
          {},
          example_signs};
    case ConfigKind::reweight:
      return {
          "reweighting fields of the action S to another one, the target B, which may be complex",
          {"quartic sample {}", "quartic reweight {run}",
           "quartic reweight {run} --to {}   # of a config whose target is complex"},
          joined({square, homogeneous, {"sample.draws=1000"}, seed}),
          {{"nn", -1.0}, {"phi2", 1.53}, {"phi4", 0.175}},
          {"learn", "certificate"}};
    case ConfigKind::free_energy:
      return {"the free energy F = -ln Z of an action, by two routes",
              {"quartic free-energy {}"},
              joined({square, homogeneous, seed}),
              {},
              {"learn", "certificate", "sample", "output"}};
    case ConfigKind::judge:
      return {"the action S that anyone's fields are held against",
              {"quartic judge FIELDS --action {}"},
              joined({square, homogeneous, seed}),
              {},
              {"learn", "certificate", "sample", "output"}};
  }
  return {};
}

void replace_all(std::string& text, std::string_view what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

/// Comment lines no longer than `columns` where words allow.
std::string comment(std::string_view text) {
  std::string out, line;
  const auto end_line = [&] {
    if (!line.empty()) out += "# " + line + '\n';
    line.clear();
  };
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!line.empty() && line.size() + 1 + word.size() + 2 > columns) end_line();
    line.append(line.empty() ? "" : " ").append(word);
  }
  end_line();
  return out;
}

/// "section.key" or "section.key.more", as in a setting.
bool names(std::string_view setting, std::string_view section, std::string_view key) {
  const std::string path = fmt::format("{}.{}", section, key);
  if (!setting.starts_with(path)) return false;
  return setting[path.size()] == '=' || setting[path.size()] == '.';
}

bool names_data(const std::vector<std::string>& settings) {
  return std::any_of(settings.begin(), settings.end(),
                     [](const auto& setting) { return names(setting, "data", "path"); });
}

std::string head(const Template& kind, const std::string& file,
                 const std::vector<std::string>& settings) {
  const std::string run = std::filesystem::path(file).stem().string() + ".h5";
  std::string out = "#:schema ./quartic.schema.json\n";
  out += comment(fmt::format("A config of quartic for {}:", kind.what)) + "#\n";
  for (const auto command : kind.commands) {
    std::string line(command);
    replace_all(line, "{run}", run);
    replace_all(line, "{}", file);
    out += fmt::format("#   {}\n", line);
  }
  const bool own_data = names_data(settings);
  if (!own_data && !kind.example.empty())
    out += "#\n" + comment(fmt::format(
                       "Its data are of `quartic init sample -o sample.toml; quartic sample "
                       "sample.toml`, as long as path in [data] names no others."));
  out += "#\n" + comment(
                     "Keys at their defaults are comments, \"#key = value\". `quartic validate` "
                     "says what the config would run; `quartic validate --schema > "
                     "quartic.schema.json` writes what editors complete and check keys by (first "
                     "line: taplo, Even Better TOML).");
  return out;
}

/// From the directory of the config, as configs have it; settings have it from here.
void name_from(const std::filesystem::path& directory, std::string& file) {
  if (!file.empty()) file = std::filesystem::proximate(file, directory).string();
}
void name_files_from(const std::filesystem::path& directory, const Section& section) {
  for (const auto& key : section.keys) {
    if (const auto* file = std::get_if<FileName>(&key.value)) name_from(directory, *file->value);
    if (const auto* edges = std::get_if<EdgeList>(&key.value)) name_from(directory, *edges->file);
    if (const auto* start = std::get_if<CouplingStart*>(&key.value))
      name_from(directory, (*start)->file);
  }
}

bool is_for(Of of, ModelKind model) {
  switch (of) {
    case Of::anything:
      return true;
    case Of::field:
      return model == ModelKind::field;
    case Of::network:
      return model != ModelKind::field;
    case Of::stack:
      return model == ModelKind::stack;
  }
  return true;
}

void append_key(std::string& out, const Key& key, bool set, bool told) {
  if (told) out += comment(fmt::format("{} ({})", key.doc, type_name(key)));
  const std::string value = dump(key);
  if (value.empty())
    out += fmt::format("#{} = ...\n", key.name);
  else
    out += fmt::format("{}{} = {}\n", set ? "" : "#", key.name, value);
}

void append_section(std::string& out, const Section& section, ModelKind model,
                    std::span<const std::string> settings) {
  out += fmt::format("\n{}[{}]\n", comment(section.doc), section.name);
  for (const auto& key : section.keys) {
    if (!is_for(key.of, model)) continue;
    const bool set = std::any_of(settings.begin(), settings.end(), [&](const auto& setting) {
      return names(setting, section.name, key.name);
    });
    append_key(out, key, set, true);
  }
}

/// Each term; the first says what its keys are.
void append_target(std::string& out, std::vector<TermSpec>& target) {
  for (auto& spec : target) {
    const bool first = &spec == &target.front();
    const Section section = target_section(spec);
    if (first) out += "\n" + comment(section.doc);
    out += "[[target]]\n";
    for (const auto& key : section.keys) {
      const bool set = key.name == "term" || key.name == "coupling";
      if (set || first) append_key(out, key, set, first);
    }
  }
}

}  // namespace

std::string config_template(ConfigKind kind, const std::string& file,
                            const std::vector<std::string>& settings) {
  const Template made = template_of(kind);
  std::vector<std::string> all(made.settings.begin(), made.settings.end());
  if (!names_data(settings)) all.insert(all.end(), made.example.begin(), made.example.end());
  all.insert(all.end(), settings.begin(), settings.end());
  Config config;
  for (const auto& [term, coupling] : made.target) {
    TermSpec& spec = config.target.emplace_back();
    spec.name = term, spec.coupling = coupling;
  }
  for (const auto& setting : all) apply_setting(config, setting);
  require_consistent(config, file);
  fill_starts(config.action);
  const auto directory = std::filesystem::absolute(file).parent_path();
  std::string out = head(made, shown(file), settings);
  for (const auto& section : sections(config)) {
    name_files_from(directory, section);
    const bool left_out = std::count(made.without.begin(), made.without.end(), section.name) > 0;
    if (left_out || !plays_a_part(section.name, config)) continue;
    append_section(out, section, config.model.kind, all);
    if (section.name == "action") append_target(out, config.target);
  }
  return out;
}

}  // namespace quartic
