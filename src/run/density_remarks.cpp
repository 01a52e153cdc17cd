#include "run/density_remarks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <set>

#include "quartic/core/estimate.hpp"
#include "quartic/data/columns.hpp"

namespace quartic {
namespace {

constexpr std::size_t few = 10;     // values
constexpr std::size_t enough = 20;  // rows, of which one has no large part by chance

/// On values like these ln p rises without bound as they are learned.
bool has_few_values(std::span<const double> rows, std::size_t column, std::size_t columns) {
  constexpr std::size_t times = 10;
  std::set<double> values;
  for (std::size_t k = column; k < rows.size() && values.size() <= few; k += columns)
    values.insert(rows[k]);
  return values.size() <= few && times * values.size() <= rows.size() / columns;
}

bool one_value_has_half_the_variance(std::span<const double> rows, std::size_t column,
                                     std::size_t columns) {
  const auto count = static_cast<double>(rows.size() / columns);
  double mean = 0, square = 0, largest = 0;
  for (std::size_t k = column; k < rows.size(); k += columns) mean += rows[k] / count;
  for (std::size_t k = column; k < rows.size(); k += columns) {
    const double away = std::pow(rows[k] - mean, 2);
    square += away, largest = std::max(largest, away);
  }
  return largest > square / 2;
}

std::size_t copies(std::span<const double> rows, std::size_t columns) {
  std::set<std::vector<double>> seen;
  for (std::size_t k = 0; k < rows.size(); k += columns) {
    const auto row = rows.subspan(k, columns);
    seen.emplace(row.begin(), row.end());
  }
  return rows.size() / columns - seen.size();
}

}  // namespace

std::vector<std::string> remarks_on(std::span<const double> rows, std::size_t columns,
                                    const std::vector<std::string>& names) {
  const std::size_t count = rows.size() / columns;
  std::vector<std::size_t> coarse, far;
  for (std::size_t c = 0; c < columns; ++c) {
    if (has_few_values(rows, c, columns))
      coarse.push_back(c);
    else if (count >= enough && one_value_has_half_the_variance(rows, c, columns))
      far.push_back(c);
  }
  std::vector<std::string> out;
  if (!coarse.empty()) {
    const bool one = coarse.size() == 1;
    out.push_back(fmt::format(
        "column{} {} take{} at most {} values: ln p has no limit as a density learns them, and "
        "compares with no other's; noise as wide as their step gives one",
        one ? "" : "s", columns_text(coarse, names), one ? "s" : "", few));
  }
  if (!far.empty())
    out.push_back(
        fmt::format("one value has half of the variance of column{} {}: leave its row "
                    "out if it is wrong; no density of this kind has such tails",
                    far.size() == 1 ? "" : "s", columns_text(far, names)));
  if (const std::size_t same = copies(rows, columns); 10 * same > count)
    out.push_back(
        fmt::format("{} of {} rows are copies of others, learned and held out at once: "
                    "held-out rows say too high an ln p; keep one of each",
                    same, count));
  return out;
}

std::string remark_on_few(std::size_t rows, std::size_t columns) {
  constexpr std::size_t rows_a_column = 4;
  if (rows > rows_a_column * columns) return {};
  return fmt::format(
      "{} rows are few for {} columns: what held-out rows choose they choose by "
      "chance, and ln p of other rows may be nats lower",
      rows, columns);
}

bool one_row_decides(const std::vector<double>& scores, std::size_t columns) {
  if (scores.size() < enough) return false;
  const Estimate mean = mean_of(scores);
  const double away = mean.value - *std::min_element(scores.begin(), scores.end());
  const double spread = mean.error * static_cast<double>(scores.size());
  const boost::math::chi_squared chi2(static_cast<double>(columns));
  const double by_chance = boost::math::quantile(
      boost::math::complement(chi2, 1e-3 / static_cast<double>(scores.size())));
  return 2 * away * away > spread * spread && 2 * away > by_chance - static_cast<double>(columns);
}

}  // namespace quartic
