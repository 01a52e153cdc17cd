// The run config: what a run is, as plain structs; strict reading, exact dumping.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quartic/data/data_set.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/parameters.hpp"
#include "quartic/field/target.hpp"
#include "quartic/graph/edge_list.hpp"
#include "quartic/learn/certificate.hpp"
#include "quartic/learn/likelihood_options.hpp"
#include "quartic/learn/variational.hpp"
#include "quartic/mcmc/precision.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/network/likelihood.hpp"
#include "quartic/network/stack.hpp"
#include "quartic/network/training_options.hpp"

namespace quartic {

/// [graph]: a named lattice, or an edge list from a file or from the config itself.
struct GraphConfig {
  std::string lattice = "square";
  std::vector<int> extent = {4, 4};
  std::vector<std::string> boundary;  ///< periodic | open, one for all or one a direction
  std::string edges;                  ///< file; where given, lattice and extent play no part
  std::vector<Edge> pairs;            ///< instead of a file
  Duplicates duplicates = Duplicates::refuse;  ///< of edges in a file or given as pairs
  std::optional<int> sites;  ///< with pairs; empty: the largest that they name, and one

  bool is_lattice() const { return edges.empty() && pairs.empty() && !sites; }
};

/// One kind of coupling of the action that learns: where it starts and whether it is learned.
struct CouplingStart {
  std::optional<std::array<double, 2>> start;  ///< uniform in [low, high]; equal: that number
  std::vector<double> values = {};             ///< one an edge or site, instead
  std::string file =
      {};  ///< instead: an npy file of them, or a run file, whose couplings are taken
  Freedom freedom = Freedom::free;

  bool given() const { return start || !values.empty() || !file.empty(); }
  bool operator==(const CouplingStart&) const = default;
};

/// Where w starts if nothing is said of it.
inline constexpr std::array<double, 2> default_start_of_w = {0.2, 0.6};

/// [action]: starts by kind, or from the homogeneous lattice theory (kappa, mu2, lambda), which
/// kinds with a start of their own override.
struct ActionConfig {
  CouplingStart w, r{.start = {}, .freedom = Freedom::frozen}, a, b;
  std::optional<double> kappa, mu2, lambda;

  bool homogeneous() const { return kappa || mu2 || lambda; }
  const CouplingStart& kind(CouplingKind kind) const;
  std::array<Freedom, coupling_kinds> freedom() const;
};

/// What `fit` learns.
enum class ModelKind {
  field,    ///< an action on [graph]
  network,  ///< two layers of units; its visible ones are the columns of the data
  stack     ///< networks on top of each other, each trained on the hidden units of the one below
};
template <>
inline constexpr auto words_of<ModelKind> = word_list("field", "network", "stack");

/// [model]; all but the kind and the hidden units are of networks.
struct ModelConfig {
  ModelKind kind = ModelKind::field;
  Unit visible = Unit::quartic;
  std::vector<Unit> hidden = {Unit::binary};  ///< one a layer, or one for all
  /// One a layer, the data's first. 0: of a field none, of the others by the rows.
  std::vector<int> hidden_units = {0};
  std::optional<bool> gates;  ///< empty: where they can be learned exactly, of a field none
  UnitValues features = UnitValues::samples;  ///< what a layer of a deep stack learns from
  double noise = 0;  ///< standard deviation of noise on the rows, in the units of the model; where
                     ///< the scaling is chosen in those of each column's spread

  int layers() const { return static_cast<int>(hidden_units.size()); }
  Unit hidden_unit(int layer) const { return hidden[hidden.size() == 1 ? 0 : layer]; }
  /// Of a layer that learns so many rows by chains.
  int units(int layer, std::size_t rows) const;
};

/// [training] of a network whose ln Z is exact.
struct ExactTraining {
  double ridge = 1;       ///< as in ExactOptions
  int iterations = 5000;  ///< at most
};

/// [evaluation] of what was learned from data, a field or a network. Empty numbers: those that
/// CertificateOptions have for a field and LogZOptions for a network.
struct EvaluationConfig {
  bool enabled = true;        ///< of a field
  int every = 0;              ///< of a network: epochs between evaluations; 0: at the end alone
  int rows = 2000;            ///< of a network: most rows, and of those held out, that are scored
  std::optional<int> chains;  ///< annealed
  std::optional<int> steps;   ///< of annealing
  double error = 0.01;        ///< of a field: wanted standard error of F
  int draws = 16;             ///< of a field: configurations a chain
  std::optional<int> sweeps;  ///< of a field: between them; of a network: of parallel tempering
  int ladders = 64;           ///< of a network: of parallel tempering
  int rungs = 0;              ///< of a network: of a ladder; 0: by their exchanges
  bool exact = true;          ///< of a network: take the exact ln Z where there is one

