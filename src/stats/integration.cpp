#include "quartic/stats/integration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "quartic/core/error.hpp"
#include "stats/energies.hpp"

namespace quartic {
namespace {

struct Node {
  double beta;
  double weight, coarse_weight;  ///< of both rules, in beta
  double friction;               ///< sqrt(2 tau Var D) here
  double correlation;            ///< 2 tau here, in sweeps
};

/// Nodes of one panel, ascending. Kronrod's abscissas come as half of a symmetric rule; every
/// second one from the middle is Gauss's own.
void add_panel(const AnnealingPlan::Knot& low, const AnnealingPlan::Knot& high,
               std::vector<Node>& nodes) {
  using Fine = boost::math::quadrature::gauss_kronrod<double, 7>;
  using Coarse = boost::math::quadrature::gauss<double, 3>;
  const double half = (high.beta - low.beta) / 2, middle = (high.beta + low.beta) / 2;
  for (int k = -3; k <= 3; ++k) {
    const int n = std::abs(k);
    const double x = k < 0 ? -Fine::abscissa()[n] : Fine::abscissa()[n];
    const auto between = [&](double y, double z) { return (y * (1 - x) + z * (1 + x)) / 2; };
    const double friction = between(low.friction, high.friction),
                 deviation = between(low.deviation, high.deviation);
    nodes.push_back({middle + half * x, half * Fine::weights()[n],
                     n % 2 == 0 ? half * Coarse::weights()[n / 2] : 0, friction,
                     deviation > 0 ? std::pow(friction / deviation, 2) : 1});
  }
}

/// A panel is as many neighbouring intervals of the pilot as are short for the widest distribution
/// of D in them: a region where D is wide is then resolved however narrow it is.
std::vector<Node> make_nodes(const AnnealingPlan& plan) {
  constexpr double longest = 1.6;  // standard deviations of D
  const auto& knots = plan.knots;
  std::vector<Node> nodes;
  std::size_t low = 0;
  double widest = knots[0].deviation;
  for (std::size_t k = 1; k < knots.size(); ++k) {
    const double here = std::max(widest, knots[k].deviation);
    if (k - low > 1 && (knots[k].beta - knots[low].beta) * here > longest) {
      add_panel(knots[low], knots[k - 1], nodes);
      low = k - 1;
      widest = std::max(knots[low].deviation, knots[k].deviation);
    } else {
      widest = here;
    }
  }
  add_panel(knots[low], knots.back(), nodes);
  return nodes;
}

/// The integral by both rules, one value a chain.
struct Integrals {
  std::vector<double> fine, coarse;
};

std::vector<double> minus(const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<double> out(x.size());
  std::transform(x.begin(), x.end(), y.begin(), out.begin(), std::minus<>());
  return out;
}

template <class T>
class PathIntegrator {
 public:
  PathIntegrator(const AnnealingPlan& plan, const IntegrationOptions& options, std::uint64_t seed)
      : path_(plan.path),
        options_(options),
        difference_(plan.path.difference()),
        nodes_(make_nodes(plan)),
        sampler_(plan.path.from, shared_if_many(moves_along(options.sampler)), seed,
                 Stream::integration),
        sum_{std::vector<double>(sampler_.chains()), std::vector<double>(sampler_.chains())} {
    const double wanted = plan.friction_length() / options.error;
    draws_ = std::max(1.0, 1.2 * wanted * wanted / sampler_.all_chains() / 2);
  }

  IntegrationResult run() {
    IntegrationResult result;
    result.nodes = static_cast<int>(nodes_.size());
    for (;;) {
      draws_ = std::min(draws_, std::max(1.0, (options_.max_sweeps - sweeps_) / 2.0));
      const auto up = pass(true), down = pass(false);
      const Estimate lag = mean_of(gather_chains(sampler_, minus(up.fine, down.fine)));
      result.hysteresis = {lag.value, lag.error};
      add(up), add(down);
      evaluate(result);
      const bool lagging =
          std::abs(lag.value) > 4 * lag.error && std::abs(lag.value) > 2 * result.difference.error;
      const double excess = result.difference.error / options_.error;
      const bool spent = sweeps_ >= options_.max_sweeps;
      if ((!lagging && excess <= 1) || spent) {
        judge(result, lagging, excess > 1);
        return result;
      }
      // A lagging start is no part of the answer.
      if (lagging)
        slowness_ *= 2, draws_ *= 2, clear();
      else
        draws_ = std::max(0.5 * draws_, 1.1 * weight_ / 2 * (excess * excess - 1));
    }
  }

