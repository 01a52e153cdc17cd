// Exact normaliser, moments and gradients of networks small enough.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "quartic/network/network.hpp"

namespace quartic {

/// The expectations f of dS/dtheta but for signs: one value a unit or a pair of units.
struct NetworkMoments {
  std::vector<double> w;        ///< <phi_i h_j>, [visible][hidden]
  std::vector<double> u;        ///< <phi_i^2 h_j> of a network with gates
  std::vector<double> r, a, b;  ///< <phi>, <phi^2>, <phi^4>
  std::vector<double> s, m, n;  ///< <h>, <h^2>, <h^4>
};

struct ExactNetwork {
  double log_z;  ///< Lebesgue measure of continuous units, counting measure of discrete ones
  NetworkMoments moments;
};

/// How ln Z of a network can be had exactly, or why not.
struct ExactMethod {
  enum class Kind {
    none,
    determinant,  ///< Gaussian units on both sides
    sum_visible,  ///< over all values of the visible units, the hidden ones by their conditionals
    sum_hidden    ///< the other way round
  };
  Kind kind = Kind::none;
  std::string reason;  ///< where none
};
/// Where a continuous side was integrated over, and on how many points a unit: an integral of a
/// similar network begins there.
struct QuadratureBox {
  std::vector<double> low, high;  ///< a unit
  int points = 0;
};

/// A side is summed out where it has at most 24 discrete or 3 continuous units.
ExactMethod exact_method(const Network& network);

/// ln Z and all moments. O(2^units) conditionals of the other layer for a discrete side; continuous
/// sides by trapezoidal sums on a grid that is refined until every other point of it gives the same
/// ln Z within `tolerance` (whose error is then about the power 2.5 of that); with a tolerance
/// above the default one ln Z is NaN, without moments, where grids of 321 points a side do not
/// suffice. `known`: where the integral of a similar network ended; it is moved to where this one
/// does. Throws BadInput where there is no exact method or the network is not normalisable.
/// Independent of threads (0: all cores).
ExactNetwork solve_exactly(const Network& network, int threads = 0, double tolerance = 1e-5,
                           QuadratureBox* known = nullptr);

/// ln Z alone, cheaper by the moments.
double exact_log_z(const Network& network, int threads = 0);

/// Independent draws of the hidden units from their marginal p(h), [draw][hidden]: all values of at
/// most 20 two-valued units are weighed. With visible units drawn given them these are independent
/// draws of the network, without chains (independent_draws in sampler.hpp). O(2^hidden visible +
/// draws hidden). Throws BadInput for other hidden units.
std::vector<double> draw_hidden_exactly(const Network& network, int draws, std::uint64_t seed,
                                        int threads = 0);
/// Whether that is possible.
bool hidden_can_be_drawn(const Network& network);

/// The same as the moments of p(phi, h) but for given phi: phi_i <h_j>, ..., with <> over p(h |
/// phi).
NetworkMoments moments_given_visible(const Network& network, std::span<const double> phi);

/// d ln p(phi) / d theta = <f>_p - f(phi), f = dS/dtheta with the hidden units integrated out, for
/// theta = w, u, r, a, b, s, m, n: every entry as in NetworkMoments.
NetworkMoments log_likelihood_gradient(const Network& network, const NetworkMoments& model,
                                       std::span<const double> phi);

}  // namespace quartic
