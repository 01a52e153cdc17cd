#include <cstddef>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mcmc/local_moves.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/highway.h"
#include "core/simd_math-inl.h"
// clang-format on

#include "mcmc/local_moves.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic {
namespace HWY_NAMESPACE {

constexpr int kMostLanes = 64;

/// j = scale * sum w phi - r for one vector of chains.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> local_field(D d, const SweepBlock<T>& block, int site, int lane) {
  const auto& table = *block.table;
  const auto begin = table.row[site], end = table.row[site + 1];
  const T* phi = block.phi + lane;
  auto sum = hn::Zero(d);
  for (auto k = begin; k < end; ++k) {
    const auto x = hn::Load(d, phi + static_cast<ptrdiff_t>(table.neighbour[k]) * block.lanes);
    sum = hn::MulAdd(hn::Set(d, table.weight[k]), x, sum);
  }
  return hn::MulSub(sum, hn::Set(d, block.scale), hn::Set(d, table.site[site].r));
}

/// Runs a site kernel over all sites and lanes in lexicographic order. The kernel maps
/// (site, constants, lane, j, x, stream) to the new x and adds 1 for each acceptance.
template <class T, class Kernel>
HWY_INLINE double sweep(const SweepBlock<T>& block, Kernel&& kernel) {
  const hn::ScalableTag<T> d;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const int step = static_cast<int>(hn::Lanes(d));
  const size_t stride = static_cast<size_t>(block.lanes);
  const int sites = block.table->sites();
  auto accepted = hn::Zero(d);
  double total = 0;
  for (int site = 0; site < sites; ++site) {
    const auto& constants = block.table->site[site];
    T* row = block.phi + static_cast<ptrdiff_t>(site) * block.lanes;
    for (int lane = 0; lane < block.lanes; lane += step) {
      const auto j = local_field(d, block, site, lane);
      VectorStream<decltype(du)> stream(du, block.words + lane, stride);
      const auto x = hn::Load(d, row + lane);
      hn::Store(kernel(d, site, constants, lane, j, x, stream, accepted), d, row + lane);
      stream.store(du, block.words + lane, stride);
    }
    if ((site & 1023) == 1023) {  // float counts stay exact
      total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, accepted)));
      accepted = hn::Zero(d);
    }
  }
  return total + static_cast<double>(hn::GetLane(hn::SumOfLanes(d, accepted)));
}

/// x_new where accepted, x elsewhere; counts acceptances.
template <class D, class V, class M>
HWY_INLINE V choose(D d, M accept, V x_new, V x, V& accepted) {
  accepted = hn::Add(accepted, hn::IfThenElseZero(accept, hn::Set(d, hn::TFromD<D>(1))));
  return hn::IfThenElse(accept, x_new, x);
}

/// 1/x to a few digits, where any value keeps a move exact.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V rough_reciprocal(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::ApproximateReciprocal(x);
  } else {
    return hn::Div(hn::Set(d, 1.0), x);
  }
}

/// The positive root of 4 b m^3 + 2 a m = t, roughly: a start between both limits and one Newton
/// step. Its square centres an envelope that is exact for every centre, so speed comes before
/// digits.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V rough_mode_square(D d, V two_a, V four_b, V t) {
  using T = hn::TFromD<D>;
  // Start m = t / (2a + (4 b t^2)^(1/3)): right for small and for large t.
  const V q = hn::MulAdd(hn::Mul(four_b, t), t, hn::Set(d, T(1e-30)));
  V root;
  if constexpr (sizeof(T) == 4) {  // a cube root to 5 %, from the exponent bits
    const hn::RebindToSigned<D> di;
    const auto third = hn::Mul(hn::ConvertTo(d, hn::BitCast(di, q)), hn::Set(d, T(1.0 / 3)));
    root = hn::BitCast(d, hn::Add(hn::ConvertTo(di, third), hn::Set(di, 709921077)));
  } else {
    root = hn::Exp(d, hn::Mul(hn::Log(d, q), hn::Set(d, T(1.0 / 3))));
  }
  const V least = hn::Set(d, T(1e-6));
  const V m = hn::Mul(t, rough_reciprocal(d, hn::Max(hn::Add(two_a, root), least)));
  const V bm2 = hn::Mul(hn::Mul(four_b, m), m);
  const V slope = hn::Max(hn::MulAdd(hn::Set(d, T(3)), bm2, two_a), least);
  const V next = hn::Mul(hn::MulAdd(hn::Add(bm2, bm2), m, t), rough_reciprocal(d, slope));
  return hn::Mul(next, next);
}

