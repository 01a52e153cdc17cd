#include "quartic/network/path.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "network/path_model.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
NetworkPath::NetworkPath(const Network& base, const Network& network)
    : NetworkPath({std::make_shared<const Network>(base),  //
                   std::make_shared<const Network>(network)}) {}

NetworkPath::NetworkPath(std::vector<Knot> knots) : knots_(std::move(knots)) {
  if (knots_.size() < 2)
    throw BadInput("a path of models needs a base and a network", "base_network makes a base");
  for (const Knot& knot : knots_) {
    require_normalisable(*knot);
    require_same_units(*knot, base());
  }
  const auto coupled = [](const std::vector<double>& matrix) {
    return std::any_of(matrix.begin(), matrix.end(), [](double w) { return w != 0; });
  };
  if (coupled(base().w) || coupled(base().u)) {
    throw BadInput(
        "annealing and tempering need a base without couplings, so that its normaliser and its "
        "draws are exact",
        "base_network makes one");
  }
}

NetworkPath::Place NetworkPath::place(double t) const {
  const double at = t * segments();
  const int segment = std::clamp(static_cast<int>(at), 0, segments() - 1);
  return {segment, t == 1 ? 1.0 : std::clamp(at - segment, 0.0, 1.0)};
}

Network NetworkPath::at(double t) const {
  const auto [segment, fraction] = place(t);
  const Network &from = *knots_[segment], &to = *knots_[segment + 1];
  Network out(layer_between(from.visible, to.visible, fraction),
              layer_between(from.hidden, to.hidden, fraction));
  out.u.resize(from.u.size());
  for (auto [mixed, x, y] : {std::tuple{&out.w, &from.w, &to.w}, {&out.u, &from.u, &to.u}})
    for (std::size_t k = 0; k < mixed->size(); ++k)
      (*mixed)[k] = (1 - fraction) * (*x)[k] + fraction * (*y)[k];
  return out;
}

double uncoupled_log_z(const Network& base) {
  double sum = 0;
  for (int i = 0; i < base.visible.size(); ++i) sum += base.visible.moments(i, 0).log_normaliser;
  for (int j = 0; j < base.hidden.size(); ++j) sum += base.hidden.moments(j, 0).log_normaliser;
  return sum;
}

void require_same_units(const Network& x, const Network& y) {
  const auto same = [](const Layer& one, const Layer& other) {
    return one.unit == other.unit && one.size() == other.size();
  };
  if (!same(x.visible, y.visible) || !same(x.hidden, y.hidden) || x.gated() != y.gated())
    throw BadInput("annealing and tempering need models of the same units as the network",
                   "give every network of the path the same layers");
}

Layer layer_between(const Layer& from, const Layer& to, double fraction) {
  Layer out = from;
  const auto mix = [&](std::vector<double>& x, const std::vector<double>& y) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = (1 - fraction) * x[i] + fraction * y[i];
  };
  mix(out.r, to.r), mix(out.a, to.a), mix(out.b, to.b);
  return out;
}

template <class T>
PathModels<T>::PathModels(NetworkPath path) : path_(std::move(path)) {
  convert({}, {});
}

template <class T>
void PathModels<T>::set_path(NetworkPath path) {
  const std::vector<NetworkPath::Knot> known(path_.knots().begin(), path_.knots().end());
  path_ = std::move(path);
  convert(known, std::exchange(weights_, {}));
}

template <class T>
void PathModels<T>::convert(const std::vector<NetworkPath::Knot>& known,
                            const std::vector<Weights>& weights) {
  for (const auto& knot : path_.knots()) {
    const auto found = std::find(known.begin(), known.end(), knot);
    weights_.push_back(found != known.end() ? weights[found - known.begin()]
                                            : joint_weights<T>(*knot));
  }
}

template <class T>
PathModel<T> PathModels<T>::at(double t) const {
  const auto [segment, fraction] = path_.place(t);
  const Network &from = *path_.knots()[segment], &to = *path_.knots()[segment + 1];
  const Layer visible = layer_between(from.visible, to.visible, fraction);
  const auto layers = [&, fraction = fraction](Weights w) {
    return CoupledLayers<T>(std::move(w), visible, layer_between(from.hidden, to.hidden, fraction));
  };
  if (segment == 0)  // the base's w is zero
    return {visible, layers(weights_[1]),
            AlignedVector<T>(chains_in_block, static_cast<T>(fraction))};
  AlignedVector<T> one(chains_in_block, T(1));
  if (fraction == 0) return {visible, layers(weights_[segment]), std::move(one)};
  if (fraction == 1) return {visible, layers(weights_[segment + 1]), std::move(one)};
  auto mixed = std::make_shared<AlignedVector<T>>(*weights_[segment]);
  const auto step = static_cast<T>(fraction);
  const T* target = weights_[segment + 1]->data();
  for (std::size_t k = 0; k < mixed->size(); ++k) (*mixed)[k] += step * (target[k] - (*mixed)[k]);
  return {visible, layers(std::move(mixed)), std::move(one)};
}

template <class T>
void add_visible_difference(const Layer& from, const Layer& to, const T* x, std::ptrdiff_t stride,
                            int lanes, double* out) {
  for (int i = 0; i < to.size(); ++i) {
    const double r = to.r[i] - from.r[i], a = to.a[i] - from.a[i], b = to.b[i] - from.b[i];
    const T* values = x + i * stride;
    for (int lane = 0; lane < lanes; ++lane) {
      const auto value = static_cast<double>(values[lane]);
      out[lane] += value * (r + value * (a + b * value * value));
    }
  }
}

template class PathModels<float>;
template class PathModels<double>;
template void add_visible_difference(const Layer&, const Layer&, const float*, std::ptrdiff_t, int,
                                     double*);
template void add_visible_difference(const Layer&, const Layer&, const double*, std::ptrdiff_t, int,
                                     double*);

}  // namespace quartic
