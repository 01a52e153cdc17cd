// One side of a network summed out over a grid of its values, the other by its conditionals.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/parallel.hpp"
#include "network/coupled_layers.hpp"

namespace quartic {

/// A product grid of values for every unit of one side, all points of equal weight.
struct Grid {
  std::vector<std::vector<double>> values;
  double log_weight = 0;
  bool halves = false;  ///< whether sums over every other value of each unit are wanted, too

  std::size_t size() const {
    std::size_t n = 1;
    for (const auto& v : values) n *= v.size();
    return n;
  }
  /// The values of point `index`, the last unit's running fastest, `stride` apart.
  void point(std::size_t index, double* out, std::ptrdiff_t stride) const {
    for (std::size_t k = values.size(); k-- > 0; index /= values[k].size())
      out[static_cast<std::ptrdiff_t>(k) * stride] = values[k][index % values[k].size()];
  }
};

/// Sums over part of a grid of one side's values, the summed one, relative to exp(peak).
struct PartialSums {
  double peak = -std::numeric_limits<double>::infinity(), norm = 0;
  std::vector<double> w, u;           ///< [summed][other]
  std::vector<double> summed, other;  ///< moments 1, 2, 4 a unit, interleaved
  std::vector<double> halves;         ///< norm of the first, third, ... values of a summed unit

  void rescale(double new_peak) {
    if (new_peak <= peak) return;
    const double factor = std::exp(peak - new_peak);
    norm *= factor;
    for (auto* sums : {&w, &u, &summed, &other, &halves})
      for (double& x : *sums) x *= factor;
    peak = new_peak;
  }
  void add(PartialSums more) {
    rescale(more.peak);
    more.rescale(peak);
    norm += more.norm;
    const auto join = [](std::vector<double>& to, const std::vector<double>& from) {
      for (std::size_t k = 0; k < to.size(); ++k) to[k] += from[k];
    };
    join(w, more.w), join(u, more.u), join(summed, more.summed), join(other, more.other);
    join(halves, more.halves);
  }
};

/// [summed][other] from [visible][hidden].
inline AlignedVector<double> seen_from(bool hidden, const std::vector<double>& matrix,
                                       const Network& of) {
  const std::size_t rows = of.visible.r.size(), columns = of.hidden.r.size();
  AlignedVector<double> out(matrix.begin(), matrix.end());
  for (std::size_t k = 0; k < matrix.size() && hidden; ++k)
    out[k % columns * rows + k / columns] = matrix[k];
  return out;
}

/// Sums one side out over a grid, the other by its conditionals.
class SummedSide {
 public:
  SummedSide(const Network& network, bool hidden, int threads)
      : layer_(hidden ? network.hidden : network.visible),
        type_(type_of((hidden ? network.visible : network.hidden).unit)),
        constants_(unit_constants<double>(hidden ? network.visible : network.hidden)),
        w_(seen_from(hidden, network.w, network)),
        u_(seen_from(hidden, network.u, network)),
        squares_(network.gated() && !hidden),
        gates_(network.gated() && hidden),
        threads_(threads_or_all(threads)),
        ones_(chains_in_block, 1.0) {}

  const Layer& layer() const { return layer_; }

  /// ln of the density of the grid's points, the other side summed.
  std::vector<double> log_densities(const Grid& grid) const {
    std::vector<double> out(grid.size());
    const int blocks = static_cast<int>((out.size() + chains_in_block - 1) / chains_in_block);
    for_each_part(blocks, threads_, [&](int block, int) {
      const std::size_t first = static_cast<std::size_t>(block) * chains_in_block;
      const int lanes =
          static_cast<int>(std::min<std::size_t>(chains_in_block, out.size() - first));
      Work work(*this);
      work.set(grid, first, lanes);
      double log_density[chains_in_block] = {};
      type_.kernels<double>().log_normaliser(work.block(*this), log_density);
      work.add_energies(layer_, log_density);
      std::copy_n(log_density, lanes, out.begin() + static_cast<std::ptrdiff_t>(first));
    });
    return out;
  }

  PartialSums sum(const Grid& grid, bool moments) const {
    // A fixed number of parts, summed in order: the bits do not depend on threads.
    constexpr std::size_t part_size = 8 * chains_in_block;
    const std::size_t points = grid.size(), parts = (points + part_size - 1) / part_size;
    PartialSums total = empty_sums(moments, grid.halves);
    constexpr std::size_t batch = 64;
    for (std::size_t begin = 0; begin < parts; begin += batch) {
      std::vector<PartialSums> sums(std::min(batch, parts - begin));
      for_each_part(static_cast<int>(sums.size()), threads_, [&](int part, int) {
        const std::size_t first = (begin + part) * part_size;
        sums[part] = sum_part(grid, first, std::min(first + part_size, points), moments);
      });
      for (auto& part : sums) total.add(std::move(part));
    }
    total.peak += grid.log_weight;
    return total;
  }

 private:
  std::size_t others() const { return constants_.size(); }

  /// Points of the grid in columns, and what the other side makes of them.
  struct Work {
    int lanes = 0;
    AlignedVector<double> v, square, field, gates, mean, second, fourth;

