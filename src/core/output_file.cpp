#include "quartic/core/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "quartic/core/error.hpp"

namespace quartic {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& file, const std::string& what, const std::string& hint) {
  throw BadInput(fmt::format("cannot write '{}': {}", file.string(), what), hint);
}

/// For what the system says in errno.
[[noreturn]] void refuse(const fs::path& file) {
  const int reason = errno;
  refuse(file, std::strerror(reason),
         reason == ENAMETOOLONG ? "give a shorter name"
         : reason == EFBIG      ? "a limit on the size of files: ulimit -f"
                                : "is the disk full, or the directory gone?");
}

[[noreturn]] void refuse_busy(const fs::path& file) {
  refuse(file, "another run is writing it", "wait for it, or give another name");
}

fs::path directory_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

/// What a chain of symbolic links ends at, whether it is there or not.
fs::path target_of(fs::path file) {
  constexpr int most = 40;  // as Linux follows
  std::error_code error;
  for (int links = 0; fs::is_symlink(fs::symlink_status(file, error)); ++links) {
    const fs::path to = fs::read_symlink(file, error);
    if (error || links == most)
      refuse(file, "its symbolic links end nowhere", "give the name of a file");
    file = to.is_absolute() ? to : directory_of(file) / to;
  }
  return file;
}

/// Throws where the file is there and no regular one.
void require_regular(const fs::path& file) {
  if (file.native().find('\0') != std::string::npos)
    refuse(file, "a name ends at its NUL", "give a name without one");
  std::error_code error;
  const auto status = fs::status(file, error);
  if (fs::is_directory(status)) refuse(file, "it is a directory", "give the name of a file in it");
  if (fs::exists(status) && !fs::is_regular_file(status))
    refuse(file, "it is no regular file", "write a file, then send its content on");
}

void force_to_disk(int descriptor, const fs::path& file) {
  if (fsync(descriptor) != 0 && errno != EINVAL) refuse(file);  // EINVAL: cannot be synced
}

/// A lock of an open file, which readers do not see: HDF5 asks with flock, and a run may be looked
/// at while it is written.
int set_lock(int descriptor, short type) {
  struct flock whole {};
  whole.l_type = type, whole.l_whence = SEEK_SET;
  return fcntl(descriptor, F_OFD_SETLK, &whole);
}

/// Whether the lock is this one's now; a file system without locks gives it to everybody.
bool lock(int descriptor) {
  return set_lock(descriptor, F_WRLCK) == 0 || (errno != EAGAIN && errno != EACCES);
}

void unlock(int& descriptor) {
  if (descriptor < 0) return;
  set_lock(descriptor, F_UNLCK);  // also for children that have it since a fork
  close(descriptor);
  descriptor = -1;
}

/// Whether the descriptor is of the file that has this name now.
bool is_still(const fs::path& file, int descriptor) {
  struct stat named {
  }, opened{};
  return stat(file.c_str(), &named) == 0 && fstat(descriptor, &opened) == 0 &&
         named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

/// The file, locked; -1: there is none that can be written. Throws where another process has the
/// lock.
int lock_existing(const fs::path& name) {
  for (;;) {
    int descriptor = open(name.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return -1;
    if (!lock(descriptor)) {
      close(descriptor);
      refuse_busy(name);
    }
    if (is_still(name, descriptor)) return descriptor;
    unlock(descriptor);  // its writer has just replaced it
  }
}

/// Of a process that is gone.
void remove_left(const fs::path& fresh) {
  int left = lock_existing(fresh);  // refuses: its writer lives
  if (left >= 0) unlink(fresh.c_str());
  unlock(left);
}

/// FILE.PID.tmp of earlier versions of quartic, where that process is gone.
void remove_stale(const fs::path& file) {
  const std::string begin = file.filename().string() + ".", end = ".tmp";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory_of(file), error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() <= begin.size() + end.size() || !name.starts_with(begin) ||
        !name.ends_with(end))
      continue;
    const auto id = name.substr(begin.size(), name.size() - begin.size() - end.size());
    if (id.size() > 9 || id.find_first_not_of("0123456789") != std::string::npos) continue;
    if (kill(std::stoi(id), 0) != 0 && errno == ESRCH) fs::remove(entry.path(), error);
  }
}

}  // namespace

void ByteSink::put(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) refuse(file_);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

OutputFile::OutputFile(const fs::path& file) : file_(target_of(file)), fresh_(file_) {
  fresh_ += ".quartic.tmp";
  require_regular(file_);
  lock_ = lock_existing(file_);
  try {
    if (lock_ >= 0) {
      remove_left(fresh_);
    } else {  // the new file is the lock
      begin();
      lock_ = lock_existing(file_);
    }
    remove_stale(file_);
  } catch (...) {
    release();
    throw;
  }
}

