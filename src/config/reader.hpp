// Reading a config's sections from TOML by the table of keys.
#pragma once

#include <toml++/toml.h>

#include <filesystem>
#include <string>

#include "config/table.hpp"

namespace quartic::binder {

/// Where a node stands: "FILE:LINE" or "--set ...".
std::string place(const toml::source_region& source);

/// A value in the words of a message; arrays and tables by their kind.
std::string spelled(const toml::node& node);

/// Sets the keys that are present. Throws BadInput with the place.
void read(const Section& section, const toml::table& table, const std::filesystem::path& directory);

}  // namespace quartic::binder
