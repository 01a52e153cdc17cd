#include <algorithm>
#include <cstddef>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mcmc/local_moves.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "core/simd_math-inl.h"
#include "core/quartic_draw-inl.h"
// clang-format on

#include "core/dispatch.hpp"
#include "mcmc/local_moves.hpp"
#include "quartic/core/stop.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

constexpr int kMostLanes = 64;

/// Runs a site kernel over all sites in the table's order, kVectors vectors of chains side by side:
/// their latencies overlap, and each neighbour's row and weight are looked up once for all of them.
/// The kernel gets (turn, constants, apply) and calls apply once with what maps (lane, j, x,
/// stream) to the new x and adds 1 for each acceptance, so that it decides by site outside the loop
/// over vectors; j = scale * sum w phi - r. What gates take from a of a site is in shift[lane].
template <int kVectors, class T, class Kernel>
HWY_INLINE double sweep_vectors(const SweepBlock<T>& block, int lane, T* shift, Kernel& kernel) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const int step = static_cast<int>(hn::Lanes(d));
  const ptrdiff_t stride = block.lanes;
  const auto& table = *block.table;
  const int32_t* HWY_RESTRICT order = table.order.data();
  const int32_t* HWY_RESTRICT row = table.row.data();
  const int32_t* HWY_RESTRICT first_gate = table.first_gate.data();
  const int32_t* HWY_RESTRICT neighbour = table.neighbour.data();
  const T* HWY_RESTRICT weight = table.weight.data();
  T* phi = block.phi + lane;
  uint32_t* words = block.words + lane;
  const V scale = hn::Set(d, block.scale);
  V accepted = hn::Zero(d);
  double total = 0;
  for (int turn = block.begin; turn < block.end; ++turn) {
    const int site = order[turn];
    const SiteConstants<T>& constants = table.site[site];
    V j[kVectors];
    for (int k = 0; k < kVectors; ++k) j[k] = hn::Zero(d);
    for (auto n = row[site]; n < first_gate[site]; ++n) {
      const T* x = phi + neighbour[n] * stride;
      const V w = hn::Set(d, weight[n]);
      for (int k = 0; k < kVectors; ++k) j[k] = hn::MulAdd(w, hn::Load(d, x + k * step), j[k]);
    }
    if (HWY_UNLIKELY(first_gate[site] < row[site + 1])) {
      V gates[kVectors];
      for (int k = 0; k < kVectors; ++k) gates[k] = hn::Zero(d);
      for (auto n = first_gate[site]; n < row[site + 1]; ++n) {
        const T* x = phi + neighbour[n] * stride;
        const V w = hn::Set(d, weight[n]);
        for (int k = 0; k < kVectors; ++k) {
          const V value = hn::Load(d, x + k * step);
          gates[k] = hn::MulAdd(w, constants.two_valued ? hn::Mul(value, value) : value, gates[k]);
        }
      }
      for (int k = 0; k < kVectors; ++k) {
        if (constants.two_valued)
          j[k] = hn::Add(j[k], gates[k]);
        else
          hn::Store(hn::Mul(gates[k], scale), d, shift + lane + k * step);
      }
    }
    T* x = phi + site * stride;
    const V r = hn::Set(d, constants.r);
    kernel(d, turn, constants, [&](auto&& update) HWY_ATTR {
#pragma GCC unroll 4
      for (int k = 0; k < kVectors; ++k) {
        VectorStream<decltype(du)> stream(du, words + k * step, static_cast<size_t>(stride));
        const V old = hn::Load(d, x + k * step);
        const V field = hn::MulSub(j[k], scale, r);
        hn::Store(update(lane + k * step, field, old, stream, accepted), d, x + k * step);
        stream.store(du, words + k * step, static_cast<size_t>(stride));
      }
    });
    if ((turn & 1023) == 1023) {  // float counts stay exact
      total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, accepted)));
      accepted = hn::Zero(d);
    }
  }
  return total + static_cast<double>(hn::GetLane(hn::SumOfLanes(d, accepted)));
}

