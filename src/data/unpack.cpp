// Packed data: .gz files and deflated members of archives, unpacked once into a temporary file.
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>

#include "data/readers.hpp"
#include "quartic/core/memory.hpp"
#include "quartic/core/stop.hpp"

namespace quartic::data {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 18;

std::span<Bytef> as_zlib(std::span<std::byte> bytes) {
  return {reinterpret_cast<Bytef*>(bytes.data()), bytes.size()};
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Half of what is free where temporary files are: more is no data, but what fills a disk.
std::uint64_t room() {
  std::error_code error;
  const auto space = std::filesystem::space(std::filesystem::temp_directory_path(error), error);
  return error ? std::numeric_limits<std::uint64_t>::max() : space.available / 2;
}

[[noreturn]] void refuse_room(const DataPlace& place, std::uint64_t most) {
  refuse(place,
         fmt::format("unpacked it would take more than {}, half of the room for temporary files",
                     bytes_text(static_cast<double>(most))),
         "set TMPDIR to a folder with room for the unpacked data");
}

}  // namespace

std::shared_ptr<const ByteSource> unpack_gzip(const DataPlace& place) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> packed(gzopen(place.path.c_str(), "rb"),
                                                          gzclose);
  if (!packed) refuse(place, "it cannot be opened", "check the path, and that you may read it");
  std::vector<std::byte> buffer(buffer_bytes);
  TemporaryWriter out;
  const std::uint64_t most = room();
  std::uint64_t declared = std::numeric_limits<std::uint64_t>::max();
  for (;;) {
    heed_stop();
    const int got = gzread(packed.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    int status = Z_OK;
    gzerror(packed.get(), &status);
    if (got < 0 || status < 0)
      refuse(place, "its gzip data are truncated or damaged", "gzip --test names the damage");
    if (got == 0) break;
    if (out.size() == 0)
      declared = declared_size(place, as_text(std::span(buffer).first(std::size_t(got))));
    if (out.size() + static_cast<std::uint64_t>(got) > declared)
      refuse(place,
             fmt::format("it goes on beyond the {} bytes that its header declares", declared),
             fetch_again);
    if (out.size() > most) refuse_room(place, most);
    out.append(std::span(buffer).first(static_cast<std::size_t>(got)));
  }
  if (out.size() == 0) refuse(place, "it is empty once unpacked", fetch_again);
  return out.finish();
}

std::shared_ptr<const ByteSource> unpack_deflate(const DataPlace& place, const ByteSource& packed,
                                                 std::uint64_t size, std::uint32_t crc) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_streamp)> closer(&stream, inflateEnd);
  if (const std::uint64_t most = room(); size > most) refuse_room(place, most);
  std::vector<std::byte> in(buffer_bytes), buffer(buffer_bytes);
  TemporaryWriter out;
  uLong sum = crc32(0, nullptr, 0);
  int status = Z_OK;
  for (std::uint64_t at = 0; status == Z_OK;) {
    heed_stop();
    if (stream.avail_in == 0 && at < packed.size()) {
      const auto part = std::span(in).first(std::min<std::uint64_t>(in.size(), packed.size() - at));
      packed.read(at, part);
      at += part.size();
      stream.next_in = as_zlib(part).data();
      stream.avail_in = static_cast<uInt>(part.size());
    }
    stream.next_out = as_zlib(buffer).data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    status = inflate(&stream, Z_NO_FLUSH);
    const auto made = std::span(buffer).first(buffer.size() - stream.avail_out);
    // Refused before all of it is unpacked.
    if (out.size() == 0 && !made.empty() && declared_size(place, as_text(made)) != size) break;
    sum = crc32(sum, as_zlib(made).data(), static_cast<uInt>(made.size()));
    out.append(made);
    if (out.size() > size) break;
  }
  if (status != Z_STREAM_END || out.size() != size || sum != crc)
    refuse(place, "its compressed data are truncated or damaged", fetch_again);
  return out.finish();
}

bool inflates_within(const std::vector<std::string_view>& parts, std::uint64_t most) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_streamp)> closer(&stream, inflateEnd);
  std::vector<std::byte> buffer(buffer_bytes);
  std::uint64_t made = 0;
  for (const auto part : parts) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));  // NOLINT: zlib's
    stream.avail_in = static_cast<uInt>(part.size());
    do {
      stream.next_out = as_zlib(buffer).data();
      stream.avail_out = static_cast<uInt>(buffer.size());
      if (inflate(&stream, Z_NO_FLUSH) != Z_OK) return true;  // its end, or damage
      made += buffer.size() - stream.avail_out;
      if (made > most) return false;
    } while (stream.avail_in > 0 || stream.avail_out == 0);
  }
  return true;
}

}  // namespace quartic::data
