#include "quartic/config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "config/binder.hpp"
#include "config/data_keys.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/suggest.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

using namespace binder;  // NOLINT: the lists below are its vocabulary

/// A list without "unset": `name(Precision)` and the like live in namespace quartic.
std::vector<Key> graph_keys(GraphConfig& g) {
  return {
      {"lattice", choice(g.lattice, lattice_names()), "the lattice's name"},
      {"extent", &g.extent, "sites in each direction", at_least(1)},
      {"boundary",
       &g.boundary,
       "periodic (default) or open, one for all or one a direction",
       {},
       true},
      {"edges",
       FileName{&g.edges},
       "an edge list instead of a lattice: one \"i j\" a line",
       {},
       true},
  };
}

std::vector<Key> action_keys(ActionConfig& a) {
  return {
      {"w", &a.w, "couplings of the edges, -w phi_i phi_j: where they start; free, tied or frozen"},
      {"r", &a.r, "linear couplings, r phi"},
      {"a", &a.a, "quadratic couplings, a phi^2"},
      {"b", &a.b, "quartic couplings, b phi^4; never negative"},
      {"kappa", &a.kappa, "homogeneous start: w = kappa", {}, true},
      {"mu2", &a.mu2, "homogeneous start: a = (mu2 + degree kappa) / 2", {}, true},
      {"lambda", &a.lambda, "homogeneous start: b = lambda / 4", at_least(0), true},
  };
}

std::vector<Key> learn_keys(VariationalOptions& o) {
  return {
      {"optimiser", choice(o.optimiser, 3),
       "natural: regression of A on f; adam; gradient: plain descent"},
      {"rate", &o.rate, "eta; auto: 1 for natural, 0.01 for the others", above(0)},
      {"epochs", &o.epochs, "at most this many", at_least(1)},
      {"draws", &o.draws, "configurations a chain and epoch", at_least(1)},
      {"sweeps", &o.sweeps, "sweeps between draws", at_least(1)},
      {"warm_up", &o.warm_up, "sweeps before the first epoch", at_least(0)},
      {"ridge", &o.ridge, "ridge, in units of each feature's variance", at_least(0)},
      {"tolerance", &o.tolerance, "a step below this counts as no movement", at_least(0)},
      {"patience", &o.patience, "epochs without movement beyond error before stopping",
       at_least(1)},
      {"stop_early", &o.stop_early, "stop when the couplings stop moving beyond their error"},
      {"dense_limit", &o.dense_limit, "more parameters than this are solved matrix-free",
       at_least(0)},
  };
}

std::vector<Key> fit_keys(LikelihoodOptions& o) {
  return {
      {"optimiser", choice(o.optimiser, 4),
       "newton, which is the natural gradient; adam; gradient: plain ascent of ln p; auto: newton "
       "up to dense_limit parameters, else adam"},
      {"start", choice(o.start, 5),
       "where the couplings start; auto: score_matching; given: as in [action]"},
      {"rate", &o.rate, "eta; auto: 1 for newton, 0.05 for adam, 0.04 for gradient", above(0)},
      {"rate_decay", &o.rate_decay, "> 0: eta / (1 + epoch / rate_decay), adam and gradient",
       at_least(0)},
      {"epochs", &o.epochs, "at most this many", at_least(1)},
      {"draws", &o.draws, "configurations a chain and epoch; newton takes more at the end",
       at_least(1)},
      {"max_draws", &o.max_draws, "at most so many", at_least(1)},
      {"sweeps", &o.sweeps, "sweeps between draws", at_least(1)},
      {"warm_up", &o.warm_up, "sweeps before the first epoch", at_least(0)},
      {"noise_share", &o.noise_share,
       "newton: wanted variance of the couplings by Monte Carlo over that by the data being finite",
       above(0)},
      {"batch", &o.batch, "rows a gradient is made of, adam and gradient; 0: all", at_least(0)},
      {"noise", &o.pass.noise,
       "standard deviation of Gaussian noise on the data, in the model's units; a single image "
       "needs some",
       at_least(0)},
      {"weight_decay", ByKind{&o.restraint.weight_decay},
       "lambda: lambda/2 theta^2 is taken from ln p, for w, r, a and b", at_least(0)},
      {"ridge", &o.restraint.ridge, "least ridge of newton, in units of the Hessian's diagonal",
       at_least(0)},
      {"min_b", &o.restraint.min_b, "least b; auto: 1e-4 / <phi^4> of the data, site by site",
       above(0)},
      {"stop_early", &o.stop_early, "stop when the couplings stop moving beyond their error"},
      {"patience", &o.patience, "epochs without movement beyond error before stopping",
       at_least(1)},
      {"held_out_patience", &o.held_out_patience,
       "> 0: stop once held-out data have become less likely for so many epochs, and go back to "
       "the best",
       at_least(0)},
      {"chains_at_data", &o.chains_at_data,
       "chains begin at rows of the data; auto: unless start = \"given\""},
      {"dense_limit", &o.dense_limit,
       "most parameters for newton, and for errors by the whole Fisher matrix", at_least(0)},
  };
}

