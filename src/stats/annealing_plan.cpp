#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/field/mean_field.hpp"
#include "quartic/stats/annealing.hpp"
#include "quartic/stats/overlap.hpp"
#include "stats/energies.hpp"

namespace quartic {
namespace {

using Knot = AnnealingPlan::Knot;

template <class T>
class Pilot {
 public:
  Pilot(const ActionPath& path, const SamplerOptions& wanted, std::uint64_t seed,
        std::span<const double> start)
      : path_(path),
        difference_(path.difference()),
        sampler_(path.from, options(wanted, start.size() / sites(path), path), seed,
                 Stream::pilot) {
    if (!start.empty()) set_fields(sampler_, spread(start, sampler_.chains(), sites(path)));
  }

  /// Up in steps that the chains can follow, then halved from above until neighbours overlap: near
  /// the upper end of a path from the mean field all changes within a tiny interval.
  std::vector<Knot> knots() {
    std::vector<Knot> knots{measure(0)};
    while (knots.back().beta < 1 && knots.size() < max_knots) {
      const Knot& last = knots.back();
      knots.push_back(
          measure(std::min(1.0, last.beta + stride / std::max(last.deviation, stride))));
    }
    if (knots.back().beta < 1) knots.push_back(measure(1));
    for (std::size_t k = knots.size() - 1; k > 0;) {
      if (too_far(knots[k - 1], knots[k]) && knots.size() < 2 * max_knots) {
        const double middle = (knots[k - 1].beta + knots[k].beta) / 2;
        knots.insert(knots.begin() + static_cast<std::ptrdiff_t>(k), measure(middle));
        ++k;
      } else {
        --k;
      }
    }
    return knots;
  }

 private:
  static constexpr double stride = 0.7;  // of a standard deviation of D
  static constexpr std::size_t max_knots = 400;

  static std::size_t sites(const ActionPath& path) { return path.from.graph->sites(); }
  static bool large(const ActionPath& path) { return sites(path) >= 1024; }
  /// A large lattice has more knots to visit; their variances need no more than 32 chains, which
  /// two threads share.
  static SamplerOptions options(SamplerOptions wanted, std::size_t given, const ActionPath& path) {
    wanted = moves_along(wanted);
    const std::size_t most = large(path) ? 32 : 256;
    wanted.chains = static_cast<int>(given > 0 ? std::min(given / 16 * 16, most) : most);
    wanted.team = nullptr;  // few: every rank makes them all
    return wanted;
  }
  /// Evenly spread over all that are given, because neighbouring draws of a chain are alike.
  static std::vector<double> spread(std::span<const double> phi, int count, std::size_t sites) {
    const std::size_t given = phi.size() / sites;
    std::vector<double> out;
    for (int k = 0; k < count; ++k) {
      const auto one = phi.subspan(k * given / count * sites, sites);
      out.insert(out.end(), one.begin(), one.end());
    }
    return out;
  }
  static bool too_far(const Knot& x, const Knot& y) {
    return (y.beta - x.beta) * std::max(x.deviation, y.deviation) > 2 * stride &&
           y.beta - x.beta > 1e-9;
  }

  Knot measure(double beta) {
    sampler_.set_action(path_.at(beta));
    // The chains come from a knot nearby; many knots make up for few draws at each.
    const int draws = large(path_) ? 8 : 16;
    sampler_.sweep(draws / 2);
    const std::size_t chains = sampler_.chains();
    std::vector<double> mean(chains), all;
    for (int draw = 0; draw < draws; ++draw) {
      sampler_.sweep(1);
      const auto now = energies(sampler_, difference_);
      for (std::size_t c = 0; c < chains; ++c) mean[c] += now[c] / draws;
      all.insert(all.end(), now.begin(), now.end());
    }
    // A chain's mean over m sweeps has variance 2 tau Var / m.
    const double single = variance(all), averaged = draws * variance(mean);
    if (!std::isfinite(single))
      throw Diverged(fmt::format("annealing: the fields are not finite at beta = {:g}", beta),
                     sizeof(T) == 4 ? "precision = \"float64\" resolves what float32 cannot"
                                    : "bring the couplings nearer to 1 by a change of units");
    return {beta, std::sqrt(single), std::sqrt(std::max(averaged, single))};
  }

  static double variance(const std::vector<double>& x) {
    double mean = 0, square = 0;
    for (const double v : x) mean += v / static_cast<double>(x.size());
    for (const double v : x) square += (v - mean) * (v - mean) / static_cast<double>(x.size());
    return square;
  }

