// Sampling and training of networks in Python.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>

#include <array>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "network_rows.hpp"
#include "quartic/network/learner.hpp"
#include "quartic/network/paced_learner.hpp"
#include "quartic/network/sampler.hpp"

namespace quartic::python {
namespace {

// --- training -----------------------------------------------------------------------------------

/// The trainer, with the moments that a restart needs.
struct Trainer {
  ColumnMoments moments;
  NetworkLearner<float> trainer;
};

const NetworkLearner<float>& learner_of(const Trainer& self) {
  return self.trainer;
}
const NetworkLearner<float>& learner_of(const PacedLearner& self) {
  return self.learner();
}
const ColumnMoments& moments_of(const Trainer& self) {
  return self.moments;
}
const ColumnMoments& moments_of(const PacedLearner& self) {
  return self.moments();
}

nb::dict to_python(const TrainRow& row) {
  nb::dict out;
  out["epoch"] = row.epoch, out["updates"] = row.updates, out["rate"] = row.rate;
  out["gradient_norm"] = row.gradient_norm, out["weight_norm"] = row.weight_norm;
  out["max_weight"] = row.max_weight;
  out["data_free_energy"] = row.data_free_energy.value;
  out["data_free_energy_error"] = row.data_free_energy.error;
  out["model_free_energy"] = row.model_free_energy.value;
  out["model_free_energy_error"] = row.model_free_energy.error;
  if (row.log_z.error > 0) out["log_z"] = row.log_z.value, out["log_z_error"] = row.log_z.error;
  out["moment_score"] = row.moment_score;
  return out;
}

nb::dict to_python(const NetworkSamplerState& state) {
  nb::dict out;
  out["visible"] = vector_to_python(state.visible);
  out["hidden"] = vector_to_python(state.hidden);
  out["streams"] = vector_to_python(state.streams);
  return out;
}
NetworkSamplerState sampler_state_from(nb::handle state) {
  return {doubles_from(state["visible"]), doubles_from(state["hidden"]),
          vector_from<std::uint32_t>(state["streams"], "uint32")};
}

nb::list to_python(const std::array<std::vector<double>, 7>& lists) {
  nb::list out;
  for (const auto& list : lists) out.append(vector_to_python(list));
  return out;
}
std::array<std::vector<double>, 7> lists_from(nb::handle from) {
  std::array<std::vector<double>, 7> lists;
  for (std::size_t k = 0; k < lists.size(); ++k) lists[k] = doubles_from(from[k]);
  return lists;
}

template <class Self>
nb::dict state_of(const Self& self) {
  const TrainingState state = learner_of(self).state();
  nb::dict out;
  out["epoch"] = state.epoch, out["updates"] = state.updates;
  out["couplings"] = to_python(state.couplings);
  out["first_moments"] = to_python(state.first_moments);
  out["second_moments"] = to_python(state.second_moments);
  out["hidden_offset"] = vector_to_python(state.hidden_offset);
  out["chains"] = to_python(state.chains);
  out["ladder"] = nb::none();
  if (state.ladder) {
    nb::dict ladder;
    ladder["betas"] = vector_to_python(state.ladder->betas);
    ladder["chains"] = to_python(state.ladder->chains);
    ladder["sweeps"] = state.ladder->sweeps;
    out["ladder"] = ladder;
  }
  nb::list snapshots;
  for (const auto& [updates, network] : state.snapshots)
    snapshots.append(nb::make_tuple(updates, Network(*network)));
  out["snapshots"] = snapshots;
  const ColumnMoments& m = moments_of(self);
  out["column_moments"] = nb::make_tuple(m.rows, vector_to_python(m.first),
                                         vector_to_python(m.second), vector_to_python(m.fourth));
  return out;
}

TrainingState training_state_from(nb::handle from) {
  TrainingState state;
  state.epoch = nb::cast<int>(from["epoch"]);
  state.updates = nb::cast<std::int64_t>(from["updates"]);
  state.couplings = lists_from(from["couplings"]);
  state.first_moments = lists_from(from["first_moments"]);
  state.second_moments = lists_from(from["second_moments"]);
  state.hidden_offset = doubles_from(from["hidden_offset"]);
  state.chains = sampler_state_from(from["chains"]);
  if (const nb::object ladder = from["ladder"]; !ladder.is_none()) {
    state.ladder =
        NetworkTemperingState{doubles_from(ladder["betas"]), sampler_state_from(ladder["chains"]),
                              nb::cast<std::int64_t>(ladder["sweeps"])};
  }
  for (nb::handle snapshot : from["snapshots"])
    state.snapshots.push_back({nb::cast<std::int64_t>(snapshot[0]),
                               std::make_shared<const Network>(nb::cast<Network>(snapshot[1]))});
  return state;
}

ColumnMoments column_moments_from(nb::handle state) {
  const nb::object m = state["column_moments"];
  return {nb::cast<std::size_t>(m[0]),
          doubles_from(m[1]),
          doubles_from(m[2]),
          doubles_from(m[3]),
          {},
          {}};
}

Trainer make_trainer(nb::object rows, const Network& network, TrainingOptions options,
                     nb::object random_state, nb::object state) {
  auto data = std::make_shared<NumpySource>(rows);
  const std::uint64_t seed = seed_of(random_state);
  if (state.is_none()) {
    const Released released;
    const ColumnMoments moments = moments_of(*data);
    return {moments, NetworkLearner<float>(data, moments, network, options, seed)};
  }
  const TrainingState saved = training_state_from(state);
  const ColumnMoments moments = column_moments_from(state);
  options.chains = static_cast<int>(saved.chains.streams.size() / 4);
  Trainer out{moments, NetworkLearner<float>(data, moments, network, options, seed)};
  out.trainer.restore(saved);
  return out;
}

void update(Trainer& self, ArrayLike rows) {
  const auto values = as_input<FloatInput>(rows, "float32");
  count_rows(values, self.trainer.network().visible.size(), "visible");
  const Released released;
  self.trainer.update({values.data(), values.size()});
}

template <class Self>
Network base_of(const Self& self, ArrayLike rows) {
  const NumpySource some(rows);
  const ColumnMoments& moments = moments_of(self);
  if (some.columns() != moments.first.size()) throw BadInput("rows of another width");
  const Released released;
  return base_network(learner_of(self).network(), moments, some.first(rows_of_base));
}

using NetworkChains = NetworkSampler<float>;

Doubles chain_rows(std::vector<double> values, int chains, int units) {
  return nb::cast(to_numpy(std::move(values),
                           {static_cast<std::size_t>(chains), static_cast<std::size_t>(units)}));
}

template <auto values, bool hidden>
Doubles sampler_values(const NetworkChains& self) {
  std::vector<double> out;
  {
    const Released released;
    out = (self.*values)();
  }
  const Network& network = self.network();
  return chain_rows(std::move(out), self.chains(),
                    (hidden ? network.hidden : network.visible).size());
}

void bind_sampler(nb::module_& m) {
  nb::class_<NetworkChains>(m, "NetworkSampler",
                            R"(Gibbs sampling of a network on many chains.

In float32, with the same bits for any number of threads.

Parameters
----------
network : Network
    What is sampled.
chains : int
    How many.
random_state : int, Generator, RandomState or None
    Seed.
threads : int
    0 for all cores.)")
      .def(
          "__init__",
          [](NetworkChains* self, const Network& network, Integer chains, nb::object random_state,
             int threads) {
            const int count = whole(chains, "NetworkSampler()", "chains", 1);
            const std::uint64_t seed = seed_of(random_state);
            const Released released;
            new (self) NetworkChains(network, count, seed, Stream::sample, threads);
          },
          nb::arg("network"), nb::arg("chains"), nb::arg("random_state") = nb::none(),
          nb::arg("threads") = 0)
      .def(
          "sweep",
          [](NetworkChains& self, Integer count) {
            const int sweeps = whole(count, "NetworkSampler.sweep()", "count", 0);
            const Released released;
            self.sweep(sweeps);
          },
          nb::arg("count") = 1, R"(Move all chains on.

Parameters
----------
count : int
    Sweeps.)")
      .def(
          "set_visible",
          [](NetworkChains& self, ArrayLike phi) {
            const Rows rows = rows_of(phi, self.network().visible.size(), "visible");
            const Released released;
            self.set_visible(rows.all());
          },
          nb::arg("phi"), R"(Put the chains somewhere; the hidden values are drawn afresh.

Parameters
----------
phi : array_like, shape (chains, visible units)
    Visible values.)")
      .def_prop_ro("visible", &sampler_values<&NetworkChains::visible, false>,
                   "Visible values, shape (chains, visible units).")
      .def_prop_ro("hidden", &sampler_values<&NetworkChains::hidden, true>,
                   "Hidden values, shape (chains, hidden units).")
      .def_prop_ro("visible_means", &sampler_values<&NetworkChains::visible_means, false>,
                   "<phi> given the hidden values.")
      .def_prop_ro("hidden_means", &sampler_values<&NetworkChains::hidden_means, true>,
                   "<h> given the visible values.");
}

/// What is seen of a learner between two epochs.
template <class Self>
void bind_learner(nb::class_<Self>& learner) {
  learner
      .def_prop_ro(
          "batch", [](const Self& self) { return learner_of(self).options().batch; },
          "Rows an update.")
      .def("base", &base_of<Self>, nb::arg("rows"),
           R"(Independent units, as `Network.base` gives them, with the moments of all data.

Parameters
----------
rows : array_like, shape (rows, visible units)
    Given these the hidden units have their moments.

Returns
-------
Network
    The best start of `Network.estimate_log_z`.)")
      .def_prop_ro(
          "chains",
          [](const Self& self) {
            auto values = learner_of(self).chain_values();
            const int units = learner_of(self).network().visible.size();
            const int chains = static_cast<int>(values.size()) / units;
            return chain_rows(std::move(values), chains, units);
          },
          "Visible values of the model's chains.")
      .def_prop_ro(
          "epoch", [](const Self& self) { return learner_of(self).epoch(); }, "Epochs done.")
      .def_prop_ro(
          "updates", [](const Self& self) { return learner_of(self).updates(); }, "Updates done.")
      .def_prop_ro(
          "finished",
          [](const Self& self) {
            if constexpr (std::is_same_v<Self, PacedLearner>)
              return self.finished();
            else
              return learner_of(self).finished();
          },
          "Whether all epochs are done.")
      .def("state", &state_of<Self>,
           R"(What an exact restart needs besides data and options.

Returns
-------
object
    For the argument `state`.)");
}

/// A value of the watch with its error, where somebody looked.
template <auto value>
std::optional<std::pair<double, double>> seen(const PacedLearner& self) {
  const TrainingWatch* watch = self.watch();
  if (watch == nullptr || watch->last_epoch() == 0) return {};
  const Estimate& estimate = (watch->*value)();
  return std::pair{estimate.value, estimate.error};
}

/// A value of the watch; 0 without.
template <auto value>
auto told(const PacedLearner& self) {
  using Value = std::invoke_result_t<decltype(value), const TrainingWatch&>;
  return self.watch() ? (self.watch()->*value)() : Value{};
}

void bind_paced_learner(nb::module_& m) {
  nb::class_<PacedLearner> learner(
      m, "PacedLearner",
      "Learning by chains at a rate, and with epochs=None for as long, as ln p of rows allows. One "
      "`step` is an epoch, or begins again at half the rate.");
  learner
      .def(
          "__init__",
          [](PacedLearner* self, ArrayLike data, const Network& network, ArrayLike judged,
             std::optional<int> epochs, int batch, int steps, int rungs, double rate,
             double momentum, double weight_decay, int threads, std::uint64_t random_state) {
            TrainingOptions o;
            o.epochs = epochs.value_or(0), o.batch = batch, o.steps = steps, o.rungs = rungs;
            o.rate = rate, o.momentum = momentum, o.weight_decay = weight_decay;
            o.threads = threads;
            const NumpySource rows(judged);
            PacedRows of;
            of.learned = std::make_shared<NumpySource>(data);
            of.judged = read_rows(rows, 0, rows.rows());
            const Released released;
            of.moments = column_moments(*of.learned);
            of.some = spread_rows(*of.learned, rows_of_base);
            new (self) PacedLearner(epochs ? Pace::watched : Pace::chosen, std::move(of), network,
                                    o, random_state);
          },
          nb::arg("data"), nb::arg("network"), nb::arg("judged"), nb::kw_only(),
          nb::arg("epochs") = nb::none(), nb::arg("batch") = 0, nb::arg("steps") = 1,
          nb::arg("rungs") = 1, nb::arg("rate") = 0.05, nb::arg("momentum") = 0.0,
          nb::arg("weight_decay") = 0.0, nb::arg("threads") = 0, nb::arg("random_state") = 1,
          "`data` of shape (rows, columns), float32 is not copied; `judged`: rows that tell, held "
          "out where there are enough.")
      .def(
          "step",
          [](PacedLearner& self) -> std::optional<nb::dict> {
            std::optional<TrainRow> row;
            {
              const Released released;
              row = self.step();
            }
            if (!row) return {};
            return to_python(*row);
          },
          "One epoch and perhaps a look; how it went, or None where it began again.")
      .def_prop_ro("network", &PacedLearner::network,
                   "The best that was looked at where epochs=None, else as it is now (a copy).")
      .def_prop_ro("keeps_best", &PacedLearner::keeps_best)
      .def_prop_ro("rate", &PacedLearner::rate)
      .def_prop_ro("before", &seen<&TrainingWatch::before>,
                   "(ln p, error) of the judged rows at the start; None, as below, where nobody "
                   "looked.")
      .def_prop_ro("last", &seen<&TrainingWatch::last>, "At the last look, to the start.")
      .def_prop_ro("best", &seen<&TrainingWatch::best>)
      .def_prop_ro("last_log_z", &seen<&TrainingWatch::last_log_z>)
      .def_prop_ro("best_log_z", &seen<&TrainingWatch::best_log_z>)
      .def_prop_ro("best_epoch", &told<&TrainingWatch::best_epoch>)
      .def_prop_ro("gained", &told<&TrainingWatch::gained>)
      .def_prop_ro("last_epoch", &told<&TrainingWatch::last_epoch>)
      .def_prop_ro("rising", &told<&TrainingWatch::rising>);
  bind_learner(learner);
}

void bind_trainer(nb::module_& m) {
  nb::class_<Trainer> learner(
      m, "NetworkLearner",
      R"(Learning a network from data: persistent, tempered or contrastive chains.

One `step` is an epoch. What `quartic fit` calls `[training]`, whose keys docs/config.md describes.

Parameters
----------
data : array_like, shape (rows, columns)
    Rows in the units of the network; float32 is not copied.
network : Network
    Where it starts, see `Network.from_data`.
epochs : int
    Passes over the data.
batch, chains : int
    Rows an update, and chains of the model; 0: a twentieth of the rows, from 64 to 500, and as many chains.
steps : int
    Sweeps of Gibbs sampling an update (the k of PCD-k).
start : {"persistent", "data"}
    Where chains are at an update: where the last one left them, or at the data (contrastive divergence).
rungs : int
    More than 1: parallel tempering.
tempering : {"temperature", "trajectory"}
    What the rungs are: tempered networks, or former ones.
snapshots : bool
    Whether former networks are kept.
optimiser : {"momentum", "adam"}
    Which takes the gradients.
rate, final_rate : float
    Steps of the updates, in units of the data's spread, and where `schedule` leads them.
schedule : {"constant", "linear", "exponential"}
    Of the rate.
momentum, weight_decay : float
    Of the updates of the weights.
centring : bool
    Whether units are centred in the gradient.
hidden_shape : bool
    Whether m of quartic hidden units is learned too.
shuffle : bool
    Whether rows come in another order each epoch.
threads : int
    0 for all cores; never changes the results.
random_state : int, Generator, RandomState or None
    Seed.
state : object, optional
    What `state` gave: goes on from there, with the same options.)");
  learner
      .def(
          "__init__",
          [](Trainer* self, ArrayLike data, const Network& network, Integer epochs, Integer batch,
             Integer chains, Integer steps, const std::string& start, Integer rungs,
             const std::string& tempering, bool snapshots, const std::string& optimiser,
             Number rate, Number final_rate, const std::string& schedule, Number momentum,
             Number weight_decay, bool centring, bool hidden_shape, bool shuffle, int threads,
             nb::object random_state, nb::object state) {
            constexpr const char* here = "NetworkLearner()";
            TrainingOptions o;
            o.epochs = whole(epochs, here, "epochs", 0, "training.epochs");
            o.batch = whole(batch, here, "batch", 0, "training.batch");
            o.chains = whole(chains, here, "chains", 0, "training.chains");
            o.steps = whole(steps, here, "steps", 1, "training.steps");
            o.start = from_word<ChainStart>(start, "start");
            o.rungs = whole(rungs, here, "rungs", 1, "training.rungs");
            o.snapshots = snapshots;
            o.tempering = from_word<Tempering>(tempering, "tempering");
            o.optimiser = from_word<NetworkOptimiser>(optimiser, "optimiser");
            o.rate = number(rate, here, "rate", "training.rate");
            o.final_rate = number(final_rate, here, "final_rate", "training.final_rate");
            o.schedule = from_word<RateSchedule>(schedule, "schedule");
            o.momentum = number(momentum, here, "momentum", "training.momentum");
            o.weight_decay = number(weight_decay, here, "weight_decay", "training.weight_decay");
            o.centring = centring;
            o.hidden_shape = hidden_shape, o.shuffle = shuffle, o.threads = threads;
            new (self) Trainer(make_trainer(data, network, o, random_state, state));
          },
          nb::arg("data"), nb::arg("network"), nb::kw_only(), nb::arg("epochs") = 10,
          nb::arg("batch") = 0, nb::arg("chains") = 0, nb::arg("steps") = 1,
          nb::arg("start") = "persistent", nb::arg("rungs") = 1,
          nb::arg("tempering") = "temperature", nb::arg("snapshots") = false,
          nb::arg("optimiser") = "momentum", nb::arg("rate") = 0.05, nb::arg("final_rate") = 0.005,
          nb::arg("schedule") = "constant", nb::arg("momentum") = 0.0,
          nb::arg("weight_decay") = 0.0, nb::arg("centring") = true,
          nb::arg("hidden_shape") = false, nb::arg("shuffle") = true, nb::arg("threads") = 0,
          nb::arg("random_state") = nb::none(), nb::arg("state") = nb::none())
      .def(
          "step",
          [](Trainer& self) {
            TrainRow row;
            {
              const Released released;
              row = self.trainer.step();
            }
            return to_python(row);
          },
          R"(One epoch. Ctrl-C within it: the learner is as before it.

Returns
-------
dict
    How it went.)")
      .def("update", &update, nb::arg("rows"), R"(One update on given rows.

Parameters
----------
rows : array_like, shape (rows, visible units)
    In the units of the network.)")
      .def_prop_ro(
          "network", [](const Trainer& self) { return self.trainer.network(); },
          "The network as it is now (a copy).");
  bind_learner(learner);
}

}  // namespace

void bind_training(nb::module_& m) {
  bind_sampler(m);
  bind_trainer(m);
  bind_paced_learner(m);
}

}  // namespace quartic::python
