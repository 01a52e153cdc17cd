// quartic transform RUN DATA: hidden features of rows, as a numpy file
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/network_fitting.hpp"
#include "app/number.hpp"
#include "app/progress.hpp"
#include "app/report.hpp"
#include "quartic/io/npy.hpp"
#include "quartic/stats/estimate.hpp"

namespace quartic::app {
namespace {

struct Options {
  std::filesystem::path run;
  std::string data;
  bool sample = false;
};

/// Rows as the run saw its own: the same columns, threshold and scaling.
DataSet open_like(const NetworkRun& run, const std::string& file) {
  DataOptions options = run.config.data;
  options.path = file;
  options.rows.reset();
  options.held_out = 0;
  options.fixed_scaling = run.data.scaling;
  DataSet data = open_data_set(options);
  const auto visible = static_cast<std::size_t>(run.network.visible.size());
  if (data.train->columns() == visible) return data;
  throw BadInput(fmt::format("the rows of '{}' have {} values, the network has {} visible units",
                             file, data.train->columns(), visible));
}

struct Features {
  std::vector<float> hidden;          ///< [row][hidden]
  std::vector<double> free_energies;  ///< of the rows
};

Features find_features(const NetworkRun& run, const DataSource& rows, bool sample,
                       const Globals& globals) {
  constexpr std::size_t batch = 1024;
  Features out;
  Progress progress(globals);
  const int threads = run.config.run.threads;
  for (std::size_t begin = 0; begin < rows.rows(); begin += batch) {
    std::vector<std::size_t> wanted(std::min(batch, rows.rows() - begin));
    std::iota(wanted.begin(), wanted.end(), begin);
    std::vector<float> values(wanted.size() * rows.columns());
    rows.read(wanted, values);
    NetworkSampler<float> sampler(run.network, static_cast<int>(wanted.size()),
                                  run.config.run.seed + begin, Stream::generate, threads);
    sampler.set_visible(std::vector<double>(values.begin(), values.end()));
    const auto hidden = sample ? sampler.hidden() : sampler.hidden_means();
    out.hidden.insert(out.hidden.end(), hidden.begin(), hidden.end());
    const auto energies = free_energies(run.network, values, threads);
    out.free_energies.insert(out.free_energies.end(), energies.begin(), energies.end());
    progress.part("transforming",
                  static_cast<double>(begin + wanted.size()) / static_cast<double>(rows.rows()));
  }
  progress.clear();
  return out;
}

ErrorCode transform(const Options& options, const Globals& globals) {
  if (run_kind(options.run) != RunKind::network) {
    throw BadInput(
        fmt::format("'{}' holds no network: only they have hidden units", options.run.string()),
        "quartic fit with [model] kind = \"network\"");
  }
  NetworkRun run = read_network_run(options.run);
  if (globals.seed) run.config.run.seed = *globals.seed;
  if (globals.threads) run.config.run.threads = *globals.threads;
  const std::filesystem::path file =
      globals.output.empty() ? options.run.stem().string() + "-features.npy" : globals.output;
  require_writable(file, globals.force);
  const DataSet data = open_like(run, options.data);
  const auto features = find_features(run, *data.train, options.sample, globals);
  const std::size_t shape[] = {data.train->rows(),
                               static_cast<std::size_t>(run.network.hidden.size())};
  write_npy(file, features.hidden, shape);
  Estimate likelihood = mean_of(features.free_energies);
  likelihood.value = -likelihood.value;
  if (!run.judgements.empty()) {
    const auto& log_z = run.judgements.back().log_z.value;
    likelihood = {likelihood.value - log_z.value, std::hypot(likelihood.error, log_z.error)};
  }
  const bool known = !run.judgements.empty() && run.judgements.back().log_z.ok;
  if (globals.json) {
    nlohmann::json out = {{"file", file.string()}, {"rows", shape[0]}, {"hidden", shape[1]}};
    if (known) out["log_likelihood"] = to_json(likelihood);
    fmt::print("{}\n", out.dump());
  } else if (!globals.quiet) {
    fmt::print("{} of {} hidden units for {} rows written to {}\n",
               options.sample ? "draws" : "expectations", shape[1], shape[0], file.string());
    if (known)
      fmt::print("ln p a row: {}\n", with_error(likelihood.value, likelihood.error));
    else
      fmt::print("ln p a row: not known, as ln Z is not\n");
  }
  return ErrorCode::ok;
}

void add(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<Options>();
  auto* verb = app.add_subcommand("transform",
                                  "hidden features of rows of data, by a network, as a numpy file");
  verb->add_option("run", options->run, "RUN.h5 of a network")->required();
  verb->add_option("data", options->data, "npy, npz, HDF5, IDX, CSV, images, as fit reads them")
      ->required();
  verb->add_flag("--sample", options->sample, "draws of the hidden units, not expectations");
  verb->callback([options, &globals] {
    globals.action = [options, &globals] { return transform(*options, globals); };
  });
}

const Registration registration(34, add);

}  // namespace
}  // namespace quartic::app
