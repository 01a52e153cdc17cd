#include "config/keys.hpp"
#include "quartic/graph/lattice.hpp"

namespace quartic::binder {

std::vector<Key> graph_keys(GraphConfig& g) {
  return {
      {"lattice", choice(g.lattice, lattice_names()), "the lattice's name"},
      {"extent", &g.extent, "sites in each direction", at_least(1)},
      {"boundary", NameList{&g.boundary, {"periodic", "open"}},
       "periodic (default) or open, one for all or one a direction", no_range, true},
      {"edges", EdgeList{&g.edges, &g.pairs},
       "an edge list instead of a lattice: a file with one \"i j\" or \"i j w\" a line, or pairs",
       no_range, true},
      {"duplicates", choice(g.duplicates),
       "of an edge that is listed again, in either direction: refuse; merge: one edge; add: two, "
       "whose couplings add up"},
      {"sites", &g.sites, "of edges given as pairs; else the largest that they name, and one",
       at_least(1), true},
  };
}

std::vector<Key> action_keys(ActionConfig& a) {
  return {
      {"w", &a.w, "couplings of the edges, -w phi_i phi_j: where they start; free, tied or frozen"},
      {"r", &a.r, "linear couplings, r phi"},
      {"a", &a.a, "quadratic couplings, a phi^2"},
      {"b", &a.b, "quartic couplings, b phi^4", at_least(0)},
      {"kappa", &a.kappa, "homogeneous start: w = kappa", no_range, true},
      {"mu2", &a.mu2, "homogeneous start: a = (mu2 + degree kappa) / 2", no_range, true},
      {"lambda", &a.lambda, "homogeneous start: b = lambda / 4", at_least(0), true},
  };
}

std::vector<Key> learn_keys(VariationalOptions& o) {
  return {
      {"optimiser", choice(o.optimiser),
       "natural: regression of A on f; adam; gradient: plain descent"},
      {"rate", &o.rate, "eta; auto: 1 for natural, 0.01 for the others", above(0, most_rate)},
      {"epochs", &o.epochs, "at most this many", at_least(1)},
      {"draws", &o.draws, "configurations a chain and epoch", at_least(1)},
      {"sweeps", &o.sweeps, "sweeps between draws", at_least(1)},
      {"warm_up", &o.warm_up, "sweeps before the first epoch", at_least(0)},
      {"ridge", &o.ridge, "ridge, in units of each feature's variance", between(0, most_decay)},
      {"tolerance", &o.tolerance, "a step below this counts as no movement", at_least(0)},
      {"patience", &o.patience, "epochs without movement beyond error before stopping",
       at_least(1)},
      {"stop_early", &o.stop_early, "stop when the couplings stop moving beyond their error"},
      {"dense_limit", &o.dense_limit, "more parameters than this are not solved dense",
       at_least(0)},
      {"solver", choice(o.solver),
       "of natural: local goes patch by patch, O(V) an epoch; dense; matrix_free; auto: local "
       "where "
       "patches are far smaller than the whole, else dense up to dense_limit"},
      {"radius", &o.radius,
       "edges that a patch of local goes beyond its core; auto: widened until that gains nothing",
       at_least(1)},
  };
}

std::vector<Key> fit_keys(LikelihoodOptions& o) {
  return {
      {"optimiser", choice(o.optimiser),
       "newton, which is the natural gradient; adam; gradient: plain ascent of ln p; auto: newton "
       "up to dense_limit parameters, else adam"},
      {"start", choice(o.start),
       "where the couplings start; auto: score_matching, or gaussian where its likelihood is "
       "higher; "
       "given: as in [action]"},
      {"rate", &o.rate, "eta; auto: 1 for newton, 0.05 for adam, 0.04 for gradient",
       above(0, most_rate)},
      {"rate_decay", &o.rate_decay, "> 0: eta / (1 + epoch / rate_decay), adam and gradient",
       at_least(0)},
      {"epochs", &o.epochs, "at most this many", at_least(1)},
      {"draws", &o.draws, "configurations a chain and epoch; newton takes more at the end",
       at_least(1)},
      {"max_draws", &o.max_draws, "at most so many", at_least(1)},
      {"sweeps", &o.sweeps, "sweeps between draws; newton takes more where chains are slow",
       at_least(1)},
      {"max_sweeps", &o.max_sweeps, "at most so many", at_least(1)},
      {"warm_up", &o.warm_up, "sweeps before the first epoch", at_least(0)},
      {"noise_share", &o.noise_share,
       "newton: wanted variance of the couplings by Monte Carlo over that by the data being finite",
       above(0)},
      {"batch", &o.batch, "rows a gradient is made of, adam and gradient; 0: all", at_least(0)},
      {"noise", &o.pass.noise,
       "standard deviation of Gaussian noise on the data, in the model's units; a single image "
       "needs some",
       between(0, most_noise)},
      {"weight_decay", ByKind{&o.restraint.weight_decay},
       "lambda: lambda/2 theta^2 is taken from ln p, for w, r, a and b", between(0, most_decay)},
      {"ridge", &o.restraint.ridge, "least ridge of newton, in units of the Hessian's diagonal",
       between(0, most_decay)},
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

std::vector<Key> sample_keys(SampleConfig& s) {
  return {
      {"warm_up", &s.warm_up, "sweeps before the first draw; auto: until averages are at rest",
       at_least(0)},
      {"draws", &s.draws, "draws a chain at most; auto: 1000, or no limit where until is set",
       at_least(1)},
      {"sweeps", &s.sweeps, "sweeps between draws", at_least(1)},
      {"thin", &s.thin, "draws between stored fields; doubles where output.draws is full",
       at_least(1)},
      {"until", &s.until, "an observable such as \"m2\": stop when its relative error is reached",
       no_range, true},
      {"relative_error", &s.relative_error, "that relative error; 0.01 where it is not given",
       above(0), true},
      {"max_seconds", &s.max_seconds, "stop after this long", above(0), true},
  };
}

std::vector<Key> sampler_keys(SamplerConfig& s) {
  auto& o = s.options;
  return {
      {"chains", &o.chains, "independent Markov chains", multiple_of(16, max_chains)},
      {"reflections", &o.reflections, "reflections a sweep; auto: tuned in the warm-up",
       between(0, most_in_sweep)},
      {"cluster", choice(o.cluster),
       "move of the signs, before every second local pass: fill from a few seeds, Swendsen-Wang; "
       "auto: tuned in the warm-up"},
      {"cluster_seeds", &o.cluster_seeds, "sites a chain that a fill starts from",
       between(1, most_in_sweep)},
      {"flips", &o.flips, "a global sign flip a sweep"},
      {"metropolis_hits", &o.metropolis_hits,
       "> 0: many-hit Metropolis instead of independence and reflections",
       between(0, most_in_sweep)},
      {"hmc_steps", &o.hmc_steps, "> 0: a Hamiltonian trajectory of so many steps instead of them",
       between(0, most_in_sweep)},
      {"integrator", choice(o.integrator), "of Hamiltonian trajectories"},
      {"rungs", &o.rungs, "> 1: parallel tempering over so many strengths of w, down to w = 0",
       between(1, max_rungs)},
      {"precision", choice(s.precision),
       "of the fields; sums are always float64; auto: float32, or float64 where a field is too far "
       "from zero against its "
       "width"},
  };
}

std::vector<Key> certificate_keys(CertificateConfig& c) {
  auto& o = c.options;
  return {
      {"enabled", &c.enabled, "compute free energies, bound and overlap after learning"},
      {"chains", &o.chains, "annealed trajectories", multiple_of(16, max_chains)},
      {"steps", AutoInt{&o.steps}, "annealing steps; auto: as many as the error needs",
       at_least(1)},
      {"error", &o.error, "wanted standard error of the free energy", above(0, most_error)},
      {"draws", &o.draws, "configurations a chain for the averages", at_least(2)},
      {"sweeps", &o.sweeps, "sweeps between them", at_least(1)},
  };
}

Section target_section(TermSpec& spec) {
  return {
      "target",
      "One term of the target action A = sum_k coupling * term; as many [[target]] as there "
      "are terms. `learn` needs at least one.",
      {
          {"term", choice(spec.name, term_names()), "nn, nnn, phi2, ...", no_range, true},
          {"coupling", &spec.coupling,
           "g_k; [real, imaginary] is for `reweight --to` alone, learning needs a real one"},
          {"displacement", &spec.displacement, "for term \"pairs\" on a lattice", no_range, true},
          {"edges", FileName{&spec.edge_file}, "for term \"pairs\": an edge list", no_range, true},
          {"weights", &spec.weights, "one a site (powers), pair (products) or square (plaquette)",
           no_range, true},
      }};
}

}  // namespace quartic::binder