  const ActionPath& path_;
  Action difference_;
  Sampler<T> sampler_;
};

/// Trapezium.
double length_between(const Knot& low, const Knot& high) {
  return (high.beta - low.beta) * (low.friction + high.friction) / 2;
}

/// Whether the path from the least of the minima, and the sign, lead to all that may count: no
/// other minimum is within 12 of its bound, which is e^-12 of Z.
bool one_well(const Action& action, std::vector<MeanField> minima) {
  std::erase_if(minima,
                [&](const MeanField& other) { return other.bound > minima.front().bound + 12; });
  return one_up_to_sign(action, minima);
}

/// F_1 by annealing forward along a plan, of about unit variance of the work.
template <class T>
Estimate trial(const AnnealingPlan& plan, const SamplerOptions& options, std::uint64_t seed) {
  Sampler<T> sampler(plan.path.from, shared_if_many(moves_along(options)), seed, Stream::pilot);
  sampler.draw_uncoupled();
  const auto work = drive(sampler, plan.path, plan.stops(std::min(plan.steps_for(1), 5000)));
  const Estimate ratio = measure_overlap(work, sampler.all_chains()).log_mean_weight;
  return {uncoupled_free_energy(plan.path.from) - ratio.value, ratio.error};
}

bool coupled(const Action& action) {
  return std::any_of(action.w.begin(), action.w.end(), [](double w) { return w != 0; });
}

}  // namespace

double AnnealingPlan::friction_length() const {
  double sum = 0;
  for (std::size_t k = 1; k < knots.size(); ++k) sum += length_between(knots[k - 1], knots[k]);
  return sum;
}

std::vector<double> AnnealingPlan::stops(int steps) const {
  std::vector<double> out{0};
  const double total = friction_length();
  double before = 0;  // length up to knot k - 1
  for (std::size_t n = 1, k = 1; n < static_cast<std::size_t>(steps); ++n) {
    const double part = static_cast<double>(n) / steps, wanted = total * part;
    while (k + 1 < knots.size() && before + length_between(knots[k - 1], knots[k]) < wanted) {
      before += length_between(knots[k - 1], knots[k]);
      ++k;
    }
    const Knot &low = knots[k - 1], &high = knots[k];
    const double length = length_between(low, high);
    const double fraction = length > 0 ? std::min(1.0, (wanted - before) / length) : part;
    out.push_back(low.beta + fraction * (high.beta - low.beta));
  }
  out.push_back(1);
  return out;
}

int AnnealingPlan::steps_for(double work_variance) const {
  return static_cast<int>(std::clamp(std::pow(friction_length(), 2) / work_variance, 10.0, 1e9));
}

template <class T>
AnnealingPlan plan_annealing(const ActionPath& path, const SamplerOptions& sampler,
                             std::uint64_t seed, std::span<const double> start) {
  require_normalisable(path.from);
  require_normalisable(path.to);
  if (start.empty() && coupled(path.from))
    throw BadInput("annealing from a coupled action needs fields in equilibrium to begin with",
                   "give fields of it, or begin at an uncoupled action");
  return {path, Pilot<T>(path, sampler, seed, start).knots()};
}

template <class T>
AnnealingPlan plan_from_uncoupled(const Action& action, const SamplerOptions& sampler,
                                  std::uint64_t seed) {
  require_normalisable(action);
  // Gates change the wells that a mean field would fill.
  const auto minima =
      action.graph->gated() ? std::vector<MeanField>{} : mean_fields(action, 8, sampler.threads);
  const Action ordered = minima.empty() ? uncoupled(action) : mean_field(action, minima);
  auto plan = plan_annealing<T>({uncoupled(action), action}, sampler, seed);
  if (ordered.r == action.r) return plan;
  auto other = plan_annealing<T>({ordered, action}, sampler, seed);
  if (other.friction_length() >= plan.friction_length()) return plan;
  if (one_well(action, minima)) return other;
  // Wells that only annealing from w = 0 fills, unless it is the one that misses the most of Z.
  const Estimate all = trial<T>(plan, sampler, seed), one = trial<T>(other, sampler, seed);
  return all.value < one.value + 4 * std::hypot(all.error, one.error) ? plan : other;
}

template AnnealingPlan plan_annealing<float>(const ActionPath&, const SamplerOptions&,
                                             std::uint64_t, std::span<const double>);
template AnnealingPlan plan_annealing<double>(const ActionPath&, const SamplerOptions&,
                                              std::uint64_t, std::span<const double>);
template AnnealingPlan plan_from_uncoupled<float>(const Action&, const SamplerOptions&,
                                                  std::uint64_t);
template AnnealingPlan plan_from_uncoupled<double>(const Action&, const SamplerOptions&,
                                                   std::uint64_t);

}  // namespace quartic
