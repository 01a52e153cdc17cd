#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <vector>

#include "data/hdf5.hpp"
#include "quartic/core/error.hpp"

namespace quartic::hdf5 {
namespace {

/// 24 bytes: a mark, the number of bytes before it, their checksum.
struct Footer {
  std::array<char, 8> mark = {'q', 'u', 'a', 'r', 't', 'i', 'c', '\n'};
  std::uint64_t length = 0;
  std::uint64_t checksum = 0;
  bool operator==(const Footer&) const = default;
};

/// Every step is a bijection of the state and of the word, so no change of a single word goes
/// unseen.
std::uint64_t checksum(std::istream& in, std::uint64_t length) {
  std::uint64_t state = 0x9E3779B97F4A7C15u ^ length;
  std::vector<char> buffer(1 << 20);
  while (length > 0 && in) {
    const auto part = std::min<std::uint64_t>(length, buffer.size());
    std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(part), buffer.end(), '\0');
    in.read(buffer.data(), static_cast<std::streamsize>(part));
    for (std::size_t at = 0; at < part; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, buffer.data() + at, 8);
      state = (state ^ word) * 0xD6E8FEB86659FD93u;
      state ^= state >> 32;
    }
    length -= part;
  }
  return state;
}

}  // namespace

void seal_file(const std::filesystem::path& file) {
  Footer footer;
  footer.length = std::filesystem::file_size(file);
  {
    std::ifstream in(file, std::ios::binary);
    footer.checksum = checksum(in, footer.length);
    if (!in)
      throw BadInput(fmt::format("cannot read back '{}'", file.string()),
                     "is the disk full, or the directory gone?");
  }
  std::ofstream out(file, std::ios::binary | std::ios::app);
  out.write(reinterpret_cast<const char*>(&footer), sizeof footer);
  out.close();
  if (!out) throw BadInput(fmt::format("cannot write '{}'", file.string()), "is the disk full?");
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
  return checksum(in, footer.length) == footer.checksum ? Seal::intact : Seal::broken;
}

}  // namespace quartic::hdf5
