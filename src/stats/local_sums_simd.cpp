#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stats/local_sums_simd.cpp"
#include "core/dispatch.hpp"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "quartic/core/aligned.hpp"
#include "stats/local_sums.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kRun = 64;  // sites summed in the fields' own precision

/// Where one run of sites and kVectors vectors of lanes is summed.
template <class T>
struct Run {
  const T* phi;  // first lane
  std::ptrdiff_t stride;
  int begin, end;
  double* out;  // first lane
};

template <class D, int kVectors>
struct Vectors {
  hn::Vec<D> v[kVectors];
  HWY_INLINE explicit Vectors(D d) {
    for (auto& x : v) x = hn::Zero(d);
  }
};

/// Adds one sum's vectors to out in float64.
template <class D, int kVectors, class T = hn::TFromD<D>>
HWY_INLINE void flush(D d, const Vectors<D, kVectors>& sum, double* HWY_RESTRICT out) {
  constexpr int width = 64 / sizeof(T) * kVectors;  // no register is wider
  alignas(row_alignment) T lanes[width];
  const int step = static_cast<int>(hn::Lanes(d));
  for (int k = 0; k < kVectors; ++k) hn::Store(sum.v[k], d, lanes + k * step);
  for (int lane = 0; lane < step * kVectors; ++lane) out[lane] += static_cast<double>(lanes[lane]);
}

/// The sum of phi over a site's partners (times their weights).
template <class D, int kVectors, class T = hn::TFromD<D>>
HWY_INLINE Vectors<D, kVectors> neighbours(D d, const Run<T>& run, const PairRows& pairs, int site,
                                           const double* weight = nullptr) {
  Vectors<D, kVectors> sum(d);
  const int step = static_cast<int>(hn::Lanes(d));
  for (auto n = pairs.row[site]; n < pairs.row[site + 1]; ++n) {
    const T* x = run.phi + pairs.partner[n] * run.stride;
    const auto w = hn::Set(d, weight ? static_cast<T>(weight[n]) : T(1));
    for (int k = 0; k < kVectors; ++k) {
      const auto y = hn::Load(d, x + k * step);
      sum.v[k] = weight ? hn::MulAdd(w, y, sum.v[k]) : hn::Add(sum.v[k], y);
    }
  }
  return sum;
}

template <class D, int kVectors, class T = hn::TFromD<D>>
HWY_INLINE void add_powers(D d, const Run<T>& run, int lanes) {
  Vectors<D, kVectors> phi(d), phi2(d), phi4(d);
  const int step = static_cast<int>(hn::Lanes(d));
  for (int site = run.begin; site < run.end; ++site) {
    const T* x = run.phi + site * run.stride;
    for (int k = 0; k < kVectors; ++k) {
      const auto y = hn::Load(d, x + k * step);
      const auto square = hn::Mul(y, y);
      phi.v[k] = hn::Add(phi.v[k], y);
      phi2.v[k] = hn::Add(phi2.v[k], square);
      phi4.v[k] = hn::MulAdd(square, square, phi4.v[k]);
    }
  }
  flush(d, phi, run.out + sum_phi * lanes);
  flush(d, phi2, run.out + sum_phi2 * lanes);
  flush(d, phi4, run.out + sum_phi4 * lanes);
}

template <class D, int kVectors, class T = hn::TFromD<D>>
HWY_INLINE void add_pairs(D d, const Run<T>& run, const PairRows& pairs, double* out) {
  if (pairs.empty()) return;
  Vectors<D, kVectors> sum(d);
  const int step = static_cast<int>(hn::Lanes(d));
  for (int site = run.begin; site < run.end; ++site) {
    const auto near = neighbours<D, kVectors>(d, run, pairs, site);
    const T* x = run.phi + site * run.stride;
    for (int k = 0; k < kVectors; ++k)
      sum.v[k] = hn::MulAdd(hn::Load(d, x + k * step), near.v[k], sum.v[k]);
  }
  flush(d, sum, out);
}

