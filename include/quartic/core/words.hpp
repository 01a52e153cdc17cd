// The words of enumerations: one array beside each, in the order of its enumerators.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "quartic/core/error.hpp"
#include "quartic/core/suggest.hpp"

namespace quartic {

template <class... Words>
constexpr std::array<std::string_view, sizeof...(Words)> word_list(Words... words) {
  return {words...};
}

/// The words of an enumeration that counts from 0. Beside each stands its specialisation,
///   template <>
///   inline constexpr auto words_of<Freedom> = word_list("free", "tied", "frozen");
template <class E>
inline constexpr int words_of = 0;

template <class E>
concept Worded = requires {
  words_of<E>.size();
};

/// The word of an enumerator, as in configs, run files and Python.
template <Worded E>
constexpr std::string_view name(E value) {
  return words_of<E>[static_cast<std::size_t>(value)];
}

/// The enumerator of a word; empty where it is none. O(number of words).
template <Worded E>
constexpr std::optional<E> find_word(std::string_view word) {
  const auto found = std::find(words_of<E>.begin(), words_of<E>.end(), word);
  if (found == words_of<E>.end()) return {};
  return static_cast<E>(found - words_of<E>.begin());
}

/// The same. Throws BadInput "unknown WHAT 'WORD'" with the nearest word as hint.
template <Worded E>
E from_word(std::string_view word, std::string_view what) {
  if (const auto value = find_word<E>(word)) return *value;
  throw BadInput("unknown " + std::string(what) + " '" + std::string(word) + "'",
                 suggestion(word, words_of<E>));
}

}  // namespace quartic
