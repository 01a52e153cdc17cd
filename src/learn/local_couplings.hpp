// What a site's conditional knows: the couplings of its edges, and its own r, a, b.
#pragma once

#include <span>
#include <vector>

#include "learn/symmetric_matrix.hpp"
#include "quartic/field/parameters.hpp"

namespace quartic {

/// Local vectors (w of the site's edges in the order of its neighbours, r, a, b) and matrices
/// (square, row-major) of all sites, one after another.
class LocalCouplings {
 public:
  explicit LocalCouplings(const Graph& graph);

  int sites() const { return static_cast<int>(vector_.size()) - 1; }
  int count(int site) const { return static_cast<int>(vector_[site + 1] - vector_[site]); }
  std::size_t vector_at(int site) const { return vector_[site]; }
  std::size_t matrix_at(int site) const { return matrix_[site]; }
  std::size_t vector_size() const { return vector_.back(); }
  std::size_t matrix_size() const { return matrix_.back(); }

  /// The couplings of an action as local vectors.
  std::vector<double> gather(const Action& action) const;
  /// The parameter that each entry of the local vectors belongs to; -1 where it is frozen.
  std::vector<int> index(const Parameters& parameters) const;
  /// Local vectors summed by parameter.
  std::vector<double> sum(std::span<const double> local, std::span<const int> index,
                          int size) const;
  /// Symmetric local matrices (lower triangles count) summed by parameter.
  SymmetricMatrix sum_matrix(std::span<const double> local, std::span<const int> index,
                             int size) const;

 private:
  const Graph* graph_;
  std::vector<std::size_t> vector_, matrix_;
};

}  // namespace quartic
