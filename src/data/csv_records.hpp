// Records of separated text by RFC 4180: quoted fields may hold separators, line ends and, doubled,
// quotes. Lines end with LF, CR LF or CR.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/readers.hpp"

namespace quartic::data {

/// The separator of a file, from its first two records: the first of ; tab , that gives them equal
/// numbers of fields, more than one; else that is in the first; else a blank, for runs of blanks,
/// or, where the second record has none, a line feed: one column.
char separator_of(std::string_view head);

/// The names between separators in a comment, "# a, b, c".
std::vector<std::string> split_comment(std::string_view comment, char separator);

class CsvRecords {
 public:
  CsvRecords(const DataPlace& place, const ByteSource& bytes, char separator)
      : place_(place), bytes_(bytes), separator_(separator) {}

  /// The next record that is neither empty nor a comment (#). Its fields, without blanks around
  /// them and without quotes, last until the next call. Throws BadInput for a quote that does not
  /// end, or that ends within its field.
  bool next(std::vector<std::string_view>& fields);
  /// The line that the record begins in, from 1.
  std::size_t line() const { return line_; }
  /// The last comment so far, without its #.
  const std::string& comment() const { return comment_; }

 private:
  static constexpr int end = -1;

  int peek();
  /// So many bytes from here, or fewer at the end; until the next call.
  std::string_view ahead(std::size_t count);
  int get();
  bool more();
  bool at_end_of_field(int c) const { return c == end || c == '\n' || c == separator_; }
  bool is_blank(int c) const { return c == ' ' || (c == '\t' && separator_ != '\t'); }
  void skip_blanks();
  void add(int c);
  void check_length() const;
  void read_quoted();
  void read_plain();
  void trim_from(std::size_t begin);
  bool read_record();

  const DataPlace& place_;
  const ByteSource& bytes_;
  char separator_;
  std::string buffer_, text_, comment_;
  std::vector<std::size_t> ends_;  ///< of the fields in text_
  std::size_t at_ = 0, line_ = 0, ended_lines_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace quartic::data