    explicit Work(const SummedSide& side, bool moments = false) {
      const std::size_t rows = side.layer_.r.size() * chains_in_block,
                        other_rows = side.others() * chains_in_block;
      v.assign(rows, 0.0), square.assign(side.squares_ ? rows : 0, 0.0);
      field.assign(other_rows, 0.0), gates.assign(side.gates_ ? other_rows : 0, 0.0);
      if (!moments) return;
      mean.assign(other_rows, 0.0), second = mean, fourth = mean;
    }
    void set(const Grid& grid, std::size_t first, int count) {
      lanes = count;
      for (int lane = 0; lane < lanes; ++lane)
        grid.point(first + lane, v.data() + lane, chains_in_block);
    }
    /// With the field of the points.
    UnitBlock<double> block(const SummedSide& side) {
      const int rows = side.layer_.size(), other_rows = static_cast<int>(side.others());
      const auto product = [&](const AlignedVector<double>& matrix, const double* values,
                               double beta, double* to) {
        multiply(Transpose::yes, Transpose::no, other_rows, lanes, rows, matrix.data(), other_rows,
                 values, chains_in_block, beta, to, chains_in_block);
      };
      product(side.w_, v.data(), 0, field.data());
      for (std::size_t k = 0; k < square.size(); ++k) square[k] = v[k] * v[k];
      if (side.squares_) product(side.u_, square.data(), 1, field.data());
      if (side.gates_) product(side.u_, v.data(), 0, gates.data());
      return {side.constants_.data(),
              other_rows,
              (lanes + 15) / 16 * 16,
              field.data(),
              chains_in_block,
              side.ones_.data(),
              side.gates_ ? gates.data() : nullptr};
    }
    void add_energies(const Layer& layer, double* log_density) const {
      for (int lane = 0; lane < lanes; ++lane)
        for (int i = 0; i < layer.size(); ++i)
          log_density[lane] -=
              layer.energy(i, v[static_cast<std::size_t>(i) * chains_in_block + lane]);
    }
  };

  PartialSums empty_sums(bool moments, bool halves) const {
    PartialSums sums;
    if (halves) sums.halves.assign(layer_.r.size(), 0.0);
    if (!moments) return sums;
    sums.w.assign(w_.size(), 0.0), sums.u.assign(u_.size(), 0.0);
    sums.summed.assign(3 * layer_.r.size(), 0.0), sums.other.assign(3 * others(), 0.0);
    return sums;
  }

  PartialSums sum_part(const Grid& grid, std::size_t begin, std::size_t end, bool moments) const {
    Work work(*this, moments);
    PartialSums sums = empty_sums(moments, grid.halves);
    const auto kernels = type_.kernels<double>();
    for (; begin < end; begin += chains_in_block) {
      work.set(grid, begin, static_cast<int>(std::min<std::size_t>(chains_in_block, end - begin)));
      const auto block = work.block(*this);
      double weight[chains_in_block] = {};
      if (moments) {
        kernels.summary(block, {weight, work.mean.data(), work.second.data(), work.fourth.data(),
                                chains_in_block});
      } else {
        kernels.log_normaliser(block, weight);
      }
      work.add_energies(layer_, weight);
      sums.rescale(*std::max_element(weight, weight + work.lanes));
      for (int lane = 0; lane < work.lanes; ++lane) {
        weight[lane] = std::exp(weight[lane] - sums.peak);
        sums.norm += weight[lane];
      }
      if (grid.halves) add_halves(grid, begin, work.lanes, weight, sums.halves);
      if (moments) add_moments(work, weight, sums);
    }
    return sums;
  }

  static void add_halves(const Grid& grid, std::size_t begin, int lanes, const double* weight,
                         std::vector<double>& halves) {
    for (int lane = 0; lane < lanes; ++lane) {
      std::size_t index = begin + static_cast<std::size_t>(lane);
      for (std::size_t k = halves.size(); k-- > 0; index /= grid.values[k].size())
        if (index % grid.values[k].size() % 2 == 0) halves[k] += weight[lane];
    }
  }

  void add_moments(Work& work, const double* weight, PartialSums& sums) const {
    const int rows = layer_.size(), other_rows = static_cast<int>(others());
    std::vector<double> weighted(others());
    int power = 0;
    for (const auto* values : {&work.mean, &work.second, &work.fourth}) {
      multiply(Transpose::no, Transpose::yes, 1, other_rows, work.lanes, weight, chains_in_block,
               values->data(), chains_in_block, 0.0, weighted.data(), other_rows);
      for (std::size_t j = 0; j < weighted.size(); ++j) sums.other[3 * j + power] += weighted[j];
      ++power;
    }
    for (int i = 0; i < rows; ++i) {
      double* row = work.v.data() + static_cast<std::ptrdiff_t>(i) * chains_in_block;
      for (int lane = 0; lane < work.lanes; ++lane) {
        const double x = row[lane], x2 = x * x, power[] = {x, x2, x2 * x2};
        for (int k = 0; k < 3; ++k) sums.summed[3 * i + k] += weight[lane] * power[k];
        row[lane] *= weight[lane];
        if (squares_)
          work.square[static_cast<std::size_t>(i) * chains_in_block + lane] *= weight[lane];
      }
    }
    const auto product = [&](const AlignedVector<double>& values, const AlignedVector<double>& of,
                             std::vector<double>& to) {
      multiply(Transpose::no, Transpose::yes, rows, other_rows, work.lanes, values.data(),
               chains_in_block, of.data(), chains_in_block, 1.0, to.data(), other_rows);
    };
    product(work.v, work.mean, sums.w);
    if (squares_) product(work.square, work.mean, sums.u);
    if (gates_) product(work.v, work.second, sums.u);
  }

  const Layer& layer_;
  const UnitType& type_;
  std::vector<UnitConstants<double>> constants_;
  AlignedVector<double> w_, u_;  ///< [summed][other]
  bool squares_, gates_;         ///< what u multiplies: squares of the points, or <x^2> given them
  int threads_;
  AlignedVector<double> ones_;
};

}  // namespace quartic
