#include "quartic/config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <iterator>

#include "config/reader.hpp"
#include "config/renames.hpp"
#include "config/table.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/suggest.hpp"

namespace quartic {
namespace {

using namespace binder;  // NOLINT: the table's vocabulary

Section find_section(std::vector<Section> all, const toml::key& name) {
  std::vector<std::string_view> names;
  for (auto& section : all) {
    if (section.name == name.str()) return section;
    names.push_back(section.name);
  }
  names.push_back("target");
  throw BadInput(fmt::format("{}: unknown section [{}]; {}", place(name.source()), name.str(),
                             suggestion(name.str(), names)));
}

std::vector<TermSpec> read_target(const toml::node& node, const std::filesystem::path& directory) {
  const auto* array = node.as_array();
  if (!array || !array->is_homogeneous(toml::node_type::table)) {
    throw BadInput(fmt::format("{}: the target is a list of terms", place(node.source())),
                   "write [[target]], once for each term");
  }
  std::vector<TermSpec> target;
  for (const auto& entry : *array) {
    TermSpec& spec = target.emplace_back();
    read(target_section(spec), *entry.as_table(), directory);
    if (spec.name.empty())
      throw BadInput(fmt::format("{}: this [[target]] has no 'term'", place(entry.source())),
                     "term = \"nn\", \"phi2\", ...");
  }
  return target;
}

void read_document(Config& config, const toml::table& document,
                   const std::filesystem::path& directory) {
  require_present_names(document);
  for (const auto& [name, node] : document) {
    if (name.str() == "target") {
      config.target = read_target(node, directory);
      continue;
    }
    const Section section = find_section(sections(config), name);
    if (!node.is_table())
      throw BadInput(fmt::format("{}: '{}' is a section: write [{}]", place(name.source()),
                                 name.str(), name.str()),
                     "and its keys below it");
    read(section, *node.as_table(), directory);
  }
  if (!config.data.path.empty() && config.target.empty()) require_no_certificate(document);
}

/// Counted from 1.
std::string_view line_of(std::string_view text, std::size_t number) {
  for (; number > 1 && !text.empty(); --number)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

toml::table parse(std::string_view text, const std::string& place_name) {
  try {
    return toml::parse(text, std::string_view(place_name));
  } catch (const toml::parse_error& error) {
    std::string what(error.description());
    std::replace(what.begin(), what.end(), '\n', ' ');
    constexpr std::string_view minus = "\xE2\x88\x92";  // as word processors write it
    throw BadInput(fmt::format("{}: {}", place(error.source()), what),
                   line_of(text, error.source().begin.line).find(minus) != std::string_view::npos
                       ? "a minus sign of this line is U+2212: write '-'"
                       : "the config is TOML: key = value, text in quotes");
  }
}

void require_together(const ActionConfig& action, const std::string& where) {
  if (action.homogeneous() && !(action.kappa && action.mu2 && action.lambda)) {
    throw BadInput(
        fmt::format("{}: a homogeneous start needs kappa, mu2 and lambda together in [action]",
                    where),
        "or w, a and b, each by itself");
  }
}

void require_one_per_layer(std::string_view key, std::size_t count, const Config& config,
                           const std::string& where) {
  const auto layers = static_cast<std::size_t>(config.model.layers());
  if (count == 0 || count == layers) return;
  throw BadInput(fmt::format("{}: {} names {} layers, hidden_units {}", where, key, count, layers),
                 "one value a layer, from the data upwards");
}

void require_layers(const Config& config, const std::string& where) {
  const auto& model = config.model;
  const auto& epochs = config.layer_epochs;
  const auto& rates = config.layer_rates;
  if (model.kind != ModelKind::stack &&
      (model.layers() > 1 || model.hidden.size() > 1 || !epochs.empty() || !rates.empty())) {
    throw BadInput(
        fmt::format(
            "{}: a {} has one layer of hidden units: hidden, hidden_units, layer_epochs and "
            "layer_rates are lists in a deep stack alone",
            where, name(model.kind)),
        "kind = \"stack\" in [model]");
  }
  const bool none = std::count(model.hidden_units.begin(), model.hidden_units.end(), 0) > 0;
  if (model.layers() > 1 && none)
    throw BadInput(fmt::format("{}: one of the hidden_units in [model] is 0", where),
                   "every layer needs some");
  if (model.hidden.size() > 1) require_one_per_layer("hidden", model.hidden.size(), config, where);
  require_one_per_layer("layer_epochs", epochs.size(), config, where);
  require_one_per_layer("layer_rates", rates.size(), config, where);
}

/// What a field's evaluation and a network's take of the keys that they share.
void require_evaluation(const Config& config, const std::string& where) {
  if (config.data.path.empty()) return;
  const EvaluationConfig& e = config.evaluation;
  const auto refuse = [&](const char* key, const char* of, const char* what) {
    throw BadInput(
        fmt::format("{}: '{}' in [evaluation] must be {} for a {}", where, key, what, of),
        "leave it out for its default");
  };
  if (config.model.kind == ModelKind::field) {
    if (e.chains.value_or(16) % 16 != 0) refuse("chains", "field", "a multiple of 16");
    if (e.sweeps == 0) refuse("sweeps", "field", "at least 1");
  } else {
    if (e.steps == 1) refuse("steps", "network", "at least 2");
    if (e.sweeps > 0 && e.sweeps < 100) refuse("sweeps", "network", "0 or at least 100");
  }
}

/// In a file, which a user has written whole; a setting takes the place of what the file says.
void require_one_graph(const toml::table& document, const std::string& where) {
  const toml::table* graph = document["graph"].as_table();
  if (!graph) return;
  const auto first = [&](std::initializer_list<std::string_view> names) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](std::string_view name) { return graph->contains(name); });
    return found == names.end() ? std::string_view() : *found;
  };
  const std::string_view edges = first({"edges", "sites"});
  const std::string_view lattice = first({"lattice", "extent", "boundary"});
  if (edges.empty() || lattice.empty()) return;
  throw BadInput(fmt::format("{}: [graph] has '{}' and '{}'", where, edges, lattice),
                 "a graph is a lattice or a list of edges: leave one of them out");
}

