// A refusal says where, why, and what to do about it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "quartic/core/error.hpp"

namespace quartic {

struct Refusal {
  std::string reason;  ///< part of the message
  std::string hint;    ///< part of the hint
  std::function<void()> act;
};

inline void expect_refused(const Refusal& refusal) {
  try {
    refusal.act();
    ADD_FAILURE() << "not refused: " << refusal.reason;
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find(refusal.reason), std::string::npos) << message;
    EXPECT_NE(error.hint().find(refusal.hint), std::string::npos) << error.hint();
    EXPECT_FALSE(error.hint().empty()) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_FALSE(message.ends_with('.')) << message;
  }
}

inline void expect_refused(const std::vector<Refusal>& refusals) {
  for (const auto& refusal : refusals) expect_refused(refusal);
}

}  // namespace quartic
