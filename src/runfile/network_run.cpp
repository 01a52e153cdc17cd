#include "quartic/runfile/network_run.hpp"

#include <fmt/format.h>

#include <utility>

#include "runfile/columns.hpp"
#include "runfile/run_data.hpp"
#include "runfile/run_network.hpp"
#include "runfile/run_parts.hpp"

namespace quartic {
namespace {

using namespace run_parts;  // NOLINT: its vocabulary

constexpr const char* coupling_names[] = {"w", "r", "a", "b", "s", "m", "n"};

// ---- columns ------------------------------------------------------------------------------------

// ---- writing ------------------------------------------------------------------------------------

void write_network(hdf5::Writer& out, const Network& network) {
  out.count("model", "visible", network.visible.size());
  out.count("model", "hidden", network.hidden.size());
  out.write("model/w", view(network.w), {"visible", "hidden"});
  const auto layer = [&](const Layer& units, const char* letters, const char* dimension) {
    const std::vector<double>* couplings[] = {&units.r, &units.a, &units.b};
    for (int k = 0; k < 3; ++k)
      out.write(fmt::format("model/{}", letters[k]), view(*couplings[k]), {dimension});
    out.attribute("model", fmt::format("{}_unit", dimension), std::string(name(units.unit)));
  };
  layer(network.visible, "rab", "visible");
  layer(network.hidden, "smn", "hidden");
}

/// What columns there are: those of held-out data where there are any.
NetworkEvaluation example_evaluation(bool held_out) {
  NetworkEvaluation example;
  if (held_out) example.held_out.emplace();
  return example;
}

void write_evaluations(hdf5::Writer& out, const std::vector<NetworkEvaluation>& evaluations,
                       std::size_t singular_values, bool held_out) {
  std::vector<double> singular;
  for (const auto& evaluation : evaluations)
    singular.insert(singular.end(), evaluation.singular.begin(), evaluation.singular.end());
  write_columns(out, "evaluations", "epoch", evaluations, example_evaluation(held_out));
  out.count("evaluations", "rank", singular_values);
  out.write("evaluations/singular", view(singular), {"epoch", "rank"});
}

void write_chains(hdf5::Writer& out, const NetworkSamplerState& chains, const std::string& prefix) {
  const auto narrow = [](const std::vector<double>& wide) {  // exact: they are widened floats
    return std::vector<float>(wide.begin(), wide.end());
  };
  const std::string chain = prefix + "chain";
  out.count("checkpoint", chain, chains.streams.size() / 4);
  const auto visible = narrow(chains.visible), hidden = narrow(chains.hidden);
  out.write("checkpoint/" + prefix + "visible", view(visible), {chain, "visible_unit"});
  out.write("checkpoint/" + prefix + "hidden", view(hidden), {chain, "hidden_unit"});
  out.write("checkpoint/" + prefix + "streams", view(chains.streams), {chain, "word"});
}

/// The couplings of a network but w, with their names and dimensions.
template <class N, class F>
void for_each_bias(N& network, F&& f) {
  f("r", network.visible.r, "visible_unit"), f("a", network.visible.a, "visible_unit");
  f("b", network.visible.b, "visible_unit"), f("s", network.hidden.r, "hidden_unit");
  f("m", network.hidden.a, "hidden_unit"), f("n", network.hidden.b, "hidden_unit");
}

void write_snapshots(hdf5::Writer& out, const std::vector<TrainingSnapshot>& snapshots) {
  std::vector<std::int32_t> updates;
  std::vector<float> w;  // exact: they are widened floats
  for (const auto& snapshot : snapshots) {
    updates.push_back(static_cast<std::int32_t>(snapshot.updates));
    w.insert(w.end(), snapshot.network->w.begin(), snapshot.network->w.end());
  }
  out.count("checkpoint", "snapshot", snapshots.size());
  out.write("checkpoint/snapshot_updates", view(updates), {"snapshot"});
  out.write("checkpoint/snapshot_w", view(w), {"snapshot", "visible_unit", "hidden_unit"});
  std::size_t bias = 0;
  for_each_bias(*snapshots.front().network, [&](const std::string& letter, auto&, auto* units) {
    std::vector<double> all;
    for (const auto& snapshot : snapshots) {
      std::size_t k = 0;
      for_each_bias(*snapshot.network, [&](auto&&, const std::vector<double>& values, auto&&) {
        if (k++ == bias) all.insert(all.end(), values.begin(), values.end());
      });
    }
    out.write("checkpoint/snapshot_" + letter, view(all), {"snapshot", units});
    ++bias;
  });
}

void write_checkpoint(hdf5::Writer& out, const NetworkRun& run) {
  const TrainingState& state = run.checkpoint;
  out.count("checkpoint", "visible_unit", run.network.visible.size());
  out.count("checkpoint", "hidden_unit", run.network.hidden.size());
  out.count("checkpoint", "word", 4);
  for (int k = 0; k < 7; ++k) {
    const std::string letter = coupling_names[k];
    out.dimension<double>("checkpoint", letter, state.couplings[k]);
    out.dimension<double>("checkpoint", "first_" + letter, state.first_moments[k]);
    out.dimension<double>("checkpoint", "second_" + letter, state.second_moments[k]);
  }
  out.dimension<double>("checkpoint", "hidden_offset", state.hidden_offset);
  write_chains(out, state.chains, "");
  if (state.ladder) {
    out.dimension<double>("checkpoint", "beta", state.ladder->betas);
    write_chains(out, state.ladder->chains, "ladder_");
    out.attribute("checkpoint", "ladder_sweeps", static_cast<std::uint64_t>(state.ladder->sweeps));
  }
  if (!state.snapshots.empty()) write_snapshots(out, state.snapshots);
  out.attribute("checkpoint", "epoch", std::int32_t{state.epoch});
  out.attribute("checkpoint", "updates", static_cast<std::uint64_t>(state.updates));
  out.attribute("checkpoint", "warm", static_cast<std::uint8_t>(run.warmed_up));
}

// ---- reading ------------------------------------------------------------------------------------

Network read_network(const hdf5::Reader& in) {
  const auto layer = [&](const char* letters, const char* dimension) {
    const auto size = in.read<std::int32_t>(fmt::format("model/{}", dimension)).size();
    Layer units(read_word<Unit>(in, in.text_attribute("model", fmt::format("{}_unit", dimension))),
                static_cast<int>(size));
    std::vector<double>* couplings[] = {&units.r, &units.a, &units.b};
    for (int k = 0; k < 3; ++k)
      *couplings[k] = in.read<double>(fmt::format("model/{}", letters[k]), size);
    return units;
  };
  Network network(layer("rab", "visible"), layer("smn", "hidden"));
  network.w = in.read<double>("model/w", network.w.size());
  return network;
}

std::vector<NetworkEvaluation> read_evaluations(const hdf5::Reader& in) {
  auto evaluations =
      read_columns(in, "evaluations", "epoch", example_evaluation(in.has("evaluations/held_out")));
  const auto rank = static_cast<std::ptrdiff_t>(in.read<std::int32_t>("evaluations/rank").size());
  const auto singular = in.read<double>("evaluations/singular", evaluations.size() * rank);
  auto next = singular.begin();
  for (auto& evaluation : evaluations) {
    evaluation.singular.assign(next, next + rank);
    next += rank;
  }
  return evaluations;
}

NetworkSamplerState read_chains(const hdf5::Reader& in, const std::string& prefix,
                                const Network& network) {
  const auto chains = in.read<std::int32_t>("checkpoint/" + prefix + "chain").size();
  return {in.read<double>("checkpoint/" + prefix + "visible", chains * network.visible.size()),
          in.read<double>("checkpoint/" + prefix + "hidden", chains * network.hidden.size()),
          in.read<std::uint32_t>("checkpoint/" + prefix + "streams", chains * 4)};
}

std::vector<TrainingSnapshot> read_snapshots(const hdf5::Reader& in, const Network& like) {
  const auto updates = in.read<std::int32_t>("checkpoint/snapshot_updates");
  const std::size_t count = updates.size(), size = like.w.size();
  const auto part = [](const std::vector<double>& all, std::size_t k, std::size_t each) {
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(k * each);
    return std::vector<double>(from, from + static_cast<std::ptrdiff_t>(each));
  };
  const auto w = in.read<double>("checkpoint/snapshot_w", count * size);
  std::vector<Network> networks(count, like);
  for (std::size_t k = 0; k < count; ++k) {
    networks[k].w = part(w, k, size);
    for_each_bias(networks[k], [&](const std::string& letter, std::vector<double>& values, auto&&) {
      values = part(in.read<double>("checkpoint/snapshot_" + letter, count * values.size()), k,
                    values.size());
    });
  }
  std::vector<TrainingSnapshot> snapshots;
  for (std::size_t k = 0; k < count; ++k)
    snapshots.push_back({updates[k], std::make_shared<const Network>(std::move(networks[k]))});
  return snapshots;
}

void read_checkpoint(const hdf5::Reader& in, NetworkRun& run) {
  TrainingState& state = run.checkpoint;
  for (int k = 0; k < 7; ++k) {
    const std::string letter = coupling_names[k];
    state.couplings[k] = in.read<double>("checkpoint/" + letter);
    state.first_moments[k] = in.read<double>("checkpoint/first_" + letter);
    state.second_moments[k] = in.read<double>("checkpoint/second_" + letter);
  }
  state.hidden_offset = in.read<double>("checkpoint/hidden_offset");
  state.chains = read_chains(in, "", run.network);
  if (in.has("checkpoint/beta")) {
    state.ladder = NetworkTemperingState{
        in.read<double>("checkpoint/beta"), read_chains(in, "ladder_", run.network),
        static_cast<std::int64_t>(in.attribute<std::uint64_t>("checkpoint", "ladder_sweeps"))};
  }
  if (in.has("checkpoint/snapshot")) state.snapshots = read_snapshots(in, run.network);
  state.epoch = in.attribute<std::int32_t>("checkpoint", "epoch");
  state.updates = static_cast<std::int64_t>(in.attribute<std::uint64_t>("checkpoint", "updates"));
  run.warmed_up = in.attribute<std::uint8_t>("checkpoint", "warm") != 0;
}

}  // namespace

int NetworkRun::chains() const {
  return static_cast<int>(draws.size() / static_cast<std::size_t>(network.visible.size()));
}

namespace run_parts {

void write_learned(hdf5::Writer& out, const NetworkRun& run) {
  write_network(out, run.network);
  write_columns(out, "history", "epoch", run.history);
  write_evaluations(out, run.evaluations,
                    std::min(run.network.visible.size(), run.network.hidden.size()),
                    run.data.held_out > 0);
  out.text("results/stop_reason", std::string(name(run.stop_reason)));
  if (!run.draws.empty()) {
    write_posterior(out, run.chains(), 1, run.network.visible.size(), run.draws,
                    free_energies(run.network, run.draws));
  }
  write_checkpoint(out, run);
}

NetworkRun read_learned(const hdf5::Reader& in, Config config, Provenance provenance) {
  NetworkRun run{.config = std::move(config),
                 .provenance = std::move(provenance),
                 .network = read_network(in),
                 .data = {},
                 .history = read_columns<TrainRow>(in, "history", "epoch"),
                 .evaluations = read_evaluations(in),
                 .stop_reason = read_word<StopReason>(in, in.text("results/stop_reason")),
                 .draws = {},
                 .checkpoint = {}};
  if (in.has("posterior/phi")) run.draws = read_posterior(in, run.network.visible.size()).phi;
  read_checkpoint(in, run);
  return run;
}

}  // namespace run_parts

void write_run(const std::filesystem::path& file, const NetworkRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    write_head(out, RunKind::network, run.config, run.provenance);
    write_data(out, run.data, run.network.visible.size());
    write_learned(out, run);
  });
}

NetworkRun read_network_run(const std::filesystem::path& file) {
  const RunReader in(file, RunKind::network);
  NetworkRun run = read_learned(in, in.config(), read_provenance(in));
  run.data = read_data(in, run.network.visible.size());
  return run;
}

}  // namespace quartic
