#include "run/network_evaluation.hpp"

#include <cmath>

#include "quartic/core/data_source.hpp"
#include "quartic/data/gaussian_density.hpp"
#include "quartic/network/evaluation.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/likelihood.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/network/start.hpp"

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

/// ln p of rows less that of one Gaussian of the rows `learned`, in the units of the data.
std::optional<Estimate> beside_gaussian(const Network& network, std::span<const float> rows,
                                        std::span<const float> learned, const DataScaling& scaling,
                                        const LogZ& log_z, int threads) {
  if (network.visible.discrete()) return {};
  const auto columns = static_cast<std::size_t>(network.visible.size());
  const auto in_data = [&](std::span<const float> of) {
    std::vector<double> out(of.begin(), of.end());
    scaling.from_model(std::span(out), columns);
    return out;
  };
  auto levels = data_free_energies(network, rows, scaling, threads);
  for (double& level : levels) level = -level;
  return above_gaussian(levels, log_z.value, in_data(rows), in_data(learned), columns);
}

/// ln p of rows of two-valued columns less that of independent ones, of the frequencies in
/// `learned`.
std::optional<Estimate> beside_independent(const Network& network, std::span<const float> rows,
                                           std::span<const float> learned, const LogZ& log_z,
                                           int threads) {
  if (!network.visible.discrete()) return {};
  const auto columns = static_cast<std::size_t>(network.visible.size());
  const auto moments =
      column_moments(ArraySource(std::vector<float>(learned.begin(), learned.end()), columns));
  const Network alone(fit_layer(network.visible.unit, moments), Layer(network.hidden.unit, 1));
  auto difference = free_energies(alone, rows, threads);
  const auto energies = free_energies(network, rows, threads);
  for (std::size_t n = 0; n < difference.size(); ++n) difference[n] -= energies[n];
  const Estimate mean = mean_of(difference);
  return Estimate{mean.value + uncoupled_log_z(alone) - log_z.value.value,
                  std::hypot(mean.error, log_z.value.error)};
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
  const auto judged = held_out.empty() ? rows : held_out;
  out.above_gaussian = beside_gaussian(network, judged, rows, scaling, out.log_z, threads);
  out.above_independent = beside_independent(network, judged, rows, out.log_z, threads);
  out.singular = singular_values(network);
  return out;
}

void draw_rows(NetworkRun& run, std::span<const double> from, const Session& session) {
  constexpr int chains = 256, sweeps = 500;
  const std::uint64_t seed = run.config.run.seed;
  const int threads = run.config.run.threads;
  report_progress(session.progress("drawing samples"), 0);
  std::vector<double> drawn;
  if (run.exact() && hidden_can_be_drawn(run.network)) {
    drawn =
        independent_draws<float>(run.network, chains, seed, Stream::generate, threads).visible();
  } else {
    NetworkSampler<float> sampler(run.network, chains, seed, Stream::generate, threads);
    std::vector<double> start(chains * static_cast<std::size_t>(run.network.visible.size()));
    for (std::size_t k = 0; k < start.size(); ++k) start[k] = from[k % from.size()];
    sampler.set_visible(start);
    sampler.sweep(sweeps);
    drawn = sampler.visible();
  }
  run.draws.assign(drawn.begin(), drawn.end());
}

}  // namespace quartic
