// Wells of a target that samples have not seen, found by its mean fields.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "quartic/field/stored_fields.hpp"
#include "quartic/stats/reweighting.hpp"

namespace quartic {

/// Samples can only tell of the wells that they have been in: their weights are even and their
/// errors small however much of the target lies elsewhere. The target's mean fields (of its real
/// part) say where it may lie.
///
/// Every sample, and its mirror image, is of that mean field k whose product density prod_i
/// exp(-S'_k) / Z'_k is largest there. A mean field without samples is missed where its share of
/// the target, by F_k = F'_k + <S - S'> - 1/2 sum_<ij> w_ij^2 Var_i Var_j (Plefka, J. Phys. A 15
/// (1982) 1971, second order), would move the point by more than its errors. Half of the last term
/// is taken as the uncertainty of F_k, to the benefit of the samples.
class UnsampledModes {
 public:
  /// Observables of one configuration, in the order of a point's.
  using Observe = std::function<std::vector<double>(std::span<const float> phi)>;

  /// The sample has odd parts, see there. All has to outlive this.
  UnsampledModes(StoredFields fields, const ReweightingSample& sample,
                 std::shared_ptr<const Graph> graph, Observe observe, int threads);

  /// Why the point is not to be trusted, or nothing: also where B is no action. O(mean fields of B
  /// + modes samples V), of up to 1e7 numbers of the samples.
  std::string why_not(std::vector<TermSpec> target, const ReweightedPoint& point) const;

 private:
  struct Mode;
  std::vector<Mode> modes_of(const Action& target) const;
  void assign(const ReweightedPoint& point, std::vector<Mode>& modes) const;

  StoredFields fields_;
  const ReweightingSample& sample_;
  std::shared_ptr<const Graph> graph_;
  Observe observe_;
  int threads_;
};

}  // namespace quartic
