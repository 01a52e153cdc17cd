#include "learn/local_regression.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "core/blas.hpp"
#include "core/parallel.hpp"
#include "learn/chain_groups.hpp"
#include "learn/symmetric_matrix.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"

namespace quartic {
namespace {

/// Takes the mean off; the sum of the squares that are left. The size is a multiple of 16.
double centre(std::span<double> x) {
  constexpr std::size_t width = 16;  // sums side by side, in fixed order whatever the compiler does
  double sums[width] = {}, squares[width] = {};
  for (std::size_t n = 0; n < x.size(); n += width)
    for (std::size_t k = 0; k < width; ++k) sums[k] += x[n + k];
  const double mean = std::accumulate(sums, sums + width, 0.0) / static_cast<double>(x.size());
  for (std::size_t n = 0; n < x.size(); n += width)
    for (std::size_t k = 0; k < width; ++k) {
      x[n + k] -= mean;
      squares[k] += x[n + k] * x[n + k];
    }
  return std::accumulate(squares, squares + width, 0.0);
}

/// Samples in another order, that of groups of chains: [group][draw][chain of the group].
struct GroupOrder {
  /// Lanes of a block that stay side by side.
  struct Piece {
    int block, lane, count;
    int at, stride;  ///< of the first draw, and from a draw to the next
  };

  template <class T>
  explicit GroupOrder(const FieldSamples<T>& samples) : groups(samples.chains()) {
    for (int g = 0; g < groups.count; ++g) {
      begin.push_back(groups.begin(g) * samples.draws);
      const int chains = groups.end(g) - groups.begin(g);
      for (int chain = groups.begin(g); chain < groups.end(g);) {
        const int block = chain / samples.lanes, lane = chain % samples.lanes;
        const int together = std::min(groups.end(g) - chain, samples.lanes - lane);
        pieces.push_back({block, lane, together, begin.back() + chain - groups.begin(g), chains});
        chain += together;
      }
    }
    begin.push_back(groups.chains * samples.draws);
  }
  int size(int group) const { return begin[group + 1] - begin[group]; }

  ChainGroups groups;
  std::vector<int> begin;  ///< of every group's samples, and the end
  std::vector<Piece> pieces;
};

/// One patch at a time; memory is kept for the next.
template <class T>
class PatchRegression {
 public:
  PatchRegression(const FieldSamples<T>& samples, const SiteSamples& densities,
                  const Parameters& parameters)
      : samples_(&samples),
        densities_(&densities),
        parameters_(&parameters),
        order_(samples),
        count_(static_cast<int>(samples.count())),
        stride_(count_ + 16) {}

  NaturalStep step(const Patch& patch, double ridge) {
    const auto size = static_cast<int>(patch.couplings.size());
    features_.resize(static_cast<std::size_t>(size) * stride_);
    for (int k = 0; k < size; ++k) fill(patch.couplings[k], row(k));
    fill_density(patch.core);

    std::vector<double> gram(static_cast<std::size_t>(size) * size);
    blas().dsyrk(row_major, lower_triangle, as_is, size, count_, 1.0 / count_, features_.data(),
                 stride_, 0.0, gram.data(), size);
    NaturalStep out;
    out.ridge = ridge;
    const auto factor =
        factor_with_ridge(SymmetricMatrix::dense(std::move(gram), size), std::vector<char>(size, 0),
                          out.ridge, "draw more samples (sampler.chains, learn.draws)");
    out.step.resize(size);
    blas().dgemv(row_major, as_is, size, count_, 1.0 / count_, features_.data(), stride_,
                 density_.data(), 1, 0.0, out.step.data(), 1);
    factor.solve(out.step, 1);
    blas().dgemv(row_major, transposed, size, count_, -1.0, features_.data(), stride_,
                 out.step.data(), 1, 1.0, density_.data(), 1);  // leaves what is not explained
    std::vector<double> sums(static_cast<std::size_t>(order_.groups.count) * size);
    for (int g = 0; g < order_.groups.count; ++g) add_scores(g, 1, group(sums, g, size));
    out.noise = deviations_of_groups(sums, size, order_.groups, 1.0 / count_);
    factor.solve(out.noise, order_.groups.count);
    add_jackknife(factor, out);
    return out;
  }

 private:
  static std::span<double> group(std::vector<double>& of_groups, int g, int size) {
    return std::span(of_groups).subspan(static_cast<std::size_t>(g) * size, size);
  }

