// Mean and covariance of the features f over sampled fields.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "learn/symmetric_matrix.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/team.hpp"
#include "quartic/field/features.hpp"
#include "quartic/field/field_block.hpp"
#include "quartic/field/parameters.hpp"
#include "quartic/learn/moment_match.hpp"

namespace quartic {

/// Configurations of one epoch, [draw][block][site][lane]. Where ranks share the chains, the fields
/// are those of this rank's blocks, [begin(), end()) of all.
template <class T>
struct FieldSamples {
  int sites, lanes, blocks, draws, threads;
  std::vector<AlignedVector<T>> fields;  ///< one an entry a draw
  const Team* shared = nullptr;          ///< by whom; null: nobody

  const Team& team() const { return shared ? *shared : alone(); }
  Shares shares() const { return {static_cast<std::size_t>(blocks), team().size()}; }
  int begin() const { return static_cast<int>(shares().begin(team().rank())); }
  int end() const { return static_cast<int>(shares().begin(team().rank() + 1)); }
  void append(FieldSamples more) {
    for (auto& field : more.fields) fields.push_back(std::move(field));
    draws += more.draws;
  }
  /// One's own, the first of them, and those of all.
  int own_chains() const { return lanes * (end() - begin()); }
  int first_chain() const { return lanes * begin(); }
  int chains() const { return lanes * blocks; }
  std::size_t own_count() const { return static_cast<std::size_t>(own_chains()) * draws; }
  std::size_t count() const { return static_cast<std::size_t>(chains()) * draws; }
  /// [own chain][width] as [chain][width] of all ranks, everywhere.
  template <class V>
  std::vector<V> of_all(const std::vector<V>& own, std::size_t width) const {
    if (!team().several()) return own;
    std::vector<V> all(static_cast<std::size_t>(chains()) * width);
    gather(team(), shares(), std::span<const V>(own), std::span<V>(all), lanes * width, true);
    return all;
  }
  FieldBlock<const T> block(int draw, int index) const {
    return {fields[draw].data() + static_cast<std::ptrdiff_t>(index - begin()) * sites * lanes,
            sites, lanes};
  }
};

/// Sums over chains are exact (core/exact_sum.hpp): the bits do not depend on threads or ranks, and
/// what ranks tell each other does not grow with the chains. Features are recomputed from the
/// configurations in every pass, O(samples K) each. Numbers by sample are stored [chain * draws +
/// draw], those by chain and sample are of a rank's own chains.
template <class T>
class FeatureStatistics {
 public:
  FeatureStatistics(const FieldSamples<T>& samples, const Parameters& parameters);

  int size() const { return size_; }
  double count() const { return count_; }
  const FieldSamples<T>& samples() const { return samples_; }
  const Parameters& parameters() const { return parameters_; }
  const std::vector<double>& mean() const { return mean_; }

  /// [k * chains + chain] = sum over draws of (f_k - <f_k>) y; and where wanted the sums of
  /// (f_k - <f_k>)^2 over all samples.
  std::vector<double> scores(std::span<const double> y,
                             std::vector<double>* squares = nullptr) const;
  /// [k * chains + chain] = sum over draws of f_k - <f_k>.
  std::vector<double> chain_sums(std::vector<double>* squares = nullptr) const;
  /// sum_k v_k (f_k - <f_k>) of every sample.
  std::vector<double> project(std::span<const double> v) const;
  /// The same with a vector of its own for the chains of every group, v[group][k].
  std::vector<double> project_groups(std::span<const double> v) const;
  /// Cov(f, f). O(samples K^2).
  SymmetricMatrix covariance() const { return weighted_covariance({}); }
  /// < weight (f - <f>) (f - <f>)' >; no weights: 1.
  SymmetricMatrix weighted_covariance(std::span<const double> weight) const;
  /// Cov(f, f) v. O(samples K).
  std::vector<double> apply(std::span<const double> v) const;

 private:
  template <class F>
  void for_each_batch(F&& f) const;
  /// Over all ranks' blocks, from [own block][k].
  std::vector<double> sum_of_blocks(const std::vector<double>& by_block) const;
  template <class Factor>
  std::vector<double> project_by(Factor&& factor) const;

  const FieldSamples<T>& samples_;
  const Parameters& parameters_;
  int size_;
  double count_;
  std::vector<double> mean_;
};

/// Conjugate gradients for (A + ridge diag) x = right, preconditioned by the positive diagonal, to
/// 1e-10 of the start's norm or 400 iterations.
struct ConjugateGradients {
  std::vector<double> x;
  int iterations = 0;
};
ConjugateGradients conjugate_gradients(
    const std::function<std::vector<double>(std::span<const double>)>& apply,
    std::span<const double> right, std::span<const double> diagonal, double ridge);

/// All kinds free.
Parameters every_coupling(const std::shared_ptr<const Graph>& graph);

/// Moments of the model from samples that a learner already has; `every`: of every_coupling.
template <class T>
ModelMoments moments_of(const FeatureStatistics<T>& every,
                        const std::shared_ptr<const Graph>& graph);

double dot(std::span<const double> x, std::span<const double> y);

}  // namespace quartic
