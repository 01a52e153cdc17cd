#include "stats/weight_sums.hpp"

#include <algorithm>
#include <array>

namespace quartic {
namespace {

using Complex = std::complex<double>;
using Weights = std::array<double, weight_chunk>;

/// sum x y in an order that depends on n alone and vectorises.
double dot(const double* x, const double* y, std::size_t n) {
  constexpr std::size_t width = 8;
  double sum[width] = {};
  std::size_t i = 0;
  for (; i + width <= n; i += width)
    for (std::size_t lane = 0; lane < width; ++lane) sum[lane] += x[i + lane] * y[i + lane];
  for (std::size_t lane = 0; i < n; ++i, ++lane) sum[lane] += x[i] * y[i];
  return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

double sum(const Weights& x, std::size_t n) {
  static const Weights ones = [] {
    Weights one;
    one.fill(1);
    return one;
  }();
  return dot(ones.data(), x.data(), n);
}

/// Weights of up to weight_chunk samples: |w|, w, and the weights that the samples had before.
struct Chunk {
  Weights modulus{}, real{}, imag{}, before{};
  std::size_t first = 0, count = 0;
  bool complex = false;
};

/// Adds a chunk's sums; `factor` (null: 1) multiplies every weight: with a derivative of the
/// logarithm, the result is the derivative of the sums.
void add_sums(const ReweightingSample& sample, const Chunk& chunk, const double* factor,
              double* out) {
  const std::size_t n = chunk.count;
  const auto times_factor = [&](Weights w) {
    for (std::size_t i = 0; factor && i < n; ++i) w[i] *= factor[chunk.first + i];
    return w;
  };
  const Weights size = times_factor(chunk.modulus), w_real = times_factor(chunk.real);
  out[norm] += sum(times_factor(chunk.before), n);
  out[modulus] += sum(size, n);
  out[square] += (factor ? 2 : 1) * dot(size.data(), chunk.modulus.data(), n);
  out[real] += sum(w_real, n);
  const auto add_series = [&](const Weights& w, std::size_t part) {
    double* to = out + series + part;
    for (const auto* group : {&sample.terms, &sample.observables})
      for (const auto& x : *group) *to += dot(x.data() + chunk.first, w.data(), n), to += 2;
  };
  add_series(w_real, 0);
  if (!chunk.complex) return;
  const Weights w_imag = times_factor(chunk.imag);
  out[imag] += sum(w_imag, n);
  add_series(w_imag, 1);
}

double root_sum(const Weights& size, std::size_t n) {
  Weights roots;
  for (std::size_t i = 0; i < weight_chunk; ++i) roots[i] = std::sqrt(size[i]);
  return sum(roots, n);
}

/// out += (sum u^2, sum u^4).
template <class Influence>
void add_moments(std::size_t first, std::size_t last, double* out, Influence&& influence) {
  double second = 0, fourth = 0;
  for (std::size_t n = first; n < last; ++n) {
    const double u = influence(n), u2 = u * u;
    second += u2, fourth += u2 * u2;
  }
  out[0] += second, out[1] += fourth;
}

}  // namespace

Exponents weight_exponents(const ReweightingSample& s, const std::vector<Complex>& couplings) {
  Exponents e;
  e.log_modulus = s.action;
  const std::size_t count = s.action.size();
  if (!s.log_weight.value.empty())
    for (std::size_t n = 0; n < count; ++n) e.log_modulus[n] += s.log_weight.value[n];
  for (std::size_t k = 0; k < couplings.size(); ++k) {
    const double g = couplings[k].real();
    if (g == 0) continue;
    for (std::size_t n = 0; n < count; ++n) e.log_modulus[n] -= g * s.terms[k][n];
  }
  e.largest = *std::max_element(e.log_modulus.begin(), e.log_modulus.end());
  for (std::size_t k = 0; k < couplings.size(); ++k) {
    const double g = couplings[k].imag();
    if (g == 0) continue;
    e.phase.resize(count);
    for (std::size_t n = 0; n < count; ++n) e.phase[n] += g * s.terms[k][n];
  }
  for (const double x : e.phase) e.mean_phase += x / static_cast<double>(count);
  for (double& x : e.phase) x -= e.mean_phase;
  return e;
}

std::vector<double> weight_sums(const ReweightingSample& sample, const Exponents& exponents,
                                double max_before, std::size_t first, std::size_t last,
                                SampleWeights& weights) {
  const auto& before = sample.log_weight;
  const std::size_t quantities = series + 2 * (sample.terms.size() + sample.observables.size());
  std::vector<double> out(quantities * (1 + before.derivative.size()));
  Chunk chunk;
  chunk.complex = !exponents.phase.empty();
  for (std::size_t n = first; n < last; n += weight_chunk) {
    chunk.first = n, chunk.count = std::min(weight_chunk, last - n);
    complex_weights(exponents.log_modulus.data() + n,
                    chunk.complex ? exponents.phase.data() + n : nullptr, exponents.largest,
                    chunk.count, chunk.modulus.data(), chunk.real.data(), chunk.imag.data());
    if (!chunk.complex) chunk.real = chunk.modulus;
    chunk.before.fill(1);
    if (!before.value.empty())
      complex_weights(before.value.data() + n, nullptr, max_before, chunk.count,
                      chunk.before.data(), nullptr, nullptr);
    out[root] += root_sum(chunk.modulus, chunk.count);
    add_sums(sample, chunk, nullptr, out.data());
    for (std::size_t p = 0; p < before.derivative.size(); ++p)
      add_sums(sample, chunk, before.derivative[p].data(), out.data() + (1 + p) * quantities);
    std::copy_n(chunk.real.begin(), chunk.count, &weights.real[n]);
    if (chunk.complex) std::copy_n(chunk.imag.begin(), chunk.count, &weights.imag[n]);
  }
  return out;
}

std::vector<double> error_carriers(const ReweightingSample& sample, const SampleWeights& weights,
                                   const JackknifeGroups& groups, const ReweightedPoint& point,
                                   const std::vector<double>& sums, int threads) {
  const Complex inverse = 1.0 / Complex(sums[real], sums[imag]);
  const bool complex = !weights.imag.empty();
  // w / W in real arithmetic: complex division would cost more than all the rest.
  const auto share = [&](std::size_t n) {
    const double x = weights.real[n], y = complex ? weights.imag[n] : 0;
    return std::array{x * inverse.real() - y * inverse.imag(),
                      x * inverse.imag() + y * inverse.real()};
  };
  const std::size_t observables = sample.observables.size();
  const std::size_t quantities = observables * (complex ? 2 : 1) + (complex ? 1 : 0);
  std::vector<std::vector<double>> moments(groups.size(), std::vector<double>(2 * quantities));
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int g = 0; g < groups.size(); ++g) {
    const std::size_t first = groups.first[g], last = groups.first[g + 1];
    double* out = moments[g].data();
    for (int part = 0; part < (complex ? 2 : 1); ++part)
      for (std::size_t k = 0; k < observables; ++k, out += 2) {
        const double* x = sample.observables[k].data();
        const Complex mean = point.observables[k].value;
        add_moments(first, last, out, [&](std::size_t n) {
          const auto [re, im] = share(n);
          return part == 0 ? re * (x[n] - mean.real()) + im * mean.imag()
                           : im * (x[n] - mean.real()) - re * mean.imag();
        });
      }
    if (complex)
      add_moments(first, last, out, [&](std::size_t n) {
        const double x = weights.real[n], y = weights.imag[n];
        return share(n)[0] - std::sqrt(x * x + y * y) / sums[modulus];
      });
  }
  std::vector<double> carriers(quantities);
  for (std::size_t q = 0; q < quantities; ++q) {
    double second = 0, fourth = 0;
    for (const auto& m : moments) second += m[2 * q], fourth += m[2 * q + 1];
    carriers[q] = fourth > 0 ? second * second / fourth : INFINITY;
  }
  return carriers;
}

}  // namespace quartic
