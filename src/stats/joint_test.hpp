// How likely the largest of many correlated z-scores is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "quartic/core/team.hpp"

namespace quartic {

/// ln of the two-sided p-value of one standard normal z; no underflow.
double log_p_of_z(double z);
/// The standard normal z with the same p-value as Student's t (Wallace, Ann. Math. Stat. 30, 1959).
double normal_of_t(double t, double freedom);

/// P of a maximum: by rank among resampled ones, beyond their upper 2 % by Sidak's formula
/// 1 - (1 - p_1)^m with the effective number m of independent tests that fits there.
class ExtremeTail {
 public:
  /// Logarithms of single p-values, the smaller the more extreme.
  explicit ExtremeTail(std::vector<double> log_p);
  double log_p_value(double log_p) const;

 private:
  std::vector<double> sorted_;
  double threshold_ = 0, tests_ = 1;
};

/// The joint null distribution of z-scores of means, by resampling `effective` rows of a
/// standardised sample of exp(-S) 1000 times (Poisson bootstrap). Every family has the distribution
/// of its largest |z|, all have that of the smallest of the families' p-values (Westfall & Young,
/// Resampling-Based Multiple Testing, 1993: single-step minP), correlations included. Ranks share
/// the columns.
class JointTest {
 public:
  /// rows[row][k]; family[k] counts from 0; families beyond those of `family`, up to `families`,
  /// are independent of the rows.
  JointTest(std::span<const float> rows, std::span<const int> family, int families,
            double effective, std::uint64_t seed, int threads, const Team& team = alone());

  /// Of a family's smallest single log p.
  double log_family_p(int family, double log_p) const { return family_[family].log_p_value(log_p); }
  /// Of a family's p among all: P(min over families <= p).
  double log_adjusted_p(double log_family_p) const { return all_.log_p_value(log_family_p); }

 private:
  std::vector<ExtremeTail> family_;
  ExtremeTail all_;
};

}  // namespace quartic
