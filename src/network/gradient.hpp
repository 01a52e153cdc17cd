// The data's term of the gradient of a network's mean ln p, and what the two terms differ by.
#pragma once

#include <span>
#include <vector>

#include "network/coupled_layers.hpp"

namespace quartic {

/// Sums of (x, x^2, x^4), [block][3 unit + power]: by blocks of rows, so that the order of
/// additions does not depend on threads.
using BlockSums = std::vector<std::vector<double>>;

/// Which layers need <x^2> and <x^4> besides <x>.
struct HigherMoments {
  bool visible, hidden;
};

/// One term of the gradient: hidden units stand for their conditional expectations.
template <class T>
struct GradientTerm {
  BlockSums visible, hidden;
  AlignedVector<T> hidden_mean;  ///< <h | phi>, [hidden][row], rows padded to whole vectors

  struct Units {
    std::size_t visible, hidden;
  };
  /// Blocks of rows that ranks have worked on, each its own.
  void share(const Team& team, const Units& units, std::size_t stride);
};

/// Means over the data minus means over the model.
struct MomentDifference {
  std::vector<double> difference;  ///< of (x, x^2, x^4), [3 unit + power]
  std::vector<double> data;        ///< the data's alone
  double model_square =
      0;  ///< the model's sum of <x^2>; infinite where one of its means is not finite
};
MomentDifference difference(const BlockSums& data, double rows, const BlockSums& model,
                            double chains);

/// The term of a batch of rows.
template <class T>
class DataTerm {
 public:
  DataTerm(const CoupledLayers<T>& layers, HigherMoments higher);

  /// Room for the rows of the next batch, [row][visible].
  std::span<float> resize(int rows);
  std::span<const float> batch() const { return batch_; }
  int rows() const { return rows_; }
  int blocks() const { return (rows_ + chains_in_block - 1) / chains_in_block; }
  /// The batch in the precision of w.
  const T* values() const;

  /// Before the blocks of a batch, which may be worked on at once.
  void begin();
  /// What ranks have gathered of their own blocks, everywhere.
  void share(const Team& team);
  /// Leaves the field on the hidden units in `work`.
  void gather_block(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& work);
  const GradientTerm<T>& term() const { return term_; }
  /// <phi_i h_j> of `units` visible units from `first` on, [unit][hidden].
  void products(int first, int units, T* out) const;

 private:
  std::ptrdiff_t stride() const { return (rows_ + 15) / 16 * 16; }

  int visible_, hidden_, rows_ = 0;
  HigherMoments higher_;
  std::vector<float> batch_;
  AlignedVector<T> converted_;  ///< where w is not in float32
  AlignedVector<T> ones_;
  GradientTerm<T> term_;
};

}  // namespace quartic
