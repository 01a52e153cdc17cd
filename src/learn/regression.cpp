#include "learn/regression.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"
#include "quartic/field/features.hpp"

namespace quartic {
namespace {

double dot(std::span<const double> x, std::span<const double> y) {
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

}  // namespace

/// Calls f(block, draw, features [parameter][lane]) for all blocks in parallel, draws in order.
template <class T>
template <class F>
void Regression<T>::for_each_batch(F&& f) const {
  // A parallel region costs more than a pass over few numbers.
  [[maybe_unused]] const bool worth_it = count_ * size_ > 1e6;
#pragma omp parallel num_threads(samples_.threads) if (worth_it)
  {
    std::vector<double> x(static_cast<std::size_t>(size_) * samples_.lanes);
#pragma omp for schedule(static)
    for (int block = 0; block < samples_.blocks; ++block) {
      for (int draw = 0; draw < samples_.draws; ++draw) {
        evaluate_features(parameters_, samples_.block(draw, block), x.data(), samples_.lanes);
        f(block, draw, x.data());
      }
    }
  }
}

template <class T>
Regression<T>::Regression(const Samples<T>& samples, const Parameters& parameters)
    : samples_(samples),
      parameters_(parameters),
      size_(parameters.size()),
      count_(static_cast<double>(samples.difference.size())),
      centred_(samples.difference),
      mean_(size_),
      covariance_(size_),
      covariance_error_(size_),
      variance_(size_) {
  const double mean = std::accumulate(centred_.begin(), centred_.end(), 0.0) / count_;
  for (double& d : centred_) d -= mean;
  const int chains = samples.chains(), lanes = samples.lanes;

  std::vector<double> sums(static_cast<std::size_t>(size_) * samples.blocks);
  for_each_batch([&](int block, int, const double* x) {
    for (int k = 0; k < size_; ++k) {
      double sum = 0;
      for (int lane = 0; lane < lanes; ++lane) sum += x[k * lanes + lane];
      sums[static_cast<std::size_t>(block) * size_ + k] += sum;
    }
  });
  for (int block = 0; block < samples.blocks; ++block)
    for (int k = 0; k < size_; ++k)
      mean_[k] += sums[static_cast<std::size_t>(block) * size_ + k] / count_;

  std::vector<double> squares;
  const auto score = scores(centred_, &squares);
  for (int k = 0; k < size_; ++k) {
    const std::span row(score.data() + static_cast<std::ptrdiff_t>(k) * chains, chains);
    const double total = std::accumulate(row.begin(), row.end(), 0.0);
    double scatter = 0;
    for (const double s : row) scatter += (s - total / chains) * (s - total / chains);
    covariance_[k] = total / count_;
    covariance_error_[k] = std::sqrt(scatter * chains / (chains - 1.0)) / count_;
    variance_[k] = squares[k] / count_;
    if (!(variance_[k] > 0)) {
      throw Diverged("the samples do not vary along " + parameters_.label(k),
                     "freeze that kind of coupling, or start from weaker couplings");
    }
  }
}

template <class T>
std::vector<double> Regression<T>::scores(std::span<const double> y,
                                          std::vector<double>* squares) const {
  const int chains = samples_.chains(), lanes = samples_.lanes, draws = samples_.draws;
  std::vector<double> score(static_cast<std::size_t>(size_) * chains);
  std::vector<double> square(squares ? static_cast<std::size_t>(size_) * samples_.blocks : 0);
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
  if (squares) {
    squares->assign(size_, 0.0);
    for (std::size_t n = 0; n < square.size(); ++n) (*squares)[n % size_] += square[n];
  }
  return score;
}

template <class T>
std::vector<double> Regression<T>::residual(std::span<const double> step) const {
  const int lanes = samples_.lanes, draws = samples_.draws;
  std::vector<double> rest(centred_);
  for_each_batch([&](int block, int draw, const double* x) {
    std::vector<double> fit(lanes);
    for (int k = 0; k < size_; ++k)
      for (int lane = 0; lane < lanes; ++lane)
        fit[lane] += step[k] * (x[k * lanes + lane] - mean_[k]);
    for (int lane = 0; lane < lanes; ++lane)
      rest[(static_cast<std::size_t>(block) * lanes + lane) * draws + draw] -= fit[lane];
  });
  return rest;
}

template <class T>
std::vector<double> Regression<T>::gram() const {
  const int lanes = samples_.lanes, draws = samples_.draws;
  const int columns = lanes * draws;
  std::vector<double> gram(static_cast<std::size_t>(size_) * size_);
  std::vector<double> x(static_cast<std::size_t>(size_) * columns);
  for (int block = 0; block < samples_.blocks; ++block) {
#pragma omp parallel for schedule(static) num_threads(samples_.threads) if (count_ * size_ > 1e6)
    for (int draw = 0; draw < draws; ++draw) {
      double* first = x.data() + static_cast<std::ptrdiff_t>(draw) * lanes;
      evaluate_features(parameters_, samples_.block(draw, block), first, columns);
      for (int k = 0; k < size_; ++k)
        for (int lane = 0; lane < lanes; ++lane)
          first[static_cast<std::ptrdiff_t>(k) * columns + lane] -= mean_[k];
    }
    accumulate_gram(x, size_, columns, columns, gram, samples_.threads);
  }
  return gram;
}

template <class T>
typename Regression<T>::Step Regression<T>::dense(double regularisation) const {
  // Features scaled to unit variance: the ridge then means the same for each.
  auto matrix = gram();
  std::vector<double> scale(size_), right(size_);
  for (int k = 0; k < size_; ++k) scale[k] = 1 / std::sqrt(variance_[k]);
  for (int i = 0; i < size_; ++i)
    for (int j = 0; j <= i; ++j)
      matrix[static_cast<std::size_t>(i) * size_ + j] *= scale[i] * scale[j] / count_;
  Step result;
  std::optional<Cholesky> cholesky;
  for (double ridge = regularisation; !cholesky; ridge = std::max(10 * ridge, 1e-12)) {
    if (ridge > 1) {
      throw Diverged("the regression of the target on the couplings' features is singular",
                     "draw more samples (sampler.chains, learn.draws), or tie couplings");
    }
    auto regularised = matrix;
    for (int k = 0; k < size_; ++k) regularised[static_cast<std::size_t>(k) * (size_ + 1)] += ridge;
    cholesky = Cholesky::factor(std::move(regularised), size_);
    result.regularisation = ridge;
  }
  for (int k = 0; k < size_; ++k) right[k] = covariance_[k] * scale[k];
  cholesky->solve(right, 1);
  for (int k = 0; k < size_; ++k) right[k] *= scale[k];
  result.step = right;

  const int chains = samples_.chains();
  const auto score = scores(residual(result.step));
  std::vector<double> columns(static_cast<std::size_t>(size_) * chains);
  for (int chain = 0; chain < chains; ++chain)
    for (int k = 0; k < size_; ++k)
      columns[static_cast<std::size_t>(chain) * size_ + k] =
          score[static_cast<std::size_t>(k) * chains + chain] * scale[k] / count_;
  const std::vector<double> noise_gradient = columns;
  cholesky->solve(columns, chains);
  result.error.resize(size_);
  for (std::size_t n = 0; n < columns.size(); ++n)
    result.error[n % size_] += columns[n] * columns[n];
  // Residuals of a fit with K parameters are too small by (N - K) / N in the square.
  const double lost = std::max(count_ - size_, 1.0) / count_;
  for (int k = 0; k < size_; ++k)
    result.error[k] = scale[k] * std::sqrt(result.error[k] * chains / (chains - 1.0)) / lost;
  const double noise = std::sqrt(dot(noise_gradient, columns) * chains / (chains - 1.0)) / lost;
  result.significance =
      noise > 0 ? std::sqrt(std::max(dot(covariance_, result.step), 0.0)) / noise : 0;
  return result;
}

template <class T>
std::vector<double> Regression<T>::apply(std::span<const double> v) const {
  const int lanes = samples_.lanes;
  std::vector<double> parts(static_cast<std::size_t>(samples_.blocks) * size_);
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
  std::vector<double> out(size_);
  for (std::size_t n = 0; n < parts.size(); ++n) out[n % size_] += parts[n] / count_;
  return out;
}

template <class T>
typename Regression<T>::Step Regression<T>::matrix_free(double regularisation) const {
  // Conjugate gradients preconditioned by Var(f_k).
  Step result;
  result.regularisation = regularisation;
  result.step.assign(size_, 0.0);
  std::vector<double> rest = covariance_, z(size_), p;
  const auto precondition = [&] {
    for (int k = 0; k < size_; ++k) z[k] = rest[k] / variance_[k];
  };
  precondition();
  p = z;
  double rz = dot(rest, z);
  const double goal = 1e-20 * rz;
  constexpr int most = 400;
  while (rz > goal && result.iterations < most) {
    auto q = apply(p);
    for (int k = 0; k < size_; ++k) q[k] += regularisation * variance_[k] * p[k];
    const double alpha = rz / dot(p, q);
    for (int k = 0; k < size_; ++k) result.step[k] += alpha * p[k], rest[k] -= alpha * q[k];
    precondition();
    const double next = dot(rest, z);
    for (int k = 0; k < size_; ++k) p[k] = z[k] + next / rz * p[k];
    rz = next;
    ++result.iterations;
  }
  const int chains = samples_.chains();
  const auto score = scores(residual(result.step));
  result.error.resize(size_);
  for (int k = 0; k < size_; ++k) {
    const std::span row(score.data() + static_cast<std::ptrdiff_t>(k) * chains, chains);
    result.error[k] = std::sqrt(dot(row, row) * chains / (chains - 1.0)) / (count_ * variance_[k]);
  }
  double step2 = 0, noise2 = 0;
  for (int i = 0; i < size_; ++i) {
    step2 += variance_[i] * result.step[i] * result.step[i];
    noise2 += variance_[i] * result.error[i] * result.error[i];
  }
  result.significance = noise2 > 0 ? std::sqrt(step2 / noise2) : 0;
  return result;
}

template <class T>
std::vector<double> Regression<T>::diagonal_error() const {
  std::vector<double> error(covariance_error_);
  for (int k = 0; k < size_; ++k) error[k] /= variance_[k];
  return error;
}

template class Regression<float>;
template class Regression<double>;

}  // namespace quartic
