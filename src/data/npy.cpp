// npy: numpy's format of one array (NEP 1): a magic, a Python literal that names type, order and
// shape, and the values.
#include "quartic/data/npy.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include "data/readers.hpp"

namespace quartic::data {
namespace {

constexpr std::size_t longest_header = std::size_t{1} << 20;

struct Header {
  std::string descr;
  bool fortran = false;
  std::vector<std::size_t> shape;
  std::uint64_t data = 0;  ///< where the values begin
};

/// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } and nothing else.
class Literal {
 public:
  Literal(std::string_view text, const DataPlace& place) : text_(text), place_(place) {}

  Header header() {
    Header header;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        if (peek() != '\'' && peek() != '"')
          refuse(place_, "its values are structured, not plain numbers",
                 "save one field of it: numpy.save(FILE, array['name'])");
        header.descr = quoted(), descr = true;
      } else if (key == "fortran_order") {
        header.fortran = boolean(), order = true;
      } else if (key == "shape") {
        header.shape = tuple(), shape = true;
      } else {
        damaged();
      }
      if (!accept(',') && peek() != '}') damaged();
    }
    if (!descr || !order || !shape) damaged();
    return header;
  }

 private:
  [[noreturn]] void damaged() const { refuse(place_, "its npy header is damaged", fetch_again); }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) damaged();
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') damaged();
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) damaged();
    const std::string word(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return word;
  }
  bool boolean() {
    peek();
    for (const auto& [word, value] : {std::pair{"True", true}, std::pair{"False", false}}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += std::strlen(word);
      return value;
    }
    damaged();
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> values;
    expect('(');
    while (!accept(')')) {
      peek();
      const char* const begin = text_.data() + at_;
      const auto [end, error] =
          std::from_chars(begin, text_.data() + text_.size(), values.emplace_back());
      if (error != std::errc{}) damaged();
      at_ += static_cast<std::size_t>(end - begin);
      accept('L');  // written by Python 2
      if (!accept(',') && peek() != ')') damaged();
    }
    return values;
  }

  std::string_view text_;
  const DataPlace& place_;
  std::size_t at_ = 0;
};

Header read_header(const DataPlace& place, const ByteSource& bytes) {
  const std::string start = bytes.head(12);
  if (!start.starts_with("\x93NUMPY"))
    refuse(place, "it does not begin as an npy file does", fetch_again);
  const bool short_length = start.size() > 6 && start[6] == 1;
  const std::size_t prefix = short_length ? 10 : 12;
  if (start.size() < prefix) refuse(place, "it ends within its npy header", fetch_again);
  if (start[6] < 1 || start[6] > 3)
    refuse(place, fmt::format("its npy version is {}, not 1 to 3", int(start[6])),
           "save it again by numpy.save");
  std::size_t length = 0;
  for (std::size_t k = prefix; k-- > 8;)
    length = length << 8 | static_cast<unsigned char>(start[k]);
  if (length > longest_header || prefix + length > bytes.size())
    refuse(place,
           fmt::format("its npy header claims {} bytes, more than the file can hold", length),
           fetch_again);
  const std::string text = bytes.head(prefix + length);
  Header header = Literal(std::string_view(text).substr(prefix), place).header();
  header.data = prefix + length;
  return header;
}

Element element_of(const std::string& descr, const DataPlace& place) {
  Element element{.kind = '?', .size = 0, .swapped = false};
  const bool little = std::endian::native == std::endian::little;
  std::string_view rest = descr;
  if (!rest.empty() && std::string_view("<>|=").find(rest[0]) != std::string_view::npos) {
    element.swapped = rest[0] == (little ? '>' : '<');
    rest.remove_prefix(1);
  }
  if (!rest.empty()) {
    element.kind = rest[0];
    std::from_chars(rest.data() + 1, rest.data() + rest.size(), element.size);
  }
  if (!is_known(element)) {
    refuse(place,
           fmt::format("its values are of numpy type '{}', no real numbers that quartic reads",
                       printable(descr)),
           "convert it first: numpy.save(FILE, array.astype(\"f4\"))");
  }
  return element;
}

/// The beginning of a file, as if that were all of it.
class Head final : public ByteSource {
 public:
  explicit Head(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    std::memcpy(out.data(), bytes_.data() + offset, out.size());
  }

 private:
  std::string_view bytes_;
};

}  // namespace

std::uint64_t npy_size(const DataPlace& place, std::string_view head) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  const Header header = read_header(place, Head(head));
  std::uint64_t size = element_of(header.descr, place).size;
  for (const std::uint64_t extent : header.shape) {
    if (extent != 0 && size > (most - header.data) / extent) return most;
    size *= extent;
  }
  return header.data + size;
}

std::shared_ptr<const DataFile> open_npy(const DataPlace& place, const Bytes& bytes,
                                         DataFormat format, const std::string& member) {
  const Header header = read_header(place, *bytes);
  const Element element = element_of(header.descr, place);
  Matrix matrix = rest_as_matrix(bytes, header.data, header.shape, element, place,
                                 "save one array a file, or several as npz");
  const std::vector<std::size_t> row(header.shape.begin() + 1, header.shape.end());
  if (header.fortran && !row.empty()) matrix = from_fortran_order(matrix, row);
  DataFileInfo info{format, file_name(place), element.name(), row};
  if (!member.empty()) info.name += ":" + member;
  return matrix_file(std::move(matrix), std::move(info));
}

}  // namespace quartic::data

namespace quartic {

std::vector<double> read_npy(const std::filesystem::path& file) {
  using namespace data;  // NOLINT: the readers
  DataPlace place;
  place.path = file;
  const Bytes bytes = open_bytes(file);
  const Header header = read_header(place, *bytes);
  const Element element = element_of(header.descr, place);
  if (element.kind != 'f' || element.size < 4 || element.swapped || header.fortran)
    refuse(place, fmt::format("its values are {}, not float64 in C order", element.name()),
           "numpy.save(FILE, numpy.ascontiguousarray(array, dtype=float))");
  const auto room = (bytes->size() - header.data) / element.size;
  std::vector<double> values(product_within(header.shape, room, place));
  const auto read = [&]<class T>(std::vector<T> stored) {
    bytes->read(header.data, std::as_writable_bytes(std::span(stored)));
    values.assign(stored.begin(), stored.end());
  };
  if (element.size == 8)
    read(std::vector<double>(values.size()));
  else
    read(std::vector<float>(values.size()));
  return values;
}

}  // namespace quartic
