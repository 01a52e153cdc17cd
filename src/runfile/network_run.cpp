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

/// A layer's r, a or b.
template <class L>
auto& bias(L& layer, int which) {
  return which == 0 ? layer.r : which == 1 ? layer.a : layer.b;
}

/// A layer's units, their couplings under these letters.
template <class IO, class L>
void layer(IO& io, L& units, const char* letters, const std::string& dimension) {
  attribute(io, "model", dimension + "_unit", units.unit);
  auto size = static_cast<std::size_t>(units.size());
  counts(io, "model", dimension.c_str(), size);
  if constexpr (!writing<IO>) units = Layer(units.unit, static_cast<int>(size));
  for (int k = 0; k < 3; ++k)
    finite_values(io, fmt::format("model/{}", letters[k]), bias(units, k), {dimension}, size);
}

template <class IO, class N>
void network(IO& io, N& network) {
  layer(io, network.visible, "rab", "visible");
  layer(io, network.hidden, "smn", "hidden");
  const auto size = static_cast<std::size_t>(network.visible.size()) * network.hidden.size();
  finite_values(io, "model/w", network.w, {"visible", "hidden"}, size);
  if (has(io, "model/u", network.gated()))
    finite_values(io, "model/u", network.u, {"visible", "hidden"}, size);
}

/// With what is held out, and in the units of the data, only where there is some.
template <class IO, class Evaluations>
void evaluations(IO& io, Evaluations& evaluations, std::size_t rank, bool held_out, bool scaled,
                 bool beside_gaussian, bool beside_independent) {
  NetworkEvaluation example;
  if (beside_gaussian) example.above_gaussian.emplace();
  if (beside_independent) example.above_independent.emplace();
  if (held_out) example.held_out.emplace();
  if (scaled) example.train_in_data.emplace();
  if (held_out && scaled) example.held_out_in_data.emplace();
  columns(io, "evaluations", "epoch", evaluations, example);
  counts(io, "evaluations", "rank", rank);
  if constexpr (!writing<IO>)
    for (auto& evaluation : evaluations) evaluation.singular.resize(rank);
  table(
      io, "evaluations/singular", evaluations, rank, {"epoch", "rank"},
      [](auto& e, std::size_t k) -> auto& { return e.singular[k]; });
}

/// Places in lists are inside them.
void require_places(const hdf5::Reader& in, const DensityChoice& choice) {
  if (choice.chosen >= choice.candidates.size())
    in.refuse("'density@chosen' is none of its scalings");
  for (const DensityCandidate& one : choice.candidates)
    if (one.best < 0 || one.best >= std::ssize(one.held_out))
      in.refuse("'density/best_round' is none of the rounds in 'density/held_out'");
}

/// How the scalings did, and where a restart goes on.
template <class IO, class Density>
void density(IO& io, Density& density) {
  auto& choice = density.choice;
  std::vector<std::string> words;
  std::size_t rounds = 0;
  for (const auto& one : choice.candidates) {
    words.emplace_back(name(one.scaling));
    rounds = std::max(rounds, one.held_out.size());
  }
  dimensions(io, "density", "scaling", words);
  counts(io, "density", "round", rounds);
  if constexpr (!writing<IO>) {
    choice.candidates.resize(words.size());
    for (std::size_t k = 0; k < words.size(); ++k) {
      choice.candidates[k].scaling = read_word<ScalingMethod>(io, words[k]);
      choice.candidates[k].held_out.resize(rounds);
    }
  }
  std::vector<double> held_out;
  for (const auto& one : choice.candidates)
    for (std::size_t round = 0; round < rounds; ++round)
      held_out.push_back(round < one.held_out.size() ? one.held_out[round] : std::nan(""));
  values(io, "density/held_out", held_out, {"scaling", "round"}, words.size() * rounds);
  const auto column = [&]<class T>(const char* name, auto member, T) {
    std::vector<T> list;
    for (const auto& one : choice.candidates) list.push_back(static_cast<T>(one.*member));
    values(io, std::string("density/") + name, list, {"scaling"}, words.size());
    if constexpr (!writing<IO>)
      for (std::size_t k = 0; k < list.size(); ++k) choice.candidates[k].*member = list[k];
  };
  column("best_round", &DensityCandidate::best, std::int32_t{});
  column("best_error", &DensityCandidate::error, double{});
  column("dropped", &DensityCandidate::dropped, std::uint8_t{});
  column("improving", &DensityCandidate::improving, std::uint8_t{});
  if constexpr (!writing<IO>)
    for (std::size_t k = 0; k < words.size(); ++k) {
      auto& list = choice.candidates[k].held_out;
      std::copy_n(held_out.begin() + static_cast<std::ptrdiff_t>(k * rounds), rounds, list.begin());
      std::erase_if(list, [](double x) { return std::isnan(x); });
    }
  attributes(io, "density", "chosen", choice.chosen, "iterations", choice.iterations, "held_out",
             choice.held_out.value, "held_out_error", choice.held_out.error);
  if constexpr (!writing<IO>) require_places(io, choice);
  if (has(io, "density/remark", !choice.remarks.empty()))
    dimensions(io, "density", "remark", choice.remarks);
  later_attributes(io, "density", "start", density.start);
  dimensions(io, "checkpoint", "density", density.state);
}

