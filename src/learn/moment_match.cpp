#include "quartic/learn/moment_match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/exact_sum.hpp"
#include "learn/equilibrium_sample.hpp"
#include "learn/feature_statistics.hpp"

namespace quartic {

Parameters every_coupling(const std::shared_ptr<const Graph>& graph) {
  return {graph, {Freedom::free, Freedom::free, Freedom::free, Freedom::free}};
}

template <class T>
ModelMoments moments_of(const FeatureStatistics<T>& every,
                        const std::shared_ptr<const Graph>& graph) {
  std::vector<double> squares;
  const auto sums = every.chain_sums(&squares);
  const auto& samples = every.samples();
  const int chains = samples.chains(), draws = samples.draws;
  const std::size_t own = samples.own_chains();
  const auto scatter = exact_sums(
      samples.team(), samples.threads, every.size(), own, 1,
      [&](std::size_t k, std::size_t chain) { return std::pow(sums[k * own + chain] / draws, 2); },
      [](std::size_t) { return 0; });
  ModelMoments out{graph, {}, {}};
  for (int k = 0; k < every.size(); ++k) {
    const bool edge = k < graph->edge_count();
    out.moment.push_back({edge ? -every.mean()[k] : every.mean()[k],
                          std::sqrt(scatter[k] / (static_cast<double>(chains) * (chains - 1)))});
    out.deviation.push_back(std::sqrt(squares[k] / every.count()));
  }
  return out;
}

template ModelMoments moments_of(const FeatureStatistics<float>&,
                                 const std::shared_ptr<const Graph>&);
template ModelMoments moments_of(const FeatureStatistics<double>&,
                                 const std::shared_ptr<const Graph>&);

MomentMatch match_moments(const DataMoments& data, const ModelMoments& model,
                          std::span<const int> b_at_bound) {
  const Parameters all = every_coupling(model.graph);
  const auto mean = data.mean(all), error = data.error(all);
  MomentMatch out;
  out.graph = model.graph, out.model = model.moment;
  for (int k = 0; k < all.size(); ++k) {
    const double sign = all.kind(k) == CouplingKind::w ? -1 : 1;
    out.data.push_back({sign * mean[k], error[k]});
    const double own = std::isfinite(error[k]) ? error[k] : model.deviation[k];
    const double width = std::hypot(own, model.moment[k].error);
    const double difference = out.data[k].value - model.moment[k].value;
    out.z.push_back(width > 0 ? difference / width : std::nan(""));
  }
  for (const int site : b_at_bound) out.z[all.begin(CouplingKind::b) + site] = std::nan("");
  out.summarise();
  return out;
}

void MomentMatch::summarise() {
  const Parameters every = every_coupling(graph);
  all = {}, by_kind = {};
  const auto note = [](Summary& summary, int k, double value) {
    ++summary.count;
    summary.chi2 += value * value;
    if (summary.worst >= 0 && std::abs(value) <= std::abs(summary.worst_z)) return;
    summary.worst = k, summary.worst_z = value;
  };
  for (int k = 0; k < every.size(); ++k) {
    if (std::isnan(z[k])) continue;
    note(by_kind[static_cast<int>(every.kind(k))], k, z[k]);
    note(all, k, z[k]);
  }
  for (auto& summary : by_kind) summary.chi2 /= std::max(summary.count, 1);
  all.chi2 /= std::max(all.count, 1);
}

std::string MomentMatch::label(int index) const {
  const Parameters every = every_coupling(graph);
  const CouplingKind kind = every.kind(index);
  const int number = index - every.begin(kind), visible = graph->visible_sites();
  const auto site = [&](int i) {
    return i < visible ? fmt::format("phi_{}", i) : fmt::format("h_{}", i - visible);
  };
  if (kind == CouplingKind::w) {
    const auto [i, j] = graph->edges()[number];
    return fmt::format("<{}{} {}>", site(i), number < graph->first_gate() ? "" : "^2", site(j));
  }
  constexpr const char* powers[] = {"", "^2", "^4"};
  return fmt::format("<{}{}>", site(number), powers[static_cast<int>(kind) - 1]);
}

LogLikelihood log_likelihood(const DataMoments& data, const Action& action,
                             const Estimate& free_energy) {
  LogLikelihood out;
  out.value = {free_energy.value - data.marginal_action(action), free_energy.error};
  out.lower = out.upper = out.value.value;
  double square = 0;
  for (const double deviation : data.marginal_deviations(action)) square += deviation * deviation;
  out.rows_error = data.rows() > 1 ? std::sqrt(square) : INFINITY;
  return out;
}

LogLikelihood log_likelihood(const DataMoments& data, const Action& action,
                             const WorkFreeEnergy& free_energy) {
  const WorkEstimate& f = free_energy.work;
  auto out = log_likelihood(data, action, f.difference);
  out.lower += f.reverse.value - f.difference.value;
  out.upper += f.forward.value - f.difference.value;
  return out;
}

}  // namespace quartic
