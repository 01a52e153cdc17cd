// Learning a network whose ln Z is exact: no chains, no noise in the gradient.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/hidden.hpp"
#include "quartic/core/progress.hpp"
#include "quartic/network/network.hpp"

namespace quartic {

struct ExactOptions {
  /// The objective is the mean ln p of the rows less ridge / (2 rows) (sum_ij v_i w_ij^2 + v_i^2
  /// u_ij^2), v_i the variance of column i: a Gaussian prior of w and u.
  double ridge = 1;
  int threads = 0;  ///< 0: all cores; never changes the results
};

/// Why a network cannot be learned exactly at a bearable cost, or nothing: ln Z has to be a
/// determinant (Gaussian units on both sides), a sum over at most 14 two-valued units, or an
/// integral over at most 2 columns.
std::optional<std::string> why_not_exactly(const Network& network);

/// Ascent of the mean ln p of rows by limited-memory BFGS (Liu & Nocedal, Math. Program. 45 (1989)
/// 503) with the exact gradient <f>_p - <f>_data (SCIENCE: d ln p / d theta), of w, u (where there
/// are gates), r, a, b, s; hidden units keep their shape (m, n). Steps go only where the network
/// stays normalisable: ln Z is a barrier, and a step beyond is halved until it is within. Quartic
/// couplings are learned by their logarithm. Deterministic; an iteration costs about one ln Z with
/// its moments and O(rows visible hidden).
class ExactLearner {
 public:
  /// rows[row][visible]. Throws BadInput for rows of another width, none, values that are not
  /// finite, columns of quartic units far from 0, a network that cannot be learned exactly
  /// (why_not_exactly), or a negative ridge.
  ExactLearner(std::vector<float> rows, const Network& start, const ExactOptions& options);

  /// Up to `count` iterations; fewer where it converges, or where `going_on` says so.
  void step(int count, const ProgressCallback& going_on = {});
  bool converged() const;
  int iterations() const;
  const Network& network() const;
  double log_z() const;
  /// Mean ln p of the rows now.
  double log_likelihood() const;

  /// All that further iterations depend on, of the same rows and options, to the bit.
  std::vector<double> state() const;
  void restore(std::span<const double> state);

 private:
  struct Parts;
  Hidden<Parts> parts_;
};

/// A network to begin with: visible units with the rows' moments, hidden ones whose w and u are
/// random and of size `deviation` in units of the columns' spread, each unit on for about half of
/// the rows. Gates are negative: a unit that is on narrows its columns. rows[row][visible].
Network exact_start(Unit visible, Unit hidden, int hidden_units, bool gates,
                    std::span<const float> rows, int columns, std::uint64_t seed,
                    double deviation = 1);

/// So many two-valued hidden units a network of that many columns is learned with by default, so
/// that ln Z is cheap: 16 by quadrature of two columns or fewer, else the most of 4 to 14 whose
/// 2^units columns conditionals are no more than 32768, or 8192 where there are fewer than 1000
/// rows.
int exact_units(int columns, std::size_t rows);

}  // namespace quartic