/// Single well: x' from N(j/P, 1/P), P = 2a + 4bc, weight exp(-b (x^2 - c)^2) <= 1.
template <class D, class V, class S, class T = hn::TFromD<D>>
HWY_INLINE V independence_single(D d, const SiteConstants<T>& site, V j, V x, V z, S& stream,
                                 V& accepted) {
  const V b = hn::Set(d, site.b), two_a = hn::Set(d, site.a + site.a),
          four_b = hn::Set(d, 4 * site.b);
  const V m2 = rough_mode_square(d, two_a, four_b, hn::Abs(j));
  const V stiffness = hn::MulAdd(hn::Mul(hn::Set(d, T(3)), four_b), m2, two_a);
  const V spread = hn::Mul(hn::Set(d, T(1.2)),
                           rough_reciprocal(d, hn::Max(stiffness, hn::Set(d, site.two_root_b))));
  const V c = hn::Max(hn::Add(m2, spread), hn::Set(d, site.least_centre));
  const V variance = hn::Div(hn::Set(d, T(1)), hn::MulAdd(four_b, c, two_a));
  const V proposal = hn::MulAdd(hn::Sqrt(variance), z, hn::Mul(j, variance));
  const V x2 = hn::Mul(x, x), p2 = hn::Mul(proposal, proposal);
  const V log_ratio = hn::Mul(hn::Mul(b, hn::Sub(x2, p2)), hn::Sub(hn::Add(x2, p2), hn::Add(c, c)));
  const V u = uniform(d, stream.next());
  return choose(d, hn::Lt(u, accept_exp(d, log_ratio)), proposal, x, accepted);
}

/// The folded envelope of |x| (core/quartic_density.hpp): Gaussian centre, width, and weight
/// exponent b (y - s)^2 y (y + 2s).
template <class D>
struct FoldedEnvelope {
  using V = hn::Vec<D>;
  using T = hn::TFromD<D>;
  V b, s, centre, width, minus_2t;

  HWY_INLINE FoldedEnvelope(D d, const SiteConstants<T>& site, V j) : b(hn::Set(d, site.b)) {
    const V t = hn::Abs(j), two_a = hn::Set(d, 2 * site.a), four_b = hn::Set(d, 4 * site.b);
    // In a double well the mode lies beyond both sqrt(-a / 2b) and the cube root of t / 4b.
    const V well2 = hn::Set(d, site.well_square);
    V m2 = site.a < 0 ? well2 : rough_mode_square(d, two_a, four_b, t);
    if (site.a < 0) {
      V m = hn::Add(hn::Sqrt(m2), hn::Div(t, hn::MulAdd(hn::Add(four_b, four_b), m2,
                                                        hn::Sqrt(hn::Mul(four_b, t)))));
      for (int step = 0; step < 2; ++step) {
        const V bm2 = hn::Mul(hn::Mul(four_b, m), m);
        m = hn::Div(hn::MulAdd(hn::Add(bm2, bm2), m, t), hn::MulAdd(hn::Set(d, T(3)), bm2, two_a));
      }
      m2 = hn::Max(hn::Mul(m, m), well2);
    }
    const V spread = hn::MulAdd(hn::Mul(hn::Set(d, T(3)), four_b), m2,
                                hn::Set(d, (site.a > 0 ? 2 * site.a : T(0)) + site.two_root_b));
    const V s2 = hn::Add(m2, hn::Div(hn::Set(d, T(1)), spread));
    s = hn::Sqrt(s2);
    const V variance =
        hn::Div(hn::Set(d, T(1)), hn::MulAdd(hn::Mul(hn::Set(d, T(1.5)), four_b), s2, two_a));
    centre = hn::Mul(hn::MulAdd(hn::Mul(hn::Add(b, b), s2), s, t), variance);
    width = hn::Sqrt(variance);
    minus_2t = hn::Mul(hn::Set(d, T(-2)), t);
  }
  HWY_INLINE V exponent(V y) const {
    const V e = hn::Sub(y, s);
    return hn::Mul(hn::Mul(hn::Mul(b, e), hn::Mul(e, y)), hn::Add(y, hn::Add(s, s)));
  }
};

