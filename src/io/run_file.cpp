#include "quartic/io/run_file.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "io/atomic_file.hpp"
#include "io/hdf5.hpp"
#include "io/seal.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic {
namespace {

constexpr CouplingKind kinds[] = {CouplingKind::w, CouplingKind::r, CouplingKind::a,
                                  CouplingKind::b};

struct Column {
  const char* name;
  double EpochRow::*value;
};
constexpr Column columns[] = {
    {"gradient_norm", &EpochRow::gradient_norm},
    {"gradient_norm_error", &EpochRow::gradient_norm_error},
    {"action_variance", &EpochRow::action_variance},
    {"action_variance_error", &EpochRow::action_variance_error},
    {"weight_ess", &EpochRow::weight_ess},
    {"weight_ess_error", &EpochRow::weight_ess_error},
    {"acceptance", &EpochRow::acceptance},
    {"reflection_acceptance", &EpochRow::reflection_acceptance},
    {"rate", &EpochRow::rate},
    {"largest_step", &EpochRow::largest_step},
    {"step_significance", &EpochRow::step_significance},
    {"regularisation", &EpochRow::regularisation},
};

struct Entry {
  const char* name;
  Estimate Certificate::*value;
};
constexpr Entry estimates[] = {
    {"free_energy", &Certificate::free_energy},
    {"free_energy_forward", &Certificate::free_energy_forward},
    {"free_energy_reverse", &Certificate::free_energy_reverse},
    {"free_energy_upper", &Certificate::free_energy_upper},
    {"free_energy_lower", &Certificate::free_energy_lower},
    {"variational_free_energy", &Certificate::variational_free_energy},
    {"target_free_energy", &Certificate::target_free_energy},
    {"gap", &Certificate::gap},
    {"half_variance", &Certificate::half_variance},
    {"weight_ess", &Certificate::weight_ess},
    {"annealing_ess", &Certificate::annealing_ess},
};

struct TextField {
  const char* name;
  std::string Provenance::*value;
};
constexpr TextField provenance_texts[] = {
    {"version", &Provenance::version},   {"git_hash", &Provenance::git_hash},
    {"compiler", &Provenance::compiler}, {"simd_target", &Provenance::simd_target},
    {"command", &Provenance::command},   {"host", &Provenance::host},
    {"date", &Provenance::date},
};

/// The learner's vectors, each its own dimension.
struct StateVector {
  const char* name;
  std::vector<double> VariationalState::*value;
};
constexpr StateVector state_vectors[] = {
    {"w", &VariationalState::w},
    {"r", &VariationalState::r},
    {"a", &VariationalState::a},
    {"b", &VariationalState::b},
    {"theta_error", &VariationalState::theta_error},
    {"first_moment", &VariationalState::first_moment},
    {"second_moment", &VariationalState::second_moment},
};

std::string of_kind(CouplingKind kind, std::string_view suffix = {}) {
  return fmt::format("model/{}{}", name(kind), suffix);
}

template <class T>
std::span<const T> view(const std::vector<T>& values) {
  return values;
}

// ---- writing ------------------------------------------------------------------------------------

void write_provenance(hdf5::Writer& out, const Provenance& p) {
  for (const auto& field : provenance_texts)
    out.attribute("provenance", field.name, p.*field.value);
  out.attribute("provenance", "seed", p.seed);
  out.attribute("provenance", "seconds", p.seconds);
  out.attribute("provenance", "layout_version", std::int32_t{run_file_layout});
}

void write_geometry(hdf5::Writer& out, const Graph& graph) {
  out.count("model", "site", graph.sites());
  out.count("model", "edge", graph.edge_count());
  out.count("model", "end", 2);
  std::vector<std::int32_t> edges;
  for (const auto& [i, j] : graph.edges()) edges.insert(edges.end(), {i, j});
  out.write("model/edges", view(edges), {"edge", "end"});
  const Lattice* lattice = graph.lattice();
  out.attribute("model", "lattice", lattice ? lattice->name : std::string());
  out.attribute("model", "description", graph.description());
  if (!lattice) return;
  const std::vector<std::int32_t> extent(lattice->extent.begin(), lattice->extent.end());
  out.attributes("model", "extent", view(extent));
  const std::vector<std::uint8_t> periodic(lattice->periodic.begin(), lattice->periodic.end());
  if (!periodic.empty()) out.attributes("model", "periodic", view(periodic));
}

void write_model(hdf5::Writer& out, const Run& run) {
  write_geometry(out, *run.action.graph);
  Action errors(run.action.graph);
  if (!run.theta_error.empty()) run.parameters().scatter(run.theta_error, errors);
  for (const auto kind : kinds) {
    const char* dimension = kind == CouplingKind::w ? "edge" : "site";
    out.write(of_kind(kind), view(run.action.couplings(kind)), {dimension});
    out.write(of_kind(kind, "_error"), view(errors.couplings(kind)), {dimension});
    out.attribute("model", fmt::format("freedom_{}", name(kind)),
                  std::string(name(run.freedom[static_cast<int>(kind)])));
  }
}

void write_history(hdf5::Writer& out, const History& history) {
  std::vector<std::int32_t> epochs;
  for (const auto& row : history.rows) epochs.push_back(row.epoch);
  out.dimension<std::int32_t>("history", "epoch", epochs);
  out.dimension("history", "parameter", history.parameters);
  out.write("history/theta", view(history.theta), {"epoch", "parameter"});
  out.write("history/theta_error", view(history.theta_error), {"epoch", "parameter"});
  out.write("history/expected", view(history.expected), {"parameter"});
  for (const auto& column : columns) {
    std::vector<double> values;
    for (const auto& row : history.rows) values.push_back(row.*column.value);
    out.write(fmt::format("history/{}", column.name), view(values), {"epoch"});
  }
}

void write_certificate(hdf5::Writer& out, const Certificate& c) {
  for (const auto& entry : estimates) {
    const Estimate& estimate = c.*entry.value;
    out.scalar(fmt::format("results/{}", entry.name), estimate.value);
    out.scalar(fmt::format("results/{}_error", entry.name), estimate.error);
  }
  out.scalar("results/annealing_steps", std::int32_t{c.annealing_steps});
  out.scalar("results/ok", static_cast<std::uint8_t>(c.ok));
  out.text("results/reason", c.reason);
}

void write_sample(hdf5::Writer& out, const Certificate& c) {
  for (const char* group : {"posterior", "sample_stats"}) {
    out.count(group, "chain", c.chains);
    out.count(group, "draw", c.draws);
  }
  out.count("posterior", "site", c.sites);
  out.write("posterior/phi", view(c.phi), {"chain", "draw", "site"});
  out.write("posterior/action", view(c.action), {"chain", "draw"});
  out.write("posterior/target", view(c.target), {"chain", "draw"});
  std::vector<double> lp(c.action.size());
  std::transform(c.action.begin(), c.action.end(), lp.begin(), [](double s) { return -s; });
  out.write("sample_stats/lp", view(lp), {"chain", "draw"});
}

void write_fields(hdf5::Writer& out, const Run& run) {
  const SamplerState& sampler = run.checkpoint.sampler;
  const std::size_t chains = sampler.streams.size() / 4;
  out.count("checkpoint", "chain", chains);
  out.count("checkpoint", "site", run.action.graph->sites());
  out.count("checkpoint", "word", 4);
  out.write("checkpoint/streams", view(sampler.streams), {"chain", "word"});
  if (run.config.sampler.precision == Precision::float32) {  // exact: they are widened floats
    const std::vector<float> narrow(sampler.phi.begin(), sampler.phi.end());
    out.write("checkpoint/phi", view(narrow), {"chain", "site"});
  } else {
    out.write("checkpoint/phi", view(sampler.phi), {"chain", "site"});
  }
}

void write_checkpoint(hdf5::Writer& out, const Run& run) {
  const VariationalState& state = run.checkpoint;
  write_fields(out, run);
  for (const auto& vector : state_vectors)
    out.dimension<double>("checkpoint", vector.name, state.*vector.value);
  out.attribute("checkpoint", "epoch", std::int32_t{state.epoch});
  out.attribute("checkpoint", "quiet_epochs", std::int32_t{state.quiet_epochs});
  out.attribute("checkpoint", "reflections", std::int32_t{state.sampler.schedule.reflections});
  out.attribute("checkpoint", "warm", static_cast<std::uint8_t>(run.warm));
  out.attribute("checkpoint", "reason", std::string(name(state.reason)));
}

void write_all(const std::filesystem::path& file, const Run& run) {
  hdf5::Writer out(file);
  out.text("config", to_toml(run.config));
  write_provenance(out, run.provenance);
  write_model(out, run);
  write_history(out, run.history);
  out.scalar("results/converged", static_cast<std::uint8_t>(run.reason == StopReason::converged));
  out.text("results/stop_reason", std::string(name(run.reason)));
  if (run.certificate) {
    write_certificate(out, *run.certificate);
    write_sample(out, *run.certificate);
  }
  write_checkpoint(out, run);
  out.close();
  seal_file(file);
}

// ---- reading ------------------------------------------------------------------------------------

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
  throw BadInput(fmt::format("'{}' is not a whole quartic run file: {}", file.string(), what));
}

