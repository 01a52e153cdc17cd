#include "mcmc/hmc_move.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mcmc/hmc_move.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "core/simd_math-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace quartic {
namespace HWY_NAMESPACE {

/// pi -= length * dS/dphi, dS/dphi_i = phi_i (2 a_i + 4 b_i phi_i^2) - j_i.
template <class T>
HWY_INLINE void kick(const SweepBlock<T>& block, T* momentum, double length) {
  const hn::ScalableTag<T> d;
  const auto& table = *block.table;
  const auto step = hn::Set(d, static_cast<T>(-length)), scale = hn::Set(d, block.scale);
  for (int site = 0; site < table.sites(); ++site) {
    const auto& constants = table.site[site];
    const ptrdiff_t row = static_cast<ptrdiff_t>(site) * block.lanes;
    for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::Lanes(d))) {
      auto sum = hn::Zero(d);
      for (auto n = table.row[site]; n < table.row[site + 1]; ++n) {
        const T* x = block.phi + static_cast<ptrdiff_t>(table.neighbour[n]) * block.lanes + lane;
        sum = hn::MulAdd(hn::Set(d, table.weight[n]), hn::Load(d, x), sum);
      }
      const auto j = hn::MulSub(scale, sum, hn::Set(d, constants.r));
      const auto x = hn::Load(d, block.phi + row + lane);
      const auto stiffness =
          hn::MulAdd(hn::Set(d, 4 * constants.b), hn::Mul(x, x), hn::Set(d, 2 * constants.a));
      const auto force = hn::MulSub(x, stiffness, j);
      const auto pi = hn::Load(d, momentum + row + lane);
      hn::Store(hn::MulAdd(step, force, pi), d, momentum + row + lane);
    }
  }
}

/// phi += length * pi.
template <class T>
HWY_INLINE void drift(const SweepBlock<T>& block, const T* momentum, double length) {
  const hn::ScalableTag<T> d;
  const auto step = hn::Set(d, static_cast<T>(length));
  const size_t count = static_cast<size_t>(block.table->sites()) * block.lanes;
  for (size_t k = 0; k < count; k += hn::Lanes(d)) {
    const auto x = hn::Load(d, block.phi + k);
    hn::Store(hn::MulAdd(step, hn::Load(d, momentum + k), x), d, block.phi + k);
  }
}

/// Pairs of half steps between steps are joined.
template <class T>
HWY_INLINE void Integrate(const SweepBlock<T>& block, T* momentum, int steps, double length,
                          bool omelyan) {
  constexpr double lambda = 0.1931833275037836;
  const double edge = omelyan ? lambda * length : 0.5 * length;
  kick(block, momentum, edge);
  for (int step = 1; step <= steps; ++step) {
    if (omelyan) {
      drift(block, momentum, 0.5 * length);
      kick(block, momentum, (1 - 2 * lambda) * length);
      drift(block, momentum, 0.5 * length);
    } else {
      drift(block, momentum, length);
    }
    kick(block, momentum, step < steps ? 2 * edge : edge);
  }
}

/// sum pi^2 / 2 + S of each chain, in float64.
template <class T>
HWY_INLINE void energy(const SweepBlock<T>& block, const T* momentum, double* out) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<T, decltype(d)> narrow;
  const auto load = [&](const T* from) HWY_ATTR {
    if constexpr (sizeof(T) == 4)
      return hn::PromoteTo(d, hn::LoadU(narrow, from));
    else
      return hn::LoadU(d, from);
  };
  const auto& table = *block.table;
  const auto half = hn::Set(d, 0.5);
  for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::Lanes(d))) {
    auto sum = hn::Zero(d);
    for (int site = 0; site < table.sites(); ++site) {
      const auto& constants = table.site[site];
      const ptrdiff_t at = static_cast<ptrdiff_t>(site) * block.lanes + lane;
      const auto x = load(block.phi + at), pi = load(momentum + at);
      auto neighbours = hn::Zero(d);  // every edge is met from both ends: half its product each
      for (auto n = table.row[site]; n < table.row[site + 1]; ++n) {
        const auto y =
            load(block.phi + static_cast<ptrdiff_t>(table.neighbour[n]) * block.lanes + lane);
        neighbours = hn::MulAdd(hn::Set(d, static_cast<double>(table.weight[n])), y, neighbours);
      }
      const auto coupling =
          hn::Mul(hn::Set(d, -0.5 * static_cast<double>(block.scale)), neighbours);
      const auto x2 = hn::Mul(x, x);
      const auto local = hn::MulAdd(hn::Set(d, static_cast<double>(constants.b)), x2,
                                    hn::Set(d, static_cast<double>(constants.a)));
      const auto linear = hn::Add(hn::Set(d, static_cast<double>(constants.r)), coupling);
      sum = hn::MulAdd(x, hn::MulAdd(x, local, linear), sum);
      sum = hn::MulAdd(hn::Mul(half, pi), pi, sum);
    }
    hn::StoreU(sum, d, out + lane);
  }
}

