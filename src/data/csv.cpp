// Numbers as text: one row a record, separated by commas, semicolons, tabs or blanks.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "data/csv_records.hpp"
#include "data/readers.hpp"
#include "quartic/core/shown.hpp"

namespace quartic::data {
namespace {

constexpr std::size_t head_for_separator = std::size_t{1} << 16;

/// Takes the whole field or nothing. NaN and infinities are numbers here; they are found later.
bool parse(std::string_view field, double& out) {
  if (field.size() > 1 && field.front() == '+' && field[1] != '-') field.remove_prefix(1);
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), out);
  if (field.empty() || end != field.data() + field.size()) return false;
  if (error == std::errc::result_out_of_range)
    out = std::strtod(std::string(field).c_str(), nullptr);  // 0 or infinity
  return error == std::errc{} || error == std::errc::result_out_of_range;
}

/// Also one beyond any double, but for words such as inf.
bool is_number(std::string_view field) {
  double value = 0;
  return parse(field, value) && field.find_first_of("0123456789") != std::string_view::npos;
}

/// How programs write that a value is not known.
bool is_missing(std::string_view field) {
  if (field.empty() || field == "?") return true;
  std::string lower(field);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return c < 128 ? std::tolower(c) : c; });
  for (const char* word : {"na", "n/a", "#n/a", "<na>", "nan", "null", "none"})
    if (lower == word) return true;
  return false;
}

/// 1,5 or 1,234.5 or 1.234,5 or, left of numbers with commas between blanks, 5 1.
bool is_number_but_for_separators(std::string_view field) {
  std::string plain(field);
  std::erase_if(plain, [](char c) { return c == ',' || c == '.' || c == ' '; });
  return field.find_first_of(", ") != std::string_view::npos && is_number(plain);
}

/// Whether a first record names the columns: some text, and no number.
bool is_header(const std::vector<std::string_view>& fields) {
  return std::none_of(fields.begin(), fields.end(), is_number) &&
         std::any_of(fields.begin(), fields.end(), [](std::string_view field) {
           double ignored = 0;
           return !is_missing(field) && !parse(field, ignored);
         });
}

/// Whether the numbers among the fields count on, 0, 1, 2, ... or 1990, 1991, ...: how columns
/// without names are numbered.
bool counts(const std::vector<std::string_view>& fields, std::size_t least) {
  std::vector<double> numbers;
  for (const auto field : fields) {
    if (!is_number(field)) continue;
    const bool whole = field.find_first_not_of("0123456789") == std::string_view::npos;
    numbers.push_back(whole ? std::strtod(std::string(field).c_str(), nullptr) : -1);
    if (numbers.back() != numbers.front() + static_cast<double>(numbers.size() - 1)) return false;
  }
  return numbers.size() >= least && numbers.front() >= 0;
}

/// A name in UTF-8, which other text than that is taken for Latin-1, on one line.
std::string name_of(std::string_view field) {
  const bool known = is_utf8(field);
  std::string out;
  for (const char c : field) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7F)
      out += ' ';
    else if (byte < 0x80 || known)
      out += c;
    else
      out += {static_cast<char>(0xC0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3F))};
  }
  return out;
}

/// What a column holds that is no number, but for missing values.
struct NoNumbers {
  std::size_t count = 0, line = 0;  ///< how many; where the first is
  std::string first;
};

class Parser {
 public:
  Parser(const DataPlace& place, const ByteSource& bytes)
      : place_(place),
        separator_(separator_of(bytes.head(head_for_separator))),
        records_(place, bytes, separator_) {}

  std::shared_ptr<const DataFile> run() {
    while (rows_.rows() < place_.rows.value_or(-1) && records_.next(fields_)) {
      const bool first = first_line_ == 0;
      if (first) begin();
      if (fields_.size() != width()) ragged();
      if (first && has_header_) continue;
      parse_row();
      rows_.append(row_);
    }
    if (rows_.rows() == 0)
      refuse(place_, "it holds no row of numbers",
             "write one row a line, numbers between commas or blanks");
    require_numbers();
    DataFileInfo info;
    info.format = DataFormat::csv, info.name = file_name(place_), info.type = "text";
    info.row_shape = {width()};
    info.names = std::move(names_), info.doubt = std::move(doubt_);
    return matrix_file(rows_.finish(), std::move(info));
  }

 private:
  std::size_t width() const { return row_.size(); }

