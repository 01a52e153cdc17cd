// Bytes at positions: a file, a part of one, or a temporary file that vanishes with its last user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace quartic {

/// The hint where a file is not what its format wants.
inline constexpr const char* fetch_again =
    "the file is truncated or damaged: copy or save it again";

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size() const = 0;
  /// Fills out from position `offset`; any number of threads at once. Throws BadInput where the
  /// bytes are not there (any more).
  virtual void read(std::uint64_t offset, std::span<std::byte> out) const = 0;

  /// The first bytes, at most `count`.
  std::string head(std::size_t count) const;
};

/// Throws BadInput where there is no such file, or it is empty.
std::shared_ptr<const ByteSource> open_bytes(const std::filesystem::path& file);

/// `size` bytes of another source. They must lie in it.
std::shared_ptr<const ByteSource> section(std::shared_ptr<const ByteSource> whole,
                                          std::uint64_t offset, std::uint64_t size);

/// A file in the folder for temporary files (TMPDIR), without a name.
class TemporaryWriter {
 public:
  TemporaryWriter();
  ~TemporaryWriter();
  TemporaryWriter(const TemporaryWriter&) = delete;
  TemporaryWriter& operator=(const TemporaryWriter&) = delete;

  /// Throws BadInput where the disk is full.
  void append(std::span<const std::byte> bytes);
  std::uint64_t size() const { return size_; }
  /// What was written. Nothing can be appended afterwards.
  std::shared_ptr<const ByteSource> finish();

 private:
  void flush();

  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace quartic