template <class T>
HWY_INLINE void draw_momenta(const SweepBlock<T>& block, T* momentum) {
  const hn::ScalableTag<T> d;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const auto stride = static_cast<size_t>(block.lanes);
  const int sites = block.table->sites();
  for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::Lanes(d))) {
    VectorStream<decltype(du)> stream(du, block.words + lane, stride);
    for (int site = 0; site < sites; site += 2) {
      auto first = hn::Zero(d), second = first;
      const auto radius_bits = stream.next(), angle_bits = stream.next();
      gaussian_pair(d, radius_bits, angle_bits, first, second);
      T* row = momentum + static_cast<ptrdiff_t>(site) * block.lanes + lane;
      hn::Store(first, d, row);
      if (site + 1 < sites) hn::Store(second, d, row + block.lanes);
    }
    stream.store(du, block.words + lane, stride);
  }
}

/// Takes back the chains that do not accept.
template <class T>
HWY_INLINE double decide(const SweepBlock<T>& block, const T* before, const double* change) {
  const hn::ScalableTag<T> d;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const auto stride = static_cast<size_t>(block.lanes);
  HWY_ALIGN T log_ratio[hn::MaxLanes(hn::ScalableTag<T>())];
  double accepted = 0;
  for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::Lanes(d))) {
    for (size_t k = 0; k < hn::Lanes(d); ++k) {
      const double x = change[static_cast<size_t>(lane) + k];
      log_ratio[k] = x == x ? static_cast<T>(-x) : static_cast<T>(-1e30);  // NaN: never
    }
    VectorStream<decltype(du)> stream(du, block.words + lane, stride);
    const auto u = uniform(d, stream.next());
    stream.store(du, block.words + lane, stride);
    const auto accept = hn::Lt(u, accept_exp(d, hn::Load(d, log_ratio)));
    accepted += static_cast<double>(hn::CountTrue(d, accept));
    for (int site = 0; site < block.table->sites(); ++site) {
      const ptrdiff_t at = static_cast<ptrdiff_t>(site) * block.lanes + lane;
      const auto x = hn::Load(d, block.phi + at), old = hn::Load(d, before + at);
      hn::Store(hn::IfThenElse(accept, x, old), d, block.phi + at);
    }
  }
  return accepted;
}

constexpr int kMostTrajectories = 64;

template <class T>
double Trajectory(const SweepBlock<T>& block, T* momentum, T* before, int steps, double length,
                  bool omelyan) {
  double first[kMostTrajectories], last[kMostTrajectories];
  const size_t count = static_cast<size_t>(block.table->sites()) * block.lanes;
  std::copy_n(block.phi, count, before);
  draw_momenta(block, momentum);
  energy(block, momentum, first);
  Integrate(block, momentum, steps, length, omelyan);
  energy(block, momentum, last);
  for (int lane = 0; lane < block.lanes; ++lane) last[lane] -= first[lane];
  return decide(block, before, last);
}

#define QUARTIC_HMC(Type, T)                                                              \
  double Trajectory##Type(const SweepBlock<T>& block, T* momentum, T* before, int steps,  \
                          double length, bool omelyan) {                                  \
    return Trajectory<T>(block, momentum, before, steps, length, omelyan);                \
  }                                                                                       \
  void Integrate##Type(const SweepBlock<T>& block, T* momentum, int steps, double length, \
                       bool omelyan) {                                                    \
    Integrate<T>(block, momentum, steps, length, omelyan);                                \
  }
QUARTIC_HMC(Float, float)
QUARTIC_HMC(Double, double)
#undef QUARTIC_HMC

}  // namespace HWY_NAMESPACE
}  // namespace quartic
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {

#define QUARTIC_HMC(Type, T)                                                                \
  HWY_EXPORT(Trajectory##Type);                                                             \
  HWY_EXPORT(Integrate##Type);                                                              \
  template <>                                                                               \
  double hmc_sweep<T>(const SweepBlock<T>& block, HmcScratch<T>& scratch, int steps,        \
                      double step_size, Integrator integrator) {                            \
    const std::size_t count = static_cast<std::size_t>(block.table->sites()) * block.lanes; \
    scratch.momentum.resize(count), scratch.before.resize(count);                           \
    return HWY_DYNAMIC_DISPATCH(Trajectory##Type)(block, scratch.momentum.data(),           \
                                                  scratch.before.data(), steps, step_size,  \
                                                  integrator == Integrator::omelyan);       \
  }                                                                                         \
  template <>                                                                               \
  void integrate<T>(const SweepBlock<T>& block, T* momentum, int steps, double step_size,   \
                    Integrator integrator) {                                                \
    HWY_DYNAMIC_DISPATCH(Integrate##Type)                                                   \
    (block, momentum, steps, step_size, integrator == Integrator::omelyan);                 \
  }
QUARTIC_HMC(Float, float)
QUARTIC_HMC(Double, double)
#undef QUARTIC_HMC

}  // namespace quartic
#endif
