#include "run/hidden_planes.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/data/scaling.hpp"
#include "quartic/network/exact_learner.hpp"

namespace quartic {
namespace {

std::optional<DataScaling> whitening(std::span<const double> rows, std::size_t columns) {
  try {
    return fit_scaling(ScalingMethod::whiten, rows, columns);
  } catch (const BadInput&) {  // columns that depend on one another
    return std::nullopt;
  }
}

Network best_network(const std::vector<float>& rows, int columns, int units, std::uint64_t seed,
                     int threads, const ProgressCallback& progress) {
  constexpr int starts = 6, iterations = 60;
  std::optional<ExactLearner> best;
  for (int k = 0; k < starts; ++k) {
    report_progress(progress, static_cast<double>(k) / starts);
    const Network start =
        exact_start(Unit::gaussian, Unit::binary, units, false, rows, columns, seed + k);
    ExactLearner learner(rows, start, {.threads = threads});
    learner.step(iterations,
                 [&](double done) { return !progress || progress((k + done) / starts); });
    if (!best || learner.log_likelihood() > best->log_likelihood())
      best.emplace(std::move(learner));
  }
  return best->network();
}

/// y = B phi + c: what y moves by with each column are the columns of B.
void place(Action& action, int j, const DataScaling& whitening, const Network& network,
           double size) {
  const Graph& graph = *action.graph;
  const int width = graph.visible_sites();
  std::vector<double> moved(width);
  const auto along = [&] {
    whitening.to_model(std::span(moved), moved.size());
    double sum = 0;
    for (int k = 0; k < width; ++k) sum += size * network.weight(k, j) * moved[k];
    std::fill(moved.begin(), moved.end(), 0.0);
    return sum;
  };
  const double origin = along();
  action.r[width + j] = size * network.hidden.r[j] - origin;
  for (int i = 0; i < width; ++i) {
    moved[i] = 1;
    action.w[graph.visible_edges() + i * graph.hidden_sites() + j] = along() - origin;
  }
}

}  // namespace

void place_hidden_units(Action& action, const DataSource& source, std::uint64_t seed, int threads,
                        const ProgressCallback& progress) {
  constexpr std::size_t most_rows = 4096, fewest_rows = 8, most_columns = 512;
  const Graph& graph = *action.graph;
  const auto columns = static_cast<std::size_t>(graph.visible_sites());
  const int hidden = graph.hidden_sites(), width = graph.visible_sites();
  auto rows = read_rows(source, 0, most_rows);
  const std::size_t count = rows.size() / columns;
  if (count < fewest_rows || columns > most_columns) return;
  const auto scaling = whitening(std::vector<double>(rows.begin(), rows.end()), columns);
  if (!scaling) return;
  scaling->to_model(std::span(rows), columns);
  const int units = std::min(hidden, exact_units(width, count));
  const Network network = best_network(rows, width, units, seed, threads, progress);
  for (int j = 0; j < units; ++j) {
    double square = 0;
    for (int k = 0; k < width; ++k) square += std::pow(network.weight(k, j), 2);
    if (square > 0) place(action, j, *scaling, network, 1 / std::sqrt(square));
  }
}

}  // namespace quartic
