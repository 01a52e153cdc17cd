// What of a table stands in the way of a density, or of judging it by held-out rows.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/data_source.hpp"

namespace quartic {

/// Rows to remark on: all, or 4096 of them and at most 4 million values.
std::vector<double> rows_to_remark_on(const DataSource& source);

/// One sentence each for columns of few values, columns whose variance is one value's, and rows
/// that are copies of others. O(rows columns log rows).
std::vector<std::string> remarks_on(std::span<const double> rows, std::size_t columns,
                                    const std::vector<std::string>& names);

/// Whether so few rows of so many columns have little to say of other rows: 4 a column at most.
/// One sentence, or none.
std::string remark_on_few(std::size_t rows, std::size_t columns);

/// Whether one of the rows' ln p has most of their variance, and is below what chance gives a
/// density with the tails of a Gaussian in one of so many rows out of a thousand tables: there
/// -ln p - const is chi^2/2 of as many degrees of freedom as there are columns.
bool one_row_decides(const std::vector<double>& scores, std::size_t columns);

}  // namespace quartic
