#include "mcmc/hmc_move.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mcmc/hmc_move.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "core/simd_math-inl.h"
// clang-format on

#include "core/dispatch.hpp"
#include "quartic/core/stop.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

/// scale * sum w phi of one site's neighbours.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> coupling(D d, const SweepBlock<T>& block, int site, int lane) {
  const auto& table = *block.table;
  auto sum = hn::Zero(d);
  for (auto k = table.row[site]; k < table.row[site + 1]; ++k) {
    const T* phi = block.phi + static_cast<ptrdiff_t>(table.neighbour[k]) * block.lanes + lane;
    sum = hn::MulAdd(hn::Set(d, table.weight[k]), hn::Load(d, phi), sum);
  }
  return hn::Mul(sum, hn::Set(d, block.scale));
}

/// Calls f(site, lane, offset of that vector) over the block.
template <class T, class F>
HWY_INLINE void for_each_vector(const SweepBlock<T>& block, F&& f) {
  constexpr int step = static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()));
  for (int site = 0; site < block.table->sites(); ++site)
    for (int lane = 0; lane < block.lanes; lane += step)
      f(site, lane, static_cast<ptrdiff_t>(site) * block.lanes + lane);
}

template <class T>
HWY_INLINE void drift(const SweepBlock<T>& block, const T* momentum, double time) {
  const hn::ScalableTag<T> d;
  const auto e = hn::Set(d, static_cast<T>(time));
  for_each_vector(block, [&](int, int, ptrdiff_t at) HWY_ATTR {
    const auto x = hn::Load(d, block.phi + at);
    hn::Store(hn::MulAdd(e, hn::Load(d, momentum + at), x), d, block.phi + at);
  });
}

/// p -= time * dS/dphi = time * (2 a phi + 4 b phi^3 + r - scale sum w phi).
template <class T>
HWY_INLINE void kick(const SweepBlock<T>& block, T* momentum, double time) {
  const hn::ScalableTag<T> d;
  const auto e = hn::Set(d, static_cast<T>(time));
  for_each_vector(block, [&](int site, int lane, ptrdiff_t at) HWY_ATTR {
    const auto& s = block.table->site[site];
    const auto x = hn::Load(d, block.phi + at);
    const auto slope = hn::MulAdd(hn::Set(d, 4 * s.b), hn::Mul(x, x), hn::Set(d, 2 * s.a));
    const auto pull = hn::Sub(coupling(d, block, site, lane), hn::Set(d, s.r));
    const auto force = hn::NegMulAdd(slope, x, pull);
    hn::Store(hn::MulAdd(e, force, hn::Load(d, momentum + at)), d, momentum + at);
  });
}

/// Adds sign * H of every chain to `energy`, each edge half at both its ends.
template <class T>
HWY_INLINE void add_energy(const SweepBlock<T>& block, const T* momentum, double sign,
                           double* energy) {
  const hn::ScalableTag<T> d;
  constexpr int step = static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()));
  HWY_ALIGN T part[hn::MaxLanes(hn::ScalableTag<T>())];
  for_each_vector(block, [&](int site, int lane, ptrdiff_t at) HWY_ATTR {
    const auto& s = block.table->site[site];
    const auto x = hn::Load(d, block.phi + at), p = hn::Load(d, momentum + at);
    const auto half = hn::Set(d, T(0.5));
    const auto well = hn::MulAdd(hn::Set(d, s.b), hn::Mul(x, x), hn::Set(d, s.a));
    const auto slope = hn::NegMulAdd(half, coupling(d, block, site, lane), hn::Set(d, s.r));
    const auto potential = hn::Mul(x, hn::MulAdd(well, x, slope));
    hn::Store(hn::MulAdd(hn::Mul(half, p), p, potential), d, part);
    for (int l = 0; l < step; ++l) energy[lane + l] += sign * static_cast<double>(part[l]);
  });
}

template <class T>
HWY_INLINE void draw_momenta(const SweepBlock<T>& block, T* momentum) {
  const hn::ScalableTag<T> d;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const auto stride = static_cast<size_t>(block.lanes);
  const int sites = block.table->sites();
  for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::MaxLanes(d))) {
    VectorStream<decltype(du)> stream(du, block.words + lane, stride);
    for (int site = 0; site < sites; site += 2) {
      auto first = hn::Zero(d), second = first;
      const auto radius = stream.next(), angle = stream.next();
      gaussian_pair(d, radius, angle, first, second);
      T* p = momentum + static_cast<ptrdiff_t>(site) * block.lanes + lane;
      hn::Store(first, d, p);
      if (site + 1 < sites) hn::Store(second, d, p + block.lanes);
    }
    stream.store(du, block.words + lane, stride);
  }
}