void OutputFile::begin() {
  remove_left(fresh_);
  new_ = open(fresh_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (new_ < 0 && errno == EEXIST) refuse(fresh_, "it is in the way", "remove it");
  if (new_ < 0) refuse(file_);
  if (lock(new_) && is_still(fresh_, new_)) return;
  unlock(new_);  // another process has taken it for one that was left
  refuse_busy(file_);
}

void OutputFile::release() {
  if (new_ >= 0) unlink(fresh_.c_str());
  unlock(new_);
  unlock(lock_);
}

/// Whether another program has put a file of its own there since this one was begun, or saved.
bool OutputFile::is_another() const {
  struct stat there {};
  return stat(file_.c_str(), &there) == 0 && !is_still(file_, lock_);
}

void OutputFile::keep_beside() {
  const fs::path other = taken_away();
  if (rename(fresh_.c_str(), other.c_str()) != 0) refuse(file_);
  refuse(file_, "it is another program's file by now",
         fmt::format("this run's last state is '{}'", other.string()));
}

void OutputFile::replace(const std::function<void(ByteSink&)>& write) {
  if (new_ < 0) begin();
  try {
    if (ftruncate(new_, 0) != 0 || lseek(new_, 0, SEEK_SET) != 0) refuse(file_);
    ByteSink sink(new_, file_);
    write(sink);
    struct stat before {};
    if (stat(file_.c_str(), &before) == 0 && fchmod(new_, before.st_mode & 07777U) != 0)
      refuse(file_);
    force_to_disk(new_, file_);
    require_regular(file_);
    if (is_another()) keep_beside();
    if (rename(fresh_.c_str(), file_.c_str()) != 0) refuse(file_);
  } catch (...) {
    unlink(fresh_.c_str());
    unlock(new_);
    throw;
  }
  unlock(lock_);
  lock_ = std::exchange(new_, -1);
  const int directory = open(directory_of(file_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;  // written, but not readable
  fsync(directory);
  close(directory);
}

namespace {

fs::path beside(fs::path file, const char* suffix) {
  file += suffix;
  return file;
}

}  // namespace

bool OutputFile::keep_old() {
  const fs::path old = beside(file_, ".quartic.old");
  unlink(old.c_str());  // of a process that was killed
  return link(file_.c_str(), old.c_str()) == 0;
}

void OutputFile::forget_old() noexcept {
  std::error_code error;
  fs::remove(beside(file_, ".quartic.old"), error);
}

void OutputFile::put_old_back() noexcept {
  if (is_another()) return;
  const fs::path old = beside(file_, ".quartic.old"), fresh = taken_away();
  unlink(fresh.c_str());
  if (link(file_.c_str(), fresh.c_str()) != 0) return;
  std::error_code error;
  fs::rename(old, file_, error);
}

void OutputFile::withdraw(bool kept) noexcept {
  if (is_another()) return;
  std::error_code error;
  if (kept)
    fs::rename(beside(file_, ".quartic.old"), file_, error);
  else
    fs::remove(file_, error);
}

fs::path OutputFile::taken_away() const {
  return beside(file_, ".quartic.new");
}

void replace_file(const fs::path& file, const std::function<void(ByteSink&)>& write) {
  OutputFile(file).replace(write);
}

void require_writable(const fs::path& file, bool overwrite) {
  std::error_code error;
  if (!overwrite && fs::exists(file, error) && !fs::is_directory(file, error)) {
    throw BadInput(fmt::format("'{}' exists already", file.string()),
                   "give another name with -o, or --force to overwrite it");
  }
  require_regular(file);
  const fs::path target = target_of(file), directory = directory_of(target);
  struct stat fresh {};
  if (lstat((target.string() + ".quartic.tmp").c_str(), &fresh) != 0 && errno == ENAMETOOLONG)
    refuse(file);
  if (!fs::is_directory(directory, error))
    refuse(file, fmt::format("there is no directory '{}'", directory.string()),
           "make it first, or give another name");
  if (access(directory.c_str(), W_OK | X_OK) != 0)
    refuse(file, fmt::format("directory '{}' is not writable", directory.string()),
           "give a name in a directory of your own");
  if (fs::exists(target, error) && access(target.c_str(), W_OK) != 0)
    refuse(file, "it is write-protected", "give another name, or make it writable: chmod u+w");
}

}  // namespace quartic
