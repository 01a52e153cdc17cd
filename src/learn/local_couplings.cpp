#include "learn/local_couplings.hpp"

#include <algorithm>

namespace quartic {

LocalCouplings::LocalCouplings(const Graph& graph) : graph_(&graph), vector_{0}, matrix_{0} {
  for (int i = 0; i < graph.sites(); ++i) {
    const auto length = static_cast<std::size_t>(graph.degree(i)) + 3;
    vector_.push_back(vector_.back() + length);
    matrix_.push_back(matrix_.back() + length * length);
  }
}

std::vector<double> LocalCouplings::gather(const Action& action) const {
  std::vector<double> out;
  out.reserve(vector_size());
  for (int i = 0; i < sites(); ++i) {
    for (const auto& n : graph_->neighbours(i)) out.push_back(action.w[n.edge]);
    out.insert(out.end(), {action.r[i], action.a[i], action.b[i]});
  }
  return out;
}

std::vector<int> LocalCouplings::index(const Parameters& parameters) const {
  const auto of = [&](CouplingKind kind, int i) {
    switch (parameters.freedom(kind)) {
      case Freedom::free:
        return parameters.begin(kind) + i;
      case Freedom::tied:
        return parameters.begin(kind);
      case Freedom::frozen:
        break;
    }
    return -1;
  };
  std::vector<int> out;
  out.reserve(vector_size());
  for (int i = 0; i < sites(); ++i) {
    for (const auto& n : graph_->neighbours(i)) out.push_back(of(CouplingKind::w, n.edge));
    for (const auto kind : {CouplingKind::r, CouplingKind::a, CouplingKind::b})
      out.push_back(of(kind, i));
  }
  return out;
}

std::vector<double> LocalCouplings::sum(std::span<const double> local, std::span<const int> index,
                                        int size) const {
  std::vector<double> out(size);
  for (std::size_t n = 0; n < local.size(); ++n)
    if (index[n] >= 0) out[index[n]] += local[n];
  return out;
}

SymmetricMatrix LocalCouplings::sum_matrix(std::span<const double> local,
                                           std::span<const int> index, int size) const {
  std::vector<Eigen::Triplet<double>> entries;
  entries.reserve(matrix_size() / 2);
  for (int i = 0; i < sites(); ++i) {
    const int length = count(i);
    const double* matrix = local.data() + matrix_at(i);
    const int* parameter = index.data() + vector_at(i);
    for (int p = 0; p < length; ++p) {
      for (int q = 0; q < length; ++q) {
        if (parameter[q] < 0 || parameter[p] < parameter[q]) continue;
        entries.emplace_back(parameter[p], parameter[q],
                             matrix[std::max(p, q) * length + std::min(p, q)]);
      }
    }
  }
  return SymmetricMatrix::sparse(entries, size);
}

}  // namespace quartic
