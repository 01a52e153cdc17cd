#include "quartic/network/rotated_sampler.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "core/symmetric_eigen.hpp"
#include "network/coupled_layers.hpp"
#include "network/observation.hpp"

namespace quartic {
namespace {

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// What holds for all rows of which the same columns are known.
struct Pattern {
  std::vector<int> free;    ///< columns that are not known for sure
  std::vector<char> noisy;  ///< of these, whether they were observed
  Rows directions;          ///< [direction][free column], principal ones
  Rows moved;               ///< [direction][unit]: what the units do along them
  std::vector<double> c4;   ///< of every direction
  Eigen::MatrixXd precision;
};

Pattern pattern_of(const std::vector<char>& known, const Rows& rotation,
                   const std::vector<double>& noise, const Layer& visible) {
  Pattern out;
  for (int c = 0; c < static_cast<int>(known.size()); ++c) {
    if (known[c] && noise[c] == 0) continue;
    out.free.push_back(c), out.noisy.push_back(known[c]);
  }
  const auto count = static_cast<Eigen::Index>(out.free.size());
  Rows of_free(count, rotation.cols());
  for (Eigen::Index k = 0; k < count; ++k) of_free.row(k) = rotation.row(out.free[k]);
  out.precision = of_free * of_free.transpose();
  for (Eigen::Index k = 0; k < count; ++k)
    if (out.noisy[k]) out.precision(k, k) += std::pow(noise[out.free[k]], -2);
  if (count == 0) return out;
  const SymmetricEigen axes = symmetric_eigen(out.precision);
  // As long as a Gaussian is wide, so that t is of order 1.
  out.directions = axes.values.cwiseSqrt().cwiseInverse().asDiagonal() * axes.vectors.transpose();
  out.moved = out.directions * of_free;
  for (Eigen::Index k = 0; k < count; ++k) {
    double c4 = 0;
    for (int i = 0; i < visible.size(); ++i) c4 += visible.b[i] * std::pow(out.moved(k, i), 4);
    out.c4.push_back(c4);
  }
  return out;
}

/// Rows of one pattern that one thread works on, neighbours in the order of chains.
struct Part {
  int pattern, first, count;
};

constexpr int lanes_of_vector = 16;

}  // namespace

struct RotatedSampler::Parts {
  Layer visible;
  CoupledLayers<double> layers;
  Rows rotation;
  std::vector<double> noise, observed;  ///< by chain
  std::vector<int> row_of;              ///< of every chain: chains are ordered by their patterns
  std::vector<Pattern> patterns;
  std::vector<Part> parts;
  Chains<double> chains;
  std::vector<double> v;  ///< [chain][column]
  int threads;
  std::vector<NetworkScratch<double>> scratch;

  Parts(const Network& network, Rows turned, std::span<const double> rows,
        std::vector<double> deviations, std::uint64_t seed, Stream stream, int wanted_threads)
      : visible(network.visible),
        layers(network),
        rotation(std::move(turned)),
        noise(std::move(deviations)),
        chains(network.visible.size(), network.hidden.size(),
               static_cast<int>(rows.size() / noise.size()), seed, stream),
        v(rows.size()),
        threads(thread_count(wanted_threads, network)),
        scratch(make_scratch(threads, layers)) {
    order(rows);
    for_each_part(static_cast<int>(parts.size()), threads,
                  [&](int part, int) { start(parts[static_cast<std::size_t>(part)]); });
    update_hidden(true);
  }

  std::size_t width() const { return noise.size(); }

  void order(std::span<const double> rows) {
    const std::size_t columns = width(), count = rows.size() / columns;
    std::map<std::vector<char>, std::vector<int>> by_pattern;
    for (std::size_t n = 0; n < count; ++n) {
      std::vector<char> known(columns);
      for (std::size_t c = 0; c < columns; ++c) known[c] = !std::isnan(rows[n * columns + c]);
      by_pattern[known].push_back(static_cast<int>(n));
    }
    for (const auto& [known, of_it] : by_pattern) {
      patterns.push_back(pattern_of(known, rotation, noise, visible));
      const int number = static_cast<int>(patterns.size()) - 1;
      for (std::size_t k = 0; k < of_it.size(); k += chains_in_block) {
        const auto size = std::min<std::size_t>(chains_in_block, of_it.size() - k);
        parts.push_back({number, static_cast<int>(row_of.size() + k), static_cast<int>(size)});
      }
      row_of.insert(row_of.end(), of_it.begin(), of_it.end());
    }
    for (const int row : row_of) {
      const auto from = rows.subspan(static_cast<std::size_t>(row) * columns, columns);
      observed.insert(observed.end(), from.begin(), from.end());
    }
  }

