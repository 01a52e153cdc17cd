// IDX, the format of MNIST (yann.lecun.com/exdb/mnist): a big-endian magic 0 0 TYPE RANK, RANK
// extents of 32 bits, and the values, big-endian too.
#include <fmt/format.h>

#include <bit>
#include <limits>
#include <utility>

#include "data/readers.hpp"

namespace quartic::data {
namespace {

Element element_of(unsigned char type, const DataPlace& place) {
  const bool swap = std::endian::native == std::endian::little;
  const std::pair<unsigned char, Element> known[] = {
      {0x08, {'u', 1, false}}, {0x09, {'i', 1, false}}, {0x0B, {'i', 2, swap}},
      {0x0C, {'i', 4, swap}},  {0x0D, {'f', 4, swap}},  {0x0E, {'f', 8, swap}}};
  for (const auto& [code, element] : known)
    if (code == type) return element;
  refuse(place, fmt::format("its IDX type 0x{:02x} is unknown", type), fetch_again);
}

std::uint64_t element_bytes(unsigned char type) {
  switch (type) {
    case 0x08:
    case 0x09:
      return 1;
    case 0x0B:
      return 2;
    case 0x0C:
    case 0x0D:
      return 4;
    default:
      return 8;
  }
}

}  // namespace

std::uint64_t idx_size(std::string_view head) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  const std::size_t rank = static_cast<unsigned char>(head[3]), data = 4 + 4 * rank;
  if (head.size() < data) return most;
  std::uint64_t size = element_bytes(static_cast<unsigned char>(head[2]));
  for (std::size_t axis = 0; axis < rank; ++axis) {
    std::uint64_t extent = 0;
    for (std::size_t k = 0; k < 4; ++k)
      extent = extent << 8 | static_cast<unsigned char>(head[4 + 4 * axis + k]);
    if (extent != 0 && size > (most - data) / extent) return most;
    size *= extent;
  }
  return data + size;
}

std::shared_ptr<const DataFile> open_idx(const DataPlace& place, const Bytes& bytes) {
  const std::string start = bytes->head(4);
  if (start.size() < 4 || start[0] != 0 || start[1] != 0)
    refuse(place, "it does not begin as an IDX file does", fetch_again);
  const Element element = element_of(static_cast<unsigned char>(start[2]), place);
  const std::size_t rank = static_cast<unsigned char>(start[3]), data = 4 + 4 * rank;
  const std::string header = bytes->head(data);
  if (header.size() < data) refuse(place, "it ends within its IDX header", fetch_again);
  std::vector<std::size_t> shape(rank, 0);
  for (std::size_t k = 4; k < data; ++k)
    shape[k / 4 - 1] = shape[k / 4 - 1] << 8 | static_cast<unsigned char>(header[k]);
  const Matrix matrix =
      rest_as_matrix(bytes, data, shape, element, place, "the file is damaged, or no IDX file");
  return matrix_file(
      matrix,
      {DataFormat::idx, file_name(place), element.name(), {shape.begin() + 1, shape.end()}});
}

}  // namespace quartic::data
