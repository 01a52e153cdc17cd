// Rows with Gaussian noise added, several noisy copies of each.
#pragma once

#include <cstdint>

#include "quartic/core/data_source.hpp"

namespace quartic {

/// copies x rows of the other source: row n is its row n / copies plus noise of the given standard
/// deviation, the same for the same seed whenever it is read. For estimators that know no closed
/// form of the noise (DataPass::noise), and as starting fields. `source` must outlive it.
class JitteredSource final : public DataSource {
 public:
  /// Throws BadInput for a negative noise or no copies.
  JitteredSource(const DataSource& source, double noise, std::size_t copies, std::uint64_t seed);
  std::size_t rows() const override { return source_.rows() * copies_; }
  std::size_t columns() const override { return source_.columns(); }
  void read(std::span<const std::size_t> rows, std::span<float> out) const override;

 private:
  const DataSource& source_;
  double noise_;
  std::size_t copies_;
  std::uint64_t seed_;
};

}  // namespace quartic
