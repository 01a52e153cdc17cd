#include "quartic/core/simd.hpp"

#include "hwy/highway.h"
#include "hwy/targets.h"
#include "quartic/core/error.hpp"

namespace quartic {

std::vector<std::string> simd_targets() {
  std::vector<std::string> names;
  for (const auto target : hwy::SupportedAndGeneratedTargets())
    names.emplace_back(hwy::TargetName(target));
  return names;
}

std::string simd_target() {
  return simd_targets().front();
}

void restrict_simd_target(const std::string& target) {
  const auto choose = [](std::int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  };
  choose(0);
  if (target.empty()) return;
  for (const auto candidate : hwy::SupportedAndGeneratedTargets()) {
    if (target == hwy::TargetName(candidate)) return choose(candidate);
  }
  throw BadInput("SIMD target '" + target + "' does not run on this machine",
                 "see quartic --version");
}

}  // namespace quartic
