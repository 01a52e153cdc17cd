#include "quartic/network/layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/double_well.hpp"
#include "network/unit_type.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

/// One line a kind, in the order of the enumeration.
const std::array types{&quartic_unit, &gaussian_unit, &binary_unit, &spin_unit};
static_assert(types.size() == words_of<Unit>.size());

}  // namespace

const UnitType& type_of(Unit unit) {
  return *types[static_cast<std::size_t>(unit)];
}

template <class T>
UnitConstants<T>::UnitConstants(double r_in, double a_in, double b_in)
    : r(static_cast<T>(r_in)),
      a(static_cast<T>(a_in)),
      b(static_cast<T>(b_in)),
      min_centre(
          b_in > 0 ? static_cast<T>(std::max(0.0, (0.2 * std::sqrt(b_in) - 2 * a_in) / (4 * b_in)))
                   : T(0)),
      well_square(b_in > 0 ? static_cast<T>(std::max(0.0, -a_in / (2 * b_in))) : T(0)),
      two_root_b(static_cast<T>(2 * std::sqrt(b_in))),
      quartic_width(b_in > 0 ? static_cast<T>(1 / std::sqrt(std::sqrt(b_in))) : T(1e15)),
      folded(double_well(a_in, b_in)) {}
template struct UnitConstants<float>;
template struct UnitConstants<double>;

Layer::Layer(Unit kind, int size) : unit(kind) {
  if (size < 1) throw BadInput(fmt::format("a layer of {} units", size), "a layer needs a unit");
  const auto count = static_cast<std::size_t>(size);
  r.assign(count, 0.0);
  a.assign(count, has_a() && !has_b() ? 0.5 : 0.0);
  b.assign(count, has_b() ? 0.125 : 0.0);
}

std::span<const double> Layer::values() const {
  return type_of(unit).values;
}
bool Layer::has_a() const {
  return type_of(unit).has_a;
}
bool Layer::has_b() const {
  return type_of(unit).has_b;
}
UnitMoments Layer::moments(int i, double j) const {
  return type_of(unit).moments(a[i], b[i], j - r[i]);
}
std::optional<std::string> Layer::why_not(int i, std::string_view letters) const {
  const double couplings[] = {r[i], a[i], b[i]};
  for (int k = 0; k < 3; ++k)
    if (!std::isfinite(couplings[k])) return fmt::format("{} is {}", letters[k], couplings[k]);
  if (!has_a() && a[i] != 0)
    return fmt::format("{} = {:g}, but a {} unit has no such coupling", letters[1], a[i],
                       name(unit));
  if (!has_b() && b[i] != 0)
    return fmt::format("{} = {:g}, but a {} unit has no such coupling", letters[2], b[i],
                       name(unit));
  if (b[i] < 0) return fmt::format("{} = {:g} < 0: exp(-S) grows without bound", letters[2], b[i]);
  if (!discrete() && b[i] == 0 && !(a[i] > 0))
    return fmt::format("{} = {:g} with {} = 0: exp(-S) is not normalisable", letters[1], a[i],
                       letters[2]);
  return std::nullopt;
}

}  // namespace quartic
