// The models of a path as the kernels take them.
#pragma once

#include <memory>
#include <vector>

#include "network/coupled_layers.hpp"
#include "quartic/network/path.hpp"

namespace quartic {

template <class T>
struct PathModel {
  Layer visible;            ///< the visible units' couplings in float64, for works
  CoupledLayers<T> layers;  ///< models between the base and the first knot share that knot's w,
  AlignedVector<T> scale;   ///< with this factor on every lane of a block; 1 beyond
};

/// Converts knots once, and only those that are new where the path changes.
template <class T>
class PathModels {
 public:
  explicit PathModels(NetworkPath path);
  void set_path(NetworkPath path);
  const NetworkPath& path() const { return path_; }
  /// O(visible hidden) between two knots, O(visible + hidden) elsewhere.
  PathModel<T> at(double t) const;

 private:
  using Weights = std::shared_ptr<AlignedVector<T>>;
  void convert(const std::vector<NetworkPath::Knot>& known, const std::vector<Weights>& weights);

  NetworkPath path_;
  std::vector<Weights> weights_;  ///< by knot
};

/// Throws BadInput where the kinds or numbers of units differ.
void require_same_units(const Network& x, const Network& y);

/// The couplings on the way: (1 - fraction) from + fraction to.
Layer layer_between(const Layer& from, const Layer& to, double fraction);

/// The visible units' part of f_to - f_from, added to out[lane]; x[unit * stride + lane].
template <class T>
void add_visible_difference(const Layer& from, const Layer& to, const T* x, std::ptrdiff_t stride,
                            int lanes, double* out);

}  // namespace quartic
