// Columns of data by number and by name, and how messages call them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quartic {

/// Which columns of a file, and in what order; all, where nothing is said.
struct ColumnChoice {
  std::string text;                ///< "1-784" or "0,2,5-7", counted from 0; or "width,height"
  std::vector<std::string> names;  ///< instead of `text`
  /// Those of a model that meets new data: `learned` counts alone where both it and the file have
  /// names; a file without them that has `width` columns may hold what was chosen already.
  std::vector<std::string> learned;
  std::size_t width = 0;
};

/// What a file says of its columns.
struct ColumnNames {
  std::string file;
  std::size_t count = 0;
  std::vector<std::string> names;  ///< one a column, or none
};

/// The numbers of the chosen columns; nothing: all as they are. O(columns). Throws BadInput for
/// columns that are not there, for a name that several have, and for text that names none.
std::optional<std::vector<std::size_t>> chosen_columns(const ColumnChoice& choice,
                                                       const ColumnNames& of);

/// Column numbers out of text such as "1-784" or "0,2,5-7". Throws BadInput for anything else, and
/// for numbers that are not below `columns`.
std::vector<std::size_t> parse_columns(std::string_view text, std::size_t columns);

/// Whether a column's name says that it numbers the rows: the first, without one, or "Unnamed: 0".
bool is_index_name(std::size_t column, const std::vector<std::string>& names);

/// "3 (sepal length)"; "3" where columns have no names.
std::string column_text(std::size_t column, const std::vector<std::string>& names);

/// The same for some of them, "2 (a), 3 (b), ..."; at most `most`.
std::string columns_text(const std::vector<std::size_t>& columns,
                         const std::vector<std::string>& names, std::size_t most = 5);

/// The line of a config that chooses these columns: columns = ["sepal length", "petal width"], or
/// by number where there are no names, or very many.
std::string columns_line(const std::vector<std::size_t>& columns,
                         const std::vector<std::string>& names);

}  // namespace quartic
