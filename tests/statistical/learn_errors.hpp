// Errors of learned couplings: z-scores over seeds against what is exact.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "exact_grid.hpp"
#include "exact_reference.hpp"
#include "learn_fixtures.hpp"
#include "quartic/learn/likelihood.hpp"
#include "quartic/learn/variational.hpp"
#include "statistical/coverage.hpp"

namespace quartic::testing {

/// Mean square of z-scores of the parameters over seeds. Parameters vary together, so that a third
/// of their number count as independent.
class Pulls {
 public:
  void add(const std::vector<double>& theta, const std::vector<double>& error,
           const std::vector<double>& exact) {
    sum_.resize(theta.size()), square_.resize(theta.size());
    ++runs_;
    for (std::size_t k = 0; k < theta.size(); ++k) {
      const double z = (theta[k] - exact[k]) / error[k];
      sum_[k] += z, square_[k] += z * z;
      worst_ = std::max(worst_, std::abs(z));
    }
  }
  double mean_square() const {
    double out = 0;
    for (const double s : square_) out += s / (runs_ * static_cast<double>(square_.size()));
    return out;
  }
  double worst() const { return worst_; }
  std::string text() const {
    std::string out = "mean square " + std::to_string(mean_square()) + ", worst " +
                      std::to_string(worst_) + "; by parameter:";
    for (std::size_t k = 0; k < square_.size(); ++k)
      out +=
          " " + std::to_string(square_[k] / runs_) + " (" + std::to_string(sum_[k] / runs_) + ")";
    return out;
  }
  void expect_honest(const std::string& what) const {
    const double count = runs_ * std::max(1.0, static_cast<double>(square_.size()) / 3);
    expect_unit_variance(mean_square(), count, what + ": " + text());
    ::testing::Test::RecordProperty(what, text());
  }

