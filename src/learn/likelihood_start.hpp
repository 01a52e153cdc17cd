// Where a likelihood's couplings start, and rows chosen at random.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "quartic/core/jittered_source.hpp"
#include "quartic/learn/likelihood.hpp"

namespace quartic {

/// Uncoupled sites (where w is learned) with the data's mean and variance, b at its bound. Frozen
/// kinds stay as they are.
Action independent_sites(const Action& frozen, const Parameters& parameters,
                         const DataMoments& data, std::span<const double> lower);

struct FoundStart {
  Action action;
  std::string description;
};
/// `given`: normalisable; also what is fallen back on where an estimator's result is not.
FoundStart find_likelihood_start(const DataSource& data, const Parameters& parameters,
                                 const Action& given, const LikelihoodOptions& options,
                                 std::uint64_t seed);

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

/// `count` rows of a source, chosen with repetition by seed and number.
class RandomRows final : public DataSource {
 public:
  RandomRows(const DataSource& source, std::size_t count, std::uint64_t seed, std::uint64_t number);
  std::size_t rows() const override { return chosen_.size(); }
  std::size_t columns() const override { return source_.columns(); }
  void read(std::span<const std::size_t> rows, std::span<float> out) const override;

 private:
  const DataSource& source_;
  std::vector<std::size_t> chosen_;  ///< ascending
};

}  // namespace quartic
