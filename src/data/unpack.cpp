// Packed data: .gz files and deflated members of archives, unpacked once into a temporary file.
#include <zlib.h>

#include <algorithm>
#include <memory>

#include "data/readers.hpp"

namespace quartic::data {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 18;

std::span<Bytef> as_zlib(std::span<std::byte> bytes) {
  return {reinterpret_cast<Bytef*>(bytes.data()), bytes.size()};
}

}  // namespace

std::shared_ptr<const ByteSource> unpack_gzip(const DataPlace& place) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> packed(gzopen(place.path.c_str(), "rb"),
                                                          gzclose);
  if (!packed) refuse(place, "it cannot be opened", "check the path, and that you may read it");
  std::vector<std::byte> buffer(buffer_bytes);
  TemporaryWriter out;
  for (;;) {
    const int got = gzread(packed.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    int status = Z_OK;
    gzerror(packed.get(), &status);
    if (got < 0 || status < 0)
      refuse(place, "its gzip data are truncated or damaged", "gzip --test names the damage");
    if (got == 0) break;
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
  std::vector<std::byte> in(buffer_bytes), buffer(buffer_bytes);
  TemporaryWriter out;
  uLong sum = crc32(0, nullptr, 0);
  int status = Z_OK;
  for (std::uint64_t at = 0; status == Z_OK;) {
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
    sum = crc32(sum, as_zlib(made).data(), static_cast<uInt>(made.size()));
    out.append(made);
    if (out.size() > size) break;
  }
  if (status != Z_STREAM_END || out.size() != size || sum != crc)
    refuse(place, "its compressed data are truncated or damaged", fetch_again);
  return out.finish();
}

}  // namespace quartic::data
