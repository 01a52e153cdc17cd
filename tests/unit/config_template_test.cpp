#include "quartic/config/config_template.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "config/table.hpp"
#include "quartic/config/config.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

constexpr ConfigKind kinds[] = {ConfigKind::sample,      ConfigKind::learn, ConfigKind::field,
                                ConfigKind::network,     ConfigKind::stack, ConfigKind::reweight,
                                ConfigKind::free_energy, ConfigKind::judge};
static_assert(std::size(kinds) == words_of<ConfigKind>.size());

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// "#key = value", a key at its default; not "# words", nor "#key = ...", which has none.
bool is_default(const std::string& line) {
  return line.size() > 1 && line[0] == '#' && line[1] != ' ' && line[1] != ':' &&
         line.find(" = ") != std::string::npos && !line.ends_with(" = ...");
}

std::string effective(const std::string& text) {
  return to_toml(parse_config(text, "init.toml", {}, "/somewhere"));
}

TEST(ConfigTemplate, IsAConfigAsItStands) {
  for (const auto kind : kinds) {
    const std::string text = config_template(kind, "init.toml");
    const Config config = parse_config(text, "init.toml", {}, "/somewhere");
    const bool of_data =
        kind == ConfigKind::field || kind == ConfigKind::network || kind == ConfigKind::stack;
    EXPECT_EQ(config.data.path, of_data ? "/somewhere/sample.h5" : "") << name(kind);
    if (kind == ConfigKind::learn || kind == ConfigKind::reweight) {
      EXPECT_NO_THROW(require_target(config, "init.toml"));
    }
    if (of_data) {
      EXPECT_NO_THROW(require_data(config, "init.toml"));
    }
    for (const auto& line : lines_of(text)) EXPECT_LE(line.size(), 100u) << line;
  }
}

TEST(ConfigTemplate, CommentsHoldTheDefaults) {
  for (const auto kind : kinds) {
    const std::string text = config_template(kind, "init.toml");
    std::string all;
    int uncommented = 0;
    for (const auto& line : lines_of(text)) {
      uncommented += is_default(line);
      all += line.substr(is_default(line) ? 1 : 0) + '\n';
    }
    EXPECT_GT(uncommented, 15) << name(kind);
    EXPECT_EQ(effective(all), effective(text)) << name(kind);
  }
}

TEST(ConfigTemplate, HasEveryKeyOfItsSections) {
  std::set<std::string> seen;
  for (const auto kind : kinds) {
    std::string section;
    for (const auto& line : lines_of(config_template(kind, "init.toml"))) {
      if (line.starts_with("[")) section = line.substr(1, line.find(']') - 1);
      const auto begin = line.starts_with("#") && !line.starts_with("# ") ? 1u : 0u;
      if (const auto end = line.find(" = "); end != std::string::npos && line[0] != '[')
        seen.insert(section + "." + line.substr(begin, end - begin));
    }
  }
  Config config;
  for (const auto& part : binder::sections(config))
    for (const auto& key : part.keys)
      EXPECT_TRUE(seen.contains(std::string(part.name) + "." + std::string(key.name)))
          << part.name << "." << key.name;
}

TEST(ConfigTemplate, LeavesOutWhatIsOfOtherModels) {
  const auto has = [](ConfigKind kind, const char* line) {
    return config_template(kind, "init.toml").find(line) != std::string::npos;
  };
  EXPECT_TRUE(has(ConfigKind::network, "#ladders = 64"));
  EXPECT_TRUE(has(ConfigKind::stack, "#ladders = 64"));
  EXPECT_FALSE(has(ConfigKind::field, "ladders"));
  EXPECT_TRUE(has(ConfigKind::stack, "features = "));
  EXPECT_FALSE(has(ConfigKind::network, "features = "));
  EXPECT_TRUE(has(ConfigKind::field, "[fit]"));
  EXPECT_FALSE(has(ConfigKind::network, "[fit]"));
  EXPECT_FALSE(has(ConfigKind::sample, "[learn]"));
  EXPECT_FALSE(has(ConfigKind::learn, "[sample]"));
}

TEST(ConfigTemplate, TakesSettingsAndNamesFilesFromItsFolder) {
  const auto text = config_template(
      ConfigKind::network, "folder/init.toml",
      {"data.path=folder/rows.csv", "training.epochs=7", "model.hidden=[\"spin\"]"});
  for (const char* line :
       {"\npath = \"rows.csv\"\n", "\nepochs = 7\n", "\nhidden = \"spin\"\n",
        "#   quartic fit folder/init.toml\n", "#   quartic score init.h5 ROWS\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
  EXPECT_THROW(config_template(ConfigKind::sample, "x.toml", {"sampler.chain=16"}), BadInput);
  EXPECT_THROW(config_template(ConfigKind::sample, "x.toml", {"sample.relative_error=0.1"}),
               BadInput);
}

}  // namespace
}  // namespace quartic
