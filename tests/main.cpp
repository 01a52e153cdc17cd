// As gtest_main, on one SIMD target: QUARTIC_TEST_SIMD, if set, restricts the kernels to it.
// --simd_targets lists those of this build, with a dash behind those that this machine does not
// run.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "hwy/highway.h"
#include "quartic/core/error.hpp"
#include "quartic/core/simd.hpp"

namespace {

/// A test that chooses targets itself has this one alone to choose from; the next begins with it
/// again.
class Restriction : public ::testing::EmptyTestEventListener {
 public:
  explicit Restriction(const std::string& target) : target_(target) {
    quartic::restrict_simd_target(target_);
  }
  void OnTestStart(const ::testing::TestInfo&) override { quartic::restrict_simd_target(target_); }

 private:
  std::string target_;
};

void list_targets() {
  for (std::int64_t rest = HWY_TARGETS; rest != 0; rest &= rest - 1) {
    const std::int64_t target = rest & -rest;
    const bool runs = (hwy::SupportedTargets() & target) != 0;
    std::printf("%s%s\n", hwy::TargetName(target), runs ? "" : " -");
  }
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc > 1 && std::string_view(argv[1]) == "--simd_targets") return list_targets(), 0;
  const char* target = std::getenv("QUARTIC_TEST_SIMD");
  try {
    ::testing::UnitTest::GetInstance()->listeners().Append(new Restriction(target ? target : ""));
  } catch (const quartic::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return RUN_ALL_TESTS();
}
