// Where training starts: single units that have the data's moments.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/network/network.hpp"

namespace quartic {

/// Raw moments of every column of a data set.
struct ColumnMoments {
  std::size_t rows = 0;
  std::vector<double> first, second, fourth;  ///< <x>, <x^2>, <x^4>
  std::vector<double> low, high;              ///< least and largest x; empty: not known
  double variance(std::size_t column) const {
    return second[column] - first[column] * first[column];
  }
};
/// Reads the source once, in pieces. O(rows columns). Throws BadInput for a value that is not
/// finite, naming row and column.
ColumnMoments column_moments(const DataSource& data);

/// The layer of independent units of largest likelihood: r, a, b reproduce each column's <x> and,
/// where the kind has the coupling, <x^2> and <x^4>; b is at least 1e-3 of a quartic unit's with
/// the same spread, so that a column with heavier tails than a Gaussian stays normalisable.
/// Discrete columns that never change get the odds of half a count. Throws BadInput where a
/// continuous unit's column has no variance (deviation below 1e-6 of its size and of the typical
/// deviation), naming the column, and where a discrete unit's column holds other values than the
/// unit.
Layer fit_layer(Unit unit, const ColumnMoments& moments);
/// Throws BadInput where the columns hold values that a unit of this kind does not take.
void require_values(Unit unit, const ColumnMoments& moments);

struct StartOptions {
  double deviation = 0.01;  ///< of w_ij, in units of 1 / (deviation of phi_i)
  std::uint64_t seed = 1;
};

/// A network to train from: visible units by fit_layer, hidden ones as Layer makes them, small
/// Gaussian w.
Network initial_network(Unit visible, Unit hidden, int hidden_units, const ColumnMoments& moments,
                        const StartOptions& options = {});

/// `wide`, but its visible units are those of `small`, and its first hidden units those of `small`,
/// couplings and all: where the other w are 0, ln p of rows is that of `small`. Throws BadInput for
/// other kinds of units or other columns, fewer hidden units, or gates.
Network grown(const Network& small, Network wide);

/// The same layers uncoupled and with the data's moments: ln Z is exact, annealing starts here.
Network base_network(const Network& network, const ColumnMoments& moments);

/// The same with hidden units that have the moments <h>, <h^2>, <h^4> which they have given the
/// rows, [row][visible]: of all independent units those nearest to q(phi) p(h | phi). Between the
/// base above, whose hidden units ignore the field of a typical row, and a trained network there
/// often is a first-order transition, which annealing and tempering hardly pass. O(rows visible
/// hidden). Throws BadInput for no rows or rows of another width.
Network base_network(const Network& network, const ColumnMoments& moments,
                     std::span<const float> rows);

}  // namespace quartic
