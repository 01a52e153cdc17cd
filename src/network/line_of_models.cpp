#include "network/line_of_models.hpp"

#include <algorithm>

#include "quartic/core/error.hpp"

namespace quartic {
namespace {

bool same_units(const Layer& x, const Layer& y) {
  return x.unit == y.unit && x.size() == y.size();
}

}  // namespace

Layer layer_between(const Layer& from, const Layer& to, double beta) {
  Layer out = from;
  const auto mix = [&](std::vector<double>& x, const std::vector<double>& y) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = (1 - beta) * x[i] + beta * y[i];
  };
  mix(out.r, to.r), mix(out.a, to.a), mix(out.b, to.b);
  return out;
}

void require_same_units(const Network& x, const Network& y) {
  if (!same_units(x.visible, y.visible) || !same_units(x.hidden, y.hidden))
    throw BadInput("annealing and tempering need models of the same units as the network");
}

void require_line(const Network& network, const Network& base) {
  require_normalisable(network);
  require_normalisable(base);
  require_same_units(network, base);
  if (std::any_of(base.w.begin(), base.w.end(), [](double w) { return w != 0; })) {
    throw BadInput(
        "annealing and tempering need a base without couplings, so that its normaliser and its "
        "draws are exact");
  }
}

double uncoupled_log_z(const Network& base) {
  double sum = 0;
  for (int i = 0; i < base.visible.size(); ++i) sum += base.visible.moments(i, 0).log_normaliser;
  for (int j = 0; j < base.hidden.size(); ++j) sum += base.hidden.moments(j, 0).log_normaliser;
  return sum;
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

template void add_visible_difference(const Layer&, const Layer&, const float*, std::ptrdiff_t, int,
                                     double*);
template void add_visible_difference(const Layer&, const Layer&, const double*, std::ptrdiff_t, int,
                                     double*);

}  // namespace quartic
