// Writing arrays for numpy.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace quartic {

/// A float32 array in C order (numpy's format 1.0), written atomically. Throws BadInput where the
/// values do not fill the shape or the file cannot be written.
void write_npy(const std::filesystem::path& file, std::span<const float> values,
               std::span<const std::size_t> shape);

}  // namespace quartic
