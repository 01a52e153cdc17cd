#include "data/image_damage.hpp"

#include <zlib.h>

#include <cstdint>

namespace quartic::data {
namespace {

std::uint64_t big(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t k = 0; k < count; ++k)
    value = value << 8 | static_cast<unsigned char>(bytes[at + k]);
  return value;
}

constexpr std::size_t max_codes = 256, table_head = 17;  // a class and sixteen counts

/// Of the tables in one DHT segment (ITU-T T.81, B.2.4.2), which begins with its length. Behind the
/// end of the file stb_image reads zeros.
bool is_sound_segment(std::string_view segment) {
  if (segment.size() < 2) return true;
  const std::size_t length = big(segment, 0, 2);
  for (std::size_t at = 2; at < length && at < segment.size();) {
    std::size_t codes = 0;
    for (std::size_t k = at + 1; k < at + table_head && k < segment.size(); ++k)
      codes += big(segment, k, 1);
    if (codes > max_codes) return false;
    at += table_head + codes;
  }
  return true;
}

/// The first byte behind the application and comment segments at the front of a JPEG. Those alone
/// may hold the two bytes of a DHT marker without being one.
std::size_t behind_metadata(std::string_view bytes) {
  std::size_t at = 2;
  while (bytes.size() - at >= 4 && bytes[at] == '\xFF') {
    const auto marker = static_cast<unsigned char>(bytes[at + 1]);
    const std::size_t next = at + 2 + big(bytes, at + 2, 2);
    if (((marker & 0xF0) != 0xE0 && marker != 0xFE) || next > bytes.size()) break;
    at = next;
  }
  return at;
}

}  // namespace

bool is_whole_png(std::string_view bytes) {
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
  for (std::size_t at = 8; bytes.size() >= at + 12;) {
    const std::uint64_t length = big(bytes, at, 4);
    if (length > bytes.size() - at - 12) return false;
    const auto sum = crc32(0, data + at + 4, static_cast<uInt>(length + 4));
    if (sum != big(bytes, at + 8 + length, 4)) return false;
    if (bytes.substr(at + 4, 4) == "IEND") return true;
    at += 12 + length;
  }
  return false;
}

bool has_sound_tables(std::string_view bytes) {
  for (auto at = bytes.find("\xFF\xC4", behind_metadata(bytes)); at != std::string_view::npos;
       at = bytes.find("\xFF\xC4", at + 2))
    if (!is_sound_segment(bytes.substr(at + 2))) return false;
  return true;
}

}  // namespace quartic::data