template <class E>
E named(const std::filesystem::path& file, const std::string& word, int count) {
  for (int k = 0; k < count; ++k)
    if (name(static_cast<E>(k)) == word) return static_cast<E>(k);
  refuse(file, fmt::format("'{}' is none of its words", word));
}

void require_layout(const hdf5::Reader& in, const std::filesystem::path& file) {
  if (!in.has_attribute("provenance", "layout_version"))
    refuse(file, "it has no 'provenance@layout_version'");
  const int layout = in.attribute<std::int32_t>("provenance", "layout_version");
  if (layout > run_file_layout) {
    throw BadInput(fmt::format("'{}' has layout {}, this quartic reads layouts up to {}",
                               file.string(), layout, run_file_layout),
                   "read it with the newer quartic that wrote it");
  }
  if (layout < 1) refuse(file, fmt::format("layout {}", layout));
}

Provenance read_provenance(const hdf5::Reader& in) {
  Provenance p;
  for (const auto& field : provenance_texts)
    p.*field.value = in.text_attribute("provenance", field.name);
  p.seed = in.attribute<std::uint64_t>("provenance", "seed");
  p.seconds = in.attribute<double>("provenance", "seconds");
  return p;
}

std::shared_ptr<const Graph> read_graph(const hdf5::Reader& in, const std::filesystem::path& file) {
  const auto sites = in.read<std::int32_t>("model/site").size();
  const auto ends = in.read<std::int32_t>("model/edges");
  if (ends.size() % 2 != 0) refuse(file, "'model/edges' is not pairs");
  std::vector<Edge> edges;
  for (std::size_t k = 0; k < ends.size(); k += 2) edges.push_back({ends[k], ends[k + 1]});
  const std::string lattice_name = in.text_attribute("model", "lattice");
  if (lattice_name.empty()) return std::make_shared<Graph>(static_cast<int>(sites), edges);
  Lattice lattice{lattice_name, in.attributes<std::int32_t>("model", "extent"), {}};
  if (in.has_attribute("model", "periodic")) {
    const auto periodic = in.attributes<std::uint8_t>("model", "periodic");
    lattice.periodic.assign(periodic.begin(), periodic.end());
  }
  auto graph = std::make_shared<Graph>(make_lattice(lattice));
  if (static_cast<std::size_t>(graph->sites()) != sites ||
      !std::equal(edges.begin(), edges.end(), graph->edges().begin(), graph->edges().end()))
    refuse(file, fmt::format("its edges are not those of its lattice, {}", graph->description()));
  return graph;
}

