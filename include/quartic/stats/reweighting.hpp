// Reweighting of samples to other, also complex, actions.
#pragma once

#include <complex>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"
#include "quartic/stats/jackknife.hpp"

namespace quartic {

/// Logarithms of weights that samples carry already: of annealed samples, or of a mixture of
/// several ensembles (stats/mbar.hpp). Where they depend on numbers that were estimated from the
/// same samples, the errors account for that: `derivative` by those numbers, and by how much the
/// numbers move when a group of the jackknife is left out.
struct LogWeights {
  std::vector<double> value;                    ///< [sample]; empty: all equal
  std::vector<std::vector<double>> derivative;  ///< [number][sample]
  std::vector<std::vector<double>> deviation;   ///< [group][number]
  JackknifeGroups groups;                       ///< that the deviations belong to
};

/// Samples of p = exp(-S) / Z (with log-weights where they are not distributed like p) and all that
/// reweighting needs to know of each, samples being [set][chain][draw].
///
/// With the odd parts each sample counts together with its mirror image -phi, as one of the mixture
/// (p(phi) + p(-phi)) / 2; `action` is then symmetric_action(). The averages of an even B are so
/// those of both signs, odd ones exactly 0, and its Z is right, also where S held the fields on one
/// side; a B whose field points against that of S finds its own side.
struct ReweightingSample {
  std::vector<ChainSet> sets;
  std::vector<double> action;                    ///< S
  std::vector<std::vector<double>> terms;        ///< [k][sample], A^(k)
  std::vector<std::vector<double>> observables;  ///< [observable][sample]
  /// (x(phi) - x(-phi)) / 2 of every term and observable, as these; a series or all may be empty:
  /// 0.
  std::vector<std::vector<double>> odd_terms{}, odd_observables{};
  LogWeights log_weight{};
};

/// -ln (exp(-S(phi)) + exp(-S(-phi))) / 2 = S - S_odd - ln cosh S_odd from S and its odd part.
std::vector<double> symmetric_action(std::vector<double> action, const std::vector<double>& odd);

/// A complex number; the standard errors of its two parts.
struct ComplexEstimate {
  std::complex<double> value;
  double real_error = 0;
  double imag_error = 0;
};

/// Averages under exp(-B) / Z_B, B = sum_k g_k A^(k), and how far to trust them. w = exp(-(B - S)).
struct ReweightedPoint {
  std::vector<std::complex<double>> couplings;  ///< g_k
  std::vector<ComplexEstimate> observables;     ///< <O>_B = <O w> / <w>
  ComplexEstimate action;                       ///< <B>_B
  ComplexEstimate log_ratio;     ///< ln(Z_B / Z_S) = ln <w>, imaginary part in (-pi, pi]
  Estimate ess;                  ///< (sum |w|)^2 / (N sum |w|^2), in (0, 1]
  double effective_samples = 0;  ///< the same as a number of independent samples
  Estimate phase;                ///< average phase |<w>| / <|w|> = |<exp(-i Im B)>_|w||, in [0, 1]
  double tail_weight = 0;        ///< share of sum |w| that the largest 1 % of the samples carry
  double pareto_shape = 0;       ///< of |w|, see pareto_shape
  double error_samples = 0;      ///< how many independent samples carry the least founded error:
                                 ///< (sum u^2)^2 / sum u^4 of the influences u = w (O - <O>) / W
  bool ok = true;                ///< false: do not trust this point
  std::string reason;            ///< why not, one sentence
};

/// All but couplings and averages.
template <FieldsOf<ReweightedPoint> P, class Visit>
void fields(P& p, Visit&& visit) {
  members(visit, "log_ratio", p.log_ratio, "weight_ess", p.ess, "effective_samples",
          p.effective_samples, "error_samples", p.error_samples, "phase", p.phase, "tail_weight",
          p.tail_weight, "pareto_shape", p.pareto_shape, "ok", p.ok, "reason", p.reason);
}

/// When a point is not ok. Found from z-scores over hundreds of seeds against exact values
/// (docs/reweighting.md): points inside these bounds have errors that are right, points where the
/// overlap is lost are outside.
struct ReweightingLimits {
  double effective_samples = 100;         ///< at least
  double error_samples = 20;              ///< at least
  double forecast_samples = 100;          ///< at least, see below
  double complex_forecast_samples = 400;  ///< the same for complex couplings
  double pareto_shape = 0.4;              ///< at most
  double tail_weight = 0.5;               ///< at most
  double phase_significance = 5;          ///< average phase over its error, at least
};

/// Reweights one set of samples to any number of points. All sums are relative to the largest
/// weight, so nothing overflows; errors by jackknife over groups of chains (or long bins of few
/// chains), numerator and denominator together, so that autocorrelation and correlation are in
/// them. Nothing depends on the number of threads. Ferrenberg and Swendsen, Phys. Rev. Lett. 61
/// (1988) 2635; complex actions: de Forcrand, PoS LAT2009 (2009) 010.
///
/// Usage:
///
///     #include "quartic/field/stored_fields.hpp"
///     const auto graph = std::make_shared<Graph>(make_lattice({"square", {4, 4}, {true, true}}));
///     const Action action = Action::uniform(graph, 0.2, 0, 1.5, 0.2);
///     Sampler<float> sampler(action, {.chains = 64}, 1);
///     sampler.warm_up(100);
///     std::vector<float> phi(64 * 10 * 16);  // [chain][draw][site]
///     for (int draw = 0; draw < 10; ++draw) {
///       sampler.sweep(2);
///       for (int chain = 0; chain < 64; ++chain)
///         sampler.configuration(chain, std::span(phi).subspan((chain * 10 + draw) * 16, 16));
///     }
///     const std::vector<TermSpec> terms{{.name = "nn"}, {.name = "phi2"}, {.name = "phi4"}};
///     ReweightingSample sample;
///     sample.sets = {{.chains = 64, .draws = 10}};
///     sample.action = evaluate_action(action, {phi, 16});
///     sample.terms = evaluate_terms(Target(terms, *graph), {phi, 16});
///     sample.observables = evaluate_observables({"phi2"}, *graph, {phi, 16});
///     const ReweightedPoint point = Reweighting(sample).at({-0.22, {1.5, 0.02}, 0.2});
class Reweighting {
 public:
  /// Throws BadInput where the lengths do not fit, a value is not finite, or there are fewer than
  /// 64 samples. O(samples).
  explicit Reweighting(ReweightingSample sample, int threads = 0);

