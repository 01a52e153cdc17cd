#include "learn/restraint.hpp"

#include <cmath>
#include <limits>

#include "learn/chain_groups.hpp"
#include "quartic/core/error.hpp"

namespace quartic {

std::vector<double> lower_bounds(const Parameters& parameters, const Restraint& restraint,
                                 const std::function<double(int)>& fourth) {
  std::vector<double> lower(parameters.size(), -std::numeric_limits<double>::infinity());
  const int begin = parameters.begin(CouplingKind::b), end = parameters.end(CouplingKind::b);
  if (begin == end) return lower;
  if (restraint.min_b && !(*restraint.min_b > 0))
    throw BadInput("the least b must be positive", "leave it out: it then follows the data");
  constexpr double share = 1e-4;
  const int sites = parameters.graph().visible_sites();
  double mean = 0;
  for (int i = 0; i < sites; ++i) mean += fourth(i) / sites;
  const bool tied = parameters.freedom(CouplingKind::b) == Freedom::tied;
  for (int k = begin; k < end; ++k) {
    const double scale = tied ? mean : fourth(k - begin);
    lower[k] = restraint.min_b.value_or(share / std::max(scale, 1e-8 * mean));
  }
  return lower;
}

std::vector<double> weight_decay(const Parameters& parameters, const Restraint& restraint) {
  std::vector<double> decay(parameters.size());
  for (int k = 0; k < parameters.size(); ++k) {
    decay[k] = restraint.weight_decay[static_cast<int>(parameters.kind(k))];
    if (!(decay[k] >= 0))
      throw BadInput("weight decay must not be negative", "weight_decay = 0 is none");
  }
  return decay;
}

std::vector<double> sandwich_errors(const SymmetricMatrix& hessian, double ridge,
                                    const std::vector<char>& at_bound,
                                    const std::vector<std::vector<double>>& deviations) {
  const int n = hessian.size();
  if (deviations.empty()) return std::vector<double>(n, INFINITY);
  const auto factor =
      factor_with_ridge(hessian, at_bound, ridge, "give more data, or tie couplings");
  std::vector<double> x;
  for (const auto& deviation : deviations) x.insert(x.end(), deviation.begin(), deviation.end());
  solve_held(hessian, at_bound, factor, x);
  auto error = noise_variance(x, n);
  for (double& e : error) e = std::sqrt(e);
  return error;
}

std::vector<std::vector<double>> scaled_deviations(const std::vector<std::vector<double>>& values,
                                                   const std::vector<double>& weights) {
  const auto groups = static_cast<double>(values.size());
  if (groups < 2) return {};
  std::vector<double> mean(values.front().size());
  for (std::size_t g = 0; g < values.size(); ++g)
    for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += weights[g] * values[g][k];
  auto out = values;
  for (std::size_t g = 0; g < values.size(); ++g)
    for (std::size_t k = 0; k < mean.size(); ++k)
      out[g][k] = weights[g] * std::sqrt(groups / (groups - 1)) * (values[g][k] - mean[k]);
  return out;
}

Estimate group_estimate(const std::vector<double>& values, const std::vector<double>& weights) {
  const auto groups = static_cast<double>(values.size());
  Estimate out;
  for (std::size_t g = 0; g < values.size(); ++g) out.value += weights[g] * values[g];
  if (groups < 2) return {out.value, INFINITY};
  double square = 0;
  for (std::size_t g = 0; g < values.size(); ++g)
    square += weights[g] * weights[g] * (values[g] - out.value) * (values[g] - out.value);
  out.error = std::sqrt(square * groups / (groups - 1));
  return out;
}

}  // namespace quartic
