// The seal at the end of a run file: a checksum of all before it. HDF5 1.10 itself may crash on
// damaged bytes, so damage must be found before HDF5 sees it. HDF5 ignores what follows its own
// data, and drops it when a file is changed: a run file that was edited with other tools has no
// seal and is read unchecked.
#pragma once

#include <filesystem>

namespace quartic {

enum class Seal { absent, intact, broken };

/// Appends the seal. O(size). Throws BadInput where that cannot be.
void seal_file(const std::filesystem::path& file);

/// O(size).
Seal check_seal(const std::filesystem::path& file);

}  // namespace quartic
