// How far a Newton step may go where sites are hidden.
#pragma once

#include <span>

#include "learn/feature_statistics.hpp"

namespace quartic {

/// The KL that a trust region begins with, nats: a Gaussian field stays positive definite within a
/// quarter, as KL >= |P^-1 dP|^2 / 4.
constexpr double first_trust_radius = 0.2;

/// The largest eta for which a step with hidden sites stays within the radius: by the KL of phi and
/// h together, since that of phi alone knows nothing of widths that differ from h to h; and within
/// first_trust_radius for each hidden site alone, were h as uncertain as can be, since states of h
/// that no chain is in may come to life. `drawn`: samples of phi and h; none: infinite. O(samples
/// (K + hidden edges)).
template <class T>
double most_of_hidden(const FieldSamples<T>& drawn, const Parameters& parameters,
                      std::span<const double> step, double radius);

}  // namespace quartic
