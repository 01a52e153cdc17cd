// Exact normaliser, moments and gradients of networks small enough.
#pragma once

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
/// A side is summed out where it has at most 24 discrete or 3 continuous units.
ExactMethod exact_method(const Network& network);

/// ln Z and all moments. O(2^units) conditionals of the other layer for a discrete side; continuous
/// sides by trapezoidal sums on a grid that is refined until they agree to about 1e-11. Throws
/// BadInput where there is no exact method or the network is not normalisable. Independent of
/// threads (0: all cores).
ExactNetwork solve_exactly(const Network& network, int threads = 0);

/// ln Z alone, cheaper by the moments.
double exact_log_z(const Network& network, int threads = 0);

/// The same as the moments of p(phi, h) but for given phi: phi_i <h_j>, ..., with <> over p(h |
/// phi).
NetworkMoments moments_given_visible(const Network& network, std::span<const double> phi);

/// d ln p(phi) / d theta = <f>_p - f(phi), f = dS/dtheta with the hidden units integrated out, for
/// theta = w, u, r, a, b, s, m, n: every entry as in NetworkMoments.
NetworkMoments log_likelihood_gradient(const Network& network, const NetworkMoments& model,
                                       std::span<const double> phi);

}  // namespace quartic
