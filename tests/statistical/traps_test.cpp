// Fields on which samplers and estimators usually lie, one seed each: ok means within 4 errors.
#include "traps.hpp"

#include <gtest/gtest.h>

namespace quartic::testing {
namespace {

class Traps : public ::testing::TestWithParam<TrapFamily> {};

TEST_P(Traps, OkIsRightAndRightIsOk) {
  // Free energies and reweighting take longer: some of them; all are in traps_slow.cpp.
  const auto pulls = GetParam().pulls(1, GetParam().run == sampled ? 1 : 8);
  ASSERT_FALSE(pulls.empty());
  expect_ok_is_right(pulls, 2);  // of 30 runs with a dozen pulls each, three by chance: p < 1e-5
  expect_right_is_ok(pulls);
}

INSTANTIATE_TEST_SUITE_P(All, Traps, ::testing::ValuesIn(trap_families()), test_name);

}  // namespace
}  // namespace quartic::testing