/// S - floor from couplings that differ from place to place.
template <class D, int kVectors, class T = hn::TFromD<D>>
HWY_INLINE void add_action(D d, const Run<T>& run, const LocalSums& sums, double* out) {
  Vectors<D, kVectors> sum(d);
  const int step = static_cast<int>(hn::Lanes(d));
  for (int site = run.begin; site < run.end; ++site) {
    const auto field = neighbours<D, kVectors>(d, run, sums.edges, site, sums.weight.data());
    const T* x = run.phi + site * run.stride;
    const auto r = hn::Set(d, static_cast<T>(sums.site_r[site])),
               a = hn::Set(d, static_cast<T>(sums.site_a[site])),
               b = hn::Set(d, static_cast<T>(sums.site_b[site])),
               well = hn::Set(d, static_cast<T>(sums.site_well[site]));
    for (int k = 0; k < kVectors; ++k) {
      const auto y = hn::Load(d, x + k * step);
      const auto off = hn::MulSub(y, y, well), linear = hn::Sub(r, field.v[k]);
      const auto quartic = hn::Mul(hn::Mul(b, off), off);
      sum.v[k] = hn::MulAdd(y, hn::MulAdd(y, a, linear), hn::Add(quartic, sum.v[k]));
    }
  }
  flush(d, sum, out);
}

/// phi times a wave's cosine and sine.
template <class D, int kVectors, class T = hn::TFromD<D>>
HWY_INLINE void add_wave(D d, const Run<T>& run, const double* cosine, const double* sine,
                         double* out, int lanes) {
  Vectors<D, kVectors> real(d), imaginary(d);
  const int step = static_cast<int>(hn::Lanes(d));
  for (int site = run.begin; site < run.end; ++site) {
    const T* x = run.phi + site * run.stride;
    const auto c = hn::Set(d, static_cast<T>(cosine[site])),
               s = hn::Set(d, static_cast<T>(sine[site]));
    for (int k = 0; k < kVectors; ++k) {
      const auto y = hn::Load(d, x + k * step);
      real.v[k] = hn::MulAdd(c, y, real.v[k]);
      imaginary.v[k] = hn::MulAdd(s, y, imaginary.v[k]);
    }
  }
  flush(d, real, out);
  flush(d, imaginary, out + lanes);
}

/// All sums of one run of sites; what is read first stays in the nearest cache for the rest.
template <int kVectors, class T>
HWY_INLINE void sum_run(const LocalSums& sums, const Run<T>& run, int lanes) {
  using Tag = hn::ScalableTag<T>;
  const Tag d;
  add_powers<Tag, kVectors>(d, run, lanes);
  add_pairs<Tag, kVectors>(d, run, sums.nearest, run.out + sum_nn * lanes);
  add_pairs<Tag, kVectors>(d, run, sums.diagonal, run.out + sum_nnn * lanes);
  if (!sums.homogeneous) add_action<Tag, kVectors>(d, run, sums, run.out + sum_action * lanes);
  for (std::size_t k = 0; k < sums.waves.size(); k += 2)
    add_wave<Tag, kVectors>(d, run, sums.waves[k].data(), sums.waves[k + 1].data(),
                            run.out + (local_sum_count + static_cast<int>(k)) * lanes, lanes);
}

template <class T>
void Sum(const LocalSums& sums, FieldBlock<const T> phi, double* out) {
  const hn::ScalableTag<T> d;
  const int step = static_cast<int>(hn::Lanes(d)), lanes = phi.lanes;
  for (int k = 0; k < sums.size() * lanes; ++k) out[k] = 0;
  for (int begin = 0; begin < phi.sites; begin += kRun) {
    const int end = begin + kRun < phi.sites ? begin + kRun : phi.sites;
    int lane = 0;
    for (; lane + 4 * step <= lanes; lane += 4 * step)
      sum_run<4>(sums, Run<T>{phi.data + lane, lanes, begin, end, out + lane}, lanes);
    for (; lane < lanes; lane += step)
      sum_run<1>(sums, Run<T>{phi.data + lane, lanes, begin, end, out + lane}, lanes);
  }
  if (!sums.homogeneous) return;
  const auto sum = [&](int quantity) { return out + quantity * lanes; };
  for (int lane = 0; lane < lanes; ++lane) {
    sum(sum_action)[lane] = sums.r * sum(sum_phi)[lane] + sums.a * sum(sum_phi2)[lane] +
                            sums.b * sum(sum_phi4)[lane] - sums.w_nearest * sum(sum_nn)[lane] -
                            sums.w_diagonal * sum(sum_nnn)[lane];
  }
}

QUARTIC_KERNEL(Sum)

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {

HWY_EXPORT(SumBoth);

template <class T>
void local_sums(const LocalSums& sums, FieldBlock<const T> phi, double* out) {
  QUARTIC_DISPATCH(Sum, T)(sums, phi, out);
}
template void local_sums(const LocalSums&, FieldBlock<const float>, double*);
template void local_sums(const LocalSums&, FieldBlock<const double>, double*);

}  // namespace quartic
#endif