void read_model(const hdf5::Reader& in, const std::filesystem::path& file, Run& run) {
  Action errors(run.action.graph);
  for (const auto kind : kinds) {
    const std::size_t count = run.action.couplings(kind).size();
    run.action.couplings(kind) = in.read<double>(of_kind(kind), count);
    errors.couplings(kind) = in.read<double>(of_kind(kind, "_error"), count);
    run.freedom[static_cast<int>(kind)] =
        named<Freedom>(file, in.text_attribute("model", fmt::format("freedom_{}", name(kind))), 3);
  }
  // Errors by parameter; a tied kind's are all equal, and dividing their sum by their number could
  // round.
  const Parameters parameters = run.parameters();
  run.theta_error.clear();
  for (const auto kind : kinds) {
    const auto& values = errors.couplings(kind);
    const int count = parameters.end(kind) - parameters.begin(kind);
    run.theta_error.insert(run.theta_error.end(), values.begin(), values.begin() + count);
  }
}

void read_history(const hdf5::Reader& in, History& history, std::size_t parameters) {
  const auto epochs = in.read<std::int32_t>("history/epoch");
  history.parameters = in.texts("history/parameter");
  history.expected = in.read<double>("history/expected", parameters);
  history.theta = in.read<double>("history/theta", epochs.size() * parameters);
  history.theta_error = in.read<double>("history/theta_error", epochs.size() * parameters);
  history.rows.resize(epochs.size());
  for (std::size_t k = 0; k < epochs.size(); ++k) history.rows[k].epoch = epochs[k];
  for (const auto& column : columns) {
    const auto values = in.read<double>(fmt::format("history/{}", column.name), epochs.size());
    for (std::size_t k = 0; k < epochs.size(); ++k) history.rows[k].*column.value = values[k];
  }
}

