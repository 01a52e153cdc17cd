// Global moves for fields that are nearly Gaussian, however correlated: local ones take as many
// sweeps as the square of a correlation length, or the condition number of the quadratic form.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "quartic/core/linear_algebra.hpp"
#include "quartic/mcmc/sampler.hpp"

namespace quartic {

/// Proposes phi' = mu + sqrt(1 - s^2) (phi - mu) + s x with x drawn from the Gaussian field of
/// precision P = 2 diag(a + 6 b <phi^2>) - w, S with its quartic terms by Hartree's rule, and
/// accepts by what S and that field differ in (preconditioned Crank-Nicolson: Cotter, Roberts,
/// Stuart & White, Stat. Sci. 28, 424, 2013). Any mu and <phi^2> are exact; those near the field's
/// own are accepted.
class GaussianMoves {
 public:
  static constexpr int most_sites = 2048;

  /// Nothing where P is not positive definite, the graph too large, or sites are hidden.
  /// O(sites^3).
  static std::optional<GaussianMoves> of(const Action& action, std::span<const double> mean,
                                         std::span<const double> square);

  /// One proposal a chain, step 0 < s <= 1; returns the fraction accepted. Random numbers follow
  /// from the seed and the sweeps that the sampler has made, as long as it makes some between two
  /// calls. Independent of threads. O(chains sites^2).
  template <class T>
  double move(Sampler<T>& sampler, double step, std::uint64_t seed) const;
  /// Finds a step that is accepted often enough to pay, from the given one, by six proposals a
  /// chain at most, each after a sweep; false where none is.
  template <class T>
  bool tune(Sampler<T>& sampler, double& step, std::uint64_t seed) const;

  /// -ln of the integral of exp(-S + remainder): F of the Gaussian field with S's value at mu.
  double free_energy() const;
  /// S less the Gaussian field's action, for the chains' fields, [chain]. O(chains sites).
  template <class T>
  std::vector<double> remainders(const Sampler<T>& sampler) const;
  /// The same of `count` independent draws of the Gaussian field. O(count sites^2).
  std::vector<double> remainders(int count, std::uint64_t seed) const;

 private:
  GaussianMoves(const Action& action, std::span<const double> mean, Cholesky factor);
  /// S(phi) - S(mean) less the Gaussian field's; phi = mean + deviation.
  double remainder(std::span<const double> deviation) const;

  Cholesky factor_;
  double at_mean_;                                              ///< S there
  std::vector<double> mean_, linear_, square_, cube_, fourth_;  ///< of the deviation, by site
};

}  // namespace quartic