 private:
  /// One visit to every node; draws are shared out as the error asks, sqrt(2 tau Var) times weight.
  Integrals pass(bool up) {
    double total = 0;
    for (const Node& node : nodes_) total += node.weight * node.friction;
    const std::size_t chains = sum_.fine.size();
    Integrals out{std::vector<double>(chains), std::vector<double>(chains)};
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      const Node& node = nodes_[up ? k : nodes_.size() - 1 - k];
      const double share = total > 0 ? node.weight * node.friction / total : 0;
      const int draws = std::max(2, static_cast<int>(std::ceil(draws_ * share)));
      const auto mean = visit(node, draws);
      for (std::size_t c = 0; c < chains; ++c) {
        out.fine[c] += node.weight * mean[c];
        out.coarse[c] += node.coarse_weight * mean[c];
      }
      const double done = static_cast<double>(k + 1) / static_cast<double>(nodes_.size());
      report_progress(options_.progress, (done + (up ? 0 : 1)) / 2);
    }
    return out;
  }

  std::vector<double> visit(const Node& node, int draws) {
    sampler_.set_action(path_.at(node.beta));
    const int relaxation =
        slowness_ * std::clamp(static_cast<int>(std::ceil(2 * node.correlation)), 4, 64);
    sampler_.sweep(relaxation);
    std::vector<double> mean(sum_.fine.size());
    for (int draw = 0; draw < draws; ++draw) {
      sampler_.sweep(1);
      const auto now = energies(sampler_, difference_);
      for (std::size_t c = 0; c < mean.size(); ++c) mean[c] += now[c] / draws;
    }
    sweeps_ += relaxation + draws;
    return mean;
  }

  void clear() {
    weight_ = 0;
    std::fill(sum_.fine.begin(), sum_.fine.end(), 0.0);
    std::fill(sum_.coarse.begin(), sum_.coarse.end(), 0.0);
  }
  void add(const Integrals& pass) {
    weight_ += draws_;
    for (std::size_t c = 0; c < pass.fine.size(); ++c) {
      sum_.fine[c] += draws_ * pass.fine[c];
      sum_.coarse[c] += draws_ * pass.coarse[c];
    }
  }

  void evaluate(IntegrationResult& result) const {
    auto fine = sum_.fine, rules = minus(sum_.fine, sum_.coarse);
    for (double& x : fine) x /= weight_;
    for (double& x : rules) x /= weight_;
    const Estimate integral = mean_of(gather_chains(sampler_, fine)),
                   apart = mean_of(gather_chains(sampler_, rules));
    result.statistical_error = integral.error;
    result.quadrature_error = std::max(0.0, std::abs(apart.value) - 2 * apart.error);
    result.difference = {integral.value,
                         std::hypot(result.statistical_error, result.quadrature_error)};
    result.sweeps = sweeps_;
  }

  void judge(IntegrationResult& result, bool lagging, bool coarse) const {
    result.ok = !lagging && !coarse;
    if (lagging) {
      result.reason = fmt::format(
          "up and down the path the integral differs by {:.3g}, error {:.2g}: the fields lag "
          "behind "
          "equilibrium",
          result.hysteresis.value, result.hysteresis.error);
    } else if (coarse) {
      result.reason = fmt::format("the error is {:.2g} after {} sweeps, wanted {:g}",
                                  result.difference.error, sweeps_, options_.error);
    }
  }

  const ActionPath& path_;
  const IntegrationOptions& options_;
  Action difference_;
  std::vector<Node> nodes_;
  Sampler<T> sampler_;
  Integrals sum_;
  double draws_ = 1;   // of a pass, in all nodes
  double weight_ = 0;  // draws behind sum_
  int slowness_ = 1, sweeps_ = 0;
};

}  // namespace

template <class T>
IntegrationResult integrate_path(const AnnealingPlan& plan, const IntegrationOptions& options,
                                 std::uint64_t seed) {
  if (!(options.error > 0))
    throw BadInput(fmt::format("the wanted error of a free energy is {:g}", options.error),
                   "it is a standard error, such as 0.01");
  uncoupled_free_energy(plan.path.from);  // refuses a coupled start
  return PathIntegrator<T>(plan, options, seed).run();
}

template IntegrationResult integrate_path<float>(const AnnealingPlan&, const IntegrationOptions&,
                                                 std::uint64_t);
template IntegrationResult integrate_path<double>(const AnnealingPlan&, const IntegrationOptions&,
                                                  std::uint64_t);

}  // namespace quartic
