#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

#include "data/hdf5.hpp"

namespace quartic::hdf5 {
namespace {

constexpr std::size_t block = std::size_t{1} << 20;

/// 24 bytes: a mark, the number of bytes before it, their checksum.
struct Footer {
  std::array<char, 8> mark = {'q', 'u', 'a', 'r', 't', 'i', 'c', '\n'};
  std::uint64_t length = 0;
  std::uint64_t checksum = 0;
};

/// Every step is a bijection of the state and of the word, so no change of a single word goes
/// unseen. What is no whole number of words is filled with zeros.
class Checksum {
 public:
  explicit Checksum(std::uint64_t length) : state_(0x9E3779B97F4A7C15u ^ length) {}
  void add(std::span<const std::byte> bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
      state_ = (state_ ^ word) * 0xD6E8FEB86659FD93u;
      state_ ^= state_ >> 32;
    }
  }
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_;
};

}  // namespace

std::array<std::byte, 24> seal_of(std::span<const std::byte> bytes) {
  Checksum checksum(bytes.size());
  checksum.add(bytes);
  Footer footer;
  footer.length = bytes.size();
  footer.checksum = checksum.value();
  std::array<std::byte, sizeof(Footer)> seal;
  std::memcpy(seal.data(), &footer, sizeof footer);
  return seal;
}

Seal check_seal(const std::filesystem::path& file) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error || size < sizeof(Footer)) return Seal::absent;
  std::ifstream in(file, std::ios::binary);
  Footer footer;
  in.seekg(static_cast<std::streamoff>(size - sizeof footer));
  in.read(reinterpret_cast<char*>(&footer), sizeof footer);
  if (!in) return Seal::absent;
  // A damaged mark does not make a file unsealed: the length would not be there by chance.
  if (footer.mark != Footer{}.mark)
    return footer.length == size - sizeof footer ? Seal::broken : Seal::absent;
  if (footer.length != size - sizeof footer) return Seal::broken;
  in.seekg(0);
  Checksum checksum(footer.length);
  std::vector<std::byte> buffer(block);
  for (std::uint64_t left = footer.length; left > 0;) {
    const auto part = std::min<std::uint64_t>(left, block);
    in.read(reinterpret_cast<char*>(buffer.data()), static_cast<std::streamsize>(part));
    if (!in) return Seal::broken;
    checksum.add({buffer.data(), static_cast<std::size_t>(part)});
    left -= part;
  }
  return checksum.value() == footer.checksum ? Seal::intact : Seal::broken;
}

}  // namespace quartic::hdf5
