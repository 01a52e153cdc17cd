// What an update of a network does besides products of matrices and units: sums of data, and the
// step of the weights.
#pragma once

#include <cstddef>

namespace quartic {

/// Adds to sums[3 unit + 0, 1, 2] the sums of x, x^2, x^4 over the first `count` chains of every
/// unit, x[unit][chain], rows aligned; only x where not `higher`.
template <class T>
void add_power_sums(const T* x, std::ptrdiff_t stride, int units, int count, bool higher,
                    double* sums);

/// The same of rows[row][column].
void add_row_power_sums(const float* rows, int count, int columns, bool higher, double* sums);

/// The weights of one visible unit, and what changes them.
template <class T>
struct WeightRow {
  int size;
  T* w;
  const T* gradient;    ///< <phi h>_data - <phi h>_model
  T* first;             ///< velocity, or Adam's first moment
  T* second;            ///< Adam's second moment
  const T* offset;      ///< lambda_j
  const T* difference;  ///< <h_j>_data - <h_j>_model
  T* hidden_shift;      ///< gains mu times the step: what s_j takes up
  T mu, visible_difference;
  T decay, rate;
  T momentum;                 ///< or Adam's beta_1
  T second_decay;             ///< Adam's beta_2
  T first_bias, second_bias;  ///< 1 / (1 - beta^t)
};
struct WeightRowSums {
  double visible_shift = 0;    ///< sum of lambda_j times the step: what r_i takes up
  double square_gradient = 0;  ///< of the centred gradient
};
template <class T>
WeightRowSums momentum_row(const WeightRow<T>& row);
template <class T>
WeightRowSums adam_row(const WeightRow<T>& row);

}  // namespace quartic
