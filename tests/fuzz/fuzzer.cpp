// libFuzzer on one of the targets, QUARTIC_FUZZ_TARGET.
#include "fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  quartic::fuzz::QUARTIC_FUZZ_TARGET({data, size});
  return 0;
}