/// Of a fit, as its file has it, which a setting may make that of another model: what is said of a
/// model that it is not would play no part.
void require_of_model(const Config& config, const std::string& where) {
  if (config.data.path.empty()) return;
  const ModelKind kind = config.model.kind;
  const auto plays = [&](binder::Of of) {
    if (of == binder::Of::field) return kind == ModelKind::field;
    if (of == binder::Of::network) return kind != ModelKind::field;
    return of == binder::Of::anything || kind == ModelKind::stack;
  };
  Config copy = config, defaults;
  const auto all = binder::sections(copy), plain = binder::sections(defaults);
  for (std::size_t n = 0; n < all.size(); ++n)
    for (std::size_t k = 0; k < all[n].keys.size(); ++k) {
      const binder::Key& key = all[n].keys[k];
      if (plays(key.of) || binder::dump(key) == binder::dump(plain[n].keys[k])) continue;
      throw BadInput(fmt::format("{}: '{}' in [{}] plays no part in a {}", where, key.name,
                                 all[n].name, name(kind)),
                     "leave it out, or name another kind in [model]");
    }
}

Config finished(Config config, const std::string& where) {
  require_consistent(config, where);
  fill_starts(config.action);
  return config;
}

Config config_of(const toml::table& document, const std::string& place_name,
                 const std::vector<std::string>& settings, const std::filesystem::path& directory) {
  Config config;
  read_document(config, document, directory);
  for (const auto& setting : settings) apply_setting(config, setting);
  return finished(std::move(config), place_name);
}

}  // namespace

CertificateOptions EvaluationConfig::of_field() const {
  CertificateOptions o;
  o.chains = chains.value_or(o.chains), o.steps = steps.value_or(o.steps);
  o.error = error, o.draws = draws;
  o.sweeps = sweeps.value_or(o.sweeps);
  return o;
}

LogZOptions EvaluationConfig::of_network() const {
  LogZOptions o;
  o.chains = chains.value_or(o.chains), o.steps = steps.value_or(o.steps);
  o.sweeps = sweeps.value_or(o.sweeps);
  o.ladders = ladders, o.rungs = rungs, o.exact = exact;
  return o;
}

int ModelConfig::units(int layer, std::size_t rows) const {
  const int given = hidden_units[layer];
  return given > 0 ? given : default_hidden_units(rows);
}

const CouplingStart& ActionConfig::kind(CouplingKind which) const {
  const CouplingStart* const all[] = {&w, &r, &a, &b};
  return *all[static_cast<int>(which)];
}

std::array<Freedom, coupling_kinds> ActionConfig::freedom() const {
  return {w.freedom, r.freedom, a.freedom, b.freedom};
}

int OutputConfig::max_draws(int chains, int sites) const {
  if (draws) return *draws;
  constexpr double stored_bytes = 64 << 20;
  return static_cast<int>(std::clamp(stored_bytes / (4.0 * chains * sites), 1.0, 1e6));
}

Config parse_config(std::string_view text, const std::string& place_name,
                    const std::vector<std::string>& settings,
                    const std::filesystem::path& directory) {
  return config_of(parse(text, place_name), place_name, settings, directory);
}