/// |x| = y with the sign of j where `with_field`, against it elsewhere.
template <class D, class V, class M>
HWY_INLINE V signed_value(D, V y, V j, M with_field) {
  const V along = hn::CopySign(y, j);
  return hn::IfThenElse(with_field, along, hn::Neg(along));
}

/// Double well: propose |x'| from the folded envelope, accept by the folded weight, then the sign
/// by its exact odds.
template <class D, class V, class S, class T = hn::TFromD<D>>
HWY_INLINE V independence_folded(D d, const SiteConstants<T>& site, V j, V x, V z, S& stream,
                                 V& accepted) {
  const FoldedEnvelope<D> envelope(d, site, j);
  const V one = hn::Set(d, T(1));
  const V y = hn::MulAdd(envelope.width, z, envelope.centre), old = hn::Abs(x);
  const V fold = hn::Add(one, accept_exp(d, hn::Mul(envelope.minus_2t, y)));
  const V old_fold = hn::Add(one, accept_exp(d, hn::Mul(envelope.minus_2t, old)));
  const V ratio = accept_exp(d, hn::Sub(envelope.exponent(old), envelope.exponent(y)));
  const V u = uniform(d, stream.next()), v = uniform(d, stream.next());
  const auto accept =
      hn::And(hn::Lt(hn::Mul(u, old_fold), hn::Mul(ratio, fold)), hn::Ge(y, hn::Zero(d)));
  return choose(d, accept, signed_value(d, y, j, hn::Lt(hn::Mul(v, fold), one)), x, accepted);
}

template <class T>
double Independence(const SweepBlock<T>& block) {
  HWY_ALIGN T spare[kMostLanes];  // the second Gaussian of each pair, for the odd sites
  return sweep(block, [&](auto d, int site, const auto& constants, int lane, auto j, auto x,
                          auto& stream, auto& accepted) HWY_ATTR {
    auto z = j;
    if ((site & 1) == 0) {
      auto second = j;
      const auto radius_bits = stream.next(), angle_bits = stream.next();
      gaussian_pair(d, radius_bits, angle_bits, z, second);
      hn::Store(second, d, spare + lane);
    } else {
      z = hn::Load(d, spare + lane);
    }
    return constants.folded ? independence_folded(d, constants, j, x, z, stream, accepted)
                            : independence_single(d, constants, j, x, z, stream, accepted);
  });
}

template <class T>
double Reflection(const SweepBlock<T>& block) {
  return sweep(block, [&](auto d, int, const auto& site, int, auto j, auto x, auto& stream,
                          auto& accepted) HWY_ATTR {
    const auto sum = hn::Mul(hn::Set(d, site.reflection + site.reflection), j);  // x + x'
    const auto reflected = hn::Sub(sum, x);
    const auto squares = hn::MulAdd(x, x, hn::Mul(reflected, reflected));
    const auto slope =
        hn::MulSub(sum, hn::MulAdd(hn::Set(d, site.b), squares, hn::Set(d, site.a)), j);
    const auto log_ratio = hn::Mul(hn::Sub(x, reflected), slope);
    const auto u = uniform(d, stream.next());
    return choose(d, hn::Lt(u, accept_exp(d, log_ratio)), reflected, x, accepted);
  });
}

