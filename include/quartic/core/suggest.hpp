// The nearest valid name to a misspelt one, for error messages.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace quartic {

/// The name nearest to `word` by Levenshtein distance (the first of equals; case is ignored), or an
/// empty string where none is near: at most a third of the longer word may differ, at least one and
/// at most three characters. O(total length of names * length of word).
std::string nearest_name(std::string_view word, std::span<const std::string_view> names);

/// A ready hint: "did you mean 'square'?" or, where nothing is near, "one of: chain, square, ...".
std::string suggestion(std::string_view word, std::span<const std::string_view> names);

}  // namespace quartic