  /// At the conditional mean of a Gaussian whose units are independent of variance 1.
  void start(const Part& part) {
    const Pattern& pattern = patterns[static_cast<std::size_t>(part.pattern)];
    const Eigen::LLT<Eigen::MatrixXd> solver(pattern.precision);
    const auto free = static_cast<Eigen::Index>(pattern.free.size());
    for (int chain = part.first; chain < part.first + part.count; ++chain) {
      const double* y = observed.data() + static_cast<std::size_t>(chain) * width();
      Eigen::Map<Eigen::VectorXd> now(v.data() + static_cast<std::size_t>(chain) * width(),
                                      static_cast<Eigen::Index>(width()));
      for (std::size_t c = 0; c < width(); ++c) now[c] = std::isnan(y[c]) ? 0 : y[c];
      for (const int c : pattern.free) now[c] = 0;
      const Eigen::VectorXd units = rotation.transpose() * now;
      Eigen::VectorXd pull(free);
      for (Eigen::Index k = 0; k < free; ++k) {
        const int c = pattern.free[k];
        pull[k] = -rotation.row(c).dot(units);
        if (pattern.noisy[k]) pull[k] += y[c] / (noise[c] * noise[c]);
      }
      if (free == 0) continue;
      const Eigen::VectorXd found = solver.solve(pull);
      for (Eigen::Index k = 0; k < free; ++k) now[pattern.free[k]] = found[k];
    }
    give_units(part);
  }

  /// phi = rotation^T v.
  void give_units(const Part& part) {
    using Strided = Eigen::Map<Rows, 0, Eigen::OuterStride<>>;
    const auto columns = static_cast<Eigen::Index>(width());
    const Eigen::Map<const Rows> rows(v.data() + part.first * columns, part.count, columns);
    Strided units(chains.visible().data + part.first, columns, part.count,
                  Eigen::OuterStride<>(chains.stride()));
    units.noalias() = rotation.transpose() * rows.transpose();
  }

  void update_hidden(bool fresh) {
    for_each_part(chains.blocks(), threads, [&](int block, int thread) {
      chains.field_on_hidden(layers, block, scratch[thread]);
      chains.update_hidden(layers, block, scratch[thread], fresh);
    });
  }

  void update_columns(const Part& part, int thread) {
    const Pattern& pattern = patterns[static_cast<std::size_t>(part.pattern)];
    if (pattern.free.empty()) return;
    auto& work = scratch[thread];
    chains.field_on_visible(layers, part.first, part.count, work.values(), work.of_gates());
    LineDraws draws(chains, part);
    for (int k = 0; k < static_cast<int>(pattern.free.size()); ++k) {
      const auto t = draws.along(k, *this, pattern, part, work);
      for (int lane = 0; lane < part.count; ++lane) {
        double* now = v.data() + static_cast<std::size_t>(part.first + lane) * width();
        for (std::size_t c = 0; c < pattern.free.size(); ++c)
          now[pattern.free[c]] += t[lane] * pattern.directions(k, static_cast<Eigen::Index>(c));
      }
      for (int i = 0; i < visible.size(); ++i) {
        double* phi = chains.visible().unit(i) + part.first;
        for (int lane = 0; lane < part.count; ++lane) phi[lane] += t[lane] * pattern.moved(k, i);
      }
    }
    draws.give_back(chains, part);
    give_units(part);  // without what roundings have added up
  }

  /// Draws of t, with the streams of a part's chains; a vector's other lanes have none.
  class LineDraws {
   public:
    LineDraws(Chains<double>& chains, const Part& part)
        : lanes_((part.count + lanes_of_vector - 1) / lanes_of_vector * lanes_of_vector),
          words_(4 * static_cast<std::size_t>(lanes_), 1U),
          ones_(lanes_, 1.0),
          field_(lanes_, 0.0),
          gates_(lanes_, 0.0),
          shift_(lanes_, 0.0),
          t_(lanes_, 0.0) {
      copy_words(chains, part, [](std::uint32_t& mine, std::uint32_t& its) { mine = its; });
    }
    void give_back(Chains<double>& chains, const Part& part) {
      copy_words(chains, part, [](std::uint32_t& mine, std::uint32_t& its) { its = mine; });
    }

