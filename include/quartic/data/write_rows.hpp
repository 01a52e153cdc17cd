// Rows as a file whose suffix says the format.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace quartic {

/// Throws BadInput unless the file's name ends with .npy or .csv: what write_rows writes.
void require_row_format(const std::filesystem::path& file);

/// [row][value] of the shape (rows first), written atomically. .npy: as numpy stores it, in the
/// type of the values. .csv: a line a row, in as many digits as give the same bits back in
/// that type, under a header of the names where there are any; `names`: one a column, or none. Both
/// are read by open_data_file. Throws BadInput as require_row_format does, where the values do not
/// fill the shape, and where the file cannot be written.
void write_rows(const std::filesystem::path& file, std::span<const float> values,
                std::span<const std::size_t> shape, const std::vector<std::string>& names = {});
void write_rows(const std::filesystem::path& file, std::span<const double> values,
                std::span<const std::size_t> shape, const std::vector<std::string>& names = {});

}  // namespace quartic
