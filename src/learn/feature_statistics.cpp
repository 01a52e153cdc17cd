#include "learn/feature_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/exact_sum.hpp"
#include "core/parallel.hpp"
#include "learn/chain_groups.hpp"

namespace quartic {

double dot(std::span<const double> x, std::span<const double> y) {
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

/// Calls f(block, draw, features [parameter][lane]) for a rank's blocks in parallel, draws in
/// order.
template <class T>
template <class F>
void FeatureStatistics<T>::for_each_batch(F&& f) const {
  // A parallel region costs more than a pass over few numbers.
  const int threads = count_ * size_ > 1e6 ? samples_.threads : 1;
  std::vector<std::vector<double>> features(threads);  // each made by its thread
  in_parallel(samples_.end() - samples_.begin(), threads, [&](int block, int thread) {
    auto& x = features[thread];
    x.resize(static_cast<std::size_t>(size_) * samples_.lanes);
    for (int draw = 0; draw < samples_.draws; ++draw) {
      heed_stop();
      evaluate_features(parameters_, samples_.block(draw, samples_.begin() + block), x.data(),
                        samples_.lanes);
      f(block, draw, x.data());
    }
  });
}

template <class T>
FeatureStatistics<T>::FeatureStatistics(const FieldSamples<T>& samples,
                                        const Parameters& parameters)
    : samples_(samples),
      parameters_(parameters),
      size_(parameters.size()),
      count_(static_cast<double>(samples.count())),
      mean_(size_) {
  const int lanes = samples.lanes;
  std::vector<double> sums(static_cast<std::size_t>(size_) * (samples.end() - samples.begin()));
  for_each_batch([&](int block, int, const double* x) {
    for (int k = 0; k < size_; ++k) {
      double sum = 0;
      for (int lane = 0; lane < lanes; ++lane) sum += x[k * lanes + lane];
      sums[static_cast<std::size_t>(block) * size_ + k] += sum;
    }
  });
  mean_ = sum_of_blocks(sums);
  for (double& mean : mean_) mean /= count_;
}

template <class T>
std::vector<double> FeatureStatistics<T>::sum_of_blocks(const std::vector<double>& by_block) const {
  const auto size = static_cast<std::size_t>(size_);
  return exact_sums(
      samples_.team(), samples_.threads, size, by_block.size() / size, 1,
      [&](std::size_t k, std::size_t block) { return by_block[block * size + k]; },
      [](std::size_t) { return 0; });
}

template <class T>
std::vector<double> FeatureStatistics<T>::scores(std::span<const double> y,
                                                 std::vector<double>* squares) const {
  const int chains = samples_.own_chains(), lanes = samples_.lanes, draws = samples_.draws;
  std::vector<double> score(static_cast<std::size_t>(size_) * chains);
  std::vector<double> square(squares ? static_cast<std::size_t>(size_) * (chains / lanes) : 0);
  for_each_batch([&](int block, int draw, const double* x) {
    std::vector<double> weight(lanes);
    for (int lane = 0; lane < lanes; ++lane)
      weight[lane] = y[(static_cast<std::size_t>(block) * lanes + lane) * draws + draw];
    for (int k = 0; k < size_; ++k) {
      double* out = score.data() + static_cast<std::ptrdiff_t>(k) * chains +
                    static_cast<std::ptrdiff_t>(block) * lanes;
      const double* row = x + static_cast<std::ptrdiff_t>(k) * lanes;
      for (int lane = 0; lane < lanes; ++lane) out[lane] += (row[lane] - mean_[k]) * weight[lane];
      if (!squares) continue;
      double sum = 0;
      for (int lane = 0; lane < lanes; ++lane)
        sum += (row[lane] - mean_[k]) * (row[lane] - mean_[k]);
      square[static_cast<std::size_t>(block) * size_ + k] += sum;
    }
  });
  if (squares) *squares = sum_of_blocks(square);
  return score;
}

template <class T>
std::vector<double> FeatureStatistics<T>::chain_sums(std::vector<double>* squares) const {
  return scores(std::vector<double>(samples_.own_count(), 1.0), squares);
}

/// factor(k, chain) (f_k - <f_k>) of every sample, summed over k.
template <class T>
template <class Factor>
std::vector<double> FeatureStatistics<T>::project_by(Factor&& factor) const {
  const int lanes = samples_.lanes, draws = samples_.draws;
  std::vector<double> out(samples_.own_count());
  for_each_batch([&](int block, int draw, const double* x) {
    std::vector<double> fit(lanes);
    for (int k = 0; k < size_; ++k)
      for (int lane = 0; lane < lanes; ++lane)
        fit[lane] += factor(k, block * lanes + lane) *
                     (x[static_cast<std::ptrdiff_t>(k) * lanes + lane] - mean_[k]);
    for (int lane = 0; lane < lanes; ++lane)
      out[(static_cast<std::size_t>(block) * lanes + lane) * draws + draw] = fit[lane];
  });
  return out;
}

template <class T>
std::vector<double> FeatureStatistics<T>::project(std::span<const double> v) const {
  return project_by([&](int k, int) { return v[k]; });
}

template <class T>
std::vector<double> FeatureStatistics<T>::project_groups(std::span<const double> v) const {
  const ChainGroups groups(samples_.chains());
  std::vector<const double*> of_chain;
  for (int g = 0; g < groups.count; ++g)
    of_chain.resize(groups.end(g), v.data() + static_cast<std::ptrdiff_t>(g) * size_);
  const auto own = of_chain.data() + samples_.first_chain();
  return project_by([&](int k, int chain) { return own[chain][k]; });
}

template <class T>
SymmetricMatrix FeatureStatistics<T>::weighted_covariance(std::span<const double> weight) const {
  const int lanes = samples_.lanes, draws = samples_.draws, columns = lanes * draws;
  const auto size = static_cast<std::size_t>(size_), entries = size * size;
  std::vector<double> x(size * columns);
  const int threads = count_ * size_ > 1e6 ? samples_.threads : 1;
  const auto fill = [&](int own) {
    in_parallel(draws, threads, [&](int draw, int) {
      double* first = x.data() + static_cast<std::ptrdiff_t>(draw) * lanes;
      evaluate_features(parameters_, samples_.block(draw, samples_.begin() + own), first, columns);
      std::vector<double> root(lanes, 1.0);
      for (int lane = 0; lane < lanes && !weight.empty(); ++lane)
        root[lane] =
            std::sqrt(weight[(static_cast<std::size_t>(own) * lanes + lane) * draws + draw]);
      for (int k = 0; k < size_; ++k) {
        double* row = first + static_cast<std::ptrdiff_t>(k) * columns;
        for (int lane = 0; lane < lanes; ++lane) row[lane] = root[lane] * (row[lane] - mean_[k]);
      }
    });
  };
  // |sum x y| <= sqrt(sum x^2 sum y^2), of every block.
  const int own_blocks = samples_.end() - samples_.begin();
  std::vector<double> largest(size);
  for (int own = 0; own < own_blocks; ++own) {
    fill(own);
    for (std::size_t k = 0; k < size; ++k) {
      const auto row = std::span(x).subspan(k * columns, columns);
      const double square = dot(row, row);
      if (!(square <= largest[k])) largest[k] = square;
    }
  }
  share_bounds(samples_.team(), largest);
  std::vector<double> bounds(entries);
  for (std::size_t k = 0; k < size; ++k)
    for (std::size_t l = 0; l <= k; ++l)
      bounds[k * size + l] = 2 * std::sqrt(largest[k]) * std::sqrt(largest[l]);
  ExactSums sums(bounds);
  std::vector<double> part(entries);
  for (int own = 0; own < own_blocks; ++own) {
    if (own_blocks > 1) fill(own);
    std::fill(part.begin(), part.end(), 0.0);
    accumulate_gram(x, size_, columns, columns, part, samples_.threads);
    for (std::size_t k = 0; k < size; ++k)
      for (std::size_t l = 0; l <= k; ++l) sums.add(k * size + l, part[k * size + l]);
  }
  auto gram = sums.total(samples_.team());
  for (double& g : gram) g /= count_;
  return SymmetricMatrix::dense(std::move(gram), size_);
}

template <class T>
std::vector<double> FeatureStatistics<T>::apply(std::span<const double> v) const {
  const int lanes = samples_.lanes;
  std::vector<double> parts(static_cast<std::size_t>(samples_.end() - samples_.begin()) * size_);
  for_each_batch([&](int block, int, const double* x) {
    std::vector<double> fit(lanes);
    for (int k = 0; k < size_; ++k)
      for (int lane = 0; lane < lanes; ++lane)
        fit[lane] += v[k] * (x[static_cast<std::ptrdiff_t>(k) * lanes + lane] - mean_[k]);
    for (int k = 0; k < size_; ++k) {
      double sum = 0;
      for (int lane = 0; lane < lanes; ++lane)
        sum += fit[lane] * (x[static_cast<std::ptrdiff_t>(k) * lanes + lane] - mean_[k]);
      parts[static_cast<std::size_t>(block) * size_ + k] += sum;
    }
  });
  auto out = sum_of_blocks(parts);
  for (double& sum : out) sum /= count_;
  return out;
}

ConjugateGradients conjugate_gradients(
    const std::function<std::vector<double>(std::span<const double>)>& apply,
    std::span<const double> right, std::span<const double> diagonal, double ridge) {
  const std::size_t size = right.size();
  ConjugateGradients result;
  result.x.assign(size, 0.0);
  std::vector<double> rest(right.begin(), right.end()), z(size), p;
  const auto precondition = [&] {
    for (std::size_t k = 0; k < size; ++k) z[k] = rest[k] / diagonal[k];
  };
  precondition();
  p = z;
  double rz = dot(rest, z);
  const double goal = 1e-20 * rz;
  constexpr int most = 400;
  while (rz > goal && result.iterations < most) {
    auto q = apply(p);
    for (std::size_t k = 0; k < size; ++k) q[k] += ridge * diagonal[k] * p[k];
    const double alpha = rz / dot(p, q);
    for (std::size_t k = 0; k < size; ++k) result.x[k] += alpha * p[k], rest[k] -= alpha * q[k];
    precondition();
    const double next = dot(rest, z);
    for (std::size_t k = 0; k < size; ++k) p[k] = z[k] + next / rz * p[k];
    rz = next;
    ++result.iterations;
  }
  return result;
}

template class FeatureStatistics<float>;
template class FeatureStatistics<double>;

}  // namespace quartic
