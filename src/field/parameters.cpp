#include "quartic/field/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace quartic {

Parameters::Parameters(std::shared_ptr<const Graph> graph,
                       std::array<Freedom, coupling_kinds> freedom)
    : graph_(std::move(graph)), freedom_(freedom), offset_{} {
  for (int kind = 0; kind < coupling_kinds; ++kind) {
    const int all =
        kind == static_cast<int>(CouplingKind::w) ? graph_->edge_count() : graph_->sites();
    const int count = freedom[kind] == Freedom::free   ? all
                      : freedom[kind] == Freedom::tied ? std::min(all, 1)
                                                       : 0;
    offset_[kind + 1] = offset_[kind] + count;
  }
}

CouplingKind Parameters::kind(int k) const {
  return static_cast<CouplingKind>(std::upper_bound(offset_.begin(), offset_.end(), k) -
                                   offset_.begin() - 1);
}

std::string Parameters::label(int k) const {
  const CouplingKind which = kind(k);
  if (freedom(which) == Freedom::tied) return std::string(name(which));
  const int index = k - begin(which);
  if (which != CouplingKind::w) return fmt::format("{}[{}]", name(which), index);
  const auto [i, j] = graph_->edges()[index];
  return fmt::format("w[{},{}]", i, j);
}

std::vector<double> Parameters::gather(const Action& action) const {
  std::vector<double> theta;
  theta.reserve(size());
  for (int k = 0; k < coupling_kinds; ++k) {
    const auto& values = action.couplings(static_cast<CouplingKind>(k));
    if (freedom_[k] == Freedom::free) theta.insert(theta.end(), values.begin(), values.end());
    if (freedom_[k] == Freedom::tied && !values.empty()) {
      theta.push_back(std::accumulate(values.begin(), values.end(), 0.0) /
                      static_cast<double>(values.size()));
    }
  }
  return theta;
}

void Parameters::scatter(std::span<const double> theta, Action& action) const {
  for (int k = 0; k < coupling_kinds; ++k) {
    auto& values = action.couplings(static_cast<CouplingKind>(k));
    if (freedom_[k] == Freedom::free)
      std::copy_n(theta.begin() + offset_[k], values.size(), values.begin());
    if (freedom_[k] == Freedom::tied && !values.empty())
      std::fill(values.begin(), values.end(), theta[offset_[k]]);
  }
}

}  // namespace quartic
