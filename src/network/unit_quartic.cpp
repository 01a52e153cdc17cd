#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "network/unit_quartic.cpp"
#include "hwy/foreach_target.h"
// clang-format off
#include "hwy/cache_control.h"
#include "hwy/highway.h"
#include "network/unit_rows-inl.h"
#include "core/quartic_draw-inl.h"
// clang-format on

#include "core/quartic_window.hpp"
#include "network/unit_type.hpp"
#include "quartic/core/quartic_density.hpp"

HWY_BEFORE_NAMESPACE();
namespace quartic::HWY_NAMESPACE {

/// How finely the folded density is summed. The trapezoidal error falls exponentially with the
/// intervals, what the window leaves out as exp(-cutoff); tests hold both precisions to their
/// digits.
struct Summation {
  int intervals;
  double cutoff, root;  ///< root: cutoff^(1/4)
};
template <class T>
constexpr Summation for_moments = sizeof(T) == 4 ? Summation{12, 12, 1.8612}
                                                 : Summation{64, 42, 2.5457};
template <class T>
constexpr Summation for_normaliser = sizeof(T) == 4 ? Summation{16, 14, 1.9343}
                                                    : Summation{64, 42, 2.5457};

/// Trapezoidal sums of the density with x and -x folded together, as quartic_moments, relative to
/// its value near the mode.
template <class D>
struct FoldedSums {
  using V = hn::Vec<D>;
  using T = hn::TFromD<D>;
  D d;
  V norm = hn::Zero(d), first = hn::Zero(d), second = hn::Zero(d), fourth = hn::Zero(d);
  V step = hn::Zero(d), log_peak = hn::Zero(d);

  /// What is summed: the norm alone, with the mean, or with all moments.
  enum What { norm_only, with_mean, all };

  template <What kWhat, class C>
  HWY_INLINE void sum(const C& unit, V j) {
    constexpr Summation summation = kWhat == norm_only ? for_normaliser<T> : for_moments<T>;
    sum<summation.intervals, kWhat>(unit, j, T(summation.cutoff),
                                    unit.quartic_width * T(summation.root));
  }
  HWY_INLINE V over_norm(V sum) const { return hn::Div(sum, norm); }
  HWY_INLINE V mean(V j) const { return hn::CopySign(over_norm(first), j); }
  HWY_INLINE V log_normaliser() const {
    return hn::Add(log_peak, log_uniform(d, hn::Mul(norm, step)));
  }

 private:
  template <int kIntervals, What kWhat, class C>
  HWY_INLINE void sum(const C& unit, V j, T cutoff, T quartic_width) {
    const V zero = hn::Zero(d), one = hn::Set(d, T(1)), tiny = hn::Set(d, T(1e-30));
    const V t = hn::Abs(j), a = spread(d, unit.a), b = hn::Set(d, unit.b);
    const V m = rough_mode<2>(d, unit, t);
    const V bm = hn::Mul(b, m), bm2 = hn::Mul(bm, m), e_over_m = hn::Add(a, bm2);
    log_peak = hn::Mul(m, hn::NegMulAdd(e_over_m, m, t));
    const V curvature = hn::Max(hn::MulAdd(hn::Set(d, T(6)), bm2, a), tiny);
    const Drop drop{hn::MulSub(hn::Add(m, m), hn::Add(e_over_m, bm2), t), curvature,
                    hn::Mul(hn::Set(d, T(4)), bm), b};
    const V harmonic = hn::Sqrt(hn::Mul(hn::Set(d, cutoff), rough_reciprocal(d, curvature)));
    // To the left it falls by curvature x^2 (1 - x/2m)^2 at least.
    const V reach =
        hn::NegMulAdd(hn::Add(harmonic, harmonic), rough_reciprocal(d, hn::Max(m, tiny)), one);
    const V left = hn::NegMulAdd(m, hn::Sqrt(hn::Max(reach, zero)), m);
    const V right = hn::Min(harmonic, hn::Set(d, quartic_width));
    const V low = hn::Sub(m, left), start = hn::Neg(left);
    step = hn::Mul(hn::Add(left, right), hn::Set(d, T(1) / kIntervals));
    const V minus_2t = hn::Mul(hn::Set(d, T(-2)), t);
    const V ratio = accept_exp(d, hn::Mul(minus_2t, step));
    V fold = accept_exp(d, hn::Mul(minus_2t, low));
    // At x = 0 the folded density counts half: it is the even extension's own value.
    const V weight = hn::IfThenElse(hn::Gt(low, zero), one, hn::Set(d, T(0.5)));
    if constexpr (sizeof(T) == 4 ? kWhat != norm_only : kWhat == all) {
      Ladder ladder(d, drop, start, step);
      add<kWhat>(low, hn::Mul(ladder.value, weight), fold);
      V x = low;
      for (int k = 1; k <= kIntervals; ++k) {
        ladder.next();
        fold = hn::Mul(fold, ratio);
        x = hn::Add(x, step);
        add<kWhat>(x, ladder.value, fold);
      }
    } else {
      V x = low, offset = start;
      for (int k = 0; k <= kIntervals; ++k) {
        V value = accept_exp(d, hn::Neg(drop.at(offset)));
        if (k == 0) value = hn::Mul(value, weight);
        add<kWhat>(x, value, fold);
        fold = hn::Mul(fold, ratio);
        offset = hn::Add(offset, step);
        x = hn::Add(x, step);
      }
    }
  }

