// Where a measured observable becomes ok or not.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "quartic/stats/measurement.hpp"

namespace quartic {

/// What the verdict on an observable rests on, besides its estimate.
struct Evidence {
  int chains = 0;
  double draws = 0;       ///< a chain
  bool frozen = false;    ///< the same value in every draw of every chain
  double rounding = 0;    ///< of float64, that the value carries
  double unvisited = 0;   ///< by how much wells without a chain would move it
  bool negative = false;  ///< a variance came out below 0
};

/// Fills ok and reason.
void judge(ObservableResult& result, const Evidence& evidence);

/// What float64 leaves uncertain of a number that was summed up to this size.
double rounding(double size);

/// Series of one observable, bins[chain * count + bin], whose chains fall into populations that do
/// not exchange, or hardly: a gap between the chains' means, several times wider than they scatter
/// on either side of it, that no chain crosses in any bin; or, for 64 chains and more, an R-hat
/// above 1.2 with means that are far from normally distributed (Jarque and Bera, Econ. Lett. 6
/// (1980) 255, p < 1e-6). False below 8 bins.
bool falls_apart(std::span<const double> bins, int chains, double r_hat);

/// How often such a series entered a population that only some of its chains have seen, apart from
/// the others by a gap, where that is too seldom (below 50 times) to know its share although the
/// mean rests on it by more than 0.3 of its error; else nothing. O(bins).
std::optional<int> rare_visits(std::span<const double> bins, int chains, double error);

}  // namespace quartic
