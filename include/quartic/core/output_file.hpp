// Files that are written: checked beforehand, and replaced so that at any instant either the old or
// the new one is there, whole.
#pragma once

#include <filesystem>
#include <functional>

namespace quartic {

/// Calls write(temporary) with a new name in the same directory, forces it to disk and renames it
/// over `file`. The previous file is kept as FILE.previous until that is done. On an exception the
/// temporary is gone and `file` untouched.
void replace_file(const std::filesystem::path& file,
                  const std::function<void(const std::filesystem::path&)>& write);

/// Throws BadInput where a file could not be written: the directory is missing or unwritable, or
/// the file exists and `overwrite` is false.
void require_writable(const std::filesystem::path& file, bool overwrite);

}  // namespace quartic
