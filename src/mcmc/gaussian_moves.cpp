#include "quartic/mcmc/gaussian_moves.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/parallel.hpp"
#include "field/quadratic_form.hpp"
#include "quartic/core/random.hpp"

namespace quartic {

std::optional<GaussianMoves> GaussianMoves::of(const Action& action, std::span<const double> mean,
                                               std::span<const double> square) {
  const int n = action.graph->sites();
  if (n > most_sites || action.graph->hidden_sites() > 0) return std::nullopt;
  std::vector<double> diagonal(n);
  for (int i = 0; i < n; ++i) diagonal[i] = 2 * (action.a[i] + 6 * action.b[i] * square[i]);
  auto factor = Cholesky::factor(quadratic_form(action, diagonal), n);
  if (!factor) return std::nullopt;
  GaussianMoves out(action, mean, std::move(*factor));
  for (int i = 0; i < n; ++i) out.square_[i] -= diagonal[i] / 2;
  return out;
}

GaussianMoves::GaussianMoves(const Action& action, std::span<const double> mean, Cholesky factor)
    : factor_(std::move(factor)), at_mean_(action.evaluate(mean)), mean_(mean.begin(), mean.end()) {
  // r x + a x^2 + b x^4 at x = m + d, and - w (m_i d_j + m_j d_i) of the edges; - w d_i d_j
  // cancels.
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    const double m = mean_[i], a = action.a[i], b = action.b[i];
    linear_.push_back(action.r[i] + 2 * a * m + 4 * b * m * m * m);
    square_.push_back(a + 6 * b * m * m), cube_.push_back(4 * b * m), fourth_.push_back(b);
  }
  const auto edges = action.graph->edges();
  for (std::size_t e = 0; e < edges.size(); ++e) {
    const auto [i, j] = edges[e];
    linear_[i] -= action.w[e] * mean_[j], linear_[j] -= action.w[e] * mean_[i];
  }
}

double GaussianMoves::remainder(std::span<const double> deviation) const {
  double sum = 0;
  for (std::size_t i = 0; i < deviation.size(); ++i) {
    const double d = deviation[i];
    sum += d * (linear_[i] + d * (square_[i] + d * (cube_[i] + d * fourth_[i])));
  }
  return sum;
}

template <class T>
double GaussianMoves::move(Sampler<T>& sampler, double step, std::uint64_t seed) const {
  // Chains whose proposals are made by one triangular solution: a block, whoever has it.
  const int together = sampler.lanes();
  auto state = sampler.state();
  const auto sites = static_cast<std::size_t>(sampler.sites());
  const int groups = sampler.blocks();
  const double kept = std::sqrt(1 - step * step);
  std::vector<int> accepted(groups);
  const SerialBlas serial;
  const auto move_group = [&](int group, int) {
    const int first = group * together, count = together;
    std::vector<double> proposal(sites * count), before(sites), after(sites);
    std::vector<RandomStream> random;
    for (int c = 0; c < count; ++c) {
      random.emplace_back(
          seed, Stream::global,
          (static_cast<std::uint64_t>(state.sweeps) << 24U) + sampler.first_chain() + first + c);
      for (std::size_t i = 0; i < sites; ++i) proposal[c * sites + i] = random[c].normal();
    }
    factor_.correlate(proposal, count);
    for (int c = 0; c < count; ++c) {
      double* phi = state.phi.data() + (first + c) * sites;
      for (std::size_t i = 0; i < sites; ++i) {
        before[i] = phi[i] - mean_[i];
        // What fields of this precision can hold is what is accepted or not.
        const T x = static_cast<T>(mean_[i] + kept * before[i] + step * proposal[c * sites + i]);
        after[i] = static_cast<double>(x) - mean_[i];
      }
      const double change = remainder(after) - remainder(before);
      if (!(random[c].uniform() < std::exp(-change))) continue;
      for (std::size_t i = 0; i < sites; ++i) phi[i] = mean_[i] + after[i];
      ++accepted[group];
    }
  };
  in_parallel(groups, sampler.threads(), move_group, Share::as_free);
  double total = 0;
  for (const int n : accepted) total += n;
  if (total > 0) sampler.restore(state);
  sampler.team().add_counts(std::span(&total, 1));
  return total / sampler.all_chains();
}

template <class T>
bool GaussianMoves::tune(Sampler<T>& sampler, double& step, std::uint64_t seed) const {
  constexpr double least = 1.0 / 32, too_few = 0.2, many = 0.6;
  for (int trial = 0; trial < 6; ++trial) {
    sampler.sweep(1);
    const double accepted = move(sampler, step, seed);
    if (accepted >= too_few && (accepted <= many || step == 1)) return true;
    if (accepted < too_few && step <= least) return false;
    step = accepted < too_few ? step / 2 : std::min(1.0, 2 * step);
  }
  return true;
}

double GaussianMoves::free_energy() const {
  const auto n = static_cast<double>(mean_.size());
  return at_mean_ + (factor_.log_determinant() - n * std::log(2 * std::numbers::pi)) / 2;
}

template <class T>
std::vector<double> GaussianMoves::remainders(const Sampler<T>& sampler) const {
  std::vector<double> out(sampler.chains()), phi(mean_.size());
  for (int chain = 0; chain < sampler.chains(); ++chain) {
    sampler.configuration(chain, std::span(phi));
    for (std::size_t i = 0; i < phi.size(); ++i) phi[i] -= mean_[i];
    out[chain] = remainder(phi);
  }
  return out;
}

std::vector<double> GaussianMoves::remainders(int count, std::uint64_t seed) const {
  std::vector<double> out(count), x(mean_.size());
  const SerialBlas serial;
  for (int k = 0; k < count; ++k) {
    RandomStream random(seed, Stream::global, (std::uint64_t{1} << 63U) + k);
    for (double& value : x) value = random.normal();
    factor_.correlate(x, 1);
    out[k] = remainder(x);
  }
  return out;
}

template bool GaussianMoves::tune(Sampler<float>&, double&, std::uint64_t) const;
template bool GaussianMoves::tune(Sampler<double>&, double&, std::uint64_t) const;
template std::vector<double> GaussianMoves::remainders(const Sampler<float>&) const;
template std::vector<double> GaussianMoves::remainders(const Sampler<double>&) const;
template double GaussianMoves::move(Sampler<float>&, double, std::uint64_t) const;
template double GaussianMoves::move(Sampler<double>&, double, std::uint64_t) const;

}  // namespace quartic