 private:
  double runs_ = 0, worst_ = 0;
  std::vector<double> sum_, square_;
};

/// A target outside the span of the couplings that are learned, and the best of these.
struct OutsideTheSpan {
  std::string name;
  Parameters parameters;
  Action start;
  Target target;
  std::vector<double> best;
};

inline OutsideTheSpan outside(std::string name, std::shared_ptr<const Graph> graph,
                              std::array<Freedom, 4> freedom, const std::vector<TermSpec>& terms,
                              double half_width, const Action& start) {
  OutsideTheSpan out{std::move(name), {graph, freedom}, start, Target(terms, *graph), {}};
  out.best = best_couplings(out.target, out.parameters, start,
                            ExactGrid(graph->sites(), half_width, graph->sites() < 4 ? 40 : 20));
  return out;
}

inline std::shared_ptr<const Graph> open_lattice(const char* name, std::vector<int> extent) {
  return std::make_shared<Graph>(
      make_lattice({name, extent, std::vector<bool>(extent.size(), false)}));
}
inline std::shared_ptr<const Graph> star_graph() {
  return std::make_shared<Graph>(4, std::vector<Edge>{{0, 1}, {0, 2}, {0, 3}});
}
inline std::shared_ptr<const Graph> triangle_graph() {
  return std::make_shared<Graph>(3, std::vector<Edge>{{0, 1}, {1, 2}, {0, 2}});
}

/// Different graphs, tied and free, with and without r, misfitting weakly and strongly.
inline std::vector<OutsideTheSpan> outside_the_span() {
  using enum Freedom;
  const auto term = [](const char* name, double coupling, std::vector<int> displacement = {}) {
    TermSpec spec{name, coupling, {}, {}, {}};
    spec.displacement = std::move(displacement);
    return spec;
  };
  const auto chain = open_lattice("chain", {4}), square = open_lattice("square", {2, 2});
  const auto uniform = [](const auto& graph, double w, double a, double b) {
    return Action::uniform(graph, w, 0, a, b);
  };
  std::vector<OutsideTheSpan> out;
  out.push_back(outside("chain, tied, phi6", chain, {tied, frozen, tied, tied},
                        {term("nn", -1), term("phi2", 1.2), term("phi4", 0.2), term("phi6", 0.05)},
                        3.6, uniform(chain, 0.5, 1.2, 0.3)));
  out.push_back(outside("square, free, diagonals and r", square, {free, free, free, free},
                        {term("nn", -0.6), term("nnn", -0.5), term("phi", 0.2), term("phi2", 1.3),
                         term("phi4", 0.25)},
                        4, uniform(square, 0.3, 1.2, 0.3)));
  out.push_back(outside("triangle, free, phi6 and r", triangle_graph(), {free, tied, free, tied},
                        {term("nn", -0.5), term("phi", 0.3), term("phi2", 0.3), term("phi4", 0.05),
                         term("phi6", 0.1)},
                        3.2, uniform(triangle_graph(), 0.3, 0.8, 0.3)));
  out.push_back(outside(
      "star, double wells", star_graph(), {tied, free, free, free},
      {term("nn", -0.4), term("phi", 0.1), term("phi2", -1), term("phi4", 0.2), term("phi6", 0.15)},
      2.6, uniform(star_graph(), 0.3, -0.5, 0.4)));
  out.push_back(
      outside("chain, w alone, far pairs", chain, {tied, frozen, frozen, frozen},
              {term("nn", -0.4), term("pairs", -0.5, {2}), term("phi2", 1.2), term("phi4", 0.2)}, 4,
              uniform(chain, 0.3, 1.2, 0.2)));
  out.push_back(
      outside("square, tied, plaquette", square, {tied, frozen, tied, tied},
              {term("nn", -0.5), term("plaquette", -0.8), term("phi2", 0.8), term("phi4", 0.4)},
              3.4, uniform(square, 0.5, 0.8, 0.3)));
  // The best couplings of 3 x 3 are in the reference.
  for (const auto& best : reference()["best_homogeneous_bound"]) {
    if (best["g_nnn"] != 0.5) continue;
    const auto periodic = lattice("square", 3);
    out.push_back({"3 x 3, tied, diagonals",
                   {periodic, {tied, frozen, tied, tied}},
                   uniform(periodic, 0.5, 1.5, 0.3),
                   Target(std::vector<TermSpec>{term("nn", -1), term("nnn", -0.5),
                                                term("phi2", 1.52425), term("phi4", 0.175)},
                          *periodic),
                   {best["w"], best["a"], best["b"]}});
  }
  return out;
}

/// Learns with `chains` chains from one seed after the other.
inline Pulls pulls_of(const OutsideTheSpan& family, int seeds, int chains, int draws = 8) {
  Pulls pulls;
  for (int seed = 1; seed <= seeds; ++seed) {
    SamplerOptions sampler;
    sampler.chains = chains;
    VariationalOptions options;
    options.draws = draws;
    VariationalLearner<float> learner(family.target, family.parameters, family.start, sampler,
                                      options, seed);
    learner.warm_up();
    while (!learner.finished()) learner.step();
    EXPECT_EQ(learner.reason(), StopReason::converged) << family.name << ", seed " << seed;
    pulls.add(learner.theta(), learner.theta_error(), family.best);
  }
  return pulls;
}

/// Data that leave some b at its bound, `best` the couplings of infinitely many rows.
struct AtTheBound {
  std::string name;
  std::shared_ptr<const Graph> graph;
  Parameters parameters;
  std::function<std::vector<float>(std::uint64_t seed)> draw;  ///< [row][site]
  std::vector<double> best;
};
inline constexpr double least_b = 0.01;

/// Uncoupled sites: a and b by which one has these moments, with b no less than least_b.
inline std::array<double, 2> site_couplings(double square, double fourth) {
  const double half_width = 12 * std::sqrt(square);
  double a = 1 / (2 * square), b = least_b;
  bool with_b = false;
  for (int iteration = 0; iteration < 400; ++iteration) {
    double p = 0, x2 = 0, x4 = 0, x6 = 0, x8 = 0;
    constexpr int nodes = 2001;
    for (int n = 0; n < nodes; ++n) {
      const double x = half_width * (2.0 * n / (nodes - 1) - 1), y = x * x;
      const double w = std::exp(-a * y - b * y * y);
      p += w, x2 += w * y, x4 += w * y * y, x6 += w * y * y * y, x8 += w * y * y * y * y;
    }
    x2 /= p, x4 /= p, x6 /= p, x8 /= p;
    // Once <x^2> is met, the fourth moment says whether a larger b is wanted.
    if (iteration == 200) with_b = x4 > fourth;
    const double aa = x4 - x2 * x2, ab = x6 - x2 * x4, bb = x8 - x4 * x4;
    const double ga = x2 - square, gb = x4 - fourth, det = aa * bb - ab * ab;
    a += 0.3 * (with_b ? (bb * ga - ab * gb) / det : ga / aa);
    b += with_b ? 0.3 * (aa * gb - ab * ga) / det : 0;
  }
  return {a, b};
}

inline std::vector<AtTheBound> at_the_bound() {
  using enum Freedom;
  std::vector<AtTheBound> out;
  const auto from_model = [&](std::string name, std::array<Freedom, 4> freedom, const Action& truth,
                              std::size_t rows) {
    const Parameters parameters(truth.graph, freedom);
    out.push_back({std::move(name), truth.graph, parameters,
                   [=](std::uint64_t seed) {
                     const auto source = draw_data(truth, rows, seed, 20, 256);
                     std::vector<std::size_t> all(rows);
                     std::iota(all.begin(), all.end(), std::size_t{0});
                     std::vector<float> values(rows * truth.graph->sites());
                     source.read(all, values);
                     return values;
                   },
                   parameters.gather(truth)});
  };
  const auto chain = open_lattice("chain", {4}), square = open_lattice("square", {2, 2});
  from_model("chain, tied, b at its bound", {tied, frozen, tied, tied},
             Action::uniform(chain, 0.4, 0, 1.1, least_b), 2000);
  from_model("square, free, all b at their bounds", {free, frozen, free, free},
             Action::uniform(square, 0.3, 0, 1, least_b), 4000);
  Action mixed = inhomogeneous_action(triangle_graph(), 3);
  mixed.b[1] = least_b;
  from_model("triangle, free with r, one b at its bound", {free, free, free, free}, mixed, 4000);
  // Tails that no b > 0 can give: the best b is at its bound in every set of rows.
  const auto of_sites = [&](std::string name, std::array<Freedom, 4> freedom, auto draw_value,
                            std::array<double, 2> first, std::array<double, 2> rest) {
    const Parameters parameters(chain, freedom);
    Action best(chain);
    for (int i = 0; i < 4; ++i) {
      const auto [a, b] = i == 0 ? first : rest;
      best.a[i] = a, best.b[i] = b;
    }
    out.push_back({std::move(name), chain, parameters,
                   [=](std::uint64_t seed) {
                     RandomStream random(seed, Stream::check, 502);
                     std::vector<float> values(2000UL * 4);
                     for (std::size_t n = 0; n < values.size(); ++n)
                       values[n] = static_cast<float>(draw_value(random, n % 4 == 0));
                     return values;
                   },
                   parameters.gather(best)});
  };
  const auto laplace = [](RandomStream& random, bool) {
    const double size = -0.6 * std::log1p(-random.uniform());
    return random.uniform() < 0.5 ? size : -size;
  };
  const auto of_laplace = site_couplings(2 * 0.36, 24 * 0.36 * 0.36);
  of_sites("chain, tied, Laplace", {tied, tied, tied, tied}, laplace, of_laplace, of_laplace);
  const auto uniform_or_laplace = [=](RandomStream& random, bool first) {
    return first ? 3 * random.uniform() - 1.5 : laplace(random, false);
  };
  of_sites("chain, free, a uniform site and three Laplace", {free, free, free, free},
           uniform_or_laplace, site_couplings(1.5 * 1.5 / 3, std::pow(1.5, 4) / 5), of_laplace);
  return out;
}

/// Of all couplings but those b that may be at their bound.
inline Pulls pulls_of(const AtTheBound& family, int seeds, int chains) {
  Pulls pulls;
  for (int seed = 1; seed <= seeds; ++seed) {
    const ArraySource rows(family.draw(seed), family.parameters.graph().sites());
    SamplerOptions sampler;
    sampler.chains = chains;
    LikelihoodOptions options;
    options.restraint.min_b = least_b;
    LikelihoodLearner<float> learner(rows, nullptr, family.parameters, Action(family.graph),
                                     sampler, options, seed);
    learner.warm_up();
    while (!learner.finished()) learner.step();
    EXPECT_EQ(learner.reason(), StopReason::converged) << family.name << ", seed " << seed;
    auto theta = learner.theta(), error = learner.theta_error(), best = family.best;
    for (int k = family.parameters.end(CouplingKind::b) - 1;
         k >= family.parameters.begin(CouplingKind::b); --k) {
      if (best[k] > 2 * least_b) continue;
      theta.erase(theta.begin() + k), error.erase(error.begin() + k), best.erase(best.begin() + k);
    }
    pulls.add(theta, error, best);
  }
  return pulls;
}

}  // namespace quartic::testing
