// Observables of an ensemble as it is sampled: bounded series of every primary observable, and from
// them values with errors, autocorrelation times and convergence checks; derived quantities by
// jackknife.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/fields.hpp"
#include "quartic/core/hidden.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/field_function.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// One observable with everything that a number must carry.
struct ObservableResult {
  std::string name;         ///< m, abs_m, m2, ...
  std::string meaning;      ///< its formula in words
  bool derived = false;     ///< a function of means, by jackknife; else a mean
  SeriesEstimate estimate;  ///< value, error, tau (draws), ESS, R-hat; see `ok`
  bool ok = true;           ///< see Measurement::results
  std::string reason;       ///< why not, with the number of draws a chain that it would need

  /// There is no such number for this ensemble, as of a correlation length whose square is not
  /// clearly above 0: no fault of the run. The value is NaN, the reason begins with "undefined".
  bool undefined() const { return !ok && reason.starts_with("undefined"); }
};

template <FieldsOf<ObservableResult> R, class Visit>
void fields(R& r, Visit&& visit) {
  members(visit, "observable", r.name, "meaning", r.meaning, "derived", r.derived, "", r.estimate,
          "ok", r.ok, "reason", r.reason);
}

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
  int bin_length = 1;               ///< draws in a bin, a power of 2
  std::vector<double> bins;         ///< [observable][chain][bin], complete bins
  std::vector<double> open_bin;     ///< [observable][chain], sums of the bin in progress
  std::vector<double> squares;      ///< [observable][chain], sums of squares of single draws
  std::vector<double> products;     ///< [pair][chain], the same of the pairs that are combined
  std::vector<double> spectra;      ///< [group of chains][site], sums of |phi(k)|^2
  std::vector<double> reference;    ///< [observable], which the series are less; empty: 0
  std::vector<std::int32_t> wells;  ///< [chain], which well it began in; empty: there is one
  std::vector<double> unvisited;    ///< [observable], see set_wells; empty: 0
};

/// Accumulates draws of all chains of a sampler. Memory is bounded: beyond `max_bins` bins a chain
/// neighbouring bins are joined, so that a bin holds 1, 2, 4, ... draws.
///
/// Primary observables (V sites): action S, action_density S/V, action2 = S^2, m = sum phi / V,
/// abs_m, m2, m4, phi2 = sum phi^2 / V, phi4, nn and nnn = products over nearest and diagonal pairs
/// / V (where the graph has them; all edges on an edge list), and structure_factor_min =
/// |sum phi exp(ikx)|^2 / V at the least momentum k = 2 pi / L along the longest directions of a
/// periodic lattice, averaged over them. Derived: susceptibility V <m2>, susceptibility_connected
/// V (<m2> - <abs_m>^2), binder_cumulant 1 - <m4> / (3 <m2>^2), specific_heat Var(S) / V, and on
/// periodic lattices the second-moment correlation_length xi, xi^2 = (V <m2> /
/// <structure_factor_min> - 1) / (4 sin^2(pi / L)) (Cooper, Freedman, Preston, Nucl. Phys. B 210
/// (1982) 210), in units of the lattice's own coordinates; and correlation_length2 = xi^2 with its
/// sign, without which xi is defined only where xi^2 is three errors above 0.
///
/// Each is accumulated from a reference of its own size (its first value; S^2 as the square of S
/// less its reference), so that fluctuations keep their digits.
///
/// Functions of the user's are primary observables too, after the others and under their own names.
///
/// Field sums are taken in the fields' precision over 64 sites at a time and in float64 beyond.
///
/// Usage:
///
///     const auto graph = std::make_shared<Graph>(make_lattice({"square", {4, 4}, {true, true}}));
///     const Action action = Action::uniform(graph, 1, 0, 1.52425, 0.175);
///     Sampler<float> sampler(action, {.chains = 64}, 1);
///     sampler.warm_up(100);
///     Measurement measurement(action, sampler.chains());
///     for (int draw = 0; draw < 50; ++draw) {
///       sampler.sweep(2);
///       measurement.add(sampler);
///     }
///     for (const auto& o : measurement.results())
///       std::cout << o.name << " " << o.estimate.mean << " +- " << o.estimate.error << '\n';
class Measurement {
 public:
  /// Throws BadInput for chains < 1, for max_bins below 16 or odd, and for a function whose name is
  /// taken.
  Measurement(const Action& action, int chains, int max_bins = 4096,
              std::vector<NamedFunction> functions = {});
  /// Of a sampler's chains, which are perhaps a rank's of many: a state of all is restored as
  /// these, and gathered() measures all.
  template <class T>
  Measurement(const Action& action, const Sampler<T>& sampler, int max_bins = 4096,
              std::vector<NamedFunction> functions = {});

  /// One draw of every chain. O(chains (V + E)), in parallel over blocks, independent of threads;
  /// every `spectrum_interval`-th draw the structure factor too, O(chains V log V).
  /// Throws BadInput if the sampler has other chains or sites.
  template <class T>
  void add(const Sampler<T>& sampler);
  /// 0: never; default 8. To be set before the first draw or a restore; BadInput after.
  void set_spectrum_interval(int draws);
  /// Chains that began in different wells, one number a chain: where their averages go on to
  /// differ, no observable is ok. `unvisited`: by how much wells without a chain would move each
  /// primary observable, or empty. To be set before the first draw; BadInput after, and for another
  /// number of chains or observables.
  void set_wells(std::vector<std::int32_t> wells, std::vector<double> unvisited);

  int chains() const;
  std::int64_t draws() const;
  std::span<const std::string> names() const;  ///< of the primary observables
  /// Bin means of one primary observable, [chain * bins + bin]; the bin in progress is not in it.
  /// Throws BadInput for an unknown name.
  std::vector<double> series(const std::string& name) const;
  int bin_length() const;

  /// Primary, then derived observables, from complete bins. Not ok: fewer than 100 effective draws
  /// in all, no window, R-hat above 1.05 (unknown below four draws, where 100 chains or more speak
  /// for themselves), nothing measured yet; a series that never changes, a negative variance, a
  /// difference that rounding has eaten; and all of them where one shows that the chains are in
  /// populations which do not exchange. Derived quantities: the value is
  /// the function of the means; its error is by jackknife over chains, or over bins of at least 10
  /// tau of few chains, or where those would be fewer than 64 that of the linearised series, which
  /// tau, ESS and R-hat are always of. O(draws kept * window), in parallel, independent of threads.
  std::vector<ObservableResult> results() const;
  /// Errors by jackknife over groups of chains. Nothing but on periodic lattices with one site a
  /// cell, and before the first spectrum. O(groups V log V).
  std::optional<TwoPoint> two_point() const;

  MeasurementState state() const;
  /// The measurement of all ranks' chains: on the root, elsewhere one without draws; or everywhere.
  /// The sampler is that which was measured. O(draws kept chains).
  template <class T>
  Measurement gathered(const Sampler<T>& sampler, bool everywhere = false) const;
  /// Throws BadInput where the state is of another action, number of chains or max_bins.
  void restore(const MeasurementState& state);

 private:
  struct Data;
  explicit Measurement(Hidden<Data> data) : data_(std::move(data)) {}
  Hidden<Data> data_;
};

}  // namespace quartic
