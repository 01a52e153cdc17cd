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
/// action's couplings. S = sum_k theta_k f_k + S_frozen with f_k = dS/dtheta_k.
class Parameters {
 public:
  Parameters(std::shared_ptr<const Graph> graph, std::array<Freedom, coupling_kinds> freedom);

  int size() const { return offset_.back(); }
  Freedom freedom(CouplingKind kind) const { return freedom_[static_cast<int>(kind)]; }
  /// Range of parameter indices of a kind: [begin, end); empty if frozen.
  int begin(CouplingKind kind) const { return offset_[static_cast<int>(kind)]; }
  int end(CouplingKind kind) const { return offset_[static_cast<int>(kind) + 1]; }
  CouplingKind kind(int k) const;
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
