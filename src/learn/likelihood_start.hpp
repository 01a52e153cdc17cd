// Where a likelihood's couplings start, and rows chosen at random.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/learn/likelihood.hpp"

namespace quartic {

/// Throws BadInput for options that cannot be.
void require_valid(const LikelihoodOptions& options, const Parameters& parameters);
/// eta where none is given.
double default_rate(LikelihoodOptimiser optimiser);

/// Uncoupled sites (where w is learned) with the data's mean and variance, b at its bound. Frozen
/// kinds and the couplings of hidden sites stay as they are.
Action independent_sites(const Action& frozen, const Parameters& parameters,
                         const DataMoments& data, std::span<const double> lower);

struct FoundStart {
  Action action;
  std::string description;
};
/// Where to start, and where instead if sampling shows that ln p is lower there: it is concave, so
/// that the sum of its slopes at both along the way from `fallback` to `first` tells.
struct LikelihoodStarts {
  FoundStart first;
  std::optional<FoundStart> fallback;
  std::vector<double> way;  ///< from the fallback's theta
  double slope = 0;         ///< of ln p along it, at the fallback
};
/// `given`: normalisable; also what is fallen back on where an estimator's result is not.
LikelihoodStarts find_likelihood_start(const DataSource& data, const DataMoments& moments,
                                       const Parameters& parameters, const Action& given,
                                       const LikelihoodOptions& options, std::uint64_t seed);

/// Calls f(rows, pass) for an estimator that knows no closed form of the noise: with noise, rows
/// are noisy copies (about `least` of them for few rows) and the pass is without.
template <class F>
void with_noisy_rows(const DataSource& data, DataPass pass, std::uint64_t seed, std::size_t least,
                     F&& f) {
  const double noise = std::exchange(pass.noise, 0);
  if (!(noise > 0)) return f(data, pass);
  const std::size_t copies = std::clamp<std::size_t>(least / data.rows(), 1, least);
  f(JitteredSource(data, noise, copies, seed), pass);
}

/// `count` rows of a source, chosen with repetition by seed and number; ascending.
std::vector<std::size_t> random_rows(const DataSource& source, std::size_t count,
                                     std::uint64_t seed, std::uint64_t number);

/// Those rows of a source; `rows` ascending.
class RowSubset final : public DataSource {
 public:
  RowSubset(const DataSource& source, std::vector<std::size_t> rows)
      : source_(source), rows_(std::move(rows)) {}
  std::size_t rows() const override { return rows_.size(); }
  std::size_t columns() const override { return source_.columns(); }
  void read(std::span<const std::size_t> rows, std::span<float> out) const override {
    std::vector<std::size_t> wanted;
    for (const std::size_t row : rows) wanted.push_back(rows_[row]);
    read_repeated(source_, wanted, out);
  }

 private:
  const DataSource& source_;
  std::vector<std::size_t> rows_;
};

}  // namespace quartic
