// quartic: machine learning with phi^4 lattice field theories.
#include <malloc.h>

#include "app/program.hpp"

int main(int argc, char** argv) {
#ifdef __GLIBC__
  // What an epoch frees the next one takes: given back in between, the kernel clears it anew, for a
  // twentieth of the time of learn.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
  return quartic::app::program(argc, argv);
}
