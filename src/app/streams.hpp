// What the program says. Results go to standard output, and where that fails the program has
// failed; all else goes to standard error, and is lost where that fails.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "quartic/core/shown.hpp"

namespace quartic::app {

/// Gives descriptors 0, 1 and 2 that are closed a place where nothing can be read or written, lest
/// a file gets their numbers; and lets writing say that it failed rather than kill the process.
void secure_streams();

/// Whether a descriptor is a terminal on which lines can be drawn anew.
bool is_terminal(int descriptor);

/// How wide it is; nothing where it is no terminal, or does not know.
std::optional<std::size_t> terminal_width(int descriptor);

/// Colours of words, on terminals alone and never where NO_COLOR is set (no-color.org).
enum class Colour { red, yellow };
std::string painted(std::string_view text, Colour colour, int descriptor);

void put_out(std::string_view text);
void put_error(std::string_view text);
void flush_output();

/// Onto standard output, as people see it (shown()).
template <class... Arguments>
void to_output(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  put_out(shown(fmt::format(format, std::forward<Arguments>(arguments)...)));
}

/// Onto standard error, likewise.
template <class... Arguments>
void to_error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  put_error(shown(fmt::format(format, std::forward<Arguments>(arguments)...)));
}

/// A report likewise, with the words in it that say what is not to be trusted in red; lines that
/// are wider than the terminal go on in the next one, further in.
void put_report(std::string_view report);

/// Throws BadInput where standard output did not take everything; without a word where its reader
/// has gone, as that of `quartic show RUN | head` has.
void finish_output();

}  // namespace quartic::app
