// quartic: machine learning with phi^4 lattice field theories.
#include "app/program.hpp"

int main(int argc, char** argv) {
  return quartic::app::program(argc, argv);
}
