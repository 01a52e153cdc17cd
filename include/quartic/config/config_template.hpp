// Configs to begin from: of every kind of run, with every key that it has, from the table of keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "quartic/core/words.hpp"

namespace quartic {

/// What a config is for: a verb, or of `fit` what it learns.
enum class ConfigKind { sample, learn, field, network, stack, reweight, free_energy, judge };
template <>
inline constexpr auto words_of<ConfigKind> = word_list("sample", "learn", "field", "network",
                                                       "stack", "reweight", "free-energy", "judge");

/// The run file whose fields the configs of data learn from where no other data are named: that of
/// the config for `sample`.
inline constexpr std::string_view template_data = "sample.h5";

/// A config of that kind as TOML, which parse_config takes as it stands. What it is for and how to
/// run it stand at its head, by the name `file`; every section and key of it has its meaning, type
/// and range; keys at their defaults are comments, "#key = value". `settings` are as of
/// apply_setting(), which says what they throw.
std::string config_template(ConfigKind kind, const std::string& file,
                            const std::vector<std::string>& settings = {});

}  // namespace quartic
