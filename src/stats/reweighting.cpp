#include "quartic/stats/reweighting.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "quartic/core/error.hpp"
#include "stats/weight_sums.hpp"

namespace quartic {
namespace {

using Complex = std::complex<double>;

/// Everything with an error, as functions of the sums; phases of W relative to `reference`.
std::vector<double> functions(const ReweightingSample& sample,
                              const std::vector<Complex>& couplings, const double* s,
                              Complex reference) {
  const Complex w(s[real], s[imag]);
  std::vector<double> out;
  const auto push = [&](Complex z) { out.push_back(z.real()), out.push_back(z.imag()); };
  const std::size_t terms = sample.terms.size();
  Complex action = 0;
  for (std::size_t j = 0; j < terms + sample.observables.size(); ++j) {
    const Complex average = Complex(s[series + 2 * j], s[series + 2 * j + 1]) / w;
    if (j < terms)
      action += couplings[j] * average;
    else
      push(average);
  }
  push(action);
  push(std::log(w / reference) - std::log(s[norm]));
  out.push_back(s[modulus] * s[modulus] / s[square]);
  out.push_back(std::abs(w) / s[modulus]);
  out.push_back(std::log(s[modulus] / s[norm]));
  return out;
}

/// The samples that would carry the variance of |w|, forecast from the effective fractions f of
/// |w|^(1/2) and |w| (the same of |w|^2 is N f(2)): ln f grows like a power of the exponent, 2 for
/// a log-normal weight. Measured directly it would be largest just where the tail has been missed.
double forecast(const std::vector<double>& s, double count) {
  const double whole = std::log(s[modulus] * s[modulus] / (s[square] * count));
  const double half = std::log(s[root] * s[root] / (s[modulus] * count));
  return whole > -1e-9 || half > -1e-9 ? count : count * std::exp(whole * whole / half);
}

/// Share of `total` = sum exp(log_modulus - largest) that the largest 1 % carry.
double tail_weight(std::vector<double> log_modulus, double largest, double total) {
  const auto tail = static_cast<std::ptrdiff_t>((log_modulus.size() + 99) / 100);
  std::nth_element(log_modulus.begin(), log_modulus.begin() + tail - 1, log_modulus.end(),
                   std::greater<>());
  std::sort(log_modulus.begin(), log_modulus.begin() + tail);
  double share = 0;
  for (std::ptrdiff_t n = 0; n < tail; ++n) share += std::exp(log_modulus[n] - largest);
  return share / total;
}

/// What `ok` is decided on, besides the point itself.
struct Evidence {
  double forecast;  ///< samples that would carry the variance of |w|
  double tau;       ///< the slowest autocorrelation time, in draws
  int shortest_bin;
};

std::string why_not(const ReweightedPoint& p, const Evidence& evidence, std::size_t count) {
  const ReweightingLimits limit;
  const bool complex = p.phase.error > 0;
  // Half of what bins are to be makes an error too small by 5 %, which the noise of tau outweighs.
  if (evidence.shortest_bin > 0 && evidence.shortest_bin < independent_bin(evidence.tau) / 2)
    return fmt::format(
        "the chains are too short for errors: bins of {} draws, autocorrelation time {:.1f}",
        evidence.shortest_bin, evidence.tau);
  if (!(p.effective_samples >= limit.effective_samples))
    return fmt::format("the overlap is lost: effectively {:.1f} of {} samples carry the weight",
                       p.effective_samples, count);
  if (p.tail_weight > limit.tail_weight)
    return fmt::format("1 % of the samples carry {:.0f} % of the weight", 100 * p.tail_weight);
  if (p.pareto_shape > limit.pareto_shape)
    return fmt::format("the weights have too heavy a tail for an error (Pareto k {:.2f})",
                       p.pareto_shape);
  if (complex && p.phase.value < limit.phase_significance * p.phase.error)
    return fmt::format("the average phase {:.2g} +- {:.1g} is not clearly different from zero",
                       p.phase.value, p.phase.error);
  if (p.error_samples < limit.error_samples)
    return fmt::format("effectively {:.0f} samples carry the error, which is too few to trust it",
                       p.error_samples);
  const double wanted = complex ? limit.complex_forecast_samples : limit.forecast_samples;
  if (evidence.forecast < wanted)
    return fmt::format(
        "the weights are too uneven for right errors: {:.0f} samples would carry their variance, "
        "{:.0f} are needed",
        evidence.forecast, wanted);
  return {};
}

class Evaluation {
 public:
  Evaluation(const ReweightingSample& sample, const JackknifeGroups& groups,
             const std::vector<Complex>& couplings)
      : sample_(sample), groups_(groups), couplings_(couplings) {}

  ReweightedPoint run(double tau, int threads) {
    exponents_ = weight_exponents(sample_, couplings_);
    const auto& before = sample_.log_weight.value;
    if (!before.empty()) max_before_ = *std::max_element(before.begin(), before.end());
    SampleWeights weights(exponents_);
    std::vector<std::vector<double>> sums(groups_.size());
    in_parallel(
        groups_.size(), threads,
        [&](int g, int) {
          sums[g] = weight_sums(sample_, exponents_, max_before_, groups_.first[g],
                                groups_.first[g + 1], weights);
        },
        Share::as_free);
    const LeaveOneOut leave(groups_, sums);
    ReweightedPoint point = estimate(leave);
    const auto count = static_cast<double>(sample_.action.size());
    const double independent = point.effective_samples / (point.ess.value * count);
    const auto carriers = error_carriers(sample_, weights, groups_, point, leave.total(), threads);
    point.error_samples = count;
    for (const double n : carriers)
      point.error_samples = std::min(point.error_samples, independent * n);
    const auto log_modulus = exponents_.log_modulus();
    point.tail_weight = tail_weight(log_modulus, exponents_.largest, leave.total()[modulus]);
    point.pareto_shape = pareto_shape(log_modulus);
    point.reason =
        why_not(point, {independent * forecast(leave.total(), count), tau, groups_.shortest_bin},
                sample_.action.size());
    point.ok = point.reason.empty();
    return point;
  }

