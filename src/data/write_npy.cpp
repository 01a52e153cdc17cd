#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <fstream>
#include <functional>
#include <numeric>
#include <string>

#include "quartic/core/error.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/data/npy.hpp"

namespace quartic {

void write_npy(const std::filesystem::path& file, std::span<const float> values,
               std::span<const std::size_t> shape) {
  static_assert(std::endian::native == std::endian::little);
  if (std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>()) !=
      values.size())
    throw BadInput(
        fmt::format("{} values do not fill an array of {}", values.size(), fmt::join(shape, " x ")),
        "the product of the shape is the number of values");
  std::string header = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}",
                                   fmt::join(shape, ", "));
  // The data begin at a multiple of 64 bytes, the header ends with a line feed.
  constexpr std::size_t preamble = 10;
  header.append(63 - (preamble + header.size()) % 64, ' ');
  header += '\n';
  replace_file(file, [&](const std::filesystem::path& temporary) {
    std::ofstream out(temporary, std::ios::binary);
    out.write("\x93NUMPY\x01\x00", 8);
    const char length[] = {static_cast<char>(header.size() & 255U),
                           static_cast<char>(header.size() >> 8U)};
    out.write(length, 2);
    out << header;
    out.write(reinterpret_cast<const char*>(values.data()),
              static_cast<std::streamsize>(values.size_bytes()));
    out.close();
    if (!out) throw BadInput(fmt::format("cannot write '{}'", file.string()), "is the disk full?");
  });
}

}  // namespace quartic
