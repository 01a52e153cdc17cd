// Text of others as it is shown, and paths as text and back.
#include <gtest/gtest.h>

#include "quartic/core/error.hpp"
#include "quartic/core/shown.hpp"

namespace quartic {
namespace {

TEST(Shown, TextIsAsItIs) {
  for (const char* text : {"", "a b", "ä ± 中 \xF0\x9F\x98\x80", "two\nlines\tand a tab"})
    EXPECT_EQ(shown(text), text);
}

TEST(Shown, WhatATerminalObeysOrNobodySeesIsEscaped) {
  EXPECT_EQ(shown("\x1b[2J\x7f\r"), "\\x1b[2J\\x7f\\x0d");
  EXPECT_EQ(shown("m\xE9ss \xC3"), "m\\xe9ss \\xc3");
  EXPECT_EQ(shown("\xEF\xBB\xBFkey"), "\\u{FEFF}key");
  EXPECT_EQ(shown("\xE2\x88\x92"
                  "1"),
            "\\u{2212}1");
  EXPECT_EQ(shown("\xC2\x9B"
                  "2J \xE2\x80\xAE"),
            "\\u{009B}2J \\u{202E}");
}

TEST(Shown, BytesThatAreNoUtf8AreNoCharacters) {
  for (const char* text : {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                           "\xF8\x88\x80\x80\x80", "\xE4\xB8"})
    EXPECT_EQ(utf8_length(text), 0u);
  EXPECT_EQ(utf8_length("\xF4\x8F\xBF\xBF"), 4u);
  EXPECT_FALSE(is_utf8("a\xFF"));
}

TEST(Shown, EveryErrorIsFitToBeShown) {
  const BadInput error("there is no '\x1b[31m'", "not \xFF");
  EXPECT_STREQ(error.what(), "there is no '\\x1b[31m'");
  EXPECT_EQ(error.hint(), "not \\xff");
}

TEST(Shown, APathOfAnyBytesComesBack) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  for (const std::string& path : {all, std::string("plain/path.h5"), std::string("ä/中"),
                                  std::string("literal \\xe9 and \\\\x"), std::string("\\"),
                                  std::string("ends in \\x"), std::string("m\xE9ss\\xe9")}) {
    EXPECT_TRUE(is_utf8(path_text(path)));
    EXPECT_EQ(path_bytes(path_text(path)), path);
  }
  EXPECT_EQ(path_text("m\xE9ss"), "m\\xe9ss");
  EXPECT_EQ(path_text("a\\b"), "a\\b");
}

}  // namespace
}  // namespace quartic