  void begin() {
    first_line_ = records_.line();
    row_.resize(fields_.size()), bad_.resize(fields_.size());
    start_.resize(fields_.size()), index_.assign(fields_.size(), true);
    const bool named = is_header(fields_);
    has_header_ = named || (fields_[0].empty() && width() > 1 && fields_[1] == "0" &&
                            counts(fields_, width() - 1));
    if (named) {
      for (const auto field : fields_) names_.push_back(name_of(field));
    } else if (!has_header_) {
      const auto words = split_comment(records_.comment(), separator_);
      if (words.size() == width() && width() > 1 && is_header({words.begin(), words.end()}))
        for (const auto& word : words) names_.push_back(name_of(word));
      if (counts(fields_, 3))
        doubt_ = fmt::format(
            "the numbers of its first row, line {}, count on, to {}: where they are names, remove "
            "the line",
            first_line_, fields_.back());
    }
  }

  void parse_row() {
    for (std::size_t c = 0; c < width(); ++c) {
      const bool number = parse(fields_[c], row_[c]);
      if (rows_.rows() == 0) start_[c] = row_[c];
      index_[c] = index_[c] && number && row_[c] == start_[c] + static_cast<double>(rows_.rows());
      if (number) continue;
      row_[c] = std::numeric_limits<double>::quiet_NaN();
      if (is_missing(fields_[c])) continue;
      if (bad_[c].count++ == 0) bad_[c].line = records_.line(), bad_[c].first = fields_[c];
    }
  }

  /// Of the columns that will be used.
  void require_numbers() const {
    if (place_.text_is_missing) return;
    constexpr std::size_t least_rows = 4;  // fewer may count by chance
    std::vector<std::size_t> good, bad;
    for (const std::size_t c : wanted_columns())
      if (bad_[c].count > 0)
        bad.push_back(c);
      else if (!is_index_name(c, names_) && !(index_[c] && rows_.rows() >= least_rows))
        good.push_back(c);
    if (bad.empty()) return;
    const std::size_t worst = *std::max_element(
        bad.begin(), bad.end(), [&](auto x, auto y) { return bad_[x].count < bad_[y].count; });
    const auto& first = bad_[worst];
    std::string what = fmt::format("line {}, column {}{}: '{}' is no number", first.line, worst + 1,
                                   names_.empty() ? "" : fmt::format(" ({})", names_[worst]),
                                   printable(first.first));
    if (is_number_but_for_separators(first.first)) {
      const bool decimal_comma =
          (separator_ == ';' || separator_ == '\t') && first.first.find('.') == std::string::npos;
      refuse(place_, what,
             "numbers have a decimal point and no other separator" +
                 (decimal_comma ? fmt::format("; where commas are decimal ones: tr , . < '{}' > "
                                              "points.csv",
                                              path_text(place_.path.string()))
                                : std::string(", as in 1234.5")));
    }
    if (first.first.starts_with("\xE2\x88\x92"))
      refuse(place_, what, "its minus sign is U+2212: write '-'");
    const bool text = 2 * first.count > rows_.rows();
    if (text)
      what += bad.size() == 1 ? "; the column is text"
                              : fmt::format("; {} columns hold text", bad.size());
    else if (first.count > 1)
      what += fmt::format(", as {} others of the column", first.count - 1);
    if (text && !good.empty())
      refuse(place_, what, fmt::format("[data] {} leaves text out", columns_line(good, names_)));
    refuse(place_, what,
           first.line == first_line_ ? "a header line names every column"
                                     : "numbers have a decimal point, as in 1.5e-3");
  }

  std::vector<std::size_t> wanted_columns() const {
    const ColumnNames names{file_name(place_), width(), names_};
    if (const auto chosen = chosen_columns(place_.columns, names)) return *chosen;
    std::vector<std::size_t> all(width());
    for (std::size_t c = 0; c < width(); ++c) all[c] = c;
    return all;
  }

  [[noreturn]] void ragged() const {
    const bool one_more = has_header_ && fields_.size() == width() + 1 && rows_.rows() == 0;
    refuse(place_,
           fmt::format("line {} has {} value{}, line {} has {}", records_.line(), fields_.size(),
                       fields_.size() == 1 ? "" : "s", first_line_, width()),
           one_more
               ? "the header has to name the first column too: in R, write.csv, or col.names = NA"
               : "every row needs the same number of values");
  }

  const DataPlace& place_;
  char separator_;
  CsvRecords records_;
  MatrixWriter<double> rows_;
  std::size_t first_line_ = 0;
  bool has_header_ = false;
  std::vector<std::string> names_;
  std::string doubt_;
  std::vector<std::string_view> fields_;
  std::vector<double> row_;
  std::vector<NoNumbers> bad_;
  std::vector<double> start_;
  std::vector<bool> index_;  ///< whether a column counts the rows so far
};

}  // namespace

std::shared_ptr<const DataFile> open_csv(const DataPlace& place, const Bytes& bytes) {
  return Parser(place, *bytes).run();
}

}  // namespace quartic::data
