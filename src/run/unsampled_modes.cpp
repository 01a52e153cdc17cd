#include "run/unsampled_modes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/quartic_density.hpp"
#include "quartic/field/action_path.hpp"
#include "quartic/field/mean_field.hpp"
#include "quartic/field/projection.hpp"
#include "run/mirrored_weights.hpp"

namespace quartic {

struct UnsampledModes::Mode {
  MeanField field;
  double normaliser = 0;          ///< F' of the uncoupled action
  double correction = 0;          ///< second order
  double weight = 0, square = 0;  ///< of the samples that are of it

  double free_energy() const { return field.bound - correction; }
  double samples() const { return square > 0 ? weight * weight / square : 0; }
};

UnsampledModes::UnsampledModes(StoredFields fields, const ReweightingSample& sample,
                               std::shared_ptr<const Graph> graph, Observe observe, int threads)
    : fields_(fields),
      sample_(sample),
      graph_(std::move(graph)),
      observe_(std::move(observe)),
      threads_(threads) {}

std::vector<UnsampledModes::Mode> UnsampledModes::modes_of(const Action& target) const {
  constexpr int most_modes = 8;
  std::vector<Mode> modes;
  for (auto& found : mean_fields(target, most_modes, threads_)) {
    Mode& mode = modes.emplace_back(std::move(found));
    const std::size_t sites = mode.field.mean.size();
    std::vector<double> field(sites), log_z(sites), mean(sites), second(sites), fourth(sites);
    for (std::size_t i = 0; i < sites; ++i) field[i] = -mode.field.action.r[i];
    quartic_moments(target.a, target.b, field, log_z, mean, second, fourth);
    for (std::size_t i = 0; i < sites; ++i)
      mode.normaliser -= log_z[i], second[i] -= mean[i] * mean[i];
    for (int e = 0; e < target.graph->edge_count(); ++e) {
      const auto [i, j] = target.graph->edges()[e];
      mode.correction += target.w[e] * target.w[e] * second[i] * second[j] / 2;
    }
  }
  return modes;
}

void UnsampledModes::assign(const ReweightedPoint& point, std::vector<Mode>& modes) const {
  const std::size_t samples = fields_.samples(), sites = fields_.sites;
  const std::size_t stride = 1 + samples * sites / 10'000'000;
  const MirroredWeights weights(sample_, point.couplings);
  std::vector<double> projection(modes.size());
  for (std::size_t n = 0; n < samples; n += stride) {
    const auto phi = fields_.phi.subspan(n * sites, sites);
    for (std::size_t k = 0; k < modes.size(); ++k) {
      projection[k] = 0;
      for (std::size_t i = 0; i < sites; ++i) projection[k] += modes[k].field.action.r[i] * phi[i];
    }
    for (const int sign : {1, -1}) {
      std::size_t best = 0;
      const auto surprise = [&](std::size_t k) {
        return sign * projection[k] - modes[k].normaliser;
      };
      for (std::size_t k = 1; k < modes.size(); ++k)
        if (surprise(k) < surprise(best)) best = k;
      const double w = weights.of(n, sign);
      modes[best].weight += w, modes[best].square += w * w;
    }
  }
}

std::string UnsampledModes::why_not(std::vector<TermSpec> target,
                                    const ReweightedPoint& point) const {
  for (std::size_t k = 0; k < target.size(); ++k) target[k].coupling = point.couplings[k].real();
  const auto action = target_as_action(target, graph_);
  if (!action || why_not_normalisable(*action)) return {};
  auto modes = modes_of(*action);
  if (modes.size() < 2) return {};
  assign(point, modes);
  constexpr double enough = 5;  // effective samples: from there on they speak for themselves
  const Mode* seen = nullptr;
  for (const Mode& mode : modes)
    if (mode.samples() >= enough && (!seen || mode.free_energy() < seen->free_energy()))
      seen = &mode;
  if (!seen) return {};
  for (const Mode& mode : modes) {
    if (mode.samples() >= enough) continue;
    const double above =
        mode.free_energy() - seen->free_energy() + std::abs(mode.correction - seen->correction) / 2;
    const double share = 1 / (1 + std::exp(above));
    const std::vector<float> configuration(mode.field.mean.begin(), mode.field.mean.end());
    const auto there = observe_(configuration);
    bool matters = share > point.log_ratio.real_error && point.log_ratio.real_error > 0;
    for (std::size_t k = 0; k < there.size(); ++k) {
      const auto& o = point.observables[k];
      matters = matters || share * std::abs(there[k] - o.value.real()) > o.real_error;
    }
    if (!matters) continue;
    double m = 0;
    for (const double x : mode.field.mean) m += x / static_cast<double>(mode.field.mean.size());
    return fmt::format(
        "no sample is in a well of B that its mean field finds at m = {:.3g}, with about {:.2g} of "
        "all weight",
        m, share);
  }
  return {};
}

}  // namespace quartic
