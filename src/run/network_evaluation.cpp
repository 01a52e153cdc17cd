#include "run/network_evaluation.hpp"

#include <cmath>

#include "quartic/core/error.hpp"
#include "quartic/data/gaussian_density.hpp"
#include "quartic/network/evaluation.hpp"
#include "quartic/network/likelihood.hpp"

namespace quartic {
namespace {

/// - ln p - ln Z of rows in the units of the data. `scaling` led to those of the rows.
std::vector<double> data_free_energies(const Network& network, std::span<const float> rows,
                                       const DataScaling& scaling, int threads) {
  const auto columns = static_cast<std::size_t>(network.visible.size());
  auto energies = free_energies(network, rows, threads);
  std::vector<double> data(rows.begin(), rows.end());
  scaling.from_model(std::span(data), columns);
  const double jacobian = scaling.log_jacobian(columns);
  for (std::size_t n = 0; n < energies.size(); ++n)
    energies[n] -=
        jacobian + scaling.log_power(std::span<const double>(data).subspan(n * columns, columns));
  return energies;
}

LogLikelihood in_data_units(const Network& network, std::span<const float> rows,
                            const DataScaling& scaling, const LogZ& log_z, int threads) {
  return log_likelihood(mean_of(data_free_energies(network, rows, scaling, threads)), log_z);
}

/// ln p of rows less that of one Gaussian of the rows `learned`, in the units of the data; none
/// where that is not defined or costs more than the network.
std::optional<Estimate> above_gaussian(const Network& network, std::span<const float> rows,
                                       std::span<const float> learned, const DataScaling& scaling,
                                       const LogZ& log_z, int threads) {
  constexpr int most_columns = 1024;
  if (network.visible.discrete() || network.visible.size() > most_columns) return {};
  const auto columns = static_cast<std::size_t>(network.visible.size());
  const auto in_data = [&](std::span<const float> of) {
    std::vector<double> out(of.begin(), of.end());
    scaling.from_model(std::span(out), columns);
    return out;
  };
  try {
    auto levels = gaussian_log_density(in_data(rows), in_data(learned), columns);
    const auto energies = data_free_energies(network, rows, scaling, threads);
    for (std::size_t n = 0; n < levels.size(); ++n) levels[n] = -energies[n] - levels[n];
    const Estimate mean = mean_of(levels);
    return Estimate{mean.value - log_z.value.value, std::hypot(mean.error, log_z.value.error)};
  } catch (const BadInput&) {  // columns that depend on one another
    return {};
  }
}

}  // namespace

NetworkEvaluation evaluate_network(const NetworkRun& run, const NetworkPath& path,
                                   std::span<const double> chains, std::span<const float> rows,
                                   std::span<const float> held_out, const Session& session) {
  const Network& network = run.network;
  const std::uint64_t seed = run.config.run.seed;
  const int threads = run.config.run.threads;
  LogZOptions options = run.config.evaluation.of_network();
  options.threads = threads;
  options.progress = session.progress("evaluation");
  NetworkEvaluation out;
  out.epoch = run.history.empty() ? 0 : run.history.back().epoch;
  out.log_z = estimate_log_z<float>(path, options, seed, chains);
  for (const auto& some : {rows, held_out})
    if (const auto why = contradiction(network, some, out.log_z, threads))
      out.log_z.ok = false, out.log_z.reason = *why;
  const DataScaling& scaling = run.data.scaling;
  const bool scaled = scaling.method != ScalingMethod::none;
  out.train = log_likelihood(network, rows, out.log_z, threads);
  if (scaled) out.train_in_data = in_data_units(network, rows, scaling, out.log_z, threads);
  out.reconstruction = reconstruction_error(network, rows, seed, threads);
  if (!std::isfinite(out.reconstruction.value) || !std::isfinite(out.train.value.value)) {
    out.log_z.ok = false;
    out.log_z.reason = "the units' expectations are not finite: standardise the columns";
  }
  if (!held_out.empty()) {
    out.held_out = log_likelihood(network, held_out, out.log_z, threads);
    if (scaled)
      out.held_out_in_data = in_data_units(network, held_out, scaling, out.log_z, threads);
    out.free_energy_gap = free_energy_gap(network, rows, held_out, threads);
  }
  out.above_gaussian = above_gaussian(network, held_out.empty() ? rows : held_out, rows, scaling,
                                      out.log_z, threads);
  out.singular = singular_values(network);
  return out;
}

}  // namespace quartic
