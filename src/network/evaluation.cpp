#include "quartic/network/evaluation.hpp"

#include <fmt/format.h>

#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"
#include "quartic/network/sampler.hpp"

namespace quartic {
namespace {

void require_rows(std::size_t values, int columns) {
  if (columns > 0 && values > 0 && values % static_cast<std::size_t>(columns) == 0) return;
  throw BadInput(fmt::format("{} values do not fill rows of {}", values, columns),
                 "give whole rows, every row the same length");
}

}  // namespace

Estimate reconstruction_error(const Network& network, std::span<const float> rows,
                              std::uint64_t seed, int threads) {
  require_rows(rows.size(), network.visible.size());
  const auto columns = static_cast<std::size_t>(network.visible.size());
  const std::vector<double> values(rows.begin(), rows.end());
  NetworkSampler<float> sampler(network, static_cast<int>(rows.size() / columns), seed,
                                Stream::sample, threads);
  sampler.set_visible(values);
  const auto means = sampler.visible_means();
  std::vector<double> errors(rows.size() / columns);
  for (std::size_t k = 0; k < values.size(); ++k)
    errors[k / columns] +=
        (values[k] - means[k]) * (values[k] - means[k]) / static_cast<double>(columns);
  return mean_of(errors);
}

Estimate free_energy_gap(const Network& network, std::span<const float> train,
                         std::span<const float> held_out, int threads) {
  require_rows(train.size(), network.visible.size());
  require_rows(held_out.size(), network.visible.size());
  const Estimate a = mean_of(free_energies(network, train, threads)),
                 b = mean_of(free_energies(network, held_out, threads));
  return {b.value - a.value, std::hypot(a.error, b.error)};
}

std::vector<double> singular_values(const Network& network) {
  return singular_values(network.w, network.visible.size(), network.hidden.size()).values;
}

}  // namespace quartic
