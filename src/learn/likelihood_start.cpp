#include "learn/likelihood_start.hpp"

#include <fmt/format.h>

#include <cmath>

#include "learn/feature_statistics.hpp"
#include "learn/gaussian_field.hpp"
#include "learn/restraint.hpp"
#include "quartic/core/random.hpp"
#include "quartic/field/hidden_sites.hpp"
#include "quartic/learn/pseudo_likelihood.hpp"
#include "quartic/learn/score_matching.hpp"

namespace quartic {

Action independent_sites(const Action& frozen, const Parameters& parameters,
                         const DataMoments& data, std::span<const double> lower) {
  Action action = frozen;
  const bool with_field = parameters.freedom(CouplingKind::r) != Freedom::frozen;
  std::vector<double> all_r, all_a;
  double widest = 0;
  for (int i = 0; i < frozen.graph->visible_sites(); ++i)
    widest = std::max(widest, data.square(i) - data.field(i) * data.field(i));
  for (int i = 0; i < frozen.graph->visible_sites(); ++i) {
    const double mean = with_field ? data.field(i) : 0;
    const double variance = std::max(data.square(i) - mean * mean, 1e-6 * std::max(widest, 1e-12));
    action.a[i] = 1 / (2 * variance), action.r[i] = -mean / variance;
  }
  std::fill_n(action.w.begin(), frozen.graph->visible_edges(), 0.0);
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

/// What an estimator without sampling gives, its b at their bounds at least; nothing where that is
/// not normalisable, for the reason written to `flaw`.
std::optional<FoundStart> estimated(LikelihoodStart start, const DataSource& data,
                                    const Parameters& parameters, const Action& given,
                                    const LikelihoodOptions& options, std::uint64_t seed,
                                    std::string& flaw) {
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
    flaw = fmt::format("what {} gave is not normalisable: {}", in_words(start), *fit.flaw);
    return std::nullopt;
  }
  std::string description = in_words(start);
  if (!fit.at_bound.empty())
    description += fmt::format(", {} b at their bound", fit.at_bound.size());
  return FoundStart{std::move(fit.action), std::move(description)};
}

LikelihoodStarts start_of_field(const DataSource& data, const DataMoments& moments,
                                const Parameters& parameters, const Action& given,
                                const LikelihoodOptions& options, std::uint64_t seed) {
  LikelihoodStart start = options.start;
  if (start == LikelihoodStart::automatic) start = LikelihoodStart::score_matching;
  if (start == LikelihoodStart::given || start == LikelihoodStart::independent)
    return {{given, in_words(start)}, {}, {}};
  const auto mean = moments.mean(parameters);
  const auto decay = weight_decay(parameters, options.restraint);
  std::optional<FoundStart> gaussian;
  if (auto action = gaussian_field(given, parameters, mean, decay))
    gaussian = {std::move(*action), "the Gaussian field of largest likelihood"};
  std::string flaw = "the Gaussian field of the data has no maximum of its likelihood";
  std::optional<FoundStart> first;
  if (start != LikelihoodStart::gaussian)
    first = estimated(start, data, parameters, given, options, seed, flaw);
  if (!first && gaussian) return {std::move(*gaussian), {}, {}};
  if (!first) return {{given, "independent: " + flaw}, {}, {}};
  if (!gaussian) return {std::move(*first), {}, {}};

  const auto from = parameters.gather(gaussian->action);
  auto way = parameters.gather(first->action);
  const auto there = gaussian_means(gaussian->action, parameters);
  double slope = 0;
  for (std::size_t k = 0; k < way.size(); ++k) {
    way[k] -= from[k];
    slope += way[k] * ((*there)[k] - mean[k] - decay[k] * from[k]);
  }
  double variance = 0;
  for (const auto& deviation : moments.deviations(parameters))
    variance += std::pow(dot(way, deviation), 2);
  // No more than this is to be had on the whole way there.
  constexpr double little = 0.01;
  if (slope < little + 2 * std::sqrt(variance)) return {std::move(*gaussian), {}, {}};
  return {std::move(*first), std::move(*gaussian), std::move(way), slope};
}

/// sum_i w_i phi_i = centre.
struct Plane {
  std::vector<double> w;
  double centre = 0;
};

/// Through the middle of the data, of weights independent in units of the columns' deviations.
Plane random_plane(const DataMoments& moments, int visible, RandomStream& random) {
  Plane out;
  for (int i = 0; i < visible; ++i) {
    const double variance = moments.square(i) - moments.field(i) * moments.field(i);
    out.w.push_back(random.normal() /
                    std::sqrt(std::max(variance, 1e-12 * moments.square(i) + 1e-300)));
    out.centre += out.w[i] * moments.field(i);
  }
  return out;
}

/// That of a hidden site which is coupled.
std::optional<Plane> plane_of(const Action& action, int j) {
  const Graph& graph = *action.graph;
  Plane out{{}, action.r[graph.visible_sites() + j]};
  for (int i = 0; i < graph.visible_sites(); ++i)
    out.w.push_back(action.w[graph.visible_edges() + i * graph.hidden_sites() + j]);
  if (std::all_of(out.w.begin(), out.w.end(), [](double w) { return w == 0; })) return {};
  return out;
}

/// The mean square of sum_i w_i phi_i - centre over rows.
double mean_square(const Plane& plane, const std::vector<float>& values) {
  const std::size_t columns = plane.w.size();
  double square = 0;
  for (std::size_t at = 0; at < values.size(); at += columns) {
    double along = -plane.centre;
    for (std::size_t i = 0; i < columns; ++i)
      along += plane.w[i] * static_cast<double>(values[at + i]);
    square += along * along;
  }
  return square * static_cast<double>(columns) / static_cast<double>(values.size());
}

/// Hidden sites that turn at their planes of `given`, or at random ones. Of such a size that h is
/// neither blind nor certain. What they pull at the others on average is taken from r where that is
/// free.
Action with_hidden_start(Action action, const Action& given, const Parameters& parameters,
                         const DataSource& data, const DataMoments& moments, std::uint64_t seed) {
  const Graph& graph = *action.graph;
  const int visible = graph.visible_sites(), hidden = graph.hidden_sites();
  const double gap = 1 - graph.hidden_low(), middle = 1 - gap / 2;
  const Freedom of_r = parameters.freedom(CouplingKind::r);
  constexpr std::size_t most_rows = 4096;
  const auto values = read_rows(data, 0, most_rows);
  RandomStream random(seed, Stream::start, coupling_kinds);
  for (int j = 0; j < hidden; ++j) {
    const Plane at_random = random_plane(moments, visible, random);
    const Plane plane = plane_of(given, j).value_or(at_random);
    const double size = 1 / (gap * std::sqrt(std::max(mean_square(plane, values), 1e-300)));
    for (int i = 0; i < visible; ++i) {
      const double w = size * plane.w[i];
      action.w[graph.visible_edges() + i * hidden + j] = w;
      if (of_r == Freedom::free) action.r[i] += middle * w;
    }
    action.r[visible + j] = size * plane.centre;
  }
  return action;
}

}  // namespace