template <class T>
HWY_INLINE void integrate(const SweepBlock<T>& block, T* momentum, int steps, double e,
                          Integrator integrator) {
  if (integrator == Integrator::leapfrog) {
    kick(block, momentum, e / 2);
    for (int n = 1; n <= steps; ++n) {
      heed_stop();
      drift(block, momentum, e);
      kick(block, momentum, n < steps ? e : e / 2);
    }
    return;
  }
  constexpr double lambda = 0.1931833;
  drift(block, momentum, lambda * e);
  for (int n = 1; n <= steps; ++n) {
    heed_stop();
    kick(block, momentum, e / 2);
    drift(block, momentum, (1 - 2 * lambda) * e);
    kick(block, momentum, e / 2);
    drift(block, momentum, (n < steps ? 2 : 1) * lambda * e);
  }
}

/// Decides chain by chain and takes the rejected ones back to their start.
template <class T>
HWY_INLINE double accept_or_restore(const SweepBlock<T>& block, HmcScratch<T>& scratch) {
  const hn::ScalableTag<T> d;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const auto stride = static_cast<size_t>(block.lanes);
  constexpr int step = static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()));
  HWY_ALIGN T u[hn::MaxLanes(hn::ScalableTag<T>())];
  double count = 0;
  for (int lane = 0; lane < block.lanes; lane += step) {
    VectorStream<decltype(du)> stream(du, block.words + lane, stride);
    hn::Store(uniform(d, stream.next()), d, u);
    stream.store(du, block.words + lane, stride);
    for (int l = 0; l < step; ++l) {
      const bool accept = static_cast<double>(u[l]) < std::exp(-scratch.energy_change[lane + l]);
      scratch.accepted[lane + l] = accept ? T(1) : T(0);
      count += accept;
    }
  }
  const auto one = hn::Set(d, T(1));
  for_each_vector(block, [&](int, int lane, ptrdiff_t at) HWY_ATTR {
    const auto keep = hn::Eq(hn::Load(d, scratch.accepted.data() + lane), one);
    const auto x = hn::Load(d, block.phi + at), old = hn::Load(d, scratch.start.data() + at);
    hn::Store(hn::IfThenElse(keep, x, old), d, block.phi + at);
  });
  return count;
}

template <class T>
double Trajectory(const SweepBlock<T>& block, HmcScratch<T>& scratch, int steps, double step_size,
                  Integrator integrator) {
  T* momentum = scratch.momentum.data();
  double* change = scratch.energy_change.data();
  draw_momenta(block, momentum);
  std::copy(block.phi, block.phi + scratch.start.size(), scratch.start.data());
  std::fill(change, change + block.lanes, 0.0);
  add_energy(block, momentum, -1, change);
  integrate(block, momentum, steps, step_size, integrator);
  add_energy(block, momentum, 1, change);
  return accept_or_restore(block, scratch);
}

template <class T>
void Integrate(const SweepBlock<T>& block, HmcScratch<T>& scratch, int steps, double step_size,
               Integrator integrator) {
  integrate<T>(block, scratch.momentum.data(), steps, step_size, integrator);
}

QUARTIC_KERNEL(Trajectory)
QUARTIC_KERNEL(Integrate)

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {
namespace {

template <class T>
void fit(HmcScratch<T>& scratch, const SweepBlock<T>& block) {
  const auto size = static_cast<std::size_t>(block.table->sites()) * block.lanes;
  scratch.momentum.resize(size);
  scratch.start.resize(size);
  scratch.energy_change.resize(static_cast<std::size_t>(block.lanes));
  scratch.accepted.resize(static_cast<std::size_t>(block.lanes));
}

}  // namespace

HWY_EXPORT(TrajectoryBoth);
HWY_EXPORT(IntegrateBoth);

template <class T>
double hmc_sweep(const SweepBlock<T>& block, HmcScratch<T>& scratch, int steps, double step_size,
                 Integrator integrator) {
  fit(scratch, block);
  return QUARTIC_DISPATCH(Trajectory, T)(block, scratch, steps, step_size, integrator);
}
template <class T>
void hmc_integrate(const SweepBlock<T>& block, HmcScratch<T>& scratch, int steps, double step_size,
                   Integrator integrator) {
  fit(scratch, block);
  QUARTIC_DISPATCH(Integrate, T)(block, scratch, steps, step_size, integrator);
}

#define QUARTIC_INSTANTIATE(T)                                                              \
  template double hmc_sweep(const SweepBlock<T>&, HmcScratch<T>&, int, double, Integrator); \
  template void hmc_integrate(const SweepBlock<T>&, HmcScratch<T>&, int, double, Integrator);
QUARTIC_INSTANTIATE(float)
QUARTIC_INSTANTIATE(double)
#undef QUARTIC_INSTANTIATE

}  // namespace quartic
#endif
