// What the fuzzers of the readers (tests/fuzz) begin with and have found, once more.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz/targets.hpp"

namespace quartic {
namespace {

TEST(FuzzCorpus, EveryInputIsReadOrRefused) {
  for (const auto& target : fuzz::targets) {
    int inputs = 0;
    const auto folder = std::filesystem::path(QUARTIC_TEST_DATA) / "fuzz/corpus" / target.name;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in),
                                            std::istreambuf_iterator<char>()};
      EXPECT_NO_THROW(target.take(bytes)) << entry.path();
      ++inputs;
    }
    EXPECT_GT(inputs, 0) << folder;
  }
}

}  // namespace
}  // namespace quartic
