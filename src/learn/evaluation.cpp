#include "quartic/learn/evaluation.hpp"

#include <algorithm>
#include <cmath>

#include "learn/equilibrium_sample.hpp"
#include "learn/feature_statistics.hpp"
#include "learn/likelihood_start.hpp"
#include "quartic/learn/pseudo_likelihood.hpp"
#include "quartic/learn/score_matching.hpp"

namespace quartic {
namespace {

DataScore score(const ScoredData& data, const Action& action, const ModelMoments& model,
                const WorkFreeEnergy& free_energy, const DataPass& pass, std::uint64_t seed) {
  DataScore out;
  std::optional<DataMoments> own;
  if (action.graph->hidden_sites() > 0) own.emplace(data.rows, action, pass);
  const DataMoments& moments = own ? *own : data.moments;
  out.moments = match_moments(moments, model, data.b_at_bound);
  out.log_likelihood = log_likelihood(moments, action, free_energy);
  if (own) {  // both are of actions in which every coupling is linear
    out.score_matching = out.pseudo_likelihood = {NAN, NAN};
    return out;
  }
  out.score_matching = ScoreMatching(data.rows, action.graph, pass).objective(action);
  // Sites average, too: a large image needs no thousand noisy copies.
  const auto sites = static_cast<std::size_t>(action.graph->sites());
  with_noisy_rows(data.rows, pass, seed, std::clamp<std::size_t>((1UL << 18U) / sites, 32, 1024),
                  [&](const DataSource& noisy, const DataPass& noiseless) {
                    out.pseudo_likelihood =
                        PseudoLikelihood(noisy, action.graph, noiseless).value(action);
                  });
  return out;
}

}  // namespace

template <class T>
Evaluation evaluate(const Sampler<T>& equilibrated, const Action& action, const ScoredData& train,
                    const std::optional<ScoredData>& held_out, const DataPass& pass,
                    const CertificateOptions& wanted, int max_draws, std::uint64_t seed) {
  Evaluation out;
  out.free_energy = measure_free_energy(equilibrated, action, wanted, seed);
  out.ok = out.free_energy.ok, out.reason = out.free_energy.reason;
  auto samples = draw_equilibrium(equilibrated, action, wanted.draws, wanted.sweeps, seed);
  expect_hidden(action, samples);
  const Parameters every = every_coupling(action.graph);
  const auto model = moments_of(FeatureStatistics<T>(samples, every), action.graph);
  out.train = score(train, action, model, out.free_energy, pass, seed);
  if (held_out) out.held_out = score(*held_out, action, model, out.free_energy, pass, seed);
  out.draws = stored_draws(samples, action, std::min(wanted.draws, max_draws));
  return out;
}

template Evaluation evaluate(const Sampler<float>&, const Action&, const ScoredData&,
                             const std::optional<ScoredData>&, const DataPass&,
                             const CertificateOptions&, int, std::uint64_t);
template Evaluation evaluate(const Sampler<double>&, const Action&, const ScoredData&,
                             const std::optional<ScoredData>&, const DataPass&,
                             const CertificateOptions&, int, std::uint64_t);

}  // namespace quartic
