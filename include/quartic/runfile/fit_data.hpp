// What a run file knows of the data that its model learned from.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "quartic/data/scaling.hpp"

namespace quartic {

struct FitData {
  std::string description, checksum;
  std::vector<std::size_t> row_shape;
  DataScaling scaling;
  std::size_t rows = 0, held_out = 0;
  double pass_seconds = 0;      ///< one pass over all of them, for their moments
  std::vector<float> examples;  ///< some of the rows, [row][column], in the units of the model
  std::vector<std::string> names = {};    ///< of the columns; none where the file had none
  std::vector<std::string> remarks = {};  ///< why a field's data have no density; a sentence each
};

}  // namespace quartic
