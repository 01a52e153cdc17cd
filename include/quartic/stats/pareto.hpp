// How heavy the tail of importance weights is.
#pragma once

#include <span>

namespace quartic {

/// Shape k-hat of the generalised Pareto distribution fitted to the largest min(N / 5, 3 sqrt N)
/// weights (Vehtari, Simpson, Gelman, Yao, Gabry, J. Mach. Learn. Res. 25 (2024) 72; fit of Zhang
/// and Stephens, Technometrics 51 (2009) 316). Moments of order 1/k exist: below 0.5 the weights
/// have a variance, above 0.7 averages over them are not to be trusted for any affordable N. -inf
/// where the largest weights hardly differ. Takes logarithms of the weights, up to a constant.
/// O(N).
double pareto_shape(std::span<const double> log_weight);

}  // namespace quartic