std::vector<Key> model_keys(ModelConfig& m) {
  return {
      {"kind", choice(m.kind, 3),
       "field: an action on [graph]; network: two layers of units; stack: networks on top of each "
       "other"},
      {"visible", choice(m.visible, 4),
       "of a network: units of the data, quartic or gaussian for real values, binary for 0 and 1, "
       "spin for -1 and 1"},
      {"hidden", choices(m.hidden, 4),
       "of a network: units that are not seen; of a deep stack: one for all layers, or one a "
       "layer"},
      {"hidden_units", OneOrMore{&m.hidden_units},
       "of a network: how many; of a deep stack: how many in each layer, from the data upwards",
       at_least(1)},
      {"features", choice(m.features, 2),
       "of a deep stack: what a layer learns from, draws or expectations of the hidden units "
       "below"},
      {"noise", &m.noise,
       "of a network: standard deviation of Gaussian noise on the data, in the model's units; "
       "continuous units want some where columns hardly vary or values are discrete",
       at_least(0)},
  };
}

std::vector<Key> training_keys(Config& config) {
  auto& o = config.training;
  return {
      {"epochs", &o.epochs, "passes over the data", at_least(1)},
      {"layer_epochs", &config.layer_epochs,
       "of a deep stack: instead of epochs, those of each layer from the data upwards", at_least(1),
       true},
      {"batch", &o.batch, "rows an update", at_least(1)},
      {"chains", AutoInt{&o.chains}, "of the model term; auto: as many as rows in a batch",
       at_least(1)},
      {"steps", &o.steps, "k: sweeps of Gibbs sampling an update", at_least(1)},
      {"start", choice(o.start, 2),
       "where chains start at every update: where they ended (persistent, PCD-k), or at the data "
       "(CD-k)"},
      {"rungs", &o.rungs, "> 1: parallel tempering of persistent chains over so many rungs",
       at_least(1)},
      {"tempering", choice(o.tempering, 2),
       "what the rungs are: the network at temperatures, or along its training so far"},
      {"snapshots", &o.snapshots,
       "keep the network after 4, 6, 8, 12, 16, ... updates, and find ln Z along them"},
      {"optimiser", choice(o.optimiser, 2), "stochastic gradient with momentum, or adam"},
      {"rate", &o.rate, "in units of the data's spread", above(0)},
      {"layer_rates", &config.layer_rates,
       "of a deep stack: instead of rate, those of each layer from the data upwards", above(0),
       true},
      {"schedule", choice(o.schedule, 3), "how the rate goes to final_rate over the epochs"},
      {"final_rate", &o.final_rate, "of the schedules that are not constant", above(0)},
      {"momentum", &o.momentum, "of the optimiser momentum", between(0, 0.999)},
      {"weight_decay", &o.weight_decay, "d ln p / dw gains - weight_decay w", at_least(0)},
      {"centring", &o.centring, "w follows <(phi - mu)(h - lambda)>"},
      {"hidden_shape", &o.hidden_shape, "train m of quartic hidden units as well"},
      {"shuffle", &o.shuffle, "draw the rows of batches anew every epoch"},
  };
}

