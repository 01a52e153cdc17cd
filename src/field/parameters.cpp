#include "quartic/field/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quartic {

Parameters::Parameters(std::shared_ptr<const Graph> graph,
                       std::array<Freedom, coupling_kinds> freedom)
    : graph_(std::move(graph)), freedom_(freedom), offset_{} {
  for (const auto kind : all_coupling_kinds) {
    const int k = static_cast<int>(kind), all = own_count(kind);
    const int count = freedom[k] == Freedom::free   ? all
                      : freedom[k] == Freedom::tied ? std::min(all, 1)
                                                    : 0;
    offset_[k + 1] = offset_[k] + count + hidden_count(kind);
  }
}

int Parameters::own_count(CouplingKind kind) const {
  return kind == CouplingKind::w ? graph_->visible_edges() : graph_->visible_sites();
}

int Parameters::hidden_count(CouplingKind kind) const {
  if (kind == CouplingKind::w) return graph_->edge_count() - graph_->visible_edges();
  return kind == CouplingKind::r ? graph_->hidden_sites() : 0;
}

CouplingKind Parameters::kind(int k) const {
  return static_cast<CouplingKind>(std::upper_bound(offset_.begin(), offset_.end(), k) -
                                   offset_.begin() - 1);
}

std::string Parameters::label(int k) const {
  const CouplingKind which = kind(k);
  const int first_hidden = end(which) - hidden_count(which);
  if (freedom(which) == Freedom::tied && k < first_hidden) return std::string(name(which));
  const int index = k < first_hidden ? k - begin(which) : own_count(which) + k - first_hidden;
  if (which != CouplingKind::w) return fmt::format("{}[{}]", name(which), index);
  const auto [i, j] = graph_->edges()[index];
  return fmt::format("{}[{},{}]", index < graph_->first_gate() ? "w" : "u", i, j);
}

std::vector<double> Parameters::gather(const Action& action) const {
  std::vector<double> theta(size());
  for (const auto kind : all_coupling_kinds) {
    const auto& values = action.couplings(kind);
    const int own = own_count(kind);
    const bool tied = freedom(kind) == Freedom::tied;
    for (int index = 0; index < std::ssize(values); ++index) {
      const int k = number(kind, index);
      if (k < 0) continue;
      theta[k] = tied && index < own ? theta[k] + values[index] : values[index];
    }
    if (tied && own > 0) theta[begin(kind)] /= own;
  }
  return theta;
}

void Parameters::scatter(std::span<const double> theta, Action& action) const {
  for (const auto kind : all_coupling_kinds) {
    auto& values = action.couplings(kind);
    for (int index = 0; index < std::ssize(values); ++index)
      if (const int k = number(kind, index); k >= 0) values[index] = theta[k];
  }
}

}  // namespace quartic
