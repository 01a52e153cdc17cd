// The precision of fields.
#pragma once

#include <utility>

#include "quartic/core/words.hpp"

namespace quartic {

enum class Precision { float32, float64 };  ///< of the fields; sums are always float64
template <>
inline constexpr auto words_of<Precision> = word_list("float32", "float64");

/// f<T>() with T = float or double, as in
///
///     with_precision(precision, [&]<class T>() { return learn<T>(action); });
template <class F>
auto with_precision(Precision precision, F&& f) {
  return precision == Precision::float32 ? std::forward<F>(f).template operator()<float>()
                                         : std::forward<F>(f).template operator()<double>();
}

}  // namespace quartic