std::vector<Key> evaluation_keys(EvaluationConfig& j) {
  auto& o = j.log_z;
  return {
      {"every", &j.every, "epochs between evaluations; 0: at the end alone", at_least(0)},
      {"rows", &j.rows, "most rows of the data, and of those held out, that are scored",
       at_least(2)},
      {"chains", &o.chains, "annealed in both directions", at_least(16)},
      {"steps", &o.steps, "stops between independent units and the network", at_least(2)},
      {"ladders", &o.ladders, "of parallel tempering", {.low = 32, .multiple = 16}},
      {"sweeps", &o.sweeps, "of the ladders, the first half to equilibrate; 0: no tempering",
       at_least(0)},
      {"rungs", AutoInt{&o.rungs}, "of a ladder; auto: by their exchanges", at_least(2)},
      {"exact", &o.exact, "take the exact ln Z where there is one"},
  };
}

std::vector<Key> sample_keys(SampleConfig& s) {
  return {
      {"warm_up", &s.warm_up, "sweeps before the first draw; auto: until averages are at rest",
       at_least(0)},
      {"draws", &s.draws, "draws a chain at most; auto: 1000, or no limit where until is set",
       at_least(1)},
      {"sweeps", &s.sweeps, "sweeps between draws", at_least(1)},
      {"thin", &s.thin, "draws between stored fields; doubles where output.draws is full",
       at_least(1)},
      {"until",
       &s.until,
       "an observable such as \"m2\": stop when its relative error is reached",
       {},
       true},
      {"relative_error", &s.relative_error, "that relative error; 0.01 where it is not given",
       above(0), true},
      {"max_seconds", &s.max_seconds, "stop after this long", above(0), true},
  };
}

std::vector<Key> sampler_keys(SamplerConfig& s) {
  auto& o = s.options;
  return {
      {"chains", &o.chains, "independent Markov chains", {.low = 16, .multiple = 16}},
      {"reflections", &o.reflections, "reflections a sweep; auto: tuned in the warm-up",
       at_least(0)},
      {"cluster", choice(o.cluster, 4),
       "move of the signs, before every second local pass: fill from a few seeds, Swendsen-Wang; "
       "auto: tuned in the warm-up"},
      {"cluster_seeds", &o.cluster_seeds, "sites a chain that a fill starts from", at_least(1)},
      {"flips", &o.flips, "a global sign flip a sweep"},
      {"metropolis_hits", &o.metropolis_hits,
       "> 0: many-hit Metropolis instead of independence and reflections", at_least(0)},
      {"hmc_steps", &o.hmc_steps, "> 0: a Hamiltonian trajectory of so many steps instead of them",
       at_least(0)},
      {"integrator", choice(o.integrator, 2), "of Hamiltonian trajectories"},
      {"rungs", &o.rungs, "> 1: parallel tempering over so many strengths of w, down to w = 0",
       at_least(1)},
      {"precision", choice(s.precision, 2), "of the fields; sums are always float64"},
  };
}

std::vector<Key> certificate_keys(CertificateConfig& c) {
  auto& o = c.options;
  return {
      {"enabled", &c.enabled, "compute free energies, bound and overlap after learning"},
      {"chains", &o.chains, "annealed trajectories", {.low = 16, .multiple = 16}},
      {"steps", AutoInt{&o.steps}, "annealing steps; auto: as many as the error needs",
       at_least(1)},
      {"error", &o.error, "wanted standard error of the free energy", above(0)},
      {"draws", &o.draws, "configurations a chain for the averages", at_least(2)},
      {"sweeps", &o.sweeps, "sweeps between them", at_least(1)},
  };
}

std::vector<Key> run_keys(RunConfig& r) {
  return {
      {"seed", &r.seed, "of all random streams", at_least(0)},
      {"threads", AutoInt{&r.threads}, "auto: all cores; never changes the results", at_least(1)},
  };
}

std::vector<Key> output_keys(OutputConfig& o) {
  return {
      {"file",
       FileName{&o.file},
       "the run file; default: the config's name with .h5, here",
       {},
       true},
      {"draws", &o.draws,
       "stored draws a chain at most; auto: as many as keep the fields below 64 MiB", at_least(1)},
  };
}

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
  for (const auto& [name, node] : document) {
    if (name.str() == "target") {
      config.target = read_target(node, directory);
      continue;
    }
    const Section section = find_section(sections(config), name);
    if (!node.is_table())
      throw BadInput(fmt::format("{}: '{}' is a section: write [{}]", place(name.source()),
                                 name.str(), name.str()));
    read(section, *node.as_table(), directory);
  }
}