  CertificateOptions of_field() const;
  LogZOptions of_network() const;
};

struct SamplerConfig {
  SamplerOptions options;
  Precision precision = Precision::automatic;
};

/// [sample]
struct SampleConfig {
  std::optional<int> warm_up;  ///< sweeps before the first draw; empty: until averages are at rest
  std::optional<int> draws;    ///< a chain, at most; empty: 1000, or no limit where `until` is set
  int sweeps = 1;              ///< between draws
  int thin = 1;                ///< draws between stored fields
  std::string until;           ///< an observable: stop when its error is small enough
  std::optional<double> relative_error;  ///< error over value to reach; empty: 0.01
  std::optional<double> max_seconds;     ///< stop after this long
};

struct CertificateConfig {
  bool enabled = true;
  CertificateOptions options;
};

struct RunConfig {
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: all cores; never changes the results
};

struct OutputConfig {
  std::string file;          ///< empty: the config's name with .h5, in the current directory
  std::optional<int> draws;  ///< most stored draws a chain; empty: as many as keep phi in 64 MiB

  /// The most draws to store.
  int max_draws(int chains, int sites) const;
};

struct Config {
  ModelConfig model;
  GraphConfig graph;
  ActionConfig action;
  std::vector<TermSpec> target;
  DataOptions data;  ///< its seed is run.seed
  LikelihoodOptions fit;
  TrainingOptions training{.epochs = 0};  ///< 0: as the data ask for
  ExactTraining exact;
  std::vector<int> layer_epochs;    ///< [training]: of a deep stack's layers; empty: all the same
  std::vector<double> layer_rates;  ///< likewise
  EvaluationConfig evaluation;
  VariationalOptions learn;
  SampleConfig sample;
  SamplerConfig sampler;
  CertificateConfig certificate;
  RunConfig run;
  OutputConfig output;
};

/// Reads a config file. Throws BadInput "FILE:LINE: ..." for anything it does not understand:
/// syntax, an unknown section or key (nearest one suggested) or one that was renamed, a wrong type,
/// a value out of range; and for a file without a section.
/// Relative file names in it are taken from the config's directory and become absolute.
Config read_config(const std::filesystem::path& file,
                   const std::vector<std::string>& settings = {});

/// The same from text; `place` stands for the file name in messages.
Config parse_config(std::string_view text, const std::string& place,
                    const std::vector<std::string>& settings = {},
                    const std::filesystem::path& directory = {});

/// The effective config in a run file of layout 2 or 1, whose sections, keys and words may have
/// other names today.
Config parse_earlier_config(std::string_view text, const std::string& place);

/// "section.key=value" over a config, by the same checks; value is TOML, or a bare word.
void apply_setting(Config& config, const std::string& setting);

/// What must hold between keys of different sections; read_config and parse_config end with it.
void require_consistent(const Config& config, const std::string& place);

/// Throws BadInput where there is no target: what `learn` needs.
void require_target(const Config& config, const std::string& place);

/// Throws BadInput where there are no data: what `fit` needs.
void require_data(const Config& config, const std::string& place);

/// The effective config, defaults filled in, as TOML. parse_config gives the same config back
/// exactly.
std::string to_toml(const Config& config);

/// Whether a key of the section is not at its default.
bool says_something_of(std::string_view section, const Config& config);

/// All sections and keys with type, default and meaning, as Markdown (docs/config.md).
std::string config_reference();
/// The same as a JSON schema: every key with its type, range and words.
std::string config_schema();

}  // namespace quartic
