// The precision of fields.
#pragma once

#include <string>
#include <utility>

#include "quartic/core/words.hpp"
#include "quartic/field/action.hpp"

namespace quartic {

/// Of the fields; sums are always float64.
enum class Precision {
  automatic,  ///< float32, or float64 where that would not do
  float32,
  float64
};
template <>
inline constexpr auto words_of<Precision> = word_list("auto", "float32", "float64");

/// What `wanted` means for an action: automatic is float64 where why_not_float32 has a reason.
/// O(V + E).
Precision chosen_precision(Precision wanted, const Action& action);

/// Why float32 fields are too coarse for an action, or nothing: a field further from zero than
/// 3000 times its fluctuations; one whose fourth power has no place in float32; or a site's
/// action so large (beyond 3000) that its fluctuations, of order 1, lose digits. At the fields that
/// a site typically feels, |phi| and width of its conditional by Laplace's rule. O(V + E).
std::string why_not_float32(const Action& action);

/// f<T>() with T = float or double, as in
///
///     with_precision(precision, [&]<class T>() { return learn<T>(action); });
template <class F>
auto with_precision(Precision precision, F&& f) {
  return precision == Precision::float64 ? std::forward<F>(f).template operator()<double>()
                                         : std::forward<F>(f).template operator()<float>();
}

}  // namespace quartic