  /// What a jackknife over the groups of chains tells, to third order in their weights C_g: with
  /// v_g the noise of a group, v_g + C^-1 C_g v_g + ... is the deviation of its pseudo-value, which
  /// has what the group's noise takes from the residuals of its own samples, and the sum of these
  /// corrections is less the bias of a product of averages over the same samples. Rare samples of
  /// high powers have weights that need more than the first order.
  void add_jackknife(const FreeFactor& factor, NaturalStep& out) {
    const auto size = static_cast<int>(out.step.size());
    const int groups = order_.groups.count;
    std::vector<double> corrections(out.noise.size()), next = out.noise;
    for (int order = 1; order <= 3; ++order) {
      for (int g = 0; g < groups; ++g) {
        const auto of_group = group(next, g, size);
        project(g, of_group);
        std::fill(of_group.begin(), of_group.end(), 0.0);
        add_scores(g, 1.0 / count_, of_group);
      }
      factor.solve(next, groups);
      for (std::size_t n = 0; n < next.size(); ++n) corrections[n] += next[n];
    }
    // Weights are 1/G in the mean, which deviations know of already.
    const double others = 1 - 1.0 / groups;
    out.bias.resize(size);
    for (std::size_t n = 0; n < corrections.size(); ++n)
      out.bias[n % size] -= others * corrections[n];
    for (int g = 0; g < groups; ++g) {
      const double share = static_cast<double>(order_.size(g)) / count_;
      const auto noise = group(out.noise, g, size), correction = group(corrections, g, size);
      for (int k = 0; k < size; ++k)
        noise[k] = others * (noise[k] + correction[k]) + share * out.bias[k];
    }
  }

  std::span<double> row(int k) {
    return std::span(features_).subspan(static_cast<std::size_t>(k) * stride_, count_);
  }

  void fill(int coupling, std::span<double> out) const {
    const CouplingKind kind = parameters_->kind(coupling);
    const int index = coupling - parameters_->begin(kind);
    const Edge edge =
        kind == CouplingKind::w ? parameters_->graph().edges()[index] : Edge{index, index};
    const auto fill = [&](auto&& value) {
      for (const auto& piece : order_.pieces) {
        double* to = out.data() + piece.at;
        for (int draw = 0; draw < samples_->draws; ++draw, to += piece.stride) {
          const auto phi = samples_->block(draw, piece.block);
          const T *x = phi.site(edge.first) + piece.lane, *y = phi.site(edge.second) + piece.lane;
          for (int lane = 0; lane < piece.count; ++lane)
            to[lane] = value(static_cast<double>(x[lane]), static_cast<double>(y[lane]));
        }
      }
    };
    switch (kind) {
      case CouplingKind::w:
        fill([](double x, double y) { return -x * y; });
        break;
      case CouplingKind::r:
        fill([](double x, double) { return x; });
        break;
      case CouplingKind::a:
        fill([](double x, double) { return x * x; });
        break;
      case CouplingKind::b:
        fill([](double x, double) { return x * x * x * x; });
        break;
    }
    if (centre(out) > 0) return;
    throw Diverged("the samples do not vary along " + parameters_->label(coupling),
                   "freeze that kind of coupling, or start from weaker couplings");
  }

  /// Of all sites of the core, the mean taken off.
  void fill_density(std::span<const int> core) {
    density_.assign(count_, 0.0);
    for (const int site : core) {
      for (const auto& piece : order_.pieces) {
        double* to = density_.data() + piece.at;
        for (int draw = 0; draw < samples_->draws; ++draw, to += piece.stride) {
          const float* from =
              densities_->site(site) + piece.lane +
              (static_cast<std::ptrdiff_t>(piece.block) * samples_->draws + draw) * samples_->lanes;
          for (int lane = 0; lane < piece.count; ++lane) to[lane] += from[lane];
        }
      }
    }
    centre(density_);
  }

  /// out_k += scale sum over a group's samples of f_k density_. O(its samples |f|).
  void add_scores(int g, double scale, std::span<double> out) const {
    blas().dgemv(row_major, as_is, static_cast<int>(out.size()), order_.size(g), scale,
                 features_.data() + order_.begin[g], stride_, density_.data() + order_.begin[g], 1,
                 1.0, out.data(), 1);
  }
  /// density_ = v.f of a group's samples. O(its samples |f|).
  void project(int g, std::span<const double> v) {
    blas().dgemv(row_major, transposed, static_cast<int>(v.size()), order_.size(g), 1.0,
                 features_.data() + order_.begin[g], stride_, v.data(), 1, 0.0,
                 density_.data() + order_.begin[g], 1);
  }

