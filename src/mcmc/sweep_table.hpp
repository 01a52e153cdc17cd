// Couplings of an action laid out for the sweep kernels: neighbours in compressed rows, and the
// constants of each site's conditional exp(-b x^4 - a x^2 + j x).
#pragma once

#include <cstdint>
#include <vector>

#include "quartic/field/action.hpp"

namespace quartic {

template <class T>
struct SiteConstants {
  T a, b, r;
  T reflection[2];  ///< c0, c1: the reflection's centre is sign(j) (c0 + c1 |j|)
  T precision[3];   ///< p0, p1, q: the independence envelope's P at field j is (p0 + p1 j^2) / (1 +
                    ///< q j^2)
  T usual_field2[2];  ///< range of j^2 in which that form is good; outside, the mode is found anew
  T min_centre;       ///< lower limit of the envelope's c, so that its Gaussian stays normalisable
  T step;             ///< width of a Metropolis proposal
  T well_square;      ///< the wells' place at j = 0, max(0, -a / 2b)
  T two_root_b;       ///< 2 sqrt(b), the stiffness that the quartic term alone gives
  bool folded;  ///< double well: the independence move works on |x| and draws the sign by its odds
  bool two_valued = false;  ///< a hidden site: low or 1, whatever else is here but r
  bool gated = false;       ///< its a is less by what hidden sites give
  T low = T(0);
  T quartic_width = T(0);  ///< b^(-1/4)
};

/// Throws BadInput with the first site whose field fluctuates by less than T resolves at its place.
/// O(V + E).
template <class T>
void require_held(const Action& action);

template <class T>
struct SweepTable {
  /// Sites in the order of a sweep: ascending, but within each short run no site soon after its
  /// neighbour, because the second would wait for the first's result; hidden sites at the end.
  std::vector<std::int32_t> order;
  std::vector<std::int32_t> row;         ///< sites + 1
  std::vector<std::int32_t> neighbour;   ///< site at the other end
  std::vector<T> weight;                 ///< w of the edge to it
  std::vector<std::int32_t> edge;        ///< that edge, to refresh weights when the action changes
  std::vector<std::int32_t> first_gate;  ///< sites: of a row's entries, the first that is a gate
  std::vector<SiteConstants<T>> site;

  explicit SweepTable(const Graph& graph);
  /// O(V + E), with some quadratures a site for the reflection's centre, shared among threads.
  void set(const Action& action, int threads = 1);
  int sites() const { return static_cast<int>(site.size()); }
};

}  // namespace quartic