  /// One point. O(samples * (terms + observables)), one complex exponential a sample. Throws
  /// BadInput for a wrong number of couplings.
  ReweightedPoint at(const std::vector<std::complex<double>>& couplings) const;
  /// Many points, in parallel.
  std::vector<ReweightedPoint> scan(
      const std::vector<std::vector<std::complex<double>>>& couplings) const;

  const ReweightingSample& sample() const { return sample_; }
  const JackknifeGroups& groups() const { return groups_; }

 private:
  ReweightingSample sample_;
  JackknifeGroups groups_;
  double tau_ = 0.5;  ///< largest autocorrelation time, where groups are bins within chains
  int threads_;
};

/// Shape k-hat of the generalised Pareto distribution fitted to the largest min(N / 5, 3 sqrt N)
/// weights (Vehtari, Simpson, Gelman, Yao, Gabry, J. Mach. Learn. Res. 25 (2024) 72; fit of Zhang
/// and Stephens, Technometrics 51 (2009) 316). Moments of order 1/k exist: below 0.5 the weights
/// have a variance, above 0.7 averages over them are not to be trusted for any affordable N. -inf
/// where the largest weights hardly differ. Takes logarithms of the weights, up to a constant.
/// O(N).
double pareto_shape(std::span<const double> log_weight);

}  // namespace quartic
