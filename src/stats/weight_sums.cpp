#include "stats/weight_sums.hpp"

#include <algorithm>
#include <array>

#include "core/parallel.hpp"

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

bool has_odd_part(const std::vector<std::vector<double>>& odd, std::size_t k) {
  return k < odd.size() && !odd[k].empty();
}

/// Weights of up to weight_chunk samples: |w|, w, both of sample and mirror image together, w' of
/// the mirror image alone, and the weights that the samples had before.
struct Chunk {
  Weights modulus{}, real{}, imag{}, mirrored_real{}, mirrored_imag{}, before{};
  std::size_t first = 0, count = 0;
  bool complex = false;
};

/// Fills all but `before`.
void fill_chunk(const Exponents& exponents, std::size_t first, Chunk& chunk) {
  const auto half = [&](const Exponents::Half& of, Weights& size, Weights& x, Weights& y) {
    complex_weights(of.log_modulus.data() + first,
                    chunk.complex ? of.phase.data() + first : nullptr, exponents.largest,
                    chunk.count, size.data(), x.data(), y.data());
    if (!chunk.complex) x = size;
  };
  half(exponents.own, chunk.modulus, chunk.real, chunk.imag);
  if (exponents.mirrored.log_modulus.empty()) {
    chunk.mirrored_real = chunk.real, chunk.mirrored_imag = chunk.imag;
    return;
  }
  Weights size{};
  half(exponents.mirrored, size, chunk.mirrored_real, chunk.mirrored_imag);
  const auto mean = [](Weights& x, const Weights& y) {
    for (std::size_t i = 0; i < weight_chunk; ++i) x[i] = (x[i] + y[i]) / 2;
  };
  mean(chunk.modulus, size);
  mean(chunk.real, chunk.mirrored_real), mean(chunk.imag, chunk.mirrored_imag);
}

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
  // (x w + x' w') / 2 with x' = x - 2 odd.
  const auto add_series = [&](const Weights& w, const Weights& mirrored, std::size_t part) {
    double* to = out + series + part;
    const auto add = [&](const auto& values, const auto& odd) {
      for (std::size_t k = 0; k < values.size(); ++k, to += 2) {
        *to += dot(values[k].data() + chunk.first, w.data(), n);
        if (has_odd_part(odd, k)) *to -= dot(odd[k].data() + chunk.first, mirrored.data(), n);
      }
    };
    add(sample.terms, sample.odd_terms), add(sample.observables, sample.odd_observables);
  };
  add_series(w_real, times_factor(chunk.mirrored_real), 0);
  if (!chunk.complex) return;
  const Weights w_imag = times_factor(chunk.imag);
  out[imag] += sum(w_imag, n);
  add_series(w_imag, times_factor(chunk.mirrored_imag), 1);
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

std::vector<double> Exponents::log_modulus() const {
  auto out = own.log_modulus;
  if (mirrored.log_modulus.empty()) return out;
  for (std::size_t n = 0; n < out.size(); ++n) {
    const auto [less, more] = std::minmax(own.log_modulus[n], mirrored.log_modulus[n]);
    out[n] = more + std::log1p(std::exp(less - more)) - M_LN2;
  }
  return out;
}

Exponents weight_exponents(const ReweightingSample& s, const std::vector<Complex>& couplings) {
  Exponents e;
  const std::size_t count = s.action.size();
  e.own.log_modulus = s.action;
  if (!s.log_weight.value.empty())
    for (std::size_t n = 0; n < count; ++n) e.own.log_modulus[n] += s.log_weight.value[n];
  const auto add = [count](std::vector<double>& to, double g, const std::vector<double>& x) {
    if (g == 0) return;
    to.resize(count);
    for (std::size_t n = 0; n < count; ++n) to[n] += g * x[n];
  };
  bool even = true;
  for (std::size_t k = 0; k < couplings.size(); ++k) {
    add(e.own.log_modulus, -couplings[k].real(), s.terms[k]);
    add(e.own.phase, couplings[k].imag(), s.terms[k]);
    even = even && (couplings[k] == 0.0 || !has_odd_part(s.odd_terms, k));
  }
  if (!even) {
    e.mirrored = e.own;
    for (std::size_t k = 0; k < couplings.size(); ++k) {
      if (!has_odd_part(s.odd_terms, k)) continue;
      add(e.mirrored.log_modulus, 2 * couplings[k].real(), s.odd_terms[k]);
      add(e.mirrored.phase, -2 * couplings[k].imag(), s.odd_terms[k]);
    }
  }
  const int halves = even ? 1 : 2;
  for (const auto* half : {&e.own, &e.mirrored}) {
    for (const double l : half->log_modulus) e.largest = std::max(e.largest, l);
    for (const double x : half->phase) e.mean_phase += x / static_cast<double>(halves * count);
  }
  for (auto* half : {&e.own, &e.mirrored})
    for (double& x : half->phase) x -= e.mean_phase;
  return e;
}