template <class T, class Kernel>
HWY_INLINE double sweep(const SweepBlock<T>& block, T* shift, Kernel&& kernel) {
  const int step = static_cast<int>(hn::Lanes(hn::ScalableTag<T>()));
  double accepted = 0;
  int lane = 0;
  for (; lane + 4 * step <= block.lanes; lane += 4 * step)
    accepted += sweep_vectors<4>(block, lane, shift, kernel);
  for (; lane < block.lanes; lane += step) accepted += sweep_vectors<1>(block, lane, shift, kernel);
  return accepted;
}

/// Out of the way of the loops that hardly ever need it.
template <class D, class V, class T = hn::TFromD<D>>
HWY_NOINLINE V unusual_precision(D d, const SiteConstants<T>& site, V j) {
  return precision_at_mode(d, site, j);
}

/// The table's fit of the envelope's precision where the field is usual, that at the mode
/// elsewhere.
template <class D, class V, class T = hn::TFromD<D>>
HWY_INLINE V fitted_precision(D d, const SiteConstants<T>& site, V j) {
  const V u = hn::Mul(j, j);
  const V usual =
      hn::Mul(hn::MulAdd(hn::Set(d, site.precision[1]), u, hn::Set(d, site.precision[0])),
              rough_reciprocal(d, hn::MulAdd(hn::Set(d, site.precision[2]), u, hn::Set(d, T(1)))));
  const auto beyond = hn::Or(hn::Lt(u, hn::Set(d, site.usual_field2[0])),
                             hn::Gt(u, hn::Set(d, site.usual_field2[1])));
  if (HWY_LIKELY(hn::AllFalse(d, beyond))) return usual;
  return hn::IfThenElse(beyond, unusual_precision(d, site, j), usual);
}

/// A hidden site's exact draw: 1 with probability 1 / (1 + exp(-(1 - low) j)), else low.
template <class T, class Apply>
HWY_INLINE void draw_two_valued(const SiteConstants<T>& site, Apply&& apply) {
  apply([&](int, auto j, auto, auto& stream, auto& accepted) HWY_ATTR {
    const hn::ScalableTag<T> d;
    const auto one = hn::Set(d, T(1));
    const auto odds = hn::Add(one, accept_exp(d, hn::Mul(hn::Set(d, site.low - T(1)), j)));
    accepted = hn::Add(accepted, one);
    const auto upper = hn::Lt(hn::Mul(uniform(d, stream.next()), odds), one);
    return hn::IfThenElse(upper, one, hn::Set(d, site.low));
  });
}

/// A gated site's exact draw.
template <class T, class Apply>
HWY_INLINE void draw_gated(const SiteConstants<T>& site, const T* shift, Apply&& apply) {
  apply([&](int lane, auto j, auto x, auto& stream, auto& accepted) HWY_ATTR {
    const hn::ScalableTag<T> d;
    const ChainConstants<decltype(d)> constants(d, site, hn::Load(d, shift + lane));
    accepted = hn::Add(accepted, hn::Set(d, T(1)));
    if (site.b > T(0)) return draw_folded<true>(d, constants, j, stream);
    const auto radius_bits = stream.next(), angle_bits = stream.next();
    auto z = x, spare = x;
    gaussian_pair(d, radius_bits, angle_bits, z, spare);
    const auto variance = hn::Div(hn::Set(d, T(0.5)), constants.a);
    return hn::MulAdd(hn::Sqrt(variance), z, hn::Mul(j, variance));
  });
}

