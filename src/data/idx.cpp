// IDX, the format of MNIST (yann.lecun.com/exdb/mnist): a big-endian magic 0 0 TYPE RANK, RANK
// extents of 32 bits, and the values, big-endian too.
#include <fmt/format.h>

#include <bit>

#include "data/readers.hpp"

namespace quartic::data {
namespace {

Element element_of(unsigned char type, const DataPlace& place) {
  const bool swap = std::endian::native == std::endian::little;
  switch (type) {
    case 0x08:
      return {'u', 1, false};
    case 0x09:
      return {'i', 1, false};
    case 0x0B:
      return {'i', 2, swap};
    case 0x0C:
      return {'i', 4, swap};
    case 0x0D:
      return {'f', 4, swap};
    case 0x0E:
      return {'f', 8, swap};
    default:
      refuse(place, fmt::format("its IDX type 0x{:02x} is unknown", type), fetch_again);
  }
}

}  // namespace

std::shared_ptr<const DataFile> open_idx(const DataPlace& place, const Bytes& bytes) {
  const std::string start = bytes->head(4);
  if (start.size() < 4 || start[0] != 0 || start[1] != 0)
    refuse(place, "it does not begin as an IDX file does", fetch_again);
  const Element element = element_of(static_cast<unsigned char>(start[2]), place);
  const std::size_t rank = static_cast<unsigned char>(start[3]), data = 4 + 4 * rank;
  if (rank == 0)
    refuse(place, "it holds a single number, not rows", "save an array (rows, columns)");
  const std::string header = bytes->head(data);
  if (header.size() < data) refuse(place, "it ends within its IDX header", fetch_again);
  std::vector<std::size_t> shape(rank, 0);
  for (std::size_t k = 4; k < data; ++k)
    shape[k / 4 - 1] = shape[k / 4 - 1] << 8 | static_cast<unsigned char>(header[k]);
  const std::uint64_t room = bytes->size() - data;
  const std::uint64_t count = product_within(shape, room / element.size, place);
  if (count * element.size != room) {
    refuse(place,
           fmt::format("{} bytes follow its array of {} values of type {}",
                       room - count * element.size, shape_text(shape), element.name()),
           "the file is damaged, or no IDX file");
  }
  return matrix_file(
      {bytes, data, shape[0], element},
      {DataFormat::idx, file_name(place), element.name(), {shape.begin() + 1, shape.end()}});
}

}  // namespace quartic::data
