#include "run/conditional_identity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "quartic/core/quartic_density.hpp"
#include "quartic/field/projection.hpp"
#include "run/mirrored_weights.hpp"

namespace quartic {
namespace {

/// The two sums, over sites, of several configurations at once: the kernel of conditionals takes 64
/// at a time.
class Departures {
 public:
  explicit Departures(const Action& action) : action_(action), phi_(action.a.size()) {}

  void add(std::span<const float> phi, int sign) {
    for (std::size_t i = 0; i < phi_.size(); ++i) phi_[i] = sign * phi[i];
    values_.insert(values_.end(), phi_.begin(), phi_.end());
    a_.insert(a_.end(), action_.a.begin(), action_.a.end());
    b_.insert(b_.end(), action_.b.begin(), action_.b.end());
    for (std::size_t i = 0; i < phi_.size(); ++i)
      field_.push_back(action_.local_field(static_cast<int>(i), phi_));
  }
  bool full() const { return values_.size() >= 256; }

  /// Of those added since the last call.
  std::vector<std::array<double, 2>> take() {
    std::vector<double> mean(values_.size());
    quartic_moments(a_, b_, field_, {}, mean, {}, {});
    std::vector<std::array<double, 2>> out(values_.size() / phi_.size());
    for (std::size_t k = 0; k < out.size(); ++k) {
      const double* phi = values_.data() + k * phi_.size();
      const double total = std::accumulate(phi, phi + phi_.size(), 0.0);
      for (std::size_t i = 0; i < phi_.size(); ++i) {
        const double d = phi[i] - mean[k * phi_.size() + i];
        out[k][0] += d, out[k][1] += d * (total - phi[i]);
      }
    }
    values_.clear(), a_.clear(), b_.clear(), field_.clear();
    return out;
  }

 private:
  const Action& action_;
  std::vector<double> phi_, values_, a_, b_, field_;
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
  // A thousand configurations see what matters, in .05 s a point at most.
  constexpr std::size_t most_conditionals = 50'000, most_configurations = 1000;
  const std::size_t sites = fields.sites;
  const std::size_t stride =
      1 + fields.samples() / std::min(most_configurations, most_conditionals / sites + 1);
  const auto& groups = reweighting.groups();
  const MirroredWeights weights(reweighting.sample(), point.couplings);
  Departures departures(*action);
  std::vector<Weighted> parts(groups.size());
  Weighted all;
  std::vector<std::pair<int, double>> waiting;  // group and weight
  const auto add = [&] {
    const auto sums = departures.take();
    for (std::size_t k = 0; k < sums.size(); ++k)
      for (Weighted* to : {&parts[waiting[k].first], &all}) {
        to->weight += waiting[k].second;
        for (int q : {0, 1}) to->sum[q] += waiting[k].second * sums[k][q];
      }
    waiting.clear();
  };
  for (int g = 0; g < groups.size(); ++g)
    for (std::size_t n = groups.first[g]; n < groups.first[g + 1]; n += stride)
      for (const int sign : {1, -1}) {
        const double w = weights.of(n, sign);
        if (w < 1e-12) continue;
        departures.add(fields.phi.subspan(n * sites, sites), sign), waiting.emplace_back(g, w);
        if (departures.full()) add();
      }
  add();
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
