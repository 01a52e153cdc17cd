#include "quartic/data/views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "data/readers.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"

namespace quartic {
namespace {

class RowView final : public DataSource {
 public:
  RowView(SharedSource source, std::vector<std::size_t> rows)
      : source_(std::move(source)), rows_(std::move(rows)) {}
  std::size_t rows() const override { return rows_.size(); }
  std::size_t columns() const override { return source_->columns(); }
  void read(std::span<const std::size_t> rows, std::span<float> out) const override {
    source_->read(behind(rows), out);
  }
  void read_wide(std::span<const std::size_t> rows, std::span<double> out) const override {
    source_->read_wide(behind(rows), out);
  }

 private:
  std::vector<std::size_t> behind(std::span<const std::size_t> rows) const {
    std::vector<std::size_t> inner(rows.size());
    for (std::size_t n = 0; n < rows.size(); ++n) {
      if (rows[n] >= rows_.size()) data::refuse_row(rows[n], rows_.size());
      inner[n] = rows_[rows[n]];
    }
    return inner;
  }

  SharedSource source_;
  std::vector<std::size_t> rows_;
};

class ColumnView final : public DataSource {
 public:
  ColumnView(SharedSource source, std::vector<std::size_t> columns)
      : source_(std::move(source)), columns_(std::move(columns)) {}
  std::size_t rows() const override { return source_->rows(); }
  std::size_t columns() const override { return columns_.size(); }
  void read(std::span<const std::size_t> rows, std::span<float> out) const override {
    std::vector<float> whole(rows.size() * source_->columns());
    source_->read(rows, whole);
    choose(std::span<const float>(whole), rows.size(), out);
  }
  void read_wide(std::span<const std::size_t> rows, std::span<double> out) const override {
    std::vector<double> whole(rows.size() * source_->columns());
    source_->read_wide(rows, whole);
    choose(std::span<const double>(whole), rows.size(), out);
  }

 private:
  template <class T>
  void choose(std::span<const T> whole, std::size_t rows, std::span<T> out) const {
    const std::size_t width = source_->columns();
    for (std::size_t n = 0; n < rows; ++n)
      for (std::size_t c = 0; c < columns_.size(); ++c)
        out[n * columns_.size() + c] = whole[n * width + columns_[c]];
  }

  SharedSource source_;
  std::vector<std::size_t> columns_;
};

/// Changes values, with all digits that they have, not which they are.
template <class Map>
class MappedView final : public DataSource {
 public:
  MappedView(SharedSource source, Map map) : source_(std::move(source)), map_(std::move(map)) {}
  std::size_t rows() const override { return source_->rows(); }
  std::size_t columns() const override { return source_->columns(); }
  void read(std::span<const std::size_t> rows, std::span<float> out) const override {
    std::vector<double> wide(rows.size() * columns());
    read_wide(rows, wide);
    std::transform(wide.begin(), wide.end(), out.begin(),
                   [](double x) { return static_cast<float>(x); });
  }
  void read_wide(std::span<const std::size_t> rows, std::span<double> out) const override {
    const auto read = out.first(rows.size() * columns());
    source_->read_wide(rows, read);
    map_(read);
  }

 private:
  SharedSource source_;
  Map map_;
};

template <class Map>
SharedSource mapped(SharedSource source, Map map) {
  return std::make_shared<MappedView<Map>>(std::move(source), std::move(map));
}

}  // namespace

void data::check_indices(const std::vector<std::size_t>& indices, std::size_t all,
                         const char* what) {
  if (indices.empty())
    throw BadInput(fmt::format("no {} of the data is chosen", what),
                   fmt::format("choose at least one {}", what));
  for (const std::size_t index : indices) {
    if (index < all) continue;
    throw BadInput(fmt::format("there is no {0} {1} in data of {2} {0}s", what, index, all),
                   fmt::format("{}s are counted from 0", what));
  }
}

SharedSource select_rows(SharedSource source, std::vector<std::size_t> rows) {
  data::check_indices(rows, source->rows(), "row");
  return std::make_shared<RowView>(std::move(source), std::move(rows));
}

SharedSource first_rows(SharedSource source, std::size_t count) {
  if (count >= source->rows()) return source;
  std::vector<std::size_t> rows(count);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return std::make_shared<RowView>(std::move(source), std::move(rows));
}

SharedSource select_columns(SharedSource source, std::vector<std::size_t> columns) {
  data::check_indices(columns, source->columns(), "column");
  return std::make_shared<ColumnView>(std::move(source), std::move(columns));
}

SharedSource binarised(SharedSource source, double threshold) {
  return mapped(std::move(source), [threshold](std::span<double> values) {
    for (double& x : values)
      if (!std::isnan(x)) x = x > threshold ? 1 : 0;
  });
}

SharedSource scaled(SharedSource source, DataScaling scaling) {
  const std::size_t columns = source->columns();
  scaling.check(columns);
  if (scaling.method == ScalingMethod::none) return source;
  return mapped(std::move(source),
                [scaling = std::move(scaling), columns](std::span<double> values) {
                  scaling.to_model(values, columns);
                });
}

SharedSource with_noise(SharedSource source, double deviation, std::uint64_t seed) {
  struct Noisy {
    SharedSource source;
    JitteredSource rows;
  };
  const DataSource& plain = *source;
  auto noisy =
      std::make_shared<Noisy>(Noisy{std::move(source), JitteredSource(plain, deviation, 1, seed)});
  return {noisy, &noisy->rows};
}

std::vector<std::size_t> held_out_rows(std::size_t rows, double fraction, std::uint64_t seed) {
  if (!(fraction > 0 && fraction < 1))
    throw BadInput(fmt::format("a fraction of {:g} of the rows cannot be held out", fraction),
                   "held_out is between 0 and 1");
  if (rows < 2)
    throw BadInput("one row cannot be split into training and held-out data", "held_out = 0");
  const auto wanted = std::clamp<std::size_t>(
      static_cast<std::size_t>(std::llround(fraction * static_cast<double>(rows))), 1, rows - 1);
  // Selection sampling: Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S.
  RandomStream random(seed, Stream::held_out, 0);
  std::vector<std::size_t> chosen;
  chosen.reserve(wanted);
  for (std::size_t row = 0; chosen.size() < wanted; ++row) {
    const auto left = static_cast<double>(rows - row);
    if (left * random.uniform() < static_cast<double>(wanted - chosen.size()))
      chosen.push_back(row);
  }
  return chosen;
}

std::vector<std::size_t> other_rows(std::size_t rows, const std::vector<std::size_t>& without) {
  std::vector<std::size_t> all(rows), others;
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::set_difference(all.begin(), all.end(), without.begin(), without.end(),
                      std::back_inserter(others));
  return others;
}

}  // namespace quartic
