// Numbers as text: one row a line, separated by commas, semicolons, tabs or spaces.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "data/readers.hpp"

namespace quartic::data {
namespace {

constexpr std::size_t read_bytes = std::size_t{1} << 18;
constexpr std::size_t longest_line = std::size_t{1} << 26;

/// The lines of a file one after another, without their ends.
class Lines {
 public:
  Lines(const DataPlace& place, const ByteSource& bytes) : place_(place), bytes_(bytes) {}

  bool next(std::string_view& line) {
    for (;;) {
      const auto end = buffer_.find('\n', std::max(begin_, searched_));
      if (end != std::string::npos || (offset_ == bytes_.size() && begin_ < buffer_.size())) {
        line = std::string_view(buffer_).substr(begin_, end - begin_);
        begin_ = searched_ = end == std::string::npos ? buffer_.size() : end + 1;
        ++number_;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (number_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
        return true;
      }
      if (offset_ == bytes_.size()) return false;
      more();
    }
  }
  std::size_t number() const { return number_; }

 private:
  void more() {
    buffer_.erase(0, begin_);
    begin_ = 0, searched_ = buffer_.size();
    if (searched_ > longest_line)
      refuse(place_, fmt::format("line {} is longer than {} bytes", number_ + 1, longest_line),
             "rows end with a line feed");
    const auto count = std::min<std::uint64_t>(read_bytes, bytes_.size() - offset_);
    buffer_.resize(searched_ + count);
    bytes_.read(offset_, std::as_writable_bytes(std::span(buffer_).subspan(searched_)));
    offset_ += count;
  }

  const DataPlace& place_;
  const ByteSource& bytes_;
  std::string buffer_;
  std::size_t begin_ = 0, searched_ = 0, number_ = 0;
  std::uint64_t offset_ = 0;
};

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// The first of ; tab , that the line contains, else spaces.
char delimiter_of(std::string_view line) {
  for (const char c : {';', '\t', ','})
    if (line.find(c) != std::string_view::npos) return c;
  return ' ';
}

void split(std::string_view line, char delimiter, std::vector<std::string_view>& fields) {
  fields.clear();
  if (delimiter == ' ') {
    while (!(line = trimmed(line)).empty()) {
      const auto end = std::min(line.find_first_of(" \t"), line.size());
      fields.push_back(line.substr(0, end));
      line.remove_prefix(end);
    }
    return;
  }
  for (;;) {
    const auto end = line.find(delimiter);
    fields.push_back(trimmed(line.substr(0, end)));
    if (end == std::string_view::npos) return;
    line.remove_prefix(end + 1);
  }
}

/// Takes the whole field or nothing. NaN and infinities are numbers here; they are found later.
bool parse(std::string_view field, float& out) {
  if (field.size() > 1 && field.front() == '"' && field.back() == '"')
    field = trimmed(field.substr(1, field.size() - 2));
  if (field.size() > 1 && field.front() == '+' && field[1] != '-') field.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (field.empty() || end != field.data() + field.size()) return false;
  if (error == std::errc::result_out_of_range)
    value = std::strtod(std::string(field).c_str(), nullptr);  // 0 or infinity
  else if (error != std::errc{})
    return false;
  out = static_cast<float>(value);
  return true;
}

/// Whether a first line names the columns: none of its fields is a number.
bool is_header(const std::vector<std::string_view>& fields) {
  float ignored = 0;
  return std::none_of(fields.begin(), fields.end(),
                      [&](std::string_view field) { return parse(field, ignored); });
}

class Parser {
 public:
  Parser(const DataPlace& place, const ByteSource& bytes) : place_(place), lines_(place, bytes) {}

  std::shared_ptr<const DataFile> run() {
    MatrixWriter rows;
    std::string_view line;
    while (rows.rows() < place_.rows.value_or(-1) && lines_.next(line)) {
      if (trimmed(line).empty() || trimmed(line).front() == '#') continue;
      const bool first = first_line_ == 0;
      if (first) delimiter_ = delimiter_of(line), first_line_ = lines_.number();
      split(line, delimiter_, fields_);
      if (first) width_ = fields_.size();
      if (fields_.size() != width_) ragged();
      if (first && is_header(fields_)) continue;
      parse_row();
      rows.append(row_);
    }
    if (rows.rows() == 0)
      refuse(place_, "it holds no row of numbers",
             "write one row a line, numbers between commas or blanks");
    return matrix_file(rows.finish(), {DataFormat::csv, file_name(place_), "text", {width_}});
  }

 private:
  void parse_row() {
    row_.resize(width_);
    for (std::size_t c = 0; c < width_; ++c) {
      if (parse(fields_[c], row_[c])) continue;
      const std::string where = fmt::format("line {}, column {}", lines_.number(), c + 1);
      if (fields_[c].empty()) refuse(place_, where + " is empty", "a row has to be complete");
      refuse(place_, fmt::format("{}: '{}' is no number", where, printable(fields_[c])),
             lines_.number() == first_line_ ? "a header line names every column"
                                            : "numbers have a decimal point, as in 1.5e-3");
    }
  }

  [[noreturn]] void ragged() const {
    refuse(place_,
           fmt::format("line {} has {} value{}, line {} has {}", lines_.number(), fields_.size(),
                       fields_.size() == 1 ? "" : "s", first_line_, width_),
           "every row needs the same number of values");
  }

  const DataPlace& place_;
  Lines lines_;
  char delimiter_ = ' ';
  std::size_t first_line_ = 0, width_ = 0;
  std::vector<std::string_view> fields_;
  std::vector<float> row_;
};

}  // namespace

std::shared_ptr<const DataFile> open_csv(const DataPlace& place, const Bytes& bytes) {
  return Parser(place, *bytes).run();
}

}  // namespace quartic::data