Config parse_earlier_config(std::string_view text, const std::string& place_name) {
  Config config;
  toml::table document = parse(text, place_name);
  translate_names(document);
  read_document(config, document, {});
  return finished(std::move(config), place_name);
}

Config read_config(const std::filesystem::path& file, const std::vector<std::string>& settings) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file))
    throw BadInput(fmt::format("cannot read config '{}'", file.string()),
                   "quartic VERB CONFIG.toml; examples/ holds some");
  constexpr std::streamsize most = 64 << 20;  // bytes: /dev/zero never ends
  std::string text(4096, '\0');
  std::size_t size = 0;
  while (std::ssize(text) <= most &&
         stream.read(text.data() + size, static_cast<std::streamsize>(text.size() - size)))
    size = text.size(), text.resize(2 * size);
  text.resize(size + static_cast<std::size_t>(stream.gcount()));
  if (std::ssize(text) > most)
    throw BadInput(fmt::format("'{}' is too long for a config", file.string()),
                   "quartic VERB CONFIG.toml; examples/ holds some");
  const toml::table document = parse(text, file.string());
  if (document.empty())  // as what should have written it failed; it would run the defaults
    throw BadInput(fmt::format("config '{}' is empty or has comments alone", file.string()),
                   "quartic init sample writes one to begin from");
  require_one_graph(document, file.string());
  // What a pipe names is taken from the folder where it was written, as the shell's other names
  // are.
  std::error_code error;
  const bool in_a_folder = std::filesystem::is_regular_file(file, error);
  const auto folder = in_a_folder ? file.parent_path() : std::filesystem::path();
  Config as_written;
  read_document(as_written, document, folder);
  require_of_model(as_written, file.string());
  return config_of(document, file.string(), settings, folder);
}

void apply_setting(Config& config, const std::string& setting) {
  const auto equals = setting.find('=');
  const std::string where = "--set " + setting;
  const std::string path = setting.substr(0, equals);
  if (equals == std::string::npos || (path.find('.') == std::string::npos && path != "target"))
    throw Error(ErrorCode::usage, where + ": expected section.key=value",
                "for example --set learn.epochs=20");
  std::string value = setting.substr(equals + 1);
  if (value.find_first_not_of(" \t") == std::string::npos)
    throw Error(ErrorCode::usage, where + ": there is no value",
                "leave the setting out for what the config says");
  if (!is_utf8(value)) value = path_text(value);  // a path, which is any bytes
  toml::table document;
  try {
    document = toml::parse(path + " = " + value, std::string_view(where));
  } catch (const toml::parse_error&) {  // a bare word, then
    document = parse(path + " = '" + value + "'", where);
  }
  read_document(config, document, {});
}

void require_consistent(const Config& config, const std::string& where) {
  require_together(config.action, where);
  require_layers(config, where);
  require_evaluation(config, where);
  for (const auto& term : config.target)
    if (term.name != "pairs" && !(term.displacement.empty() && term.edge_file.empty()))
      throw BadInput(fmt::format("{}: term \"{}\" in [[target]] has a displacement or edges", where,
                                 term.name),
                     "they are of term \"pairs\" alone: leave them out");
  if (config.sample.relative_error && config.sample.until.empty()) {
    throw BadInput(fmt::format("{}: relative_error in [sample] needs until", where),
                   "until = \"m2\" or another observable");
  }
}

void require_target(const Config& config, const std::string& where) {
  if (!config.target.empty()) return;
  throw BadInput(fmt::format("{}: no target", where),
                 "add a [[target]] with term and coupling for each term of A");
}

void require_data(const Config& config, const std::string& where) {
  require_readable(config.data, where);
  const ScalingMethod scaling = config.data.scaling;
  const auto refuse = [&](const char* model, const char* why) {
    throw BadInput(fmt::format("{}: scaling = \"{}\" in [data] is not for a {}: {}", where,
                               name(scaling), model, why),
                   "none, standardise, unit or constants, or kind = \"network\"");
  };
  if (config.model.kind == ModelKind::field && scaling >= ScalingMethod::power)
    refuse("field", "its sites are the columns as they are");
  const bool power = scaling == ScalingMethod::power || scaling == ScalingMethod::power_whiten;
  if (config.model.kind == ModelKind::stack && power)
    refuse("stack", "its bound of ln p is known in the model's units alone");
  if (Layer(config.model.visible, 1).discrete() && config.model.kind != ModelKind::field &&
      scaling >= ScalingMethod::power)
    refuse("model of binary or spin units", "they take two values");
}

}  // namespace quartic