toml::table parse(std::string_view text, const std::string& place_name) {
  try {
    return toml::parse(text, std::string_view(place_name));
  } catch (const toml::parse_error& error) {
    std::string what(error.description());
    std::replace(what.begin(), what.end(), '\n', ' ');
    throw BadInput(fmt::format("{}: {}", place(error.source()), what));
  }
}

void require_together(const ActionConfig& action, const std::string& where) {
  if (action.homogeneous() && !(action.kappa && action.mu2 && action.lambda)) {
    throw BadInput(fmt::format(
        "{}: a homogeneous start needs kappa, mu2 and lambda together in [action]", where));
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
  if (model.hidden.size() > 1) require_one_per_layer("hidden", model.hidden.size(), config, where);
  require_one_per_layer("layer_epochs", epochs.size(), config, where);
  require_one_per_layer("layer_rates", rates.size(), config, where);
}

/// Starts that are not given: the defaults, unless a homogeneous theory gives them.
void fill_starts(ActionConfig& action) {
  if (action.homogeneous()) return;
  if (!action.w.start) action.w.start = {{0.2, 0.6}};
  if (!action.r.start) action.r.start = {{0.0, 0.0}};
  if (!action.a.start) action.a.start = {{1.0, 2.0}};
  if (!action.b.start) action.b.start = {{0.1, 0.4}};
}

void append_section(std::string& out, const Section& section, const Section& defaults,
                    bool array = false) {
  if (!out.empty()) out += '\n';
  out += array ? "[[target]]\n" : fmt::format("[{}]\n", section.name);
  for (std::size_t k = 0; k < section.keys.size(); ++k) {
    const std::string value = dump(section.keys[k]);
    if (value.empty()) continue;
    const bool is_default = !array && value == dump(defaults.keys[k]);
    out += fmt::format("{} = {}{}\n", section.keys[k].name, value, is_default ? "  # default" : "");
  }
}

bool is_default(const Section& section, const Section& defaults) {
  for (std::size_t k = 0; k < section.keys.size(); ++k)
    if (dump(section.keys[k]) != dump(defaults.keys[k])) return false;
  return true;
}

/// Whether what the config is for needs the section; others are dumped where they say something.
bool plays_a_part(std::string_view section, const Config& config) {
  const auto in = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), section) != names.end();
  };
  const bool of_networks = in({"training", "evaluation"});
  if (config.data.path.empty()) return !of_networks && !in({"model", "data", "fit"});
  if (config.model.kind == ModelKind::field) return !of_networks && section != "learn";
  return of_networks || in({"model", "data", "run", "output"});
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void append_reference(std::string& out, const Section& section, std::string_view heading) {
  out += fmt::format(
      "\n## {}\n\n{}\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n", heading,
      section.doc);
  for (const auto& key : section.keys) {
    const std::string value = dump(key);
    out += fmt::format("| `{}` | {} | {} | {} |\n", key.name, escaped(type_name(key)),
                       value.empty() ? "-" : fmt::format("`{}`", value), escaped(key.doc));
  }
}

}  // namespace

std::string_view name(ModelKind kind) {
  constexpr std::string_view names[] = {"field", "network", "stack"};
  return names[static_cast<int>(kind)];
}