template <class T>
double Metropolis(const SweepBlock<T>& block) {
  return sweep(block, [&](auto d, int, const auto& site, int, auto j, auto x, auto& stream,
                          auto& accepted) HWY_ATTR {
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
}

template <class T>
double HeatBath(const SweepBlock<T>& block) {
  return sweep(block, [&](auto d, int, const auto& site, int, auto j, auto x, auto& stream,
                          auto& accepted) HWY_ATTR {
    const auto one = hn::Set(d, T(1));
    accepted = hn::Add(accepted, one);
    auto z = x, spare = x;
    if (site.b == T(0)) {
      const auto radius_bits = stream.next(), angle_bits = stream.next();
      gaussian_pair(d, radius_bits, angle_bits, z, spare);
      const auto variance = hn::Set(d, T(1) / (2 * site.a));
      return hn::MulAdd(hn::Sqrt(variance), z, hn::Mul(j, variance));
    }
    const FoldedEnvelope<decltype(d)> envelope(d, site, j);
    auto open = hn::Eq(one, one);
    while (!hn::AllFalse(d, open)) {
      const auto radius_bits = stream.next(), angle_bits = stream.next();
      gaussian_pair(d, radius_bits, angle_bits, z, spare);
      const auto y = hn::MulAdd(envelope.width, z, envelope.centre);
      const auto fold = hn::Add(one, accept_exp(d, hn::Mul(envelope.minus_2t, y)));
      const auto weight = hn::Mul(fold, accept_exp(d, hn::Neg(envelope.exponent(y))));
      const auto u = uniform(d, stream.next()), v = uniform(d, stream.next());
      const auto accept = hn::And(hn::Lt(hn::Add(u, u), weight), hn::Ge(y, hn::Zero(d)));
      const auto drawn = signed_value(d, y, j, hn::Lt(hn::Mul(v, fold), one));
      x = hn::IfThenElse(hn::And(open, accept), drawn, x);
      open = hn::AndNot(accept, open);
    }
    return x;
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

#define QUARTIC_MOVE(Name)                               \
  double Name##Float(const SweepBlock<float>& block) {   \
    return Name<float>(block);                           \
  }                                                      \
  double Name##Double(const SweepBlock<double>& block) { \
    return Name<double>(block);                          \
  }
QUARTIC_MOVE(Independence)
QUARTIC_MOVE(Reflection)
QUARTIC_MOVE(Metropolis)
QUARTIC_MOVE(HeatBath)
QUARTIC_MOVE(Flip)
#undef QUARTIC_MOVE

}  // namespace HWY_NAMESPACE
}  // namespace quartic
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {

#define QUARTIC_MOVE(Name, function)                         \
  HWY_EXPORT(Name##Float);                                   \
  HWY_EXPORT(Name##Double);                                  \
  template <>                                                \
  double function<float>(const SweepBlock<float>& block) {   \
    return HWY_DYNAMIC_DISPATCH(Name##Float)(block);         \
  }                                                          \
  template <>                                                \
  double function<double>(const SweepBlock<double>& block) { \
    return HWY_DYNAMIC_DISPATCH(Name##Double)(block);        \
  }
QUARTIC_MOVE(Independence, independence_sweep)
QUARTIC_MOVE(Reflection, reflection_sweep)
QUARTIC_MOVE(Metropolis, metropolis_sweep)
QUARTIC_MOVE(HeatBath, heat_bath_sweep)
QUARTIC_MOVE(Flip, flip_sweep)
#undef QUARTIC_MOVE

}  // namespace quartic
#endif
