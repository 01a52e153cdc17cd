#include "learn/local_regression.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

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

/// One patch at a time; memory is kept for the next.
template <class T>
class PatchRegression {
 public:
  PatchRegression(const FieldSamples<T>& samples, const SiteSamples& densities,
                  const Parameters& parameters)
      : samples_(&samples), densities_(&densities), parameters_(&parameters) {}

  NaturalStep step(const Patch& patch, double ridge) {
    const auto size = static_cast<int>(patch.couplings.size());
    const auto count = static_cast<int>(samples_->count());
    features_.resize(static_cast<std::size_t>(size) * count);
    for (int k = 0; k < size; ++k) fill(patch.couplings[k], row(k));
    density_.assign(count, 0.0);
    for (const int site : patch.core) {
      const float* from = densities_->site(site);
      for (int n = 0; n < count; ++n) density_[n] += from[n];
    }
    centre(density_);

    std::vector<double> gram(static_cast<std::size_t>(size) * size);
    blas().dsyrk(row_major, lower_triangle, as_is, size, count, 1.0 / count, features_.data(),
                 count, 0.0, gram.data(), size);
    NaturalStep out;
    out.ridge = ridge;
    const auto factor =
        factor_with_ridge(SymmetricMatrix::dense(std::move(gram), size), std::vector<char>(size, 0),
                          out.ridge, "draw more samples (sampler.chains, learn.draws)");
    out.step.resize(size);
    blas().dgemv(row_major, as_is, size, count, 1.0 / count, features_.data(), count,
                 density_.data(), 1, 0.0, out.step.data(), 1);
    factor.solve(out.step, 1);
    blas().dgemv(row_major, transposed, size, count, -1.0, features_.data(), count, out.step.data(),
                 1, 1.0, density_.data(), 1);  // leaves what is not explained
    out.noise = group_deviations(scores(size), size, samples_->chains(), 1.0 / count);
    factor.solve(out.noise, static_cast<int>(out.noise.size()) / size);
    add_jackknife(factor, out);
    return out;
  }

 private:
  /// What a jackknife over the groups of chains tells, to third order in their weights C_g: with
  /// v_g the noise of a group, v_g + C^-1 C_g v_g + ... is the deviation of its pseudo-value, which
  /// has what the group's noise takes from the residuals of its own samples, and the sum of these
  /// corrections is less the bias of a product of averages over the same samples. Rare samples of
  /// high powers have weights that need more than the first order.
  void add_jackknife(const FreeFactor& factor, NaturalStep& out) {
    const auto size = static_cast<int>(out.step.size());
    const double weight = 1.0 / static_cast<double>(samples_->count());
    auto part = out.noise;
    std::vector<double> sum(size);
    for (int order = 1; order <= 3; ++order) {
      project_groups(part, size);
      const auto& by_chain = scores(size);
      for (std::size_t n = 0; n < by_chain.size(); ++n)
        sum[n / samples_->chains()] -= by_chain[n] * weight;
      part = group_deviations(by_chain, size, samples_->chains(), weight);
      factor.solve(part, static_cast<int>(part.size()) / size);
      for (std::size_t n = 0; n < part.size(); ++n) out.noise[n] += part[n];
    }
    out.bias = std::move(sum);
    factor.solve(out.bias, 1);
    // Weights are 1/G in the mean, which deviations know of already.
    const double others = 1 - static_cast<double>(size) / static_cast<double>(part.size());
    for (double& x : out.noise) x *= others;
    for (double& x : out.bias) x *= others;
  }

  std::span<double> row(int k) {
    return std::span(features_).subspan(k * samples_->count(), samples_->count());
  }

  void fill(int coupling, std::span<double> out) const {
    const CouplingKind kind = parameters_->kind(coupling);
    const int index = coupling - parameters_->begin(kind);
    const Edge edge =
        kind == CouplingKind::w ? parameters_->graph().edges()[index] : Edge{index, index};
    const auto fill = [&](auto&& value) {
      double* to = out.data();
      for (int block = 0; block < samples_->blocks; ++block) {
        for (int draw = 0; draw < samples_->draws; ++draw, to += samples_->lanes) {
          const auto phi = samples_->block(draw, block);
          const T *x = phi.site(edge.first), *y = phi.site(edge.second);
          for (int lane = 0; lane < samples_->lanes; ++lane)
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

  /// [k * chains + chain] = sum over draws of f_k times what is not explained.
  const std::vector<double>& scores(int size) {
    const int lanes = samples_->lanes, draws = samples_->draws;
    scores_.assign(static_cast<std::size_t>(size) * samples_->chains(), 0.0);
    for (int k = 0; k < size; ++k) {
      const double *x = row(k).data(), *rest = density_.data();
      double* to = scores_.data() + static_cast<std::ptrdiff_t>(k) * samples_->chains();
      for (int block = 0; block < samples_->blocks; ++block, to += lanes)
        for (int draw = 0; draw < draws; ++draw, x += lanes, rest += lanes)
          for (int lane = 0; lane < lanes; ++lane) to[lane] += x[lane] * rest[lane];
    }
    return scores_;
  }

  /// density_ = sum_k v_k f_k with a vector for the chains of every group, v[group][k].
  void project_groups(std::span<const double> v, int size) {
    const int lanes = samples_->lanes, chains = samples_->chains();
    const ChainGroups groups(chains);
    std::vector<double> of_chain(chains);
    std::fill(density_.begin(), density_.end(), 0.0);
    for (int k = 0; k < size; ++k) {
      for (int g = 0; g < groups.count; ++g)
        std::fill(of_chain.begin() + groups.begin(g), of_chain.begin() + groups.end(g),
                  v[static_cast<std::size_t>(g) * size + k]);
      const double* x = row(k).data();
      double* to = density_.data();
      for (int block = 0; block < samples_->blocks; ++block)
        for (int draw = 0; draw < samples_->draws; ++draw, x += lanes, to += lanes)
          for (int lane = 0; lane < lanes; ++lane)
            to[lane] += of_chain[block * lanes + lane] * x[lane];
    }
  }

  const FieldSamples<T>* samples_;
  const SiteSamples* densities_;
  const Parameters* parameters_;
  std::vector<double> features_;  ///< [coupling][sample], means taken off
  std::vector<double> density_, scores_;
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