std::string_view name(Precision precision) {
  return precision == Precision::float32 ? "float32" : "float64";
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

namespace binder {

std::vector<Section> sections(Config& c) {
  return {
      {"graph", "The sites and edges of the field.", graph_keys(c.graph)},
      {"model", "What `quartic fit` learns.", model_keys(c.model)},
      {"action",
       "The action that learns, or is sampled: where its couplings start and which are learned.",
       action_keys(c.action)},
      data_section(c.data),
      {"fit", "The learner of a field from data, KL(q||p), of `quartic fit` (fitting.md).",
       fit_keys(c.fit)},
      {"training", "The learner of a network from data, of `quartic fit` (networks.md).",
       training_keys(c)},
      {"evaluation", "Log-likelihoods of a network, while it learns and afterwards.",
       evaluation_keys(c.evaluation)},
      {"learn", "The learner of a known target, KL(p||q), of `quartic learn`.",
       learn_keys(c.learn)},
      {"sample", "Sampling and measuring, by `quartic sample`.", sample_keys(c.sample)},
      {"sampler", "The ensemble of fields and its moves.", sampler_keys(c.sampler)},
      {"certificate",
       "After learning: free energies, the Bogoliubov bound and the overlap; after fitting: free "
       "energy, log-likelihood and moments.",
       certificate_keys(c.certificate)},
      {"run", "Randomness and machine.", run_keys(c.run)},
      {"output", "What is stored, and where.", output_keys(c.output)},
  };
}

Section target_section(TermSpec& spec) {
  return {"target",
          "One term of the target action A = sum_k coupling * term; as many [[target]] as there "
          "are terms. `learn` needs at least one.",
          {
              {"term", choice(spec.name, term_names()), "nn, nnn, phi2, ...", {}, true},
              {"coupling", &spec.coupling, "g_k; real for learning"},
              {"displacement", &spec.displacement, "for term \"pairs\" on a lattice", {}, true},
              {"edges", FileName{&spec.edge_file}, "for term \"pairs\": an edge list", {}, true},
              {"weights",
               &spec.weights,
               "one a site (powers), pair (products) or square (plaquette)",
               {},
               true},
          }};
}

}  // namespace binder

Config parse_config(std::string_view text, const std::string& place_name,
                    const std::vector<std::string>& settings,
                    const std::filesystem::path& directory) {
  Config config;
  read_document(config, parse(text, place_name), directory);
  for (const auto& setting : settings) apply_setting(config, setting);
  require_consistent(config, place_name);
  fill_starts(config.action);
  return config;
}

Config read_config(const std::filesystem::path& file, const std::vector<std::string>& settings) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file))
    throw BadInput(fmt::format("cannot read config '{}'", file.string()));
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  return parse_config(text, file.string(), settings, file.parent_path());
}

void apply_setting(Config& config, const std::string& setting) {
  const auto equals = setting.find('=');
  const std::string where = "--set " + setting;
  const std::string path = setting.substr(0, equals);
  if (equals == std::string::npos || (path.find('.') == std::string::npos && path != "target"))
    throw Error(ErrorCode::usage, where + ": expected section.key=value",
                "for example --set learn.epochs=20");
  const std::string value = setting.substr(equals + 1);
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
  if (config.sample.relative_error && config.sample.until.empty()) {
    throw BadInput(fmt::format("{}: relative_error in [sample] needs until", where),
                   "until = \"m2\" or another observable");
  }
  for (const auto& boundary : config.graph.boundary) {
    const std::string_view names[] = {"periodic", "open"};
    if (boundary != "periodic" && boundary != "open") {
      throw BadInput(fmt::format("{}: a boundary is periodic or open, not \"{}\"; {}", where,
                                 boundary, suggestion(boundary, names)));
    }
  }
}

void require_target(const Config& config, const std::string& where) {
  if (!config.target.empty()) return;
  throw BadInput(fmt::format("{}: no target", where),
                 "add a [[target]] with term and coupling for each term of A");
}

void require_data(const Config& config, const std::string& where) {
  require_readable(config.data, where);
}

std::string to_toml(const Config& config) {
  Config copy = config, defaults;
  fill_starts(copy.action);
  fill_starts(defaults.action);
  const auto all = binder::sections(copy), plain = binder::sections(defaults);
  std::string out;
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (!plays_a_part(all[k].name, config) && is_default(all[k], plain[k])) continue;
    append_section(out, all[k], plain[k]);
    if (all[k].name != "action") continue;
    for (auto& spec : copy.target) {
      const auto section = binder::target_section(spec);
      append_section(out, section, section, true);
    }
  }
  return out;
}

std::string config_reference() {
  Config config;
  fill_starts(config.action);
  TermSpec spec;
  std::string out =
      "# The config\n\nTOML. An unknown key, a wrong type or a value out of range is refused, with "
      "file and "
      "line.\n`--set section.key=value` overrides a key from the command line; `quartic validate "
      "CONFIG "
      "--effective`\nprints the config with all defaults filled in. Written by `quartic validate "
      "--reference`.\n";
  for (const auto& section : binder::sections(config)) {
    append_reference(out, section, fmt::format("[{}]", section.name));
    if (section.name == "action") append_reference(out, binder::target_section(spec), "[[target]]");
  }
  return out;
}

}  // namespace quartic
