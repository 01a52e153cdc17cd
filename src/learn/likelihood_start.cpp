#include "learn/likelihood_start.hpp"

#include <fmt/format.h>

#include "quartic/core/random.hpp"
#include "quartic/learn/pseudo_likelihood.hpp"
#include "quartic/learn/score_matching.hpp"

namespace quartic {

Action independent_sites(const Action& frozen, const Parameters& parameters,
                         const DataMoments& data, std::span<const double> lower) {
  Action action = frozen;
  const bool with_field = parameters.freedom(CouplingKind::r) != Freedom::frozen;
  std::vector<double> all_r, all_a;
  double widest = 0;
  for (int i = 0; i < frozen.graph->sites(); ++i)
    widest = std::max(widest, data.square(i) - data.field(i) * data.field(i));
  for (int i = 0; i < frozen.graph->sites(); ++i) {
    const double mean = with_field ? data.field(i) : 0;
    const double variance = std::max(data.square(i) - mean * mean, 1e-6 * std::max(widest, 1e-12));
    action.a[i] = 1 / (2 * variance), action.r[i] = -mean / variance;
  }
  std::fill(action.w.begin(), action.w.end(), 0.0);
  auto theta = parameters.gather(action);
  for (int k = parameters.begin(CouplingKind::b); k < parameters.end(CouplingKind::b); ++k)
    theta[k] = lower[k];
  action = frozen;
  parameters.scatter(theta, action);
  return action;
}

namespace {

std::string in_words(LikelihoodStart start) {
  return start == LikelihoodStart::score_matching      ? "score matching"
         : start == LikelihoodStart::pseudo_likelihood ? "pseudo-likelihood"
                                                       : std::string(name(start));
}

}  // namespace

FoundStart find_likelihood_start(const DataSource& data, const Parameters& parameters,
                                 const Action& given, const LikelihoodOptions& options,
                                 std::uint64_t seed) {
  LikelihoodStart start = options.start;
  if (start == LikelihoodStart::automatic) start = LikelihoodStart::score_matching;
  if (start == LikelihoodStart::given || start == LikelihoodStart::independent)
    return {given, in_words(start)};
  const Restraint& restraint = options.restraint;
  auto fit = ScoreMatching(data, given.graph, options.pass).fit(parameters, given, restraint);
  if (start == LikelihoodStart::pseudo_likelihood) {
    // What score matching found serves only if every conditional is normalisable.
    const bool usable = !site_without_conditional(fit.action);
    with_noisy_rows(data, options.pass, seed, 4096,
                    [&](const DataSource& rows, const DataPass& pass) {
                      fit = PseudoLikelihood(rows, given.graph, pass)
                                .fit(parameters, usable ? fit.action : given, restraint);
                    });
  }
  if (fit.flaw) {
    return {given, fmt::format("independent: what {} gave is not normalisable: {}", in_words(start),
                               *fit.flaw)};
  }
  std::string description = in_words(start);
  if (!fit.at_bound.empty())
    description += fmt::format(", {} b at their bound", fit.at_bound.size());
  return {std::move(fit.action), std::move(description)};
}

std::vector<std::size_t> random_rows(const DataSource& source, std::size_t count,
                                     std::uint64_t seed, std::uint64_t number) {
  RandomStream random(seed, Stream::batch, number);
  std::vector<std::size_t> chosen(count);
  for (auto& row : chosen) row = static_cast<std::size_t>(random.uniform() * double(source.rows()));
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace quartic