  /// The exponent falls by x (slope + x (curvature + x (cubic + b x))) at m + x.
  struct Drop {
    V slope, curvature, cubic, b;
    HWY_INLINE V at(V x) const {
      return hn::Mul(x, hn::MulAdd(x, hn::MulAdd(x, hn::MulAdd(b, x, cubic), curvature), slope));
    }
  };

  /// exp(-drop) at equal steps by its ratios up to the fourth, which is constant: four products a
  /// point. Rounding grows as k^4 / 24, to some 1e-5 for a dozen points in float and 1e-11 for half
  /// of 64 in double, where the density is.
  struct Ladder {
    V value, r1, r2, r3, r4;
    HWY_INLINE Ladder(D d, const Drop& drop, V x, V h) {
      const auto set = [d](double c) HWY_ATTR { return hn::Set(d, static_cast<T>(c)); };
      // Differences of the drop: of first, second, third, fourth order.
      const V hh = hn::Mul(h, h), bx = hn::Mul(drop.b, x), bh = hn::Mul(drop.b, h);
      const V d4 = hn::Mul(set(24), hn::Mul(hn::Mul(bh, h), hh));
      const V d3 =
          hn::Mul(hn::Mul(hh, h),
                  hn::MulAdd(set(6), drop.cubic, hn::MulAdd(set(24), bx, hn::Mul(set(36), bh))));
      const V quadratic =
          hn::MulAdd(set(12), hn::Mul(bx, x),
                     hn::MulAdd(set(24), hn::Mul(bh, x), hn::Mul(set(14), hn::Mul(bh, h))));
      const V d2 = hn::Mul(hh, hn::Add(hn::MulAdd(hn::Mul(set(6), drop.cubic), hn::Add(x, h),
                                                  hn::Add(drop.curvature, drop.curvature)),
                                       quadratic));
      const V first = drop.at(x), d1 = hn::Sub(drop.at(hn::Add(x, h)), first);
      const auto exponential = [d](V drop_by) HWY_ATTR { return accept_exp(d, hn::Neg(drop_by)); };
      value = exponential(first);
      r1 = exponential(d1), r2 = exponential(d2), r3 = exponential(d3), r4 = exponential(d4);
    }
    HWY_INLINE void next() {
      value = hn::Mul(value, r1);
      r1 = hn::Mul(r1, r2);
      r2 = hn::Mul(r2, r3);
      r3 = hn::Mul(r3, r4);
    }
  };

  template <What kWhat>
  HWY_INLINE void add(V x, V value, V fold) {
    const V other = hn::Mul(value, fold), even = hn::Add(value, other);
    norm = hn::Add(norm, even);
    if constexpr (kWhat != norm_only) first = hn::MulAdd(hn::Sub(value, other), x, first);
    if constexpr (kWhat == all) {
      const V x2 = hn::Mul(x, x), even2 = hn::Mul(even, x2);
      second = hn::Add(second, even2);
      fourth = hn::MulAdd(even2, x2, fourth);
    }
  }
};

/// <x>(j) for many fields of units with the same a and b: at equal steps of u = t / (t + c), t =
/// |j|, it keeps <x> / (t + c), which is smooth in u from zero to any field, and takes it to be
/// linear between. With c = 4 / sqrt(<x^2>) at zero field, the error is some 1e-6 sqrt(<x^2>).
template <class D>
struct MeanTable {
  using V = hn::Vec<D>;
  using T = hn::TFromD<D>;
  static constexpr int nodes = 1024, last = nodes - 64;  ///< what lies beyond would be coarse
  D d;
  T c;
  HWY_ALIGN T values[nodes];

