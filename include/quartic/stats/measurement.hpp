// Observables of an ensemble as it is sampled: bounded series of every primary observable, and from
// them values with errors, autocorrelation times and convergence checks; derived quantities by
// jackknife.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quartic/field/action.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/stats/autocorrelation.hpp"

namespace quartic {

/// One observable with everything that a number must carry.
struct ObservableResult {
  std::string name;         ///< m, abs_m, m2, ..., binder, xi
  std::string meaning;      ///< its formula in words
  bool derived = false;     ///< a function of means, by jackknife; else a mean
  SeriesEstimate estimate;  ///< value, error, tau (draws), ESS, R-hat; see `ok`
  bool ok = true;           ///< false: the run is too short for its tau, or the chains disagree
  std::string reason;       ///< why not, with the number of draws a chain that it would need
};

/// Two-point functions of a periodic lattice, averaged over translations, one entry a site in the
/// lattice's own row-major order.
struct TwoPoint {
  std::vector<int> extent;
  std::vector<double> structure_factor, structure_factor_error;  ///< <|phi(k)|^2> / V by momentum
  std::vector<double> correlation, correlation_error;  ///< <phi(0) phi(x)> by displacement
};

/// Everything an exact restart needs.
struct MeasurementState {
  std::int64_t draws = 0;
  int bin_length = 1;            ///< draws in a bin, a power of 2
  std::vector<double> bins;      ///< [observable][chain][bin], complete bins
  std::vector<double> open_bin;  ///< [observable][chain], sums of the bin in progress
  std::vector<double> squares;   ///< [observable][chain], sums of squares of single draws
  std::vector<double> spectra;   ///< [group of chains][site], sums of |phi(k)|^2
};

/// Accumulates draws of all chains of a sampler. Memory is bounded: beyond `most_bins` bins a chain
/// neighbouring bins are joined, so that a bin holds 1, 2, 4, ... draws.
///
/// Primary observables (V sites): action S, action_density S/V, m = sum phi / V, abs_m, m2, m4,
/// phi2 = sum phi^2 / V, phi4, nn and nnn = products over nearest and diagonal pairs / V (where the
/// graph has them; all edges on an edge list). Derived: susceptibility V <m2>,
/// susceptibility_connected V (<m2>
/// - <abs_m>^2), binder 1 - <m4> / (3 <m2>^2), heat Var(S) / V, and xi, the second-moment
/// correlation length, on periodic lattices.
class Measurement {
 public:
  Measurement(const Action& action, int chains, int most_bins = 4096);
  ~Measurement();
  Measurement(Measurement&&) noexcept;
  Measurement& operator=(Measurement&&) noexcept;

  /// One draw of every chain. O(chains (V + E)), in parallel over blocks, independent of threads;
  /// every `spectrum_interval`-th draw the structure factor too, O(chains V log V).
  template <class T>
  void add(const Sampler<T>& sampler);
  void set_spectrum_interval(int draws);  ///< 0: never; default 8

  /// The chains of `other` beside these. Throws BadInput where action, draws or bins differ.
  void merge(const Measurement& other);

  int chains() const;
  std::int64_t draws() const;
  std::span<const std::string> names() const;  ///< of the primary observables
  /// Bin means of one primary observable, [chain * bins + bin].
  std::vector<double> series(const std::string& name) const;
  int bin_length() const;

  std::vector<ObservableResult> results() const;
  std::optional<TwoPoint> two_point() const;  ///< nothing but on periodic lattices

  MeasurementState state() const;
  void restore(const MeasurementState& state);

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace quartic
