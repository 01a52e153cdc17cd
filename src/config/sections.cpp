#include <algorithm>

#include "config/keys.hpp"
#include "core/parallel.hpp"

namespace quartic::binder {
namespace {

std::vector<Key> run_keys(RunConfig& r) {
  return {
      {"seed", &r.seed, "of all random streams", at_least(0)},
      {"threads", AutoInt{&r.threads}, "auto: all cores; never changes the results",
       between(1, max_threads)},
  };
}

std::vector<Key> output_keys(OutputConfig& o) {
  return {
      {"file", FileName{&o.file}, "the run file; default: the config's name with .h5, here",
       no_range, true},
      {"draws", &o.draws,
       "stored draws a chain at most; auto: as many as keep the fields below 64 MiB", at_least(1)},
  };
}

}  // namespace

std::vector<Section> sections(Config& c) {
  return {
      {"graph", "The sites and edges of the field.", graph_keys(c.graph)},
      {"model", "What `quartic fit` learns.", model_keys(c.model)},
      {"action",
       "The action that learns, or is sampled: where its couplings start and which are learned.",
       action_keys(c.action)},
      {"data", "The rows to learn from (data.md).", data_keys(c.data)},
      {"fit", "The learner of a field from data, KL(q||p), of `quartic fit` (fitting.md).",
       fit_keys(c.fit)},
      {"training", "The learner of a network from data, of `quartic fit` (networks.md).",
       training_keys(c)},
      {"evaluation",
       "What was learned from data, by `quartic fit`: free energy, log-likelihood and moments of a "
       "field "
       "afterwards, log-likelihoods of a network while it learns and afterwards.",
       evaluation_keys(c.evaluation)},
      {"learn", "The learner of a known target, KL(p||q), of `quartic learn`.",
       learn_keys(c.learn)},
      {"sample", "Sampling and measuring, by `quartic sample`.", sample_keys(c.sample)},
      {"sampler", "The ensemble of fields and its moves.", sampler_keys(c.sampler)},
      {"certificate", "After `quartic learn`: free energies, the Bogoliubov bound and the overlap.",
       certificate_keys(c.certificate)},
      {"run", "Randomness and machine.", run_keys(c.run)},
      {"output", "What is stored, and where.", output_keys(c.output)},
  };
}

bool plays_a_part(std::string_view section, const Config& config) {
  const auto in = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), section) != names.end();
  };
  if (config.data.path.empty()) return !in({"model", "data", "fit", "training", "evaluation"});
  if (config.model.kind == ModelKind::field) return !in({"training", "learn", "certificate"});
  return in({"training", "evaluation", "model", "data", "run", "output"});
}

void fill_starts(ActionConfig& action) {
  if (action.homogeneous()) return;
  if (!action.w.given()) action.w.start = default_start_of_w;
  if (!action.r.given()) action.r.start = {{0.0, 0.0}};
  if (!action.a.given()) action.a.start = {{1.0, 2.0}};
  if (!action.b.given()) action.b.start = {{0.1, 0.4}};
}

}  // namespace quartic::binder
