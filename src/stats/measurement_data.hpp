// What a Measurement holds; shared by its accumulation and its results.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "quartic/stats/measurement.hpp"
#include "stats/local_sums.hpp"

namespace quartic {

/// A function of the means of two observables.
struct Derived {
  std::string name, meaning;
  int first, second;
  std::function<double(double, double)> value;
  bool variance = false;  ///< cannot be negative
};

/// Chains [first, first + count) of so many.
struct ChainPart {
  int first, count, all;
};

struct Measurement::Data {
  std::vector<NamedFunction> functions;  ///< of the user's, the last of `names`
  Action action;
  LocalSums sums;
  ChainPart part;
  int chains, max_bins;  ///< chains: part.count
  int threads;           ///< for results
  std::vector<std::string> names, meanings;
  std::vector<std::pair<int, int>> pairs;  ///< of observables that derived quantities combine

  std::vector<double> reference;  ///< [observable], see MeasurementState
  std::vector<std::int32_t> wells;
  std::vector<double> unvisited;

  std::int64_t draws = 0;
  int bin_length = 1, bin_count = 0;
  std::vector<double> bins;  ///< [bin][observable][chain]
  std::vector<double> open_bin, squares, products;

  int spectrum_interval = 8;
  int chains_per_group = 1;     ///< in spectra, divides 16
  std::vector<double> spectra;  ///< sums as add_power lays them out; empty where there are none

  Data(const Action& action, ChainPart part, int max_bins, std::vector<NamedFunction> functions);

  int observables() const { return static_cast<int>(names.size()); }
  int index(const std::string& name) const;  ///< -1: not there
  std::size_t row() const { return names.size() * static_cast<std::size_t>(chains); }
  /// Less the reference, as what follows it.
  std::vector<double> series(int observable) const;
  std::vector<double> means() const;  ///< of the observables over all draws
  void take_references(const std::vector<double>& values, int lanes);
  Derived square_of_action() const;
  /// Covariance of single draws about those means; of one observable or one of the pairs.
  double covariance(const std::vector<double>& mean, int first, int second) const;
  ObservableResult primary(int observable, const std::vector<double>& mean) const;
  ObservableResult combine(const Derived& derived, const std::vector<double>& mean) const;
  std::vector<Derived> derived() const;
  std::string populations(int k, const SeriesEstimate& estimate) const;
  std::string populations(std::span<const ObservableResult> results) const;
  bool even() const;  ///< the action, so that all wells come in pairs which the sign tells apart
  void close_bin();
  std::vector<double> spectra_by_group() const;  ///< [group][site]
  void set_spectra(std::span<const double> by_group);
  MeasurementState own_part(const MeasurementState& all) const;
};

}  // namespace quartic