template <class IO, class State>
void chains(IO& io, State& state, const std::string& prefix, const Network& network) {
  const std::string chain = prefix + "chain", path = "checkpoint/" + prefix;
  std::size_t count = state.streams.size() / 4;
  counts(io, "checkpoint", chain.c_str(), count);
  narrow_values(io, path + "visible", state.visible, {chain, "visible_unit"},
                count * network.visible.size());
  narrow_values(io, path + "hidden", state.hidden, {chain, "hidden_unit"},
                count * network.hidden.size());
  values(io, path + "streams", state.streams, {chain, "word"}, count * 4);
}

/// The networks of snapshots, all alike.
template <class IO>
void snapshot_networks(IO& io, std::vector<Network>& networks) {
  const Network& first = networks.front();
  std::vector<double> w;
  for (const auto& n : networks) w.insert(w.end(), n.w.begin(), n.w.end());
  narrow_values(io, "checkpoint/snapshot_w", w, {"snapshot", "visible_unit", "hidden_unit"},
                w.size());
  auto next = w.begin();
  for (auto& n : networks)
    for (auto& x : n.w) x = *next++;
  for (int k = 0; k < 6; ++k) {
    const auto of = [k](auto& n) -> auto& {
      return bias(k < 3 ? n.visible : n.hidden, k % 3);
    };
    table(
        io, fmt::format("checkpoint/snapshot_{}", "rabsmn"[k]), networks, of(first).size(),
        {"snapshot", k < 3 ? "visible_unit" : "hidden_unit"}, [&](auto& n, std::size_t i) -> auto& {
          return of(n)[i];
        });
  }
}

template <class IO, class Snapshots>
void snapshots(IO& io, Snapshots& snapshots, const Network& like) {
  std::vector<std::int32_t> updates;
  std::vector<Network> networks;
  for (const auto& snapshot : snapshots) {
    updates.push_back(static_cast<std::int32_t>(snapshot.updates));
    networks.push_back(*snapshot.network);
  }
  std::size_t count = snapshots.size();
  counts(io, "checkpoint", "snapshot", count);
  if (count == 0) return;
  values(io, "checkpoint/snapshot_updates", updates, {"snapshot"}, count);
  networks.resize(count, like);
  snapshot_networks(io, networks);
  if constexpr (!writing<IO>)
    for (std::size_t k = 0; k < count; ++k)
      snapshots.push_back({updates[k], std::make_shared<const Network>(std::move(networks[k]))});
}

template <class IO, class Run>
void checkpoint(IO& io, Run& run) {
  constexpr const char* letters[] = {"w", "r", "a", "b", "s", "m", "n"};
  auto& state = run.checkpoint;
  if constexpr (writing<IO>) {
    io.count("checkpoint", "visible_unit", run.network.visible.size());
    io.count("checkpoint", "hidden_unit", run.network.hidden.size());
    io.count("checkpoint", "word", 4);
  } else if (io.has("checkpoint/beta")) {
    state.ladder.emplace();
  }
  const auto visible = static_cast<std::size_t>(run.network.visible.size()),
             hidden = static_cast<std::size_t>(run.network.hidden.size());
  for (int k = 0; k < 7; ++k) {
    const auto first = fmt::format("first_{}", letters[k]);
    const auto second = fmt::format("second_{}", letters[k]);
    dimensions_of(io, "checkpoint",
                  k == 0  ? visible * hidden
                  : k < 4 ? visible
                          : hidden,
                  letters[k], state.couplings[k], first.c_str(), state.first_moments[k],
                  second.c_str(), state.second_moments[k]);
  }
  dimensions_of(io, "checkpoint", hidden, "hidden_offset", state.hidden_offset);
  chains(io, state.chains, "", run.network);
  if (state.ladder) {
    dimensions(io, "checkpoint", "beta", state.ladder->betas);
    chains(io, state.ladder->chains, "ladder_", run.network);
    attributes(io, "checkpoint", "ladder_sweeps", state.ladder->sweeps);
  }
  if (has(io, "checkpoint/snapshot", !state.snapshots.empty()))
    snapshots(io, state.snapshots, run.network);
  if (has(io, "checkpoint/pace", !run.pace.empty())) dimensions(io, "checkpoint", "pace", run.pace);
  attributes(io, "checkpoint", "epoch", state.epoch, "updates", state.updates, "warm",
             run.warmed_up);
}

}  // namespace