  MeanTable(D tag, const UnitConstants<T>& unit)
      : d(tag), c(T(4 / std::sqrt(quartic_moments(unit.a, unit.b, 0).second))) {
    constexpr T step = T(1) / nodes;
    for (int k = 0; k < nodes; k += static_cast<int>(hn::Lanes(d))) {
      const V u = hn::Mul(hn::Iota(d, T(k)), hn::Set(d, step));
      const V c_and_t = hn::Div(hn::Set(d, c), hn::Sub(hn::Set(d, T(1)), u));
      FoldedSums<D> folded{d};
      folded.template sum<FoldedSums<D>::with_mean>(unit, hn::Mul(u, c_and_t));
      hn::Store(hn::Div(folded.mean(u), c_and_t), d, values + k);
    }
  }
  /// False, and nothing done, where a field lies beyond the table.
  HWY_INLINE bool find(V j, V& mean) const {
    const hn::RebindToSigned<D> di;
    const V t = hn::Abs(j), c_and_t = hn::Add(t, hn::Set(d, c));
    const V position = hn::Mul(hn::Div(t, c_and_t), hn::Set(d, T(nodes)));
    if (!hn::AllTrue(d, hn::Lt(position, hn::Set(d, T(last))))) return false;
    const auto node = hn::ConvertTo(di, position);
    const V left = hn::GatherIndex(d, values, node), right = hn::GatherIndex(d, values + 1, node);
    const V along = hn::Sub(position, hn::ConvertTo(d, node));
    mean = hn::CopySign(hn::Mul(hn::MulAdd(along, hn::Sub(right, left), left), c_and_t), j);
    return true;
  }
};

/// A stream of words that were drawn before, a row of chains each.
template <class DU>
struct DrawnWords {
  DU du;
  const uint32_t* row;
  HWY_INLINE hn::Vec<DU> next() {
    const auto word = hn::Load(du, row);
    row += max_unit_lanes;
    return word;
  }
};

struct QuarticKernels {
  /// Independence Metropolis, as the local moves of a field (mcmc/local_moves.cpp), in three loops
  /// over the chains of a unit: a processor has more of each under way at once than of the whole.
  template <class T>
  static void step(const UnitBlock<T>& block, const UnitDraws<T>& draws) {
    if (block.gates) return draw(block, draws);  // wells come and go with h
    const hn::ScalableTag<T> d;
    const hn::Rebind<uint32_t, decltype(d)> du;
    const auto stride = static_cast<size_t>(draws.words_stride);
    GaussianSupply<T> gaussian;
    HWY_ALIGN T shape[max_unit_lanes];  // scale of the folded envelope, precision of the single
    HWY_ALIGN T normal[max_unit_lanes];
    HWY_ALIGN uint32_t words[2 * max_unit_lanes];
    for (int unit = 0; unit < block.units; ++unit) {
      const auto& constants = block.constants[unit];
      const bool folded = constants.folded;
      T* row = draws.x + unit * draws.stride;
      // Values of all chains are more than a core's caches hold; they come while it draws.
      for (int lane = 0; lane < block.lanes; lane += 64 / static_cast<int>(sizeof(T)))
        hwy::Prefetch(row + lane);
      for_each_vector(d, block, unit, [&](int lane, auto j) HWY_ATTR {
        hn::Store(folded ? folded_scale(d, constants, j) : precision_at_mode(d, constants, j), d,
                  shape + lane);
      });
      for (int lane = 0; lane < block.lanes; lane += static_cast<int>(hn::Lanes(d))) {
        VectorStream<decltype(du)> stream(du, draws.words + lane, stride);
        hn::Store(gaussian(d, unit, lane, stream), d, normal + lane);
        hn::Store(stream.next(), du, words + lane);
        if (folded) hn::Store(stream.next(), du, words + max_unit_lanes + lane);
        stream.store(du, draws.words + lane, stride);
      }
      for_each_vector(d, block, unit, [&](int lane, auto j) HWY_ATTR {
        DrawnWords<decltype(du)> drawn{du, words + lane};
        const auto form = hn::Load(d, shape + lane), z = hn::Load(d, normal + lane),
                   x = hn::Load(d, row + lane);
        auto accepted = hn::Zero(d);
        hn::Store(folded ? independence_folded(d, constants, form, j, x, z, drawn, accepted)
                         : independence_single(d, constants, form, j, x, z, drawn, accepted),
                  d, row + lane);
      });
    }
  }
  template <class T>
  static void draw(const UnitBlock<T>& block, const UnitDraws<T>& draws) {
    draw_rows(block, draws, [&](auto d, int unit, int lane, auto j, auto, auto& stream) HWY_ATTR {
      return with_constants(d, block, unit, lane, [&](const auto& constants) HWY_ATTR {
        return draw_folded<true>(d, constants, j, stream);
      });
    });
  }