LikelihoodStarts find_likelihood_start(const DataSource& data, const DataMoments& moments,
                                       const Parameters& parameters, const Action& given,
                                       const LikelihoodOptions& options, std::uint64_t seed) {
  const Graph& graph = *given.graph;
  const bool coupled = std::any_of(given.w.begin() + graph.visible_edges(), given.w.end(),
                                   [](double w) { return w != 0; });
  // Hidden sites that are coupled already stay as they are given.
  if (graph.hidden_sites() == 0 || (coupled && options.start == LikelihoodStart::given))
    return start_of_field(data, moments, parameters, given, options, seed);
  const Action field = visible_part(given);
  const Parameters of_field(field.graph, parameters.freedoms());
  auto starts = start_of_field(data, DataMoments(data, field.graph, options.pass), of_field, field,
                               options, seed);
  const auto complete = [&](FoundStart& start) {
    Action action(given.graph);
    for (const auto kind : all_coupling_kinds)
      std::copy(start.action.couplings(kind).begin(), start.action.couplings(kind).end(),
                action.couplings(kind).begin());
    start.action = with_hidden_start(std::move(action), given, parameters, data, moments, seed);
    start.description +=
        coupled ? ", hidden units at the planes of a network" : ", hidden units at random";
  };
  complete(starts.first);
  if (!starts.fallback) return starts;
  complete(*starts.fallback);
  starts.way = parameters.gather(starts.first.action);
  const auto from = parameters.gather(starts.fallback->action);
  for (std::size_t k = 0; k < from.size(); ++k) starts.way[k] -= from[k];
  return starts;
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
