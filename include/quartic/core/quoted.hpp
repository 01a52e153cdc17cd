// Text as a string of TOML.
#pragma once

#include <string>
#include <string_view>

namespace quartic {

/// In double quotes, with quotes, backslashes and control characters escaped.
std::string toml_string(std::string_view text);

}  // namespace quartic