template <class T>
double Independence(const SweepBlock<T>& block) {
  HWY_ALIGN T spare[kMostLanes];  // the second Gaussian of each pair, for every other turn
  HWY_ALIGN T shift[kMostLanes];
  return sweep(block, shift, [&](auto d, int turn, const auto& site, auto&& apply) HWY_ATTR {
    using V = hn::Vec<decltype(d)>;
    const auto gaussian = [&](int lane, auto& stream) HWY_ATTR {
      if ((turn & 1) != 0) return hn::Load(d, spare + lane);
      V first, second;
      const auto radius_bits = stream.next(), angle_bits = stream.next();
      gaussian_pair(d, radius_bits, angle_bits, first, second);
      hn::Store(second, d, spare + lane);
      return first;
    };
    if (site.two_valued) return draw_two_valued(site, apply);
    if (site.gated) return draw_gated(site, shift, apply);
    if (site.folded) {
      apply([&](int lane, V j, V x, auto& stream, V& accepted) HWY_ATTR {
        const V z = gaussian(lane, stream);
        return independence_folded(d, site, folded_scale(d, site, j), j, x, z, stream, accepted);
      });
    } else {
      apply([&](int lane, V j, V x, auto& stream, V& accepted) HWY_ATTR {
        const V z = gaussian(lane, stream);
        const V precision = fitted_precision(d, site, j);
        return independence_single(d, site, precision, j, x, z, stream, accepted);
      });
    }
  });
}

template <class T>
double Reflection(const SweepBlock<T>& block) {
  HWY_ALIGN T shift[kMostLanes];
  return sweep(block, shift, [&](auto d, int, const auto& site, auto&& apply) HWY_ATTR {
    if (site.two_valued) return draw_two_valued(site, apply);
    if (site.gated) return draw_gated(site, shift, apply);
    apply([&](int, auto j, auto x, auto& stream, auto& accepted) HWY_ATTR {
      const auto offset = hn::CopySign(hn::Set(d, 2 * site.reflection[0]), j);
      const auto sum = hn::MulAdd(hn::Set(d, 2 * site.reflection[1]), j, offset);  // x + x'
      const auto reflected = hn::Sub(sum, x);
      const auto squares = hn::MulAdd(x, x, hn::Mul(reflected, reflected));
      const auto slope =
          hn::MulSub(sum, hn::MulAdd(hn::Set(d, site.b), squares, hn::Set(d, site.a)), j);
      const auto log_ratio = hn::Mul(hn::Sub(x, reflected), slope);
      const auto u = uniform(d, stream.next());
      return choose(d, hn::Lt(u, accept_exp(d, log_ratio)), reflected, x, accepted);
    });
  });
}

template <class T>
double Metropolis(const SweepBlock<T>& block) {
  HWY_ALIGN T shift[kMostLanes];  // of hidden sites, which these do not move
  return sweep(block, shift, [&](auto d, int, const auto& site, auto&& apply) HWY_ATTR {
    apply([&](int, auto j, auto x, auto& stream, auto& accepted) HWY_ATTR {
      const auto a = hn::Set(d, site.a), b = hn::Set(d, site.b);
      for (int hit = 0; hit < block.hits; ++hit) {
        const auto move = hn::Sub(uniform(d, stream.next()), hn::Set(d, T(0.5)));
        const auto proposal = hn::MulAdd(hn::Set(d, site.step + site.step), move, x);
        const auto sum = hn::Add(x, proposal);
        const auto squares = hn::MulAdd(x, x, hn::Mul(proposal, proposal));
        const auto log_ratio =
            hn::Mul(hn::Sub(x, proposal), hn::MulSub(sum, hn::MulAdd(b, squares, a), j));
        const auto u = uniform(d, stream.next());
        x = choose(d, hn::Lt(u, accept_exp(d, log_ratio)), proposal, x, accepted);
      }
      return x;
    });
  });
}

