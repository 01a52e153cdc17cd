// Sections, keys and words of configs that had other names in quartic 0.1.
#pragma once

#include <toml++/toml.h>

namespace quartic::binder {

/// Throws BadInput for a former name: its place, today's name, and as a hint the line to write.
void require_present_names(const toml::table& document);

/// Throws BadInput where a config with data and no target has a [certificate]: the section of a
/// fit's evaluation is [evaluation].
void require_no_certificate(const toml::table& document);

/// Gives everything its name of today.
void translate_names(toml::table& document);

}  // namespace quartic::binder
