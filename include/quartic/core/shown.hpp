// Text of others, as it is shown to people, kept in TOML, and read back.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quartic {

/// How many bytes the first character of the text has in UTF-8; 0: it is none.
std::size_t utf8_length(std::string_view text);

/// Whether all of it is UTF-8.
bool is_utf8(std::string_view text);

/// With control characters, bytes that are no UTF-8 (\xNN) and characters that cannot be seen or
/// told from others (\u{NNNN}) escaped. Line feeds and tabs stay.
std::string shown(std::string_view text);

/// In double quotes, with quotes, backslashes and control characters escaped.
std::string toml_string(std::string_view text);

/// A path, which is any bytes, as UTF-8: control characters and bytes that are no UTF-8 become
/// \xNN, and so does a backslash before an x.
std::string path_text(std::string_view path);
/// And back: path_bytes(path_text(p)) == p.
std::string path_bytes(std::string_view text);

}  // namespace quartic