Certificate read_certificate(const hdf5::Reader& in, const std::filesystem::path& file, int sites) {
  Certificate c;
  for (const auto& entry : estimates) {
    (c.*entry.value).value = in.scalar<double>(fmt::format("results/{}", entry.name));
    (c.*entry.value).error = in.scalar<double>(fmt::format("results/{}_error", entry.name));
  }
  c.annealing_steps = in.scalar<std::int32_t>("results/annealing_steps");
  c.ok = in.scalar<std::uint8_t>("results/ok") != 0;
  c.reason = in.text("results/reason");
  const auto shape = in.shape("posterior/phi");
  if (shape.size() != 3 || shape[2] != static_cast<std::size_t>(sites))
    refuse(file, "'posterior/phi' is not (chain, draw, site)");
  c.chains = static_cast<int>(shape[0]), c.draws = static_cast<int>(shape[1]), c.sites = sites;
  c.phi = in.read<float>("posterior/phi");
  c.action = in.read<double>("posterior/action", shape[0] * shape[1]);
  c.target = in.read<double>("posterior/target", shape[0] * shape[1]);
  return c;
}

void read_checkpoint(const hdf5::Reader& in, const std::filesystem::path& file, Run& run) {
  VariationalState& state = run.checkpoint;
  const std::size_t sites = run.action.graph->sites(), edges = run.action.graph->edge_count();
  const std::size_t chains = in.read<std::int32_t>("checkpoint/chain").size();
  if (chains != static_cast<std::size_t>(run.config.sampler.options.chains))
    refuse(file, "the checkpoint's chains are not the config's");
  state.sampler.phi = in.read<double>("checkpoint/phi", chains * sites);
  state.sampler.streams = in.read<std::uint32_t>("checkpoint/streams", chains * 4);
  for (const auto& vector : state_vectors)
    state.*vector.value = in.read<double>(fmt::format("checkpoint/{}", vector.name));
  if (state.w.size() != edges || state.r.size() != sites || state.a.size() != sites ||
      state.b.size() != sites)
    refuse(file, "the checkpoint's couplings do not fit its graph");
  state.epoch = in.attribute<std::int32_t>("checkpoint", "epoch");
  state.quiet_epochs = in.attribute<std::int32_t>("checkpoint", "quiet_epochs");
  state.sampler.schedule.reflections = in.attribute<std::int32_t>("checkpoint", "reflections");
  state.reason = named<StopReason>(file, in.text_attribute("checkpoint", "reason"), 3);
  run.warm = in.attribute<std::uint8_t>("checkpoint", "warm") != 0;
}

}  // namespace