  template <class T>
  static void moments(const UnitBlock<T>& block, const UnitMeans<T>& out) {
    using D = hn::ScalableTag<T>;
    using Sums = FoldedSums<D>;
    const D d;
    const auto by_sums = [d](const auto& constants, auto j) HWY_ATTR {
      Sums sums{d};
      sums.template sum<Sums::with_mean>(constants, j);
      return sums.mean(j);
    };
    for (int unit = 0, end; unit < block.units; unit = end) {
      end = end_of_alike(block, unit);
      if (block.gates) {
        give_means(d, block, unit, end, out,
                   [&, d](const auto& site, auto j, int lane, auto& lanes) HWY_ATTR {
                     const int at = static_cast<int>(&site - block.constants);
                     const ChainConstants<D> constants(d, site, gates_of(d, block, at, lane));
                     Sums sums{d};
                     sums.template sum<Sums::all>(constants, j);
                     lanes.add(1, lane, sums.over_norm(sums.second));
                     lanes.add(2, lane, sums.over_norm(sums.fourth));
                     return sums.mean(j);
                   });
      } else if (out.higher) {
        give_means(d, block, unit, end, out,
                   [d](const auto& constants, auto j, int lane, auto& lanes) HWY_ATTR {
                     Sums sums{d};
                     sums.template sum<Sums::all>(constants, j);
                     lanes.add(1, lane, sums.over_norm(sums.second));
                     lanes.add(2, lane, sums.over_norm(sums.fourth));
                     return sums.mean(j);
                   });
      } else if (sizeof(T) == 4 && (end - unit) * block.lanes >= 8 * MeanTable<D>::nodes) {
        const MeanTable<D> table(d, block.constants[unit]);
        give_means(d, block, unit, end, out,
                   [&](const auto& constants, auto j, int, auto&) HWY_ATTR {
                     auto mean = j;
                     return table.find(j, mean) ? mean : by_sums(constants, j);
                   });
      } else {
        give_means(d, block, unit, end, out,
                   [&](const auto& constants, auto j, int, auto&)
                       HWY_ATTR { return by_sums(constants, j); });
      }
    }
  }

  template <class T>
  static void log_normaliser(const UnitBlock<T>& block, double* sums) {
    add_to_lanes(block, sums, [&](auto d, int unit, int lane, auto j) HWY_ATTR {
      return with_constants(d, block, unit, lane, [&](const auto& constants) HWY_ATTR {
        FoldedSums<decltype(d)> folded{d};
        folded.template sum<folded.norm_only>(constants, j);
        return folded.log_normaliser();
      });
    });
  }

  template <class T>
  static void summary(const UnitBlock<T>& block, const UnitSummary<T>& out) {
    add_to_lanes(block, out.log_normaliser, [&](auto d, int unit, int lane, auto j) HWY_ATTR {
      return with_constants(d, block, unit, lane, [&](const auto& constants) HWY_ATTR {
        FoldedSums<decltype(d)> folded{d};
        folded.template sum<folded.all>(constants, j);
        const std::ptrdiff_t at = unit * out.stride + lane;
        hn::Store(folded.mean(j), d, out.mean + at);
        hn::Store(folded.over_norm(folded.second), d, out.second + at);
        hn::Store(folded.over_norm(folded.fourth), d, out.fourth + at);
        return folded.log_normaliser();
      });
    });
  }

 private:
  /// What f makes of a unit's constants on a vector of chains.
  template <class D, class T, class F>
  static HWY_INLINE auto with_constants(D d, const UnitBlock<T>& block, int unit, int lane, F&& f) {
    if (!block.gates) return f(block.constants[unit]);
    return f(ChainConstants<D>(d, block.constants[unit], gates_of(d, block, unit, lane)));
  }

  /// The first unit after this one whose density is another one.
  template <class T>
  static int end_of_alike(const UnitBlock<T>& block, int unit) {
    const auto& first = block.constants[unit];
    int end = unit + 1;
    while (end < block.units && block.constants[end].a == first.a &&
           block.constants[end].b == first.b)
      ++end;
    return end;
  }
};

UnitKernelsOfBoth Quartic() {
  return unit_kernels<QuarticKernels>();
}

}  // namespace quartic::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace quartic {
namespace {
HWY_EXPORT(Quartic);
}  // namespace

const UnitType quartic_unit{
    {}, true, true, quartic_moments, [] { return HWY_DYNAMIC_DISPATCH(Quartic)(); }};

}  // namespace quartic
#endif
