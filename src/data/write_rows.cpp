#include "quartic/data/write_rows.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <functional>
#include <numeric>

#include "quartic/core/error.hpp"
#include "quartic/core/output_file.hpp"

namespace quartic {
namespace {

constexpr std::size_t lines_at_once = std::size_t{1} << 16;  // bytes

template <class T>
void put_npy(ByteSink& out, std::span<const T> values, std::span<const std::size_t> shape) {
  static_assert(std::endian::native == std::endian::little);
  std::string header = fmt::format("{{'descr': '<f{}', 'fortran_order': False, 'shape': ({},), }}",
                                   sizeof(T), fmt::join(shape, ", "));
  // The data begin at a multiple of 64 bytes, the header ends with a line feed.
  constexpr std::size_t preamble = 10;
  header.append(63 - (preamble + header.size()) % 64, ' ');
  header += '\n';
  const char length[] = {static_cast<char>(header.size() & 255U),
                         static_cast<char>(header.size() >> 8U)};
  out.put(std::string_view("\x93NUMPY\x01\x00", 8));
  out.put(std::string_view(length, 2));
  out.put(header);
  out.put(std::as_bytes(values));
}

/// By RFC 4180, where a reader would take a name for something else.
std::string quoted(const std::string& name) {
  const bool plain = !name.empty() && name.find_first_of(",;\t\"\r\n") == std::string::npos &&
                     name.front() != '#' && name.front() != ' ' && name.back() != ' ';
  if (plain) return name;
  std::string out = "\"";
  for (const char c : name) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

template <class T>
void put_csv(ByteSink& out, std::span<const T> values, std::size_t columns,
             const std::vector<std::string>& names) {
  std::string lines;
  for (std::size_t c = 0; c < names.size(); ++c)
    lines.append(quoted(names[c])).append(c + 1 == names.size() ? "\n" : ",");
  for (std::size_t k = 0; k < values.size(); ++k) {
    fmt::format_to(std::back_inserter(lines), "{}{}", values[k],
                   (k + 1) % columns == 0 ? '\n' : ',');
    if (lines.size() < lines_at_once) continue;
    out.put(lines);
    lines.clear();
  }
  out.put(lines);
}

template <class T>
void write_as(const std::filesystem::path& file, std::span<const T> values,
              std::span<const std::size_t> shape, const std::vector<std::string>& names,
              bool as_npy) {
  const std::size_t all =
      std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
  if (all != values.size())
    throw BadInput(
        fmt::format("{} values do not fill an array of {}", values.size(), fmt::join(shape, " x ")),
        "the product of the shape is the number of values");
  replace_file(file, [&](ByteSink& out) {
    if (as_npy)
      put_npy(out, values, shape);
    else
      put_csv(out, values, shape.empty() || shape[0] == 0 ? 1 : all / shape[0], names);
  });
}

bool is_npy(const std::filesystem::path& file) {
  const std::string suffix = file.extension().string();
  if (suffix == ".npy" || suffix == ".csv") return suffix == ".npy";
  throw BadInput(suffix.empty()
                     ? fmt::format("'{}' has no suffix that says the format", file.string())
                     : fmt::format("rows are not written as '{}': '{}'", suffix, file.string()),
                 "quartic writes .npy and .csv");
}

}  // namespace

void require_row_format(const std::filesystem::path& file) {
  is_npy(file);
}

void write_rows(const std::filesystem::path& file, std::span<const float> values,
                std::span<const std::size_t> shape, const std::vector<std::string>& names) {
  write_as(file, values, shape, names, is_npy(file));
}

void write_rows(const std::filesystem::path& file, std::span<const double> values,
                std::span<const std::size_t> shape, const std::vector<std::string>& names) {
  write_as(file, values, shape, names, is_npy(file));
}

}  // namespace quartic
