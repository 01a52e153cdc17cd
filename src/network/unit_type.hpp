// What a kind of unit has to provide; everything else of the network is written in these terms. A
// new kind is one file that defines a UnitType and one line in layer.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "quartic/network/layer.hpp"

namespace quartic {

/// The couplings of a unit as the kernels take them, with what follows from them.
template <class T>
struct UnitConstants {
  T r, a, b;
  T min_centre, well_square, two_root_b;  ///< as in mcmc/sweep_table.hpp
  T quartic_width;                        ///< b^(-1/4), large where b = 0
  bool folded;                            ///< double well
  UnitConstants() = default;
  UnitConstants(double r, double a, double b);
};

/// The units of a layer on the chains of one block, [unit][lane]. Rows are 64-byte aligned, lanes a
/// multiple of 16, at most max_unit_lanes. A unit feels j = scale[lane] * field[unit][lane] - r;
/// where gates act on it, its a is less by scale[lane] * gates[unit][lane].
template <class T>
struct UnitBlock {
  const UnitConstants<T>* constants;
  int units, lanes;
  const T* field;
  std::ptrdiff_t field_stride;
  const T* scale;
  const T* gates = nullptr;  ///< of the same stride
};
inline constexpr int max_unit_lanes = 256;

/// Values to draw, and the streams of their chains.
template <class T>
struct UnitDraws {
  T* x;
  std::ptrdiff_t stride;
  std::uint32_t* words;
  std::ptrdiff_t words_stride;
};

/// Where conditional expectations go.
template <class T>
struct UnitMeans {
  T* mean;  ///< <x>, [unit][lane]
  std::ptrdiff_t stride;
  int count;     ///< lanes that count in the sums
  double* sums;  ///< [3 unit + 0, 1, 2] gain the sums of <x>, <x^2>, <x^4> over these lanes
  bool higher;   ///< the last two as well, for the couplings that the kind has
};

/// Where normalisers and moments go, [unit][lane] of one stride.
template <class T>
struct UnitSummary {
  double* log_normaliser;  ///< [lane] gains the units' ln Z1
  T *mean, *second, *fourth;
  std::ptrdiff_t stride;
};

template <class T>
struct UnitKernels {
  /// Replaces x by a draw from p(x | j) that may depend on x before: an independence Metropolis
  /// step where that is cheaper than an exact draw. It leaves p(x | j) invariant either way.
  void (*step)(const UnitBlock<T>&, const UnitDraws<T>&);
  /// An exact draw; x before does not matter.
  void (*draw)(const UnitBlock<T>&, const UnitDraws<T>&);
  /// Conditional expectations.
  void (*moments)(const UnitBlock<T>&, const UnitMeans<T>&);
  /// Adds to sums[lane] the units' ln Z1(j).
  void (*log_normaliser)(const UnitBlock<T>&, double* sums);
  /// Both, of every unit and lane.
  void (*summary)(const UnitBlock<T>&, const UnitSummary<T>&);
};

using UnitKernelsOfBoth = std::pair<UnitKernels<float>, UnitKernels<double>>;

struct UnitType {
  std::span<const double> values;  ///< of a discrete unit, ascending
  bool has_a, has_b;
  UnitMoments (*moments)(double a, double b, double j);
  UnitKernelsOfBoth (*kernels_of_both)();  ///< on the machine's SIMD target

  template <class T>
  UnitKernels<T> kernels() const {
    return std::get<UnitKernels<T>>(kernels_of_both());
  }
};

const UnitType& type_of(Unit unit);

extern const UnitType quartic_unit, gaussian_unit, binary_unit, spin_unit;

/// Cov of (x, x^2, x^4) of unit i without any field, a symmetric 3 x 3 matrix; zero for couplings
/// that the kind does not have.
std::array<double, 9> unit_covariance(const Layer& layer, int i);

}  // namespace quartic