SampleWeights::SampleWeights(const Exponents& exponents) : real(exponents.own.log_modulus.size()) {
  if (!exponents.own.phase.empty()) imag = real;
  mirrored_real.resize(exponents.mirrored.log_modulus.size());
  mirrored_imag.resize(exponents.mirrored.phase.size());
}

std::vector<double> weight_sums(const ReweightingSample& sample, const Exponents& exponents,
                                double max_before, std::size_t first, std::size_t last,
                                SampleWeights& weights) {
  const auto& before = sample.log_weight;
  const std::size_t quantities = series + 2 * (sample.terms.size() + sample.observables.size());
  std::vector<double> out(quantities * (1 + before.derivative.size()));
  Chunk chunk;
  chunk.complex = !exponents.own.phase.empty();
  for (std::size_t n = first; n < last; n += weight_chunk) {
    chunk.first = n, chunk.count = std::min(weight_chunk, last - n);
    fill_chunk(exponents, n, chunk);
    chunk.before.fill(1);
    if (!before.value.empty())
      complex_weights(before.value.data() + n, nullptr, max_before, chunk.count,
                      chunk.before.data(), nullptr, nullptr);
    out[root] += root_sum(chunk.modulus, chunk.count);
    add_sums(sample, chunk, nullptr, out.data());
    for (std::size_t p = 0; p < before.derivative.size(); ++p)
      add_sums(sample, chunk, before.derivative[p].data(), out.data() + (1 + p) * quantities);
    const auto store = [&](const Weights& from, std::vector<double>& to) {
      if (!to.empty()) std::copy_n(from.begin(), chunk.count, &to[n]);
    };
    store(chunk.real, weights.real), store(chunk.imag, weights.imag);
    store(chunk.mirrored_real, weights.mirrored_real);
    store(chunk.mirrored_imag, weights.mirrored_imag);
  }
  return out;
}

std::vector<double> error_carriers(const ReweightingSample& sample, const SampleWeights& weights,
                                   const JackknifeGroups& groups, const ReweightedPoint& point,
                                   const std::vector<double>& sums, int threads) {
  const Complex inverse = 1.0 / Complex(sums[real], sums[imag]);
  const bool complex = !weights.imag.empty();
  // w / W in real arithmetic: complex division would cost more than all the rest.
  const auto over_sum = [&](double x, double y) {
    return std::array{x * inverse.real() - y * inverse.imag(),
                      x * inverse.imag() + y * inverse.real()};
  };
  const auto share = [&](std::size_t n) {
    return over_sum(weights.real[n], complex ? weights.imag[n] : 0);
  };
  const bool even = weights.mirrored_real.empty();
  const auto mirrored_share = [&](std::size_t n) {
    return even ? share(n)
                : over_sum(weights.mirrored_real[n], complex ? weights.mirrored_imag[n] : 0);
  };
  const std::size_t observables = sample.observables.size();
  const std::size_t quantities = observables * (complex ? 2 : 1) + (complex ? 1 : 0);
  std::vector<std::vector<double>> moments(groups.size(), std::vector<double>(2 * quantities));
  const auto add_group = [&](int g, int) {
    const std::size_t first = groups.first[g], last = groups.first[g + 1];
    double* out = moments[g].data();
    for (int part = 0; part < (complex ? 2 : 1); ++part)
      for (std::size_t k = 0; k < observables; ++k, out += 2) {
        const double* x = sample.observables[k].data();
        const double* odd =
            has_odd_part(sample.odd_observables, k) ? sample.odd_observables[k].data() : nullptr;
        const Complex mean = point.observables[k].value;
        add_moments(first, last, out, [&](std::size_t n) {
          const auto [re, im] = share(n);
          const double u = part == 0 ? re * (x[n] - mean.real()) + im * mean.imag()
                                     : im * (x[n] - mean.real()) - re * mean.imag();
          return odd ? u - odd[n] * mirrored_share(n)[part] : u;
        });
      }
    if (complex)
      add_moments(first, last, out, [&](std::size_t n) {
        const double x = weights.real[n], y = weights.imag[n];
        return share(n)[0] - std::sqrt(x * x + y * y) / sums[modulus];
      });
  };
  in_parallel(groups.size(), threads, add_group, Share::as_free);
  std::vector<double> carriers(quantities);
  for (std::size_t q = 0; q < quantities; ++q) {
    double second = 0, fourth = 0;
    for (const auto& m : moments) second += m[2 * q], fourth += m[2 * q + 1];
    carriers[q] = fourth > 0 ? second * second / fourth : INFINITY;
  }
  return carriers;
}

}  // namespace quartic
