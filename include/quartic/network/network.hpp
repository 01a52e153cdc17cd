// The phi^4 neural network: two layers of units, coupled between the layers only.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quartic/network/layer.hpp"

namespace quartic {

/// S(phi, h) = - sum_ij (w_ij phi_i + u_ij phi_i^2) h_j + sum_i (r_i phi_i + a_i phi_i^2 + b_i
///             phi_i^4) + sum_j (s_j h_j + m_j h_j^2 + n_j h_j^4),
/// p = exp(-S) / Z (Bachtis, Aarts, Lucini, Phys. Rev. D 103, 074510); units of any kind on either
/// side. s, m, n are `hidden.r`, `hidden.a`, `hidden.b`. Special cases by (visible, hidden):
/// (binary, binary) is the restricted Boltzmann machine, (gaussian, binary) the Gaussian-Bernoulli
/// one, (quartic, quartic) the phi^4 network, a phi^4 field on the bipartite graph.
///
/// Gates u let a hidden unit move the width of a visible one as well as its place: given h, the
/// quadratic coupling is a_i - sum_j u_ij h_j. Both conditionals stay products of single units, and
/// b > 0 keeps p normalisable for any u of binary, spin and quartic hidden units.
struct Network {
  Layer visible, hidden;
  std::vector<double> w;  ///< [visible][hidden]
  std::vector<double> u;  ///< [visible][hidden] of phi^2 h, of continuous visible units; or empty

  /// w = 0, no gates.
  Network(Layer visible_layer, Layer hidden_layer);

  bool gated() const { return !u.empty(); }
  double weight(int i, int j) const { return w[static_cast<std::size_t>(i) * hidden.size() + j]; }
  /// 0 without gates.
  double gate(int i, int j) const {
    return gated() ? u[static_cast<std::size_t>(i) * hidden.size() + j] : 0;
  }
  /// S of one configuration, float64. O(visible * hidden).
  double action(std::span<const double> phi, std::span<const double> h) const;
  /// sum_i (w_ij phi_i + u_ij phi_i^2) for every j.
  std::vector<double> field_on_hidden(std::span<const double> phi) const;
  /// -ln sum_h exp(-S(phi, h)) = sum_i E(phi_i) - sum_j ln Z1_j = -ln p(phi) - ln Z.
  double free_energy(std::span<const double> phi) const;
  /// The same network with the layers exchanged: free_energy is then that of the hidden units.
  /// Throws BadInput for gates, which act on one side only.
  Network transposed() const;
};

/// Why a network is not normalisable, or nothing: a unit's own coupling cannot be (Layer::why_not),
/// or continuous units without quartic coupling on both sides make a quadratic form that is not
/// positive definite, which is where the largest singular value of w_ij / (2 sqrt(a_i m_j)) among
/// them reaches 1; gates leave a Gaussian visible unit no positive a_i, or Gaussian hidden units no
/// positive definite form b_i delta_ik - sum_j u_ij u_kj / 4 m_j of the squares (sufficient). The
/// reason names the units and the coupling. O(visible hidden) in general, with Gaussian units on
/// both sides O(max min^2).
std::optional<std::string> why_not_normalisable(const Network& network);
/// Throws BadInput with that reason, and where energies of units that all others push as far as
/// they can are beyond 1e30: float32 has no place for what comes of them.
void require_normalisable(const Network& network);

/// Free energies of many rows, [row][visible], float64. O(rows visible hidden). Independent of
/// threads (0: all cores).
std::vector<double> free_energies(const Network& network, std::span<const float> rows,
                                  int threads = 0);
std::vector<double> free_energies(const Network& network, std::span<const double> rows,
                                  int threads = 0);

}  // namespace quartic
