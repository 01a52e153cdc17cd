#include "quartic/core/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "quartic/core/error.hpp"

namespace quartic {
namespace {

namespace fs = std::filesystem;

constexpr const char* disk_full = "is the disk full, or the directory gone?";

[[noreturn]] void refuse(const fs::path& file, const std::string& what, const std::string& hint) {
  throw BadInput(fmt::format("cannot write '{}': {}", file.string(), what), hint);
}

fs::path directory_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

void force_to_disk(const fs::path& path, int flags) {
  const int descriptor = open(path.c_str(), flags | O_CLOEXEC);
  if (descriptor < 0) refuse(path, std::strerror(errno), disk_full);
  const bool failed = fsync(descriptor) != 0 && errno != EINVAL;  // EINVAL: cannot be synced
  const int reason = errno;
  close(descriptor);
  if (failed) refuse(path, std::strerror(reason), disk_full);
}

/// A file that is removed again unless it was renamed away.
class Temporary {
 public:
  explicit Temporary(fs::path path) : path_(std::move(path)) {}
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

void replace_file(const fs::path& file, const std::function<void(const fs::path&)>& write) {
  const Temporary temporary(file.string() + fmt::format(".{}.tmp", getpid()));
  write(temporary.path());
  force_to_disk(temporary.path(), O_RDONLY);
  const fs::path previous = file.string() + ".previous";
  std::error_code ignored;
  fs::remove(previous, ignored);
  fs::create_hard_link(file, previous,
                       ignored);  // not on every file system; rename is atomic anyway
  std::error_code error;
  fs::rename(temporary.path(), file, error);
  if (error) refuse(file, error.message(), disk_full);
  force_to_disk(directory_of(file), O_RDONLY | O_DIRECTORY);
  fs::remove(previous, ignored);
}

void require_writable(const fs::path& file, bool overwrite) {
  std::error_code error;
  const fs::path directory = directory_of(file);
  if (!fs::is_directory(directory, error))
    refuse(file, fmt::format("there is no directory '{}'", directory.string()),
           "make it first, or give another name");
  if (access(directory.c_str(), W_OK | X_OK) != 0)
    refuse(file, fmt::format("directory '{}' is not writable", directory.string()),
           "give a name in a directory of your own");
  if (!fs::exists(fs::symlink_status(file, error))) return;
  if (fs::is_directory(file, error))
    refuse(file, "it is a directory", "give the name of a file in it");
  if (!overwrite) {
    throw BadInput(fmt::format("'{}' exists already", file.string()),
                   "give another name with -o, or --force to overwrite it");
  }
  if (access(file.c_str(), W_OK) != 0)
    refuse(file, "it is write-protected", "give another name, or make it writable: chmod u+w");
}

}  // namespace quartic
