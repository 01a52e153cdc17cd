// What the tests of reweighting share: samples of uniform actions, targets, exact values.
#pragma once

#include <cmath>
#include <complex>
#include <memory>
#include <vector>

#include "critical_point.hpp"
#include "exact_reference.hpp"
#include "quartic/field/stored_fields.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/stats/reweighting.hpp"

namespace quartic::reweighting_test {

using Complex = std::complex<double>;
using testing::lattice;
using testing::reference;

/// A4(g') = A3 - g' sum_nnn as an action of the king graph, whose edges are the axes and diagonals.
inline Action king_action(int extent, double diagonal) {
  const auto graph = lattice("king", extent);
  Action action = critical_action(graph);
  const Lattice& geometry = *graph->lattice();
  for (int e = 0; e < graph->edge_count(); ++e) {
    const auto x = geometry.coordinates(graph->edges()[e].first),
               y = geometry.coordinates(graph->edges()[e].second);
    if (x[0] != y[0] && x[1] != y[1]) action.w[e] = diagonal;
  }
  return action;
}

/// All of it on one thread: starting threads would take longer than these small sums.
struct Amount {
  int chains = 256, draws = 16, sweeps = 3, warm_up = 120;
};

struct Fields {
  ChainSet set;
  int sites = 0;
  std::vector<float> phi;
  StoredFields stored() const { return {phi, sites}; }
};

inline Fields draw(const Action& action, const Amount& amount, std::uint64_t seed) {
  SamplerOptions options;
  options.chains = amount.chains, options.reflections = 2, options.threads = 1;
  Sampler<float> sampler(action, options, seed);
  sampler.sweep(amount.warm_up);
  Fields out{{amount.chains, amount.draws}, sampler.sites(), {}};
  out.phi.resize(out.set.samples() * out.sites);
  for (int draw = 0; draw < amount.draws; ++draw) {
    sampler.sweep(amount.sweeps);
    for (int chain = 0; chain < amount.chains; ++chain) {
      const auto row = static_cast<std::size_t>(chain) * amount.draws + draw;
      sampler.configuration(chain, std::span(out.phi).subspan(row * out.sites, out.sites));
    }
  }
  return out;
}

inline const std::vector<std::string> observables{"phi2", "phi4", "nn", "nnn"};

/// Terms nn, phi2, phi4, nnn on the square lattice.
inline Target terms_of(int extent) {
  const std::vector<TermSpec> specs{{"nn", 1.0, {}, {}, {}},
                                    {"phi2", 1.0, {}, {}, {}},
                                    {"phi4", 1.0, {}, {}, {}},
                                    {"nnn", 1.0, {}, {}, {}}};
  return {specs, *lattice("square", extent)};
}

/// A4(g') + i m sum phi^2 in these terms.
inline std::vector<Complex> couplings(double diagonal, double imaginary_mass) {
  return {-1.0, Complex(critical_a, imaginary_mass), critical_b, -diagonal};
}

inline ReweightingSample make_sample(const Action& action, int extent, const Fields& fields) {
  ReweightingSample sample;
  sample.sets = {fields.set};
  sample.action = evaluate_action(action, fields.stored(), 1);
  sample.terms = evaluate_terms(terms_of(extent), fields.stored(), 1);
  sample.observables =
      evaluate_observables(observables, *lattice("square", extent), fields.stored(), 1);
  return sample;
}

inline Reweighting reweighting(const Action& action, int extent, const Amount& amount,
                               std::uint64_t seed) {
  return Reweighting(make_sample(action, extent, draw(action, amount, seed)), 1);
}

inline Action uniform(int extent, double w, double a, double b) {
  return Action::uniform(lattice("square", extent), w, 0, a, b);
}
inline Action bal(int extent) {
  return uniform(extent, 1, critical_a, critical_b);
}
/// The homogeneous action nearest to A4(g'), of exact.json's best_homogeneous_bound at 3x3.
inline Action nearest(int extent, double diagonal) {
  return diagonal == 0 ? bal(extent)
                       : (diagonal == 0.5 ? uniform(extent, 1.343873, 0.995296, 0.200664)
                                          : uniform(extent, 1.41, -0.30, 0.2206));
}

/// Exact averages per site in the order of `observables`, and the average phase.
struct Exact {
  std::vector<Complex> observables;
  Complex ratio = 1;
};

inline Exact exact(const nlohmann::json& entry, bool complex) {
  const auto value = [&](const char* name) {
    if (!complex) return Complex(entry[name].get<double>());
    return Complex(entry["complex"][name][0].get<double>(),
                   entry["complex"][name][1].get<double>());
  };
  Exact out{{value("phi2"), value("phi4"), 2.0 * value("nn"), 2.0 * value("nnn")}, 1};
  if (complex) out.ratio = value("ratio");
  return out;
}

/// value - exact, and the error, of all that has one: real parts, imaginary parts, phase.
inline std::vector<Estimate> deviations(const ReweightedPoint& point, const Exact& exact) {
  std::vector<Estimate> off;
  for (std::size_t k = 0; k < point.observables.size(); ++k) {
    const auto& o = point.observables[k];
    off.push_back({o.value.real() - exact.observables[k].real(), o.real_error});
  }
  if (point.phase.error == 0) return off;
  for (std::size_t k = 0; k < point.observables.size(); ++k) {
    const auto& o = point.observables[k];
    off.push_back({o.value.imag() - exact.observables[k].imag(), o.imag_error});
  }
  off.push_back({point.phase.value - std::abs(exact.ratio), point.phase.error});
  return off;
}
inline std::vector<double> scores(const ReweightedPoint& point, const Exact& exact) {
  std::vector<double> z;
  for (const Estimate& off : deviations(point, exact)) z.push_back(off.value / off.error);
  return z;
}

/// Mean squares of z-scores over seeds.
class ScoreVariance {
 public:
  void add(const std::vector<double>& z) {
    square_.resize(z.size()), ++count_;
    for (std::size_t k = 0; k < z.size(); ++k) square_[k] += z[k] * z[k];
  }
  int count() const { return count_; }
  std::vector<double> variance() const {
    auto v = square_;
    for (double& x : v) x /= std::max(count_, 1);
    return v;
  }

 private:
  std::vector<double> square_;
  int count_ = 0;
};

}  // namespace quartic::reweighting_test