 private:
  ReweightedPoint estimate(const LeaveOneOut& leave) const {
    const auto& total = leave.total();
    const Complex w(total[real], total[imag]);
    const auto value = functions(sample_, couplings_, total.data(), w);
    const auto& numbers = sample_.log_weight;
    const std::size_t quantities = total.size() / (1 + numbers.derivative.size());
    std::vector<std::vector<double>> deviation(groups_.size());
    for (int g = 0; g < groups_.size(); ++g) {
      auto without = leave.without(g);
      for (std::size_t p = 0; p < numbers.derivative.size(); ++p)
        for (std::size_t q = 0; q < quantities; ++q)
          without[q] += numbers.deviation[g][p] * without[(1 + p) * quantities + q];
      deviation[g] = functions(sample_, couplings_, without.data(), w);
      for (std::size_t k = 0; k < value.size(); ++k) deviation[g][k] -= value[k];
    }
    return assemble(w, value, jackknife_errors(groups_, deviation));
  }

  ReweightedPoint assemble(Complex w, const std::vector<double>& value,
                           const std::vector<double>& error) const {
    ReweightedPoint point;
    point.couplings = couplings_;
    std::size_t at = 0;
    const auto next = [&] {
      at += 2;
      return ComplexEstimate{{value[at - 2], value[at - 1]}, error[at - 2], error[at - 1]};
    };
    for (std::size_t j = 0; j < sample_.observables.size(); ++j)
      point.observables.push_back(next());
    point.action = next();
    point.log_ratio = next();
    point.log_ratio.value += Complex(std::log(std::abs(w)) + exponents_.largest - max_before_,
                                     std::remainder(std::arg(w) - exponents_.mean_phase, 2 * M_PI));
    const auto count = static_cast<double>(sample_.action.size());
    point.ess = {value[at] / count, error[at] / count};
    point.phase = {value[at + 1], exponents_.own.phase.empty() ? 0 : error[at + 1]};
    const double noise = error[at + 2];
    point.effective_samples = std::min(value[at], 1 / (noise * noise + 1 / count));
    return point;
  }

  const ReweightingSample& sample_;
  const JackknifeGroups& groups_;
  const std::vector<Complex>& couplings_;
  Exponents exponents_;
  double max_before_ = 0;
};

void require_finite(const std::vector<double>& values, std::size_t count, const char* what) {
  if (values.size() != count)
    throw BadInput(
        fmt::format("reweighting: {} has {} values for {} samples", what, values.size(), count),
        "evaluate it on every sample of every set");
  const auto bad =
      std::find_if(values.begin(), values.end(), [](double x) { return !std::isfinite(x); });
  if (bad != values.end())
    throw BadInput(
        fmt::format("reweighting: {} of sample {} is {}", what, bad - values.begin(), *bad),
        "leave that sample out, and see where it comes from");
}

void check(const ReweightingSample& s) {
  std::size_t count = 0;
  for (const auto& set : s.sets) count += set.samples();
  require_finite(s.action, count, "S");
  for (const auto& x : s.terms) require_finite(x, count, "a term");
  for (const auto& x : s.observables) require_finite(x, count, "an observable");
  for (const auto* odd : {&s.odd_terms, &s.odd_observables})
    for (const auto& x : *odd)
      if (!x.empty()) require_finite(x, count, "the odd part of a term or observable");
  if (!s.log_weight.value.empty()) require_finite(s.log_weight.value, count, "a log-weight");
  for (const auto& x : s.log_weight.derivative)
    require_finite(x, count, "the derivative of a log-weight");
}

}  // namespace

std::vector<double> symmetric_action(std::vector<double> action, const std::vector<double>& odd) {
  for (std::size_t n = 0; n < action.size(); ++n) {
    const double x = std::abs(odd[n]);
    action[n] -= odd[n] + x + std::log1p(std::exp(-2 * x)) - M_LN2;
  }
  return action;
}

Reweighting::Reweighting(ReweightingSample sample, int threads)
    : sample_(std::move(sample)), threads_(threads_or_all(threads)) {
  check(sample_);
  tau_ = std::max(slowest_autocorrelation(sample_.sets, sample_.terms),
                  slowest_autocorrelation(sample_.sets, sample_.observables));
  const auto& weights = sample_.log_weight;
  groups_ = weights.derivative.empty() ? jackknife_groups(sample_.sets, independent_bin(tau_))
                                       : weights.groups;
}

ReweightedPoint Reweighting::at(const std::vector<Complex>& couplings) const {
  return scan({couplings}).front();
}

std::vector<ReweightedPoint> Reweighting::scan(
    const std::vector<std::vector<Complex>>& couplings) const {
  for (const auto& point : couplings)
    if (point.size() != sample_.terms.size())
      throw BadInput(
          fmt::format("reweighting: {} couplings for {} terms", point.size(), sample_.terms.size()),
          "give one coupling for every term of the sample");
  std::vector<ReweightedPoint> points(couplings.size());
  // One point: its groups run in parallel; many: the points.
  in_parallel(
      static_cast<int>(points.size()), threads_,
      [&](int k, int) {
        points[k] = Evaluation(sample_, groups_, couplings[k]).run(tau_, threads_);
      },
      Share::as_free);
  return points;
}

}  // namespace quartic
