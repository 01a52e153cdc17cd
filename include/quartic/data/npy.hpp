// Arrays of numpy as whole files; rows to learn from are read by data_file.hpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace quartic {

/// A float32 array in C order (numpy's format 1.0), written atomically. Throws BadInput where the
/// values do not fill the shape or the file cannot be written.
void write_npy(const std::filesystem::path& file, std::span<const float> values,
               std::span<const std::size_t> shape);

/// All values of an array of any shape in C order, float64 or float32. Throws BadInput for any
/// other file.
std::vector<double> read_npy(const std::filesystem::path& file);

}  // namespace quartic
