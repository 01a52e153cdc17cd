#include "config/keys.hpp"

namespace quartic::binder {

std::vector<Key> model_keys(ModelConfig& m) {
  return {
      {"kind", choice(m.kind),
       "field: an action on [graph]; network: two layers of units; stack: networks on top of each "
       "other"},
      of_network({"visible", choice(m.visible),
                  "units of the data, quartic or gaussian for real values, binary for 0 and 1, "
                  "spin for -1 and 1"}),
      {"hidden", choices(m.hidden),
       "units that are not seen: of a network; of a field binary or spin; of a deep stack one for "
       "all layers, or one a layer"},
      {"hidden_units", OneOrMore{&m.hidden_units},
       "of a field: how many, coupled to every site (fitting.md), auto: none; of a network: how "
       "many, auto: as many as are cheap to learn exactly, about one for 15 rows at most; of a "
       "deep "
       "stack: how many in each layer, from the data upwards, auto: 64",
       at_least(0)},
      {"gates", &m.gates,
       "whether a hidden unit may change the width of a column too; auto: of a network where it is "
       "learned exactly"},
      of_stack({"features", choice(m.features),
                "what a layer learns from, draws or expectations of the hidden units below"}),
      of_network(
          {"noise", &m.noise,
           "standard deviation of Gaussian noise on the data, in the model's units (where the "
           "scaling is chosen: in those of each column's spread); continuous units want some "
           "where columns hardly vary or values are discrete",
           between(0, most_noise)}),
  };
}

std::vector<Key> training_keys(Config& config) {
  auto& o = config.training;
  return {
      {"epochs", AutoInt{&o.epochs},
       "passes over the data with chains; auto: none where ln Z is exact (two-valued hidden units, "
       "at most 14 or over two columns; Gaussian units on both sides), where L-BFGS learns and "
       "held-out rows "
       "choose scaling and length, else until ln p of held-out rows rises no more, of "
       "real-valued columns from what fewer or no units learn exactly",
       at_least(1)},
      {"ridge", &config.exact.ridge, "of exact learning: strength of the Gaussian prior of w and u",
       between(0, most_decay)},
      {"iterations", &config.exact.iterations, "of exact learning: at most", at_least(10)},
      of_stack({"layer_epochs", &config.layer_epochs,
                "instead of epochs, those of each layer from the data upwards; 0: auto",
                at_least(0), true}),
      {"batch", AutoInt{&o.batch}, "rows an update; auto: a twentieth of all, from 64 to 500",
       between(1, max_chains)},
      {"chains", AutoInt{&o.chains}, "of the model term; auto: as many as rows in a batch",
       between(1, max_chains)},
      {"steps", &o.steps, "k: sweeps of Gibbs sampling an update", at_least(1)},
      {"start", choice(o.start),
       "where chains start at every update: where they ended (persistent, PCD-k), or at the data "
       "(CD-k)"},
      {"rungs", &o.rungs, "> 1: parallel tempering of persistent chains over so many rungs",
       between(1, max_rungs)},
      {"tempering", choice(o.tempering),
       "what the rungs are: the network at temperatures, or along its training so far"},
      {"snapshots", &o.snapshots,
       "keep the network after 4, 6, 8, 12, 16, ... updates, and find ln Z along them"},
      {"optimiser", choice(o.optimiser), "stochastic gradient with momentum, or adam"},
      {"rate", &o.rate, "in units of the data's spread", above(0, most_rate)},
      of_stack({"layer_rates", &config.layer_rates,
                "instead of rate, those of each layer from the data upwards", above(0, most_rate),
                true}),
      {"schedule", choice(o.schedule), "how the rate goes to final_rate over the epochs"},
      {"final_rate", &o.final_rate, "of the schedules that are not constant", above(0, most_rate)},
      {"momentum", &o.momentum, "of the optimiser momentum", between(0, 0.999)},
      {"weight_decay", &o.weight_decay, "d ln p / dw gains - weight_decay w",
       between(0, most_decay)},
      {"centring", &o.centring, "w follows <(phi - mu)(h - lambda)>"},
      {"hidden_shape", &o.hidden_shape, "train m of quartic hidden units as well"},
      {"shuffle", &o.shuffle, "draw the rows of batches anew every epoch"},
  };
}

std::vector<Key> evaluation_keys(EvaluationConfig& e) {
  return {
      of_field({"enabled", &e.enabled,
                "compute free energy, log-likelihood and moments after learning"}),
      of_network(
          {"every", &e.every, "epochs between evaluations; 0: at the end alone", at_least(0)}),
      of_network({"rows", &e.rows, "most rows of the data, and of those held out, that are scored",
                  at_least(2)}),
      {"chains", &e.chains,
       "annealed trajectories; auto: 1024 of a field, always a multiple of 16, 512 of a network",
       between(16, max_chains)},
      {"steps", &e.steps,
       "annealing steps; auto: of a field as many as the error needs, of a network 1000",
       at_least(1)},
      of_field(
          {"error", &e.error, "wanted standard error of the free energy", above(0, most_error)}),
      of_field({"draws", &e.draws, "configurations a chain for the averages", at_least(2)}),
      {"sweeps", &e.sweeps,
       "of a field: sweeps between them, auto: 8; of a network: sweeps of parallel tempering, the "
       "first half to equilibrate, at least 100 or 0 for no tempering, auto: 2000",
       at_least(0)},
      of_network({"ladders",
                  &e.ladders,
                  "ladders of parallel tempering",
                  {.low = 32, .high = max_chains, .multiple = 16}}),
      of_network({"rungs", AutoInt{&e.rungs}, "rungs of a ladder; auto: by their exchanges",
                  between(2, max_rungs)}),
      of_network({"exact", &e.exact, "take the exact ln Z where there is one"}),
  };
}

}  // namespace quartic::binder
