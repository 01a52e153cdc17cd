#include "data/byte_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "quartic/core/error.hpp"

namespace quartic {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

class FileBytes final : public ByteSource {
 public:
  FileBytes(int descriptor, std::uint64_t size, std::string name)
      : descriptor_(descriptor), size_(size), name_(std::move(name)) {}
  ~FileBytes() override { close(descriptor_); }
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    while (!out.empty()) {
      const ssize_t got = pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0)
        throw BadInput(fmt::format("cannot read '{}': {}", name_, std::strerror(errno)),
                       "is its disk still there?");
      if (got == 0) {
        throw BadInput(fmt::format("cannot read '{}': it ends at byte {}", name_, offset),
                       "was the file cut short, or changed while it was read?");
      }
      out = out.subspan(static_cast<std::size_t>(got));
      offset += static_cast<std::uint64_t>(got);
    }
  }

 private:
  int descriptor_;
  std::uint64_t size_;
  std::string name_;
};

class FileSection final : public ByteSource {
 public:
  FileSection(std::shared_ptr<const ByteSource> whole, std::uint64_t offset, std::uint64_t size)
      : whole_(std::move(whole)), offset_(offset), size_(size) {}
  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || out.size() > size_ - offset)
      throw BadInput("a member of an archive is shorter than it claims", fetch_again);
    whole_->read(offset_ + offset, out);
  }

 private:
  std::shared_ptr<const ByteSource> whole_;
  std::uint64_t offset_, size_;
};

}  // namespace

std::string ByteSource::head(std::size_t count) const {
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(count, size())), '\0');
  read(0, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::shared_ptr<const ByteSource> open_bytes(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw BadInput(fmt::format("cannot read '{}': {}", file.string(), std::strerror(errno)),
                   "check the path, and that you may read it");
  struct stat status {};
  fstat(descriptor, &status);
  auto bytes = std::make_shared<FileBytes>(descriptor, static_cast<std::uint64_t>(status.st_size),
                                           file.string());
  if (!S_ISREG(status.st_mode))
    throw BadInput(fmt::format("cannot read '{}': it is no regular file", file.string()),
                   "save it to a file first");
  if (bytes->size() == 0)
    throw BadInput(fmt::format("cannot read '{}': it is empty", file.string()), fetch_again);
  return bytes;
}

std::shared_ptr<const ByteSource> section(std::shared_ptr<const ByteSource> whole,
                                          std::uint64_t offset, std::uint64_t size) {
  return std::make_shared<FileSection>(std::move(whole), offset, size);
}

TemporaryWriter::TemporaryWriter() {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  std::string pattern = (folder / "quartic-data-XXXXXX").string();
  descriptor_ = mkostemp(pattern.data(), O_CLOEXEC);
  if (descriptor_ < 0) {
    throw BadInput(fmt::format("cannot write a temporary file in '{}': {}", folder.string(),
                               std::strerror(errno)),
                   "set TMPDIR to a folder with room for the unpacked data");
  }
  unlink(pattern.c_str());
}

TemporaryWriter::~TemporaryWriter() {
  if (descriptor_ >= 0) close(descriptor_);
}

void TemporaryWriter::append(std::span<const std::byte> bytes) {
  size_ += bytes.size();
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  if (buffer_.size() >= buffer_bytes) flush();
}

void TemporaryWriter::flush() {
  for (std::size_t done = 0; done < buffer_.size();) {
    const ssize_t put = write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      throw BadInput(
          fmt::format("cannot unpack data into a temporary file: {}", std::strerror(errno)),
          "set TMPDIR to a folder with more room");
    }
    done += static_cast<std::size_t>(put);
  }
  buffer_.clear();
}

std::shared_ptr<const ByteSource> TemporaryWriter::finish() {
  flush();
  return std::make_shared<FileBytes>(std::exchange(descriptor_, -1), size_, "a temporary file");
}

}  // namespace quartic