int NetworkRun::chains() const {
  return static_cast<int>(draws.size() / static_cast<std::size_t>(network.visible.size()));
}

namespace run_parts {

/// Whether evaluations have it: all or none.
bool any_evaluation(const NetworkRun& run, auto member) {
  return !run.evaluations.empty() && (run.evaluations.front().*member).has_value();
}

void require_same_rows(const hdf5::Reader& in, const NetworkRun& run) {
  const bool held_out = any_evaluation(run, &NetworkEvaluation::held_out);
  if (!run.evaluations.empty() && held_out != (run.data.held_out > 0))
    in.refuse("its evaluations and its data differ in whether rows are held out");
}

/// Not of one learned exactly, nor before its chains begin.
bool has_chains(const NetworkRun& run) {
  return !run.exact() && (!run.density.start || !run.checkpoint.chains.streams.empty());
}

void write_learned(hdf5::Writer& out, const NetworkRun& run) {
  network(out, run.network);
  columns(out, "history", "epoch", run.history);
  evaluations(out, run.evaluations, std::min(run.network.visible.size(), run.network.hidden.size()),
              run.data.held_out > 0, any_evaluation(run, &NetworkEvaluation::train_in_data),
              any_evaluation(run, &NetworkEvaluation::above_gaussian),
              any_evaluation(run, &NetworkEvaluation::above_independent));
  scalar(out, "results/stop_reason", run.stop_reason);
  if (!run.draws.empty()) {
    write_posterior(out, run.chains(), 1, run.network.visible.size(), run.draws,
                    free_energies(run.network, run.draws));
  }
  if (!run.density.choice.candidates.empty()) density(out, run.density);
  if (has_chains(run)) checkpoint(out, run);
}

NetworkRun read_learned(const hdf5::Reader& in, Config config, Provenance provenance) {
  Network found(Layer(Unit::binary, 1), Layer(Unit::binary, 1));
  network(in, found);
  NetworkRun run{.config = std::move(config),
                 .provenance = std::move(provenance),
                 .network = std::move(found)};
  columns(in, "history", "epoch", run.history);
  evaluations(in, run.evaluations, 0, in.has("evaluations/held_out"),
              in.has("evaluations/log_likelihood_data_units"), in.has("evaluations/above_gaussian"),
              in.has("evaluations/above_independent"));
  scalar(in, "results/stop_reason", run.stop_reason);
  if (in.has("posterior/phi")) run.draws = read_posterior(in, run.network.visible.size()).phi;
  if (in.has("density/scaling")) density(in, run.density);
  if (in.has("checkpoint/chain")) checkpoint(in, run);
  return run;
}

}  // namespace run_parts

/// Files before layout 6 have ln p in the units of the model alone; their scalings are one map a
/// column.
void fill_data_units(NetworkRun& run) {
  if (run.data.scaling.method == ScalingMethod::none) return;
  const double jacobian =
      run.data.scaling.log_jacobian(static_cast<std::size_t>(run.network.visible.size()));
  for (auto& e : run.evaluations) {
    if (e.train_in_data) continue;
    e.train_in_data = e.train.shifted(jacobian);
    if (e.held_out) e.held_out_in_data = e.held_out->shifted(jacobian);
  }
}

void write_run(OutputFile& file, const NetworkRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    write_head(out, RunKind::network, run.config, run.provenance);
    data(out, run.data, run.network.visible.size());
    write_learned(out, run);
  });
}

NetworkRun read_network_run(const std::filesystem::path& file) {
  const RunReader in(file, RunKind::network);
  NetworkRun run = read_learned(in, in.config(), read_provenance(in));
  data(in, run.data, run.network.visible.size());
  require_same_rows(in, run);
  fill_data_units(run);
  return run;
}

}  // namespace quartic
