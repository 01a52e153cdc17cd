// What of a table stands in the way of a density, or of judging it by held-out rows.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace quartic {

/// One sentence each for columns of few values, columns whose variance is one value's, and rows
/// that are copies of others. O(rows columns log rows).
std::vector<std::string> remarks_on(std::span<const double> rows, std::size_t columns,
                                    const std::vector<std::string>& names);

/// Whether one of the rows' ln p has most of their variance.
bool one_row_decides(const std::vector<double>& scores);

}  // namespace quartic
