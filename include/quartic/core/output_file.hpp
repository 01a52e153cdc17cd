// Files that are written: checked beforehand, and replaced so that at any instant either the old or
// the new one is there, whole.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace quartic {

/// Takes the bytes of a file, one after the other.
class ByteSink {
 public:
  /// Writes to an open descriptor; refusals name `file`.
  ByteSink(int descriptor, const std::filesystem::path& file)
      : descriptor_(descriptor), file_(file) {}
  /// Throws BadInput where they cannot be written: the disk is full, a limit is reached.
  void put(std::span<const std::byte> bytes);
  void put(std::string_view text) { put(std::as_bytes(std::span(text))); }

 private:
  int descriptor_;
  const std::filesystem::path& file_;
};

/// A file that nobody else writes while this lives, any number of times, each time as a whole.
///
/// What it holds before the first replace() stays. Symbolic links are followed: what they point at
/// is replaced. While a new file is made it is FILE.quartic.tmp; such a file of a process that is
/// gone is removed. At any instant FILE is there, whole.
class OutputFile {
 public:
  /// Throws BadInput where another process writes it, or it cannot be written.
  explicit OutputFile(const std::filesystem::path& file);
  ~OutputFile() { release(); }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Calls write(sink), forces what it put to the disk and puts it in the place of the file at
  /// once. On an exception the file is as before. Where another program has put a file of its own
  /// there meanwhile, that stays, what was put is FILE.quartic.new, and BadInput says so.
  void replace(const std::function<void(ByteSink& sink)>& write);

  /// Keeps what the file holds now as FILE.quartic.old, until forget_old() or put_old_back(), after
  /// which what the file has held since is FILE.quartic.new. Whether there is anything to keep, and
  /// a file system that can (hard links).
  bool keep_old();
  void forget_old() noexcept;
  void put_old_back() noexcept;
  /// Without what the file has held since: as it was, or, where nothing was `kept`, not there.
  void withdraw(bool kept) noexcept;
  /// FILE.quartic.new, FILE a link followed.
  std::filesystem::path taken_away() const;

 private:
  void begin();  ///< makes the new file
  bool is_another() const;
  [[noreturn]] void keep_beside();
  void release();

  std::filesystem::path file_, fresh_;
  int new_ = -1;   ///< descriptor of FILE.quartic.tmp, locked
  int lock_ = -1;  ///< of FILE, locked; the lock goes from one to the next
};

/// Once: OutputFile(file).replace(write).
void replace_file(const std::filesystem::path& file,
                  const std::function<void(ByteSink& sink)>& write);

/// Throws BadInput where a file could not be written: the directory is missing or unwritable, it is
/// no regular file, or it exists and `overwrite` is false.
void require_writable(const std::filesystem::path& file, bool overwrite);

}  // namespace quartic