void History::append(const EpochRow& row, const std::vector<double>& now,
                     const std::vector<double>& error) {
  rows.push_back(row);
  theta.insert(theta.end(), now.begin(), now.end());
  theta_error.insert(theta_error.end(), error.begin(), error.end());
}

void History::truncate(int epoch) {
  const auto kept = std::find_if(rows.begin(), rows.end(),
                                 [epoch](const EpochRow& row) { return row.epoch >= epoch; });
  rows.erase(kept, rows.end());
  theta.resize(rows.size() * parameters.size());
  theta_error.resize(rows.size() * parameters.size());
}

Provenance make_provenance(const std::string& command, std::uint64_t seed) {
  Provenance p;
  p.version = QUARTIC_VERSION;
  p.git_hash = QUARTIC_GIT_HASH;
#if defined(__clang__)
  p.compiler = fmt::format("clang {}", __clang_version__);
#else
  p.compiler = fmt::format("g++ {}", __VERSION__);
#endif
  p.simd_target = simd_target();
  p.command = command;
  p.seed = seed;
  utsname machine{};
  if (uname(&machine) == 0) p.host = machine.nodename;
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  p.date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
  return p;
}

void write_run(const std::filesystem::path& file, const Run& run) {
  replace_file(file, [&](const std::filesystem::path& temporary) { write_all(temporary, run); });
}

Run read_run(const std::filesystem::path& file) {
  if (check_seal(file) == Seal::broken) refuse(file, "its checksum is wrong: bytes were damaged");
  const hdf5::Reader in(file);
  require_layout(in, file);
  Run run{.config = parse_config(in.text("config"), file.string() + ": config"),
          .provenance = read_provenance(in),
          .action = Action(read_graph(in, file)),
          .freedom = {},
          .theta_error = {},
          .history = {},
          .reason = StopReason::running,
          .certificate = {},
          .checkpoint = {}};
  read_model(in, file, run);
  const Parameters parameters = run.parameters();
  read_history(in, run.history, parameters.size());
  run.reason = named<StopReason>(file, in.text("results/stop_reason"), 3);
  if (in.has("results/free_energy"))
    run.certificate = read_certificate(in, file, run.action.graph->sites());
  read_checkpoint(in, file, run);
  return run;
}

bool is_run_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  char magic[8] = {};
  stream.read(magic, sizeof magic);
  if (stream && std::equal(magic, magic + 8, "\x89HDF\r\n\x1a\n")) return true;
  return file.extension() == ".h5" || file.extension() == ".hdf5";
}

void keep_draws(Certificate& c, int draws) {
  if (draws >= c.draws) return;
  const auto thin = [&](auto& values, std::size_t width) {
    for (int chain = 0; chain < c.chains; ++chain) {
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(chain * c.draws * width),
                  draws * width,
                  values.begin() + static_cast<std::ptrdiff_t>(chain * draws * width));
    }
    values.resize(static_cast<std::size_t>(c.chains) * draws * width);
  };
  thin(c.action, 1);
  thin(c.target, 1);
  thin(c.phi, static_cast<std::size_t>(c.sites));
  c.draws = draws;
}

}  // namespace quartic
