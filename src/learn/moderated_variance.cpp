#include "learn/moderated_variance.hpp"

#include <algorithm>
#include <cmath>

#include "core/student.hpp"

namespace quartic {
namespace {

/// Sums over groups of powers of the noise of one coupling.
struct Powers {
  double second = 0, third = 0, fourth = 0;
  double skewness() const { return skewness_factor(second, third); }
};

/// How much of the scatter of the logarithms is noise of the variances themselves.
double drawn_to_mean(std::span<const Powers> all, double groups) {
  double mean = 0, square = 0, noise = 0;
  for (const Powers& one : all) {
    const double log = std::log(one.second);
    mean += log, square += log * log;
    noise += one.fourth / (one.second * one.second) - 1 / groups;
  }
  const auto count = static_cast<double>(all.size());
  const double scatter = square - mean * mean / count;
  return scatter > 0 ? std::clamp(noise / scatter, 0.0, 1.0) : 1;
}

void moderate(std::span<const Powers> all, double groups, std::span<double> variance) {
  const double drawn = drawn_to_mean(all, groups);
  double mean_log = 0, sum = 0, sum_drawn = 0;
  for (const Powers& one : all) mean_log += std::log(one.second) / static_cast<double>(all.size());
  for (std::size_t k = 0; k < all.size(); ++k) {
    variance[k] = std::exp(drawn * mean_log + (1 - drawn) * std::log(all[k].second));
    sum += all[k].second, sum_drawn += variance[k];
  }
  for (std::size_t k = 0; k < all.size(); ++k)
    variance[k] *= sum / sum_drawn * (1 + std::pow(1 - drawn, 2) * (all[k].skewness() - 1));
}

}  // namespace

std::vector<double> moderated_variance(std::span<const double> noise,
                                       const Parameters& parameters) {
  const std::size_t size = parameters.size();
  std::vector<Powers> powers(size);
  for (std::size_t n = 0; n < noise.size(); ++n) {
    const double square = noise[n] * noise[n];
    Powers& of = powers[n % size];
    of.second += square, of.third += square * noise[n], of.fourth += square * square;
  }
  std::vector<double> out(size);
  for (std::size_t k = 0; k < size; ++k) out[k] = powers[k].second * powers[k].skewness();
  const double groups = static_cast<double>(noise.size()) / static_cast<double>(size);
  constexpr int few = 16;
  for (const auto kind : all_coupling_kinds) {
    const int begin = parameters.begin(kind), count = parameters.end(kind) - begin;
    if (count < few || parameters.hidden_count(kind) > 0) continue;
    const auto all = std::span<const Powers>(powers).subspan(begin, count);
    if (std::all_of(all.begin(), all.end(), [](const Powers& one) { return one.second > 0; }))
      moderate(all, groups, std::span(out).subspan(begin, count));
  }
  const double widening = student_factor(groups - 1);
  for (double& x : out) x *= widening * widening;
  return out;
}

}  // namespace quartic
