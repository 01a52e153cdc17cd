// The Gaussian field of largest likelihood: where b counts for nothing, without a sample.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "quartic/field/parameters.hpp"

namespace quartic {

/// Sites that one dense matrix is taken of, and couplings that their covariance is.
inline constexpr int most_gaussian_sites = 2048, most_gaussian_terms = 6144;

/// <f_k> of exp(-S) without its quartic terms, a Gaussian field of precision P = 2 diag(a) - w and
/// mean -P^-1 r: Wick's theorem. Nothing where P is not positive definite. O(sites^3).
std::optional<std::vector<double>> gaussian_means(const Action& action,
                                                  const Parameters& parameters);

/// Couplings w, r and a of largest mean ln p - decay theta^2 / 2, with `data` = <f_k> and b left as
/// it is and out of it (Dempster, Biometrics 28, 157, 1972): Newton's method on a concave function,
/// from the normalisable `start`. Nothing where the data have no maximum (too few rows), where a
/// frozen b counts, or where the field is beyond the sizes above. O(sites^3 + couplings^3) a step.
std::optional<Action> gaussian_field(const Action& start, const Parameters& parameters,
                                     std::span<const double> data, std::span<const double> decay);

}  // namespace quartic
