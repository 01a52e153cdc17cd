#include "run/conditional_identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "quartic/core/quartic_density.hpp"
#include "quartic/field/projection.hpp"
#include "run/mirrored_weights.hpp"

namespace quartic {
namespace {

/// The two sums of a configuration, per site.
class Departures {
 public:
  explicit Departures(const Action& action)
      : action_(action), phi_(action.a.size()), field_(phi_), mean_(phi_) {}

  std::array<double, 2> of(std::span<const float> phi, int sign) {
    double total = 0;
    for (std::size_t i = 0; i < phi_.size(); ++i) total += phi_[i] = sign * phi[i];
    for (std::size_t i = 0; i < phi_.size(); ++i)
      field_[i] = action_.local_field(static_cast<int>(i), phi_);
    quartic_moments(action_.a, action_.b, field_, {}, mean_, {}, {});
    std::array<double, 2> sums{};
    for (std::size_t i = 0; i < phi_.size(); ++i) {
      const double d = phi_[i] - mean_[i];
      sums[0] += d, sums[1] += d * (total - phi_[i]);
    }
    return sums;
  }

 private:
  const Action& action_;
  std::vector<double> phi_, field_, mean_;
};

struct Weighted {
  double weight = 0;
  std::array<double, 2> sum{};
};

}  // namespace

std::string why_not_conditional(StoredFields fields, const Reweighting& reweighting,
                                std::vector<TermSpec> target,
                                const std::shared_ptr<const Graph>& graph,
                                const ReweightedPoint& point) {
  for (std::size_t k = 0; k < target.size(); ++k) target[k].coupling = point.couplings[k].real();
  const auto action = target_as_action(target, graph);
  if (!action || why_not_normalisable(*action)) return {};
  // A thousand configurations see what matters, in .05 s a point; fewer than 64 sites cost as many.
  constexpr std::size_t most_conditionals = 50'000, together = 64;
  const std::size_t sites = fields.sites;
  const std::size_t stride = 1 + fields.samples() * std::max(sites, together) / most_conditionals;
  const auto& groups = reweighting.groups();
  const MirroredWeights weights(reweighting.sample(), point.couplings);
  Departures departures(*action);
  std::vector<Weighted> parts(groups.size());
  Weighted all;
  for (int g = 0; g < groups.size(); ++g)
    for (std::size_t n = groups.first[g]; n < groups.first[g + 1]; n += stride)
      for (const int sign : {1, -1}) {
        const double w = weights.of(n, sign);
        if (w < 1e-12) continue;
        const auto sums = departures.of(fields.phi.subspan(n * sites, sites), sign);
        for (Weighted* to : {&parts[g], &all}) {
          to->weight += w;
          for (int q : {0, 1}) to->sum[q] += w * sums[q];
        }
      }
  for (int q : {0, 1}) {
    const double mean = all.sum[q] / all.weight;
    double square = 0;
    for (const auto& part : parts) square += std::pow(part.sum[q] - mean * part.weight, 2);
    const double error = std::sqrt(square) / all.weight, scale = 1e-6 * static_cast<double>(sites);
    if (std::abs(mean) > 6 * error + scale)
      return fmt::format(
          "the samples miss wells of single sites of B: given their neighbours, fields are not as "
          "their conditional has them ({:.2g} errors)",
          std::abs(mean) / error);
  }
  return {};
}

}  // namespace quartic
