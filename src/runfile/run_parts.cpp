#include "runfile/run_parts.hpp"

#include <algorithm>

#include "quartic/core/error.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/graph/lattice.hpp"
#include "runfile/entries.hpp"

namespace quartic::run_parts {
namespace {

/// What layouts 2 and 1 called what has another name today.
constexpr hdf5::FormerName layout_2_names[] = {
    {"history/max_step", "history/largest_step"},
    {"history/max_weight", "history/largest_weight"},
    {"history/ridge", "history/regularisation"},
    {"results/bound_rows_error", "results/bound_spread"},
    {"results/bound_held_out_rows_error", "results/bound_held_out_spread"},
    {"evaluations/log_likelihood_rows_error", "judgements/log_likelihood_spread"},
    {"evaluations/held_out_rows_error", "judgements/held_out_spread"},
    {"evaluations/", "judgements/"},
    {"checkpoint@stationary", "checkpoint@settled"},
};

template <class IO, class P>
void provenance(IO& io, P& p) {
  attributes(io, "provenance", "version", p.version, "git_hash", p.git_hash, "compiler", p.compiler,
             "simd_target", p.simd_target, "command", p.command, "host", p.host, "date", p.date,
             "seed", p.seed, "seconds", p.seconds);
  later_attributes(io, "provenance", "blas", p.blas, "blas_core", p.blas_core, "blas_speed",
                   p.blas_speed);
}

const std::filesystem::path& unbroken(const std::filesystem::path& file) {
  if (hdf5::check_seal(file) == hdf5::Seal::broken) {
    throw BadInput(
        fmt::format(
            "'{}' is not a whole quartic run file: its checksum is wrong: bytes were damaged",
            file.string()),
        "take another copy, or run it again");
  }
  return file;
}

int read_layout(const hdf5::Reader& in, const std::filesystem::path& file) {
  if (!in.has_attribute("provenance", "layout_version"))
    in.refuse("it has no 'provenance@layout_version'");
  const int layout = in.attribute<std::int32_t>("provenance", "layout_version");
  if (layout > run_file_layout) {
    throw BadInput(fmt::format("'{}' has layout {}, this quartic reads layouts up to {}",
                               file.string(), layout, run_file_layout),
                   "read it with the newer quartic that wrote it");
  }
  if (layout < 1) in.refuse(fmt::format("layout {}", layout));
  return layout;
}

/// The lattice's sites and edges, and with them those of hidden units.
void write_geometry(hdf5::Writer& out, const Graph& graph) {
  out.count("model", "site", graph.sites());
  out.count("model", "edge", graph.edge_count());
  out.count("model", "end", 2);
  std::vector<std::int32_t> edges;
  for (const auto& [i, j] : graph.edges()) edges.insert(edges.end(), {i, j});
  out.write("model/edges", view(edges), {"edge", "end"});
  if (const int hidden = graph.hidden_sites(); hidden > 0) {
    const HiddenValues values = graph.hidden_values();
    const bool gates = graph.gated();
    attributes(out, "model", "hidden_units", hidden, "hidden", values, "gates", gates);
  }
  const Lattice* lattice = (graph.visible() ? *graph.visible() : graph).lattice();
  out.attribute("model", "lattice", lattice ? lattice->name : std::string());
  out.attribute("model", "description", graph.description());
  if (!lattice) return;
  const std::vector<std::int32_t> extent(lattice->extent.begin(), lattice->extent.end());
  out.attributes("model", "extent", view(extent));
  const std::vector<std::uint8_t> periodic(lattice->periodic.begin(), lattice->periodic.end());
  if (!periodic.empty()) out.attributes("model", "periodic", view(periodic));
}

bool has_hidden(const hdf5::Reader& in) {
  return in.has_attribute("model", "hidden_units");
}

/// Without hidden units.
std::shared_ptr<const Graph> read_visible(const hdf5::Reader& in, int sites,
                                          const std::vector<Edge>& edges) {
  const std::string lattice_name = in.text_attribute("model", "lattice");
  if (lattice_name.empty()) return std::make_shared<Graph>(sites, edges);
  Lattice lattice{lattice_name, in.attributes<std::int32_t>("model", "extent"), {}};
  if (in.has_attribute("model", "periodic")) {
    const auto periodic = in.attributes<std::uint8_t>("model", "periodic");
    lattice.periodic.assign(periodic.begin(), periodic.end());
  }
  auto graph = std::make_shared<Graph>(make_lattice(lattice));
  if (graph->sites() != sites ||
      !std::equal(edges.begin(), edges.end(), graph->edges().begin(), graph->edges().end()))
    in.refuse(fmt::format("its edges are not those of its lattice, {}", graph->description()));
  return graph;
}

std::shared_ptr<const Graph> read_graph(const hdf5::Reader& in) {
  const int sites = static_cast<int>(in.list<std::int32_t>("model/site").size());
  const auto ends = in.read<std::int32_t>("model/edges", {"edge", "end"});
  if (ends.size() % 2 != 0) in.refuse("'model/edges' is not pairs");
  std::vector<Edge> edges;
  for (std::size_t k = 0; k < ends.size(); k += 2) edges.push_back({ends[k], ends[k + 1]});
  if (!has_hidden(in)) return read_visible(in, sites, edges);
  int hidden = 0;
  bool gates = false;
  HiddenValues values{};
  attributes(in, "model", "hidden_units", hidden, "hidden", values, "gates", gates);
  const std::int64_t of_hidden = std::int64_t{hidden} * (sites - hidden) * (gates ? 2 : 1);
  const std::int64_t own = std::ssize(edges) - of_hidden;
  if (hidden < 1 || hidden >= sites || own < 0) in.refuse("its hidden units do not fit its graph");
  const std::vector<Edge> all = edges;
  edges.resize(own);
  auto graph =
      std::make_shared<Graph>(read_visible(in, sites - hidden, edges), hidden, values, gates);
  if (!std::equal(all.begin(), all.end(), graph->edges().begin(), graph->edges().end()))
    in.refuse("the edges of its hidden units are not as they should be");
  return graph;
}

}  // namespace

std::string_view present_word(std::string_view word) {
  constexpr std::pair<std::string_view, std::string_view> renamed[] = {
      {"deep", "stack"},
      {"epochs exhausted", "epochs_exhausted"},
      {"held-out data got worse", "held_out_worse"},
      {"draws", "draws_done"},
      {"relative error", "relative_error"},
      {"time", "max_seconds"},
      {"heat", "specific_heat"},
      {"binder", "binder_cumulant"},
      {"xi", "correlation_length"},
  };
  for (const auto& [before, now] : renamed)
    if (word == before) return now;
  return word;
}

std::vector<std::string> read_words(const hdf5::Reader& in, const std::string& path) {
  auto words = in.texts(path);
  for (auto& word : words) word = present_word(word);
  return words;
}

std::string coupling_path(CouplingKind kind, std::string_view suffix) {
  return fmt::format("model/{}{}", name(kind), suffix);
}

RunReader::RunReader(const std::filesystem::path& file)
    : Reader(unbroken(file)), file_name_(file), layout_(read_layout(*this, file)) {
  if (layout_ < 3) use_former_names(layout_2_names);
  if (layout_ > 1) kind_ = read_word<RunKind>(*this, text_attribute("provenance", "kind"));
}

RunReader::RunReader(const std::filesystem::path& file, RunKind kind) : RunReader(file) {
  if (kind_ == kind) return;
  throw BadInput(fmt::format("'{}' is a run of `quartic {}`, not of `quartic {}`", file.string(),
                             name(kind_), name(kind)),
                 "quartic show says what a run file holds");
}

Config RunReader::config() const {
  const std::string where = file_name_.string() + ": config";
  Config config = layout_ < 3 ? parse_earlier_config(text("config"), where)
                              : parse_config(text("config"), where);
  // Fields had none when their configs named the default of a network.
  if (config.model.kind == ModelKind::field && !has_hidden(*this)) config.model.hidden_units = {0};
  return config;
}

void write_head(hdf5::Writer& out, RunKind kind, const Config& config, const Provenance& p) {
  out.text("config", to_toml(config));
  provenance(out, p);
  attribute(out, "provenance", "kind", kind);
  out.attribute("provenance", "layout_version", std::int32_t{run_file_layout});
}

Provenance read_provenance(const hdf5::Reader& in) {
  Provenance p;
  provenance(in, p);
  return p;
}

void write_action(hdf5::Writer& out, const Action& action) {
  write_geometry(out, *action.graph);
  for (const auto kind : all_coupling_kinds)
    out.write(coupling_path(kind), view(action.couplings(kind)),
              {kind == CouplingKind::w ? "edge" : "site"});
}

Action read_action(const hdf5::Reader& in) {
  Action action(read_graph(in));
  for (const auto kind : all_coupling_kinds)
    action.couplings(kind) =
        in.read_finite<double>(coupling_path(kind), {kind == CouplingKind::w ? "edge" : "site"},
                               action.couplings(kind).size());
  return action;
}

void write_posterior(hdf5::Writer& out, const Draws& draws) {
  write_posterior(out, draws.chains, draws.draws, draws.sites, draws.phi, draws.action_value);
}

void write_posterior(hdf5::Writer& out, int chains, int draws, int sites,
                     std::span<const float> phi, std::span<const double> action) {
  for (const char* group : {"posterior", "sample_stats"}) {
    out.count(group, "chain", chains);
    out.count(group, "draw", draws);
  }
  out.count("posterior", "site", sites);
  out.write("posterior/phi", phi, {"chain", "draw", "site"});
  out.write("posterior/action", action, {"chain", "draw"});
  std::vector<double> lp(action.size());
  std::transform(action.begin(), action.end(), lp.begin(), [](double s) { return -s; });
  out.write("sample_stats/lp", view(lp), {"chain", "draw"});
}

Draws read_posterior(const hdf5::Reader& in, int sites) {
  const auto shape = in.shape("posterior/phi");
  if (shape.size() != 3 || shape[2] != static_cast<std::size_t>(sites))
    in.refuse("'posterior/phi' is not (chain, draw, site)");
  return {static_cast<int>(shape[0]), static_cast<int>(shape[1]), sites,
          in.read_finite<float>("posterior/phi", {"chain", "draw", "site"}),
          in.read<double>("posterior/action", {"chain", "draw"}, shape[0] * shape[1])};
}

void write_sampler(hdf5::Writer& out, const SamplerState& state, int sites, Precision precision) {
  out.count("checkpoint", "chain", state.streams.size() / 4);
  out.count("checkpoint", "site", sites);
  out.count("checkpoint", "word", 4);
  out.write("checkpoint/streams", view(state.streams), {"chain", "word"});
  if (precision != Precision::float64)
    narrow_values(out, "checkpoint/phi", state.phi, {"chain", "site"}, 0);
  else
    out.write("checkpoint/phi", view(state.phi), {"chain", "site"});
  const Schedule& schedule = state.schedule;
  attributes(out, "checkpoint", "reflections", schedule.reflections, "cluster", schedule.cluster,
             "step_size", schedule.step_size, "sweeps", state.sweeps);
  out.attributes("checkpoint", "scales", view(schedule.scales));
}

SamplerState read_sampler(const hdf5::Reader& in, const SamplerOptions& options, int sites) {
  const auto chains = static_cast<std::size_t>(options.rungs) * options.chains;
  if (in.list<std::int32_t>("checkpoint/chain").size() != chains)
    in.refuse("the checkpoint's chains are not the config's");
  SamplerState state;
  state.phi = in.read_finite<double>("checkpoint/phi", {"chain", "site"}, chains * sites);
  state.streams = in.read<std::uint32_t>("checkpoint/streams", {"chain", "word"}, chains * 4);
  Schedule& schedule = state.schedule;
  schedule.reflections = in.attribute<std::int32_t>("checkpoint", "reflections");
  if (!in.has_attribute("checkpoint", "cluster")) return state;  // layout 1: local moves alone
  attributes(in, "checkpoint", "cluster", schedule.cluster, "step_size", schedule.step_size,
             "sweeps", state.sweeps);
  schedule.scales = in.attributes<double>("checkpoint", "scales");
  return state;
}

void replace_run(OutputFile& file, const std::function<void(hdf5::Writer&)>& write) {
  hdf5::Writer out;
  write(out);
  const auto bytes = out.finish();
  file.replace([&](ByteSink& sink) {
    sink.put(bytes);
    sink.put(hdf5::seal_of(bytes));
  });
}

}  // namespace quartic::run_parts
