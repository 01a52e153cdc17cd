// Which couplings of an action are learned, and how they are tied together.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "quartic/field/action.hpp"

namespace quartic {

/// How a kind of coupling takes part in learning.
enum class Freedom {
  free,    ///< one parameter an edge or a site
  tied,    ///< one parameter for the whole kind
  frozen,  ///< kept at its value
};
template <>
inline constexpr auto words_of<Freedom> = word_list("free", "tied", "frozen");

/// The map between a parameter vector theta (free and tied kinds in the order w, r, a, b) and an
/// action's couplings. S = sum_k theta_k f_k + S_frozen with f_k = dS/dtheta_k. The couplings w and
/// r of hidden sites are always free, and follow those of their kind; they have no a and b.
class Parameters {
 public:
  Parameters(std::shared_ptr<const Graph> graph, std::array<Freedom, coupling_kinds> freedom);

  int size() const { return offset_.back(); }
  Freedom freedom(CouplingKind kind) const { return freedom_[static_cast<int>(kind)]; }
  const std::array<Freedom, coupling_kinds>& freedoms() const { return freedom_; }
  /// Range of parameter indices of a kind: [begin, end); empty if frozen.
  int begin(CouplingKind kind) const { return offset_[static_cast<int>(kind)]; }
  int end(CouplingKind kind) const { return offset_[static_cast<int>(kind) + 1]; }
  CouplingKind kind(int k) const;
  /// Couplings of a kind between and at sites that are not hidden, which its freedom is of; those
  /// of hidden sites are as many as hidden_count and come behind, in theta as in the action.
  int own_count(CouplingKind kind) const;
  int hidden_count(CouplingKind kind) const;
  /// The number in theta of the action's coupling `index` of a kind; -1 where it is not learned.
  int number(CouplingKind kind, int index) const {
    const int own = own_count(kind), hidden = hidden_count(kind);
    if (index >= own) return index - own < hidden ? end(kind) - hidden + index - own : -1;
    return freedom(kind) == Freedom::free   ? begin(kind) + index
           : freedom(kind) == Freedom::tied ? begin(kind)
                                            : -1;
  }
  /// "w[0,1]" (edge 0-1), "a[5]", or "b" when tied.
  std::string label(int k) const;

  std::vector<double> gather(const Action& action) const;  ///< a tied kind gives its mean
  void scatter(std::span<const double> theta, Action& action) const;

  const Graph& graph() const { return *graph_; }

 private:
  std::shared_ptr<const Graph> graph_;
  std::array<Freedom, coupling_kinds> freedom_;
  std::array<int, coupling_kinds + 1> offset_;
};

}  // namespace quartic