  const FieldSamples<T>* samples_;
  const SiteSamples* densities_;
  const Parameters* parameters_;
  GroupOrder order_;
  int count_;
  int stride_;  ///< of rows, no power of two: these would all be in the same places of a cache
  std::vector<double> features_;  ///< [coupling][sample], means taken off
  std::vector<double> density_;
};

}  // namespace

namespace {

/// The steps of the patches from `first` on, of which every rank has made its own.
void share(const Team& team, const Shares& shares, std::size_t groups, const Patches& patches,
           int first, std::vector<NaturalStep>& parts) {
  if (!team.several()) return;
  const auto size = [&](std::size_t n) { return patches.all[first + n].couplings.size(); };
  std::vector<std::size_t> bytes;
  std::size_t all_values = 0;
  for (int rank = 0; rank < team.size(); ++rank) {
    std::size_t values = 0;
    for (std::size_t n = shares.begin(rank); n < shares.begin(rank + 1); ++n)
      values += 1 + size(n) * (2 + groups);
    bytes.push_back(values * sizeof(double)), all_values += values;
  }
  std::vector<double> mine, all(all_values);
  for (std::size_t n = shares.begin(team.rank()); n < shares.begin(team.rank() + 1); ++n) {
    mine.push_back(parts[n].ridge);
    for (const auto* part : {&parts[n].step, &parts[n].noise, &parts[n].bias})
      mine.insert(mine.end(), part->begin(), part->end());
  }
  team.gather(std::as_bytes(std::span(mine)), std::as_writable_bytes(std::span(all)), bytes, true);
  auto at = all.begin();
  const auto take = [&](std::size_t count) {
    std::vector<double> out(at, at + static_cast<std::ptrdiff_t>(count));
    at += static_cast<std::ptrdiff_t>(count);
    return out;
  };
  for (std::size_t n = 0; n < parts.size(); ++n) {
    parts[n].ridge = *at++;
    parts[n].step = take(size(n));
    parts[n].noise = take(size(n) * groups);
    parts[n].bias = take(size(n));
  }
}

}  // namespace

template <class T>
NaturalStep local_step(const FieldSamples<T>& samples, const SiteSamples& densities,
                       const Parameters& parameters, const Patches& patches, double ridge,
                       const Team& team) {
  const std::size_t size = parameters.size();
  NaturalStep out;
  out.step.resize(size), out.bias.resize(size);
  out.noise.resize(size * ChainGroups(samples.chains()).count);
  out.ridge = ridge;
  std::vector<PatchRegression<T>> workers(samples.threads,
                                          PatchRegression<T>(samples, densities, parameters));
  const SerialBlas serial;
  constexpr int together = 64;  // results that wait for their turn to be added
  const auto count = static_cast<int>(patches.all.size());
  for (int first = 0; first < count; first += together) {
    std::vector<NaturalStep> parts(std::min(together, count - first));
    const Shares shares{parts.size(), team.size()};
    const int begin = static_cast<int>(shares.begin(team.rank()));
    quartic::together(team, [&] {
      in_parallel(
          static_cast<int>(shares.size(team.rank())), samples.threads, [&](int own, int thread) {
            parts[begin + own] = workers[thread].step(patches.all[first + begin + own], ridge);
          });
    });
    share(team, shares, out.noise.size() / size, patches, first, parts);
    for (std::size_t n = 0; n < parts.size(); ++n) {
      const auto& couplings = patches.all[first + n].couplings;
      out.ridge = std::max(out.ridge, parts[n].ridge);
      for (std::size_t k = 0; k < couplings.size(); ++k) {
        out.step[couplings[k]] += parts[n].step[k];
        out.bias[couplings[k]] += parts[n].bias[k];
      }
      for (std::size_t k = 0; k < parts[n].noise.size(); ++k)
        out.noise[k / couplings.size() * size + couplings[k % couplings.size()]] +=
            parts[n].noise[k];
    }
  }
  return out;
}

template NaturalStep local_step(const FieldSamples<float>&, const SiteSamples&, const Parameters&,
                                const Patches&, double, const Team&);
template NaturalStep local_step(const FieldSamples<double>&, const SiteSamples&, const Parameters&,
                                const Patches&, double, const Team&);

}  // namespace quartic
