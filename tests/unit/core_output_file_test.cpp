// Files that are replaced as a whole: what happens to links, to what is no file, to two writers, to
// what a killed process left, and where the disk ends.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "quartic/core/error.hpp"
#include "quartic/core/output_file.hpp"

namespace quartic {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / ("output-file-" + std::string(test->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path file(const std::string& name) const { return folder_ / name; }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

 private:
  fs::path folder_;
};

void put(const fs::path& file, const std::string& text) {
  replace_file(file, [&](ByteSink& sink) { sink.put(text); });
}

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(OutputFileTest, IsReplacedAsAWholeAndKeepsItsMode) {
  put(file("a"), "first");
  fs::permissions(file("a"), fs::perms::owner_read | fs::perms::owner_write);
  put(file("a"), "2nd");
  EXPECT_EQ(content(file("a")), "2nd");
  EXPECT_EQ(fs::status(file("a")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(entries(), 1u);
}

TEST_F(OutputFileTest, StaysAsItWasWhereWritingFails) {
  put(file("a"), "first");
  EXPECT_THROW(replace_file(file("a"),
                            [](ByteSink& sink) {
                              sink.put("half");
                              throw BadInput("no more");
                            }),
               BadInput);
  EXPECT_EQ(content(file("a")), "first");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(OutputFileTest, AtTheEndOfTheDiskTheOldFileIsWhole) {
  put(file("a"), "first");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  std::string said;
  try {
    put(file("a"), std::string(10000, 'x'));
  } catch (const BadInput& error) {
    said = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(said.find("a': File too large"), std::string::npos) << said;
  EXPECT_EQ(content(file("a")), "first");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(OutputFileTest, LinksAreFollowedWhetherTheirTargetIsThereOrNot) {
  put(file("real"), "old");
  fs::create_symlink("real", file("link"));
  fs::create_symlink("far", file("dangling"));
  fs::create_symlink("round", file("round"));
  put(file("link"), "new");
  require_writable(file("dangling"), false);
  put(file("dangling"), "made");
  EXPECT_TRUE(fs::is_symlink(file("link")));
  EXPECT_EQ(content(file("real")), "new");
  EXPECT_TRUE(fs::is_symlink(file("dangling")));
  EXPECT_EQ(content(file("far")), "made");
  EXPECT_THROW(put(file("round"), "x"), BadInput);
}

TEST_F(OutputFileTest, WhatIsNoRegularFileIsRefused) {
  ASSERT_EQ(mkfifo(file("fifo").c_str(), 0600), 0);
  fs::create_symlink("fifo", file("link"));
  for (const char* name : {"fifo", "link"}) {
    EXPECT_THROW(put(file(name), "x"), BadInput);
    EXPECT_THROW(require_writable(file(name), true), BadInput);
  }
  EXPECT_TRUE(fs::is_fifo(file("fifo")));
}

TEST_F(OutputFileTest, ASecondWriterIsRefusedBeforeAndAfterTheFileIsThere) {
  {
    OutputFile first(file("a"));
    EXPECT_THROW(OutputFile(file("a")), BadInput);
    EXPECT_NO_THROW(OutputFile(file("b")));
    first.replace([](ByteSink& sink) { sink.put("one"); });
    EXPECT_THROW(OutputFile(file("a")), BadInput);
    first.replace([](ByteSink& sink) { sink.put("two"); });
    EXPECT_THROW(OutputFile(file("a")), BadInput);
    EXPECT_EQ(content(file("a")), "two");
  }
  put(file("a"), "three");
  EXPECT_EQ(content(file("a")), "three");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(OutputFileTest, WhatAKilledProcessLeftIsRemoved) {
  std::ofstream(file("a.quartic.tmp")) << "half";
  std::ofstream(file("a.999999999.tmp")) << "half, by an earlier quartic";
  std::ofstream(file("a." + std::to_string(getpid()) + ".tmp")) << "its process lives";
  std::ofstream(file("a.b.tmp")) << "of the user";
  put(file("a"), "whole");
  EXPECT_EQ(content(file("a")), "whole");
  EXPECT_EQ(entries(), 3u);
  put(file("a"), "again");
  EXPECT_EQ(entries(), 3u);
}

}  // namespace
}  // namespace quartic
