#include <fmt/format.h>

#include "config/table.hpp"
#include "quartic/config/config.hpp"

namespace quartic {
namespace {

using namespace binder;  // NOLINT: the table's vocabulary

void append_section(std::string& out, const Section& section, const Section& defaults,
                    bool array = false) {
  if (!out.empty()) out += '\n';
  out += array ? "[[target]]\n" : fmt::format("[{}]\n", section.name);
  for (std::size_t k = 0; k < section.keys.size(); ++k) {
    const std::string value = dump(section.keys[k]);
    if (value.empty()) continue;
    const bool is_default = !array && value == dump(defaults.keys[k]);
    out += fmt::format("{} = {}{}\n", section.keys[k].name, value, is_default ? "  # default" : "");
  }
}

bool is_default(const Section& section, const Section& defaults) {
  for (std::size_t k = 0; k < section.keys.size(); ++k)
    if (dump(section.keys[k]) != dump(defaults.keys[k])) return false;
  return true;
}

/// Of a graph by its edges: a file that names a lattice, too, is refused.
void leave_out_lattice(std::vector<Section>& sections) {
  for (auto& section : sections)
    if (section.name == "graph")
      std::erase_if(section.keys, [](const Key& key) {
        return key.name == "lattice" || key.name == "extent" || key.name == "boundary";
      });
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void append_reference(std::string& out, const Section& section, std::string_view heading) {
  out += fmt::format(
      "\n## {}\n\n{}\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n", heading,
      section.doc);
  for (const auto& key : section.keys) {
    const std::string value = dump(key);
    out += fmt::format("| `{}` | {} | {} | {} |\n", key.name, escaped(type_name(key)),
                       value.empty() ? "-" : fmt::format("`{}`", value), escaped(meaning(key)));
  }
}

}  // namespace

bool says_something_of(std::string_view section, const Config& config) {
  Config copy = config, defaults;
  const auto all = binder::sections(copy), plain = binder::sections(defaults);
  for (std::size_t k = 0; k < all.size(); ++k)
    if (all[k].name == section) return !is_default(all[k], plain[k]);
  return false;
}

std::string to_toml(const Config& config) {
  Config copy = config, defaults;
  fill_starts(copy.action);
  fill_starts(defaults.action);
  auto all = binder::sections(copy), plain = binder::sections(defaults);
  if (!config.graph.is_lattice()) leave_out_lattice(all), leave_out_lattice(plain);
  std::string out;
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (!plays_a_part(all[k].name, config) && is_default(all[k], plain[k])) continue;
    append_section(out, all[k], plain[k]);
    if (all[k].name != "action") continue;
    for (auto& spec : copy.target) {
      const auto section = binder::target_section(spec);
      append_section(out, section, section, true);
    }
  }
  return out;
}

std::string config_reference() {
  Config config;
  fill_starts(config.action);
  TermSpec spec;
  std::string out =
      "# The config\n\n"
      "TOML. An unknown key, a wrong type or a value out of range is refused, with file and line, "
      "a\n"
      "former name with the line to write instead. Integers are at most 2147483647, and numbers at "
      "most "
      "1e30\neither side of 0, where nothing smaller is said. `--set section.key=value` overrides "
      "a "
      "key from the command\nline; `quartic validate CONFIG --effective` prints the config with "
      "all "
      "defaults filled in, `quartic validate\n--schema` all this as a JSON schema, for editors. "
      "Written by `quartic validate --reference`.\n";
  for (const auto& section : binder::sections(config)) {
    append_reference(out, section, fmt::format("[{}]", section.name));
    if (section.name == "action") append_reference(out, binder::target_section(spec), "[[target]]");
  }
  return out;
}

}  // namespace quartic
