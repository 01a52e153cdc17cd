// Matrices of any numeric type in files, read by runs of rows as float32 or float64.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "data/readers.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/shown.hpp"

namespace quartic::data {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
constexpr std::size_t block_bytes = std::size_t{32} << 20;

template <class T>
T swapped_bytes(T value) {
  auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

struct Half {
  std::uint16_t bits;
};

/// IEEE 754 binary16.
float number(Half half) {
  const int exponent = (half.bits >> 10) & 31, fraction = half.bits & 1023;
  const float sign = half.bits & 0x8000 ? -1.0f : 1.0f;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  if (exponent < 31) return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return fraction ? std::numeric_limits<float>::quiet_NaN()
                  : sign * std::numeric_limits<float>::infinity();
}
template <class T>
T number(T value) {
  return value;
}

template <class T, class To>
void convert_as(bool swapped, const std::byte* in, std::size_t count, To* out) {
  for (std::size_t k = 0; k < count; ++k) {
    T value;
    std::memcpy(&value, in + k * sizeof(T), sizeof(T));
    const auto wide = number(swapped ? swapped_bytes(value) : value);
    if constexpr (sizeof(T) == 8)  // rounded as float64 first, as where they are centred
      out[k] = static_cast<To>(static_cast<double>(wide));
    else
      out[k] = static_cast<To>(wide);
  }
}

template <class To>
using Convert = void (*)(bool, const std::byte*, std::size_t, To*);

/// Null where such values are not read.
template <class To>
Convert<To> converter(const Element& element) {
  static constexpr std::pair<std::string_view, Convert<To>> known[] = {
      {"f2", convert_as<Half>},          {"f4", convert_as<float>},
      {"f8", convert_as<double>},        {"i1", convert_as<std::int8_t>},
      {"i2", convert_as<std::int16_t>},  {"i4", convert_as<std::int32_t>},
      {"i8", convert_as<std::int64_t>},  {"u1", convert_as<std::uint8_t>},
      {"u2", convert_as<std::uint16_t>}, {"u4", convert_as<std::uint32_t>},
      {"u8", convert_as<std::uint64_t>}, {"b1", convert_as<std::uint8_t>}};
  for (const auto& [name, convert] : known)
    if (name == element.name()) return convert;
  return nullptr;
}

class MatrixFile final : public DataFile {
 public:
  MatrixFile(Matrix matrix, std::size_t columns, DataFileInfo info)
      : DataFile(std::move(info)), matrix_(std::move(matrix)), columns_(columns) {}

  std::size_t rows() const override { return matrix_.rows; }
  std::size_t columns() const override { return columns_; }

  void read(std::span<const std::size_t> rows, std::span<float> out) const override {
    read_as(rows, out);
  }
  void read_wide(std::span<const std::size_t> rows, std::span<double> out) const override {
    read_as(rows, out);
  }

 private:
  template <class To>
  void read_as(std::span<const std::size_t> rows, std::span<To> out) const {
    for_each_run(rows, matrix_.rows, [&](std::size_t first, std::size_t count, std::size_t at) {
      values(first * columns_, out.subspan(at * columns_, count * columns_));
    });
  }

  template <class To>
  void values(std::size_t first, std::span<To> out) const {
    const Element& element = matrix_.element;
    std::uint64_t offset = matrix_.offset + std::uint64_t{first} * element.size;
    if (element.kind == 'f' && element.size == sizeof(To) && !element.swapped) {
      matrix_.bytes->read(offset, std::as_writable_bytes(out));
      return;
    }
    const auto convert = converter<To>(element);
    const std::size_t chunk = std::min(out.size(), chunk_bytes / element.size);
    std::vector<std::byte> buffer(chunk * element.size);
    while (!out.empty()) {
      const std::size_t count = std::min(chunk, out.size());
      const auto bytes = std::span(buffer).first(count * element.size);
      matrix_.bytes->read(offset, bytes);
      convert(element.swapped, bytes.data(), count, out.data());
      out = out.subspan(count);
      offset += bytes.size();
    }
  }

  Matrix matrix_;
  std::size_t columns_;
};

std::size_t columns_of(const std::vector<std::size_t>& row_shape) {
  std::size_t columns = 1;
  for (const std::size_t extent : row_shape) columns *= extent;
  return columns;
}

/// Where column c of a row (last axis fastest) stands when the first axis runs fastest.
std::vector<std::size_t> fortran_columns(const std::vector<std::size_t>& row_shape) {
  std::vector<std::size_t> where(columns_of(row_shape));
  for (std::size_t c = 0; c < where.size(); ++c) {
    std::size_t rest = c, stride = where.size();
    for (std::size_t axis = row_shape.size(); axis-- > 0;) {
      stride /= row_shape[axis];
      where[c] += rest % row_shape[axis] * stride;
      rest /= row_shape[axis];
    }
  }
  return where;
}

}  // namespace

void refuse(const DataPlace& place, const std::string& what, const std::string& hint) {
  throw BadInput(fmt::format("cannot read '{}': {}", path_text(place.path.string()), what), hint);
}

std::string file_name(const DataPlace& place) {
  const auto path = place.path.lexically_normal();
  return path_text((path.has_filename() ? path : path.parent_path()).filename().string());
}

void refuse_row(std::size_t row, std::size_t all) {
  throw BadInput(fmt::format("there is no row {} in data of {} rows", row, all),
                 "rows are counted from 0");
}

std::string printable(std::string_view text) {
  constexpr std::size_t longest = 40;  // bytes, of whole characters
  std::size_t end = 0;
  for (std::size_t next = 0; end < text.size(); end = next) {
    next = end + std::max<std::size_t>(utf8_length(text.substr(end)), 1);
    if (next > longest) break;
  }
  std::string out = shown(text.substr(0, end));
  for (const auto& [control, escape] : {std::pair{'\n', "\\n"}, {'\t', "\\t"}})
    for (auto at = out.find(control); at != std::string::npos; at = out.find(control, at))
      out.replace(at, 1, escape);
  return end < text.size() ? out + "..." : out;
}

std::string shape_text(const std::vector<std::size_t>& shape) {
  constexpr std::size_t max_axes = 6;
  if (shape.size() <= max_axes) return fmt::format("{}", fmt::join(shape, " x "));
  return fmt::format("{} x ... ({} axes)",
                     fmt::join(shape.begin(), shape.begin() + max_axes, " x "), shape.size());
}

std::uint64_t product_within(const std::vector<std::size_t>& shape, std::uint64_t most,
                             const DataPlace& place) {
  std::uint64_t product = 1;
  if (std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end())
    refuse(place, fmt::format("it is empty, of shape {}", shape_text(shape)),
           "save at least one row of one value");
  for (const std::size_t extent : shape) {
    if (product > most / extent) {
      refuse(place,
             fmt::format("its header claims {} values, more than the file can hold",
                         shape_text(shape)),
             fetch_again);
    }
    product *= extent;
  }
  return product;
}

bool is_known(const Element& element) {
  return converter<float>(element) != nullptr;
}

Matrix rest_as_matrix(const Bytes& bytes, std::uint64_t offset,
                      const std::vector<std::size_t>& shape, const Element& element,
                      const DataPlace& place, const std::string& hint) {
  if (shape.empty())
    refuse(place, "it holds a single number, not rows", "save an array (rows, columns)");
  const std::uint64_t room = bytes->size() - offset;
  const std::uint64_t used = product_within(shape, room / element.size, place) * element.size;
  if (used != room) {
    refuse(place,
           fmt::format("{} bytes follow its array of {} values of type {}", room - used,
                       shape_text(shape), element.name()),
           hint);
  }
  return {bytes, offset, shape[0], element};
}

std::shared_ptr<const DataFile> matrix_file(Matrix matrix, DataFileInfo info) {
  if (info.row_shape.empty()) info.row_shape = {1};
  const std::size_t columns = columns_of(info.row_shape);
  return std::make_shared<MatrixFile>(std::move(matrix), columns, std::move(info));
}

Matrix from_fortran_order(const Matrix& matrix, const std::vector<std::size_t>& row_shape) {
  const std::size_t size = matrix.element.size;
  const auto where = fortran_columns(row_shape);
  const std::size_t row_bytes = where.size() * size;
  const std::size_t block = std::clamp<std::size_t>(block_bytes / row_bytes, 1, matrix.rows);
  std::vector<std::byte> column(block * size), rows(block * row_bytes);
  TemporaryWriter out;
  for (std::size_t first = 0; first < matrix.rows; first += block) {
    const std::size_t count = std::min(block, matrix.rows - first);
    for (std::size_t c = 0; c < where.size(); ++c) {
      matrix.bytes->read(matrix.offset + (std::uint64_t{where[c]} * matrix.rows + first) * size,
                         std::span(column).first(count * size));
      for (std::size_t n = 0; n < count; ++n)
        std::memcpy(&rows[n * row_bytes + c * size], &column[n * size], size);
    }
    out.append(std::span(rows).first(count * row_bytes));
  }
  return {out.finish(), 0, matrix.rows, matrix.element};
}

}  // namespace quartic::data
