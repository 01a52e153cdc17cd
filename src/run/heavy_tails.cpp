#include "run/heavy_tails.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "quartic/data/columns.hpp"

namespace quartic {
namespace {

/// Of rows from a Gaussian the standard deviation of phi^4 is about sqrt(24) <phi^2>^2 where
/// <phi^2> agrees (that of the rows themselves says nothing where one of them decides).
std::vector<std::size_t> heavy_tailed_columns(const FitRun& run) {
  constexpr double least = 4;       // errors: of many columns none by chance
  constexpr double no_part = 0.01;  // nats of b <phi^4>
  using enum Freedom;
  const Parameters every(run.action.graph, {free, free, free, free});
  const MomentMatch& moments = run.evaluation->train.moments;
  std::vector<std::size_t> out;
  for (int i = 0; i < run.action.graph->visible_sites(); ++i) {
    const int fourth = every.begin(CouplingKind::b) + i, second = every.begin(CouplingKind::a) + i;
    const Estimate& model = moments.model[fourth];
    if (run.action.b[i] * model.value > no_part) continue;
    const double variance = moments.data[second].value;
    const double error = std::hypot(
        variance * variance * std::sqrt(24.0 / static_cast<double>(run.data.rows)), model.error);
    if (moments.data[fourth].value - model.value > least * error) out.push_back(i);
  }
  return out;
}

}  // namespace

std::string heavy_tails(const FitRun& run) {
  if (!run.evaluation) return {};
  const auto columns = heavy_tailed_columns(run);
  if (columns.empty()) return {};
  return fmt::format(
      "the data have heavier tails than exp(-b phi^4) can have in column{} {}: "
      "take its logarithm or root, or learn a network, whose gates and powers can",
      columns.size() == 1 ? "" : "s", columns_text(columns, run.data.names));
}

}  // namespace quartic
