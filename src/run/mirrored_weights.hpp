// The weights of a sample's configurations and of their mirror images under the real part of B.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <vector>

#include "quartic/stats/reweighting.hpp"

namespace quartic {

/// |w| of both, relative to the largest.
class MirroredWeights {
 public:
  MirroredWeights(const ReweightingSample& sample,
                  const std::vector<std::complex<double>>& couplings)
      : own_(sample.action), odd_(sample.action.size()) {
    const std::size_t samples = own_.size();
    if (!sample.log_weight.value.empty())
      for (std::size_t n = 0; n < samples; ++n) own_[n] += sample.log_weight.value[n];
    for (std::size_t k = 0; k < couplings.size(); ++k) {
      const double g = couplings[k].real();
      for (std::size_t n = 0; n < samples; ++n) own_[n] -= g * sample.terms[k][n];
      if (k < sample.odd_terms.size() && !sample.odd_terms[k].empty())
        for (std::size_t n = 0; n < samples; ++n) odd_[n] += g * sample.odd_terms[k][n];
    }
    for (std::size_t n = 0; n < samples; ++n)
      largest_ = std::max(largest_, own_[n] + std::max(0.0, 2 * odd_[n]));
  }

  double of(std::size_t n, int sign) const {
    return std::exp(own_[n] + (sign > 0 ? 0 : 2 * odd_[n]) - largest_);
  }

 private:
  std::vector<double> own_, odd_;
  double largest_ = -std::numeric_limits<double>::infinity();
};

}  // namespace quartic
