#include "run/density_remarks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <set>
#include <utility>

#include "quartic/core/estimate.hpp"
#include "quartic/data/columns.hpp"
#include "quartic/run/density_learner.hpp"

namespace quartic {
namespace {

constexpr std::size_t few = 20;        // values
constexpr std::size_t enough = 20;     // rows, of which one has no large part by chance
constexpr std::size_t twentieth = 20;  // of the rows, too many to be alike

/// How the rows repeat values in a column.
struct Repeats {
  std::size_t distinct = 0, most = 0;  ///< values, rows of the most frequent
  double value = 0;                    ///< that one
  bool coarse = false;                 ///< few values, each in many rows
  bool atom = false;                   ///< one value in far more rows than its like
};

Repeats repeats_in(std::span<const double> rows, std::size_t column, std::size_t columns) {
  std::vector<double> sorted;
  for (std::size_t k = column; k < rows.size(); k += columns) sorted.push_back(rows[k]);
  std::sort(sorted.begin(), sorted.end());
  Repeats out;
  std::vector<std::size_t> counts;
  for (std::size_t k = 0; k < sorted.size();) {
    const auto end =
        std::upper_bound(sorted.begin() + static_cast<std::ptrdiff_t>(k), sorted.end(), sorted[k]);
    const auto count = static_cast<std::size_t>(end - sorted.begin()) - k;
    if (count > out.most) out.most = count, out.value = sorted[k];
    counts.push_back(count), k += count;
  }
  out.distinct = counts.size();
  const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  std::nth_element(counts.begin(), middle, counts.end());
  constexpr std::size_t times = 10;
  out.coarse = out.distinct <= few && times * out.distinct <= sorted.size();
  out.atom = !out.coarse && twentieth * out.most >= sorted.size() && out.most >= times * *middle;
  return out;
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

std::size_t distinct_rows(std::span<const double> rows, std::size_t columns) {
  std::set<std::vector<double>> seen;
  for (std::size_t k = 0; k < rows.size(); k += columns) {
    const auto row = rows.subspan(k, columns);
    seen.emplace(row.begin(), row.end());
  }
  return seen.size();
}

/// Rows that are like others, and not by chance: in a column that has about as many values as there
/// are different rows. A single column that is rounded repeats its values, too:
/// there no more than half of the rows may be copies.
std::size_t copies(std::span<const double> rows, std::size_t columns,
                   const std::vector<Repeats>& repeats) {
  const std::size_t different = distinct_rows(rows, columns), count = rows.size() / columns;
  std::vector<std::size_t> telling;
  for (std::size_t c = 0; c < columns; ++c)
    if (!repeats[c].coarse && 2 * repeats[c].distinct >= different &&
        (columns > 1 || 2 * different >= count))
      telling.push_back(c);
  std::vector<double> those;
  for (std::size_t k = 0; k < rows.size(); k += columns) {
    const auto row = rows.subspan(k, columns);
    const bool tells = std::any_of(telling.begin(), telling.end(), [&](std::size_t c) {
      return !repeats[c].atom || row[c] != repeats[c].value;
    });
    if (tells) those.insert(those.end(), row.begin(), row.end());
  }
  return those.size() / columns - distinct_rows(those, columns);
}

std::string of_copies(std::span<const double> rows, std::size_t columns,
                      const std::vector<Repeats>& repeats) {
  const std::size_t same = copies(rows, columns, repeats), count = rows.size() / columns;
  if (twentieth * same <= count) return {};
  return fmt::format(
      "{} of {} rows are copies of others, learned and held out at once: held-out rows say too "
      "high an ln p; keep one of each",
      same, count);
}

}  // namespace

std::vector<double> rows_to_remark_on(const DataSource& source) {
  constexpr std::size_t most_rows = 4096, most_values = 1 << 22;
  const auto rows =
      spread_rows(source, std::clamp<std::size_t>(most_values / source.columns(), 1, most_rows));
  return {rows.begin(), rows.end()};
}

std::vector<std::string> remarks_on(std::span<const double> rows, std::size_t columns,
                                    const std::vector<std::string>& names) {
  const std::size_t count = rows.size() / columns;
  std::vector<std::size_t> coarse, atoms, far;
  std::vector<Repeats> repeats;
  for (std::size_t c = 0; c < columns; ++c) {
    const Repeats& here = repeats.emplace_back(repeats_in(rows, c, columns));
    if (here.coarse)
      coarse.push_back(c);
    else if (here.atom)
      atoms.push_back(c);
    else if (count >= enough && one_value_has_half_the_variance(rows, c, columns))
      far.push_back(c);
  }
  std::vector<std::string> out;
  const auto unbounded = [&](const std::vector<std::size_t>& in, const std::string& why,
                             const char* width) {
    const bool one = in.size() == 1;
    out.push_back(fmt::format(
        "column{} {} take{} {}: ln p has no limit as a density learns {}, and "
        "compares with no other's; noise as wide as {} gives one",
        one ? "" : "s", columns_text(in, names), one ? "s" : "", why, one ? "it" : "them", width));
  };
  if (!coarse.empty()) unbounded(coarse, fmt::format("at most {} values", few), "their step");
  if (!atoms.empty()) {
    double least = 1;
    for (const std::size_t c : atoms)
      least = std::min(least, static_cast<double>(repeats[c].most) / static_cast<double>(count));
    unbounded(atoms,
              fmt::format("one value in {:.0f} % of the rows or more", std::floor(100 * least)),
              "the values near it are apart");
  }
  if (!far.empty())
    out.push_back(
        fmt::format("one value has half of the variance of column{} {}: leave its row "
                    "out if it is wrong; no density of this kind has such tails",
                    far.size() == 1 ? "" : "s", columns_text(far, names)));
  if (auto same = of_copies(rows, columns, repeats); !same.empty()) out.push_back(std::move(same));
  return out;
}

std::string remark_on_copies(std::span<const double> rows, std::size_t columns) {
  std::vector<Repeats> repeats;
  for (std::size_t c = 0; c < columns; ++c) repeats.push_back(repeats_in(rows, c, columns));
  return of_copies(rows, columns, repeats);
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
