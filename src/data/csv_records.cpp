#include "data/csv_records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quartic::data {
namespace {

constexpr std::size_t chunk = std::size_t{1} << 18;
constexpr std::size_t longest_record = std::size_t{1} << 26;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// What spreadsheets write for a value that cannot be: it begins a row as any other word may.
constexpr std::string_view error_words[] = {
    "#N/A",    "#DIV/0!", "#REF!",   "#NAME?", "#NULL!",    "#NUM!",     "#VALUE!",
    "#SPILL!", "#CALC!",  "#FIELD!", "#BUSY!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!"};
constexpr std::size_t longest_word = 10;

bool begins_with_error(std::string_view text) {
  return std::any_of(std::begin(error_words), std::end(error_words), [&](std::string_view word) {
    return text.starts_with(word) &&
           (text.size() == word.size() ||
            std::string_view(",;\t \r\n").find(text[word.size()]) != std::string_view::npos);
  });
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

char separator_of(std::string_view head) {
  constexpr std::string_view known = ";\t,";
  std::array<std::size_t, known.size()> counts[2] = {};
  int record = 0, gaps[2] = {};  // between words
  bool quoted = false, comment = false, empty = true, blank = false;
  bool may_open = true;  // a quote: at the begin of a field, or behind one, where it is doubled
  if (head.starts_with(byte_order_mark)) head.remove_prefix(byte_order_mark.size());
  for (std::size_t k = 0; k < head.size() && record < 2; ++k) {
    const char c = head[k];
    if (quoted || (c == '"' && may_open && !comment)) {
      quoted = c != '"' || !quoted;
      empty = blank = false, may_open = true;
      continue;
    }
    if (c == '\n' || c == '\r') {
      if (!empty) ++record;
      comment = blank = false, empty = may_open = true;
      continue;
    }
    comment = comment || (c == '#' && empty && !begins_with_error(head.substr(k)));
    if (comment) continue;
    const auto found = known.find(c);
    if (found != known.npos) ++counts[record][found];
    const bool is_blank = c == ' ' || c == '\t';
    if (!is_blank && blank && !empty) ++gaps[record];
    if (!is_blank || found != known.npos) may_open = found != known.npos;
    empty = empty && is_blank, blank = is_blank;
  }
  if (record < 2 && !empty) ++record;
  for (std::size_t k = 0; k < known.size(); ++k)
    if (counts[0][k] > 0 && counts[0][k] == counts[1][k]) return known[k];
  for (std::size_t k = 0; k < known.size(); ++k)
    if (counts[0][k] > 0) return known[k];
  const bool one_column = record == 2 && gaps[0] > 0 && gaps[1] == 0;  // "sepal length"
  return one_column ? '\n' : ' ';
}

std::vector<std::string> split_comment(std::string_view comment, char separator) {
  std::vector<std::string> names;
  while (!comment.empty()) {
    if (separator == ' ') comment = trimmed(comment);
    const auto end = std::min(comment.find(separator), comment.size());
    names.emplace_back(trimmed(comment.substr(0, end)));
    comment.remove_prefix(std::min(end + 1, comment.size()));
  }
  return names;
}

bool CsvRecords::more() {
  const auto count = std::min<std::uint64_t>(chunk, bytes_.size() - offset_);
  buffer_.resize(count), at_ = 0;
  bytes_.read(offset_, std::as_writable_bytes(std::span(buffer_)));
  if (offset_ == 0 && buffer_.starts_with(byte_order_mark)) at_ = byte_order_mark.size();
  offset_ += count;
  return at_ < buffer_.size();
}

std::string_view CsvRecords::ahead(std::size_t count) {
  if (buffer_.size() - at_ < count && offset_ < bytes_.size()) {
    std::string kept = buffer_.substr(at_);
    more();
    buffer_.insert(0, kept);
  }
  return std::string_view(buffer_).substr(at_, count);
}

int CsvRecords::peek() {
  if (at_ == buffer_.size() && !more()) return end;
  const auto c = static_cast<unsigned char>(buffer_[at_]);
  return c == '\r' ? '\n' : c;
}

int CsvRecords::get() {
  const int c = peek();
  if (c == end) return end;
  const bool carriage_return = buffer_[at_++] == '\r';
  if (c != '\n') return c;
  if (carriage_return && peek() != end && buffer_[at_] == '\n') ++at_;
  ++ended_lines_;
  return c;
}

void CsvRecords::skip_blanks() {
  while (is_blank(peek())) get();
}

void CsvRecords::add(int c) {
  check_length();
  text_ += static_cast<char>(c);
}

void CsvRecords::check_length() const {
  if (text_.size() + ends_.size() < longest_record) return;
  refuse(place_, fmt::format("the row of line {} is longer than {} bytes", line_, longest_record),
         "rows end with a line end, quotes come in pairs");
}

void CsvRecords::read_quoted() {
  const std::size_t line = ended_lines_ + 1, begin = text_.size();
  get();
  for (int c = get();; c = get()) {
    if (c == end)
      refuse(place_, fmt::format("the quote that opens in line {} does not end", line),
             "a quote within a quoted field is doubled, as in \"5\"\" wide\"");
    if (c == '"' && peek() != '"') break;
    if (c == '"') get();
    add(c);
  }
  trim_from(begin);
  if (separator_ != ' ') skip_blanks();
  const int next = peek();
  if (at_end_of_field(next) || is_blank(next)) return;
  refuse(place_, fmt::format("in line {} text follows a closing quote", ended_lines_ + 1),
         "a quote within a quoted field is doubled, as in \"5\"\" wide\"");
}

void CsvRecords::read_plain() {
  const std::size_t begin = text_.size();
  const auto ends = [this](char c) {
    return c == separator_ || c == '\n' || c == '\r' || (separator_ == ' ' && c == '\t');
  };
  while (peek() != end && !ends(buffer_[at_])) {
    const auto from = buffer_.begin() + static_cast<std::ptrdiff_t>(at_);
    const auto to = std::find_if(from, buffer_.end(), ends);
    text_.append(from, to);
    at_ += static_cast<std::size_t>(to - from);
    check_length();
  }
  trim_from(begin);
}

void CsvRecords::trim_from(std::size_t begin) {
  const std::string_view kept = trimmed(std::string_view(text_).substr(begin));
  const std::size_t first =
      kept.empty() ? begin : static_cast<std::size_t>(kept.data() - text_.data());
  text_.resize(first + kept.size());
  text_.erase(begin, first - begin);
}

/// False where it was empty or a comment.
bool CsvRecords::read_record() {
  text_.clear(), ends_.clear();
  line_ = ended_lines_ + 1;
  bool something = false;
  for (;;) {
    skip_blanks();
    const int c = peek();
    if (c == '#' && ends_.empty() && !begins_with_error(ahead(longest_word + 1))) {
      comment_.clear();
      for (get(); peek() != '\n' && peek() != end;) comment_ += static_cast<char>(get());
      get();
      return false;
    }
    if (separator_ == ' ' && (c == '\n' || c == end)) break;
    c == '"' ? read_quoted() : read_plain();
    something = something || (c != '\n' && c != end);
    check_length();
    ends_.push_back(text_.size());
    if (peek() == '\n' || peek() == end) break;
    if (separator_ != ' ') get();
  }
  get();
  // A line of blanks and tabs alone is empty, whatever separates.
  return something && !(separator_ == '\t' && text_.empty());
}

bool CsvRecords::next(std::vector<std::string_view>& fields) {
  fields.clear();
  while (peek() != end) {
    if (!read_record()) continue;
    std::size_t begin = 0;
    for (const std::size_t stop : ends_) {
      fields.push_back(std::string_view(text_).substr(begin, stop - begin));
      begin = stop;
    }
    return true;
  }
  return false;
}

}  // namespace quartic::data
