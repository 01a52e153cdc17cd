// libFuzzer on one of the targets, QUARTIC_FUZZ_TARGET.
#include <cstdlib>

#include "fuzz/targets.hpp"

// Memory that was freed is kept from use for long enough, and not for as long as caches forget it;
// frames kept after their return are searched at each exception, for a third of the time.
extern "C" const char* __asan_default_options() {  // NOLINT: the sanitizer's name
  return "quarantine_size_mb=8:malloc_context_size=6:detect_stack_use_after_return=0";
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  setenv("TMPDIR", "/dev/shm", 0);  // where packed data are unpacked
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  quartic::fuzz::QUARTIC_FUZZ_TARGET({data, size});
  return 0;
}