template <class T>
double HeatBath(const SweepBlock<T>& block) {
  HWY_ALIGN T shift[kMostLanes];
  return sweep(block, shift, [&](auto d, int, const auto& site, auto&& apply) HWY_ATTR {
    if (site.two_valued) return draw_two_valued(site, apply);
    if (site.gated) return draw_gated(site, shift, apply);
    apply([&](int, auto j, auto x, auto& stream, auto& accepted) HWY_ATTR {
      const auto one = hn::Set(d, T(1));
      accepted = hn::Add(accepted, one);
      auto z = x, spare = x;
      if (site.b == T(0)) {
        const auto radius_bits = stream.next(), angle_bits = stream.next();
        gaussian_pair(d, radius_bits, angle_bits, z, spare);
        const auto variance = hn::Set(d, T(1) / (2 * site.a));
        return hn::MulAdd(hn::Sqrt(variance), z, hn::Mul(j, variance));
      }
      return draw_folded<false>(d, site, j, stream);
    });
  });
}

template <class T>
double Flip(const SweepBlock<T>& block) {
  const hn::ScalableTag<T> d;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const size_t stride = static_cast<size_t>(block.lanes);
  const int sites = block.table->sites();
  double total = 0;
  for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::Lanes(d))) {
    auto field = hn::Zero(d);
    for (int site = 0; site < sites; ++site) {
      const auto x = hn::Load(d, block.phi + static_cast<ptrdiff_t>(site) * block.lanes + lane);
      field = hn::MulAdd(hn::Set(d, block.table->site[site].r), x, field);
    }
    VectorStream<decltype(du)> stream(du, block.words + lane, stride);
    // A coin besides the acceptance: without it r = 0 would flip always, a period of two.
    const auto coin = uniform(d, stream.next()), u = uniform(d, stream.next());
    stream.store(du, block.words + lane, stride);
    const auto accept =
        hn::And(hn::Lt(coin, hn::Set(d, T(0.5))), hn::Lt(u, accept_exp(d, hn::Add(field, field))));
    const auto sign = hn::IfThenElse(accept, hn::Set(d, T(-1)), hn::Set(d, T(1)));
    for (int site = 0; site < sites; ++site) {
      T* x = block.phi + static_cast<ptrdiff_t>(site) * block.lanes + lane;
      hn::Store(hn::Mul(sign, hn::Load(d, x)), d, x);
    }
    total += static_cast<double>(hn::CountTrue(d, accept));
  }
  return total;
}

QUARTIC_KERNEL(Independence)
QUARTIC_KERNEL(Reflection)
QUARTIC_KERNEL(Metropolis)
QUARTIC_KERNEL(HeatBath)
QUARTIC_KERNEL(Flip)

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {

#define QUARTIC_MOVE(Name, function)                  \
  HWY_EXPORT(Name##Both);                             \
  template <class T>                                  \
  double function(const SweepBlock<T>& block) {       \
    return QUARTIC_DISPATCH(Name, T)(block);          \
  }                                                   \
  template double function(const SweepBlock<float>&); \
  template double function(const SweepBlock<double>&);
QUARTIC_MOVE(Independence, independence_sweep)
QUARTIC_MOVE(Reflection, reflection_sweep)
QUARTIC_MOVE(HeatBath, heat_bath_sweep)
QUARTIC_MOVE(Flip, flip_sweep)
#undef QUARTIC_MOVE

HWY_EXPORT(MetropolisBoth);
/// In parts, between which a stop is heeded: within the kernel the call would cost all registers,
/// 4 % of a sweep of one hit.
template <class T>
double metropolis_sweep(const SweepBlock<T>& block) {
  constexpr int tries = 1 << 16;  // of a chain, some milliseconds
  const int turns = std::max(2, tries / block.hits / 2 * 2);
  SweepBlock<T> part = block;
  double accepted = 0;
  for (; part.begin < block.end; part.begin = part.end) {
    part.end = std::min(part.begin + turns, block.end);
    heed_stop();
    accepted += QUARTIC_DISPATCH(Metropolis, T)(part);
  }
  return accepted;
}
template double metropolis_sweep(const SweepBlock<float>&);
template double metropolis_sweep(const SweepBlock<double>&);

}  // namespace quartic
#endif