    const AlignedVector<double>& along(int k, Parts& of, const Pattern& pattern, const Part& part,
                                       NetworkScratch<double>& work) {
      const double c4 = pattern.c4[static_cast<std::size_t>(k)];
      const UnitConstants<double> unit(0, 0.5, c4);
      for (int lane = 0; lane < part.count; ++lane) {
        auto [c1, c2, c3] = of.coefficients(k, pattern, part.first + lane, lane, work);
        // Without its cubic part, t = shift + what is drawn.
        const double s = c4 > 0 ? -c3 / (4 * c4) : 0;
        field_[lane] = -(c1 + s * (2 * c2 + s * (3 * c3 + 4 * c4 * s)));
        gates_[lane] = 0.5 - (c2 + s * (3 * c3 + 6 * c4 * s));
        shift_[lane] = s;
      }
      quartic_unit.kernels<double>().draw(
          {&unit, 1, lanes_, field_.data(), lanes_, ones_.data(), gates_.data()},
          {t_.data(), lanes_, words_.data(), lanes_});
      for (int lane = 0; lane < part.count; ++lane) t_[lane] += shift_[lane];
      return t_;
    }

   private:
    template <class F>
    void copy_words(Chains<double>& chains, const Part& part, F&& copy) {
      const auto draws = chains.visible_draws(part.first);
      for (int word = 0; word < 4; ++word)
        for (int lane = 0; lane < part.count; ++lane)
          copy(words_[static_cast<std::size_t>(word) * lanes_ + lane],
               draws.words[word * draws.words_stride + lane]);
    }

    int lanes_;
    AlignedVector<std::uint32_t> words_;
    AlignedVector<double> ones_, field_, gates_, shift_, t_;
  };

  struct Coefficients {
    double c1 = 0, c2 = 0, c3 = 0;
  };
  /// Of S along a direction, at the chain's place, given its hidden units.
  Coefficients coefficients(int k, const Pattern& pattern, int chain, int lane,
                            NetworkScratch<double>& work) {
    Coefficients out;
    for (int i = 0; i < visible.size(); ++i) {
      const double m = pattern.moved(k, i), phi = chains.visible().unit(i)[chain];
      const double a = visible.a[i] - (layers.gated() ? work.of_gates().unit(i)[lane] : 0),
                   b = visible.b[i];
      out.c1 +=
          m * (visible.r[i] - work.values().unit(i)[lane] + phi * (2 * a + 4 * b * phi * phi));
      out.c2 += m * m * (a + 6 * b * phi * phi);
      out.c3 += m * m * m * 4 * b * phi;
    }
    for (std::size_t c = 0; c < pattern.free.size(); ++c) {
      if (!pattern.noisy[c]) continue;
      const std::size_t at =
          static_cast<std::size_t>(chain) * width() + static_cast<std::size_t>(pattern.free[c]);
      const double d = pattern.directions(k, static_cast<Eigen::Index>(c)),
                   precision = std::pow(noise[pattern.free[c]], -2);
      out.c1 += d * (v[at] - observed[at]) * precision;
      out.c2 += d * d * precision / 2;
    }
    return out;
  }

  void sweep() {
    for_each_part(static_cast<int>(parts.size()), threads, [&](int part, int thread) {
      update_columns(parts[static_cast<std::size_t>(part)], thread);
    });
    update_hidden(false);
  }
};

RotatedSampler::RotatedSampler(const Network& network, std::span<const double> rotation,
                               std::span<const double> observed, std::span<const double> noise,
                               std::uint64_t seed, Stream stream, int threads) {
  require_normalisable(network);
  const auto units = static_cast<std::size_t>(network.visible.size());
  if (network.visible.discrete())
    throw BadInput("units of two values are no turned columns", "ConditionalSampler");
  if (rotation.size() != units * units)
    throw BadInput(fmt::format("a rotation of {} values for {} units", rotation.size(), units),
                   "[column][unit]");
  require_whole_rows(observed, units);
  for (std::size_t k = 0; k < observed.size(); ++k)
    if (std::isinf(observed[k]))
      throw BadInput(fmt::format("row {}, column {} is not finite", k / units, k % units),
                     "NaN stands for what was not observed");
  const auto size = static_cast<Eigen::Index>(units);
  parts_ = make_hidden<Parts>(network, Eigen::Map<const Rows>(rotation.data(), size, size),
                              observed, checked_noise(noise, units), seed, stream, threads);
}

void RotatedSampler::sweep(int count) {
  for (int k = 0; k < count; ++k) parts_->sweep();
}

std::vector<double> RotatedSampler::columns() const {
  const auto& p = *parts_;
  std::vector<double> out(p.v.size());
  const auto width = static_cast<std::ptrdiff_t>(p.width());
  for (std::size_t chain = 0; chain < p.row_of.size(); ++chain)
    std::copy_n(p.v.begin() + static_cast<std::ptrdiff_t>(chain) * width, width,
                out.begin() + p.row_of[chain] * width);
  return out;
}

}  // namespace quartic
