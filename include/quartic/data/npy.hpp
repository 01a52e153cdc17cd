// Arrays of numpy as whole files; rows to learn from are read by data_file.hpp, written by
// write_rows.hpp.
#pragma once

#include <filesystem>
#include <vector>

namespace quartic {

/// All values of an array of any shape in C order, float64 or float32. Throws BadInput for any
/// other file.
std::vector<double> read_npy(const std::filesystem::path& file);

}  // namespace quartic
