// quartic transform RUN DATA: hidden features of rows, as a numpy file. A network is a stack of
// one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/number.hpp"
#include "app/progress.hpp"
#include "app/report.hpp"
#include "quartic/core/estimate.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/data/write_npy.hpp"
#include "quartic/runfile/stack_run.hpp"

namespace quartic::app {
namespace {

struct TransformArguments {
  std::filesystem::path run;
  std::string data;
  std::optional<int> layer;
  bool sample = false;
};

/// The networks that make the features, and what is known of the topmost of them.
struct Trained {
  Config config;
  FitData data;
  DeepStack stack;
  std::optional<LogZ> log_z;

  Trained(Config of, const std::vector<NetworkRun>& layers, DeepStack networks)
      : config(std::move(of)), data(layers.front().data), stack(std::move(networks)) {
    const auto& evaluations = layers[stack.layers() - 1].evaluations;
    if (!evaluations.empty()) log_z = evaluations.back().log_z;
  }
};

Trained read_trained(const TransformArguments& options) {
  const RunKind kind = run_kind(options.run);
  if (kind == RunKind::network) {
    NetworkRun run = read_network_run(options.run);
    if (options.layer.value_or(1) != 1)
      throw BadInput(fmt::format("'{}' holds a network, which has no layer {}",
                                 options.run.string(), *options.layer));
    DeepStack stack({run.network});
    return {run.config, {std::move(run)}, std::move(stack)};
  }
  if (kind == RunKind::stack) {
    const StackRun run = read_stack_run(options.run);
    const int layers = static_cast<int>(run.layers.size()), wanted = options.layer.value_or(layers);
    if (wanted > layers)
      throw BadInput(fmt::format("'{}' holds {} layers: there is no layer {}", options.run.string(),
                                 layers, wanted));
    return {run.config, run.layers, run.stack(wanted)};
  }
  throw BadInput(
      fmt::format("'{}' holds no network: only they have hidden units", options.run.string()),
      "quartic fit with [model] kind = \"network\" or \"deep\"");
}

/// Rows as the run saw its own: the same columns, threshold and scaling.
DataSet open_like(const Trained& run, const std::string& file) {
  DataOptions options = run.config.data;
  options.path = file;
  options.rows.reset();
  options.held_out = 0;
  options.fixed_scaling = run.data.scaling;
  DataSet data = open_data_set(options);
  const auto visible = static_cast<std::size_t>(run.stack.networks().front().visible.size());
  if (data.train->columns() == visible) return data;
  throw BadInput(fmt::format("the rows of '{}' have {} values, the network has {} visible units",
                             file, data.train->columns(), visible));
}

struct Features {
  std::vector<float> hidden;     ///< [row][hidden]
  std::vector<double> energies;  ///< of the rows, - ln p - ln Z or, of a stack, at least that
};

Features find_features(const Trained& run, const DataSource& rows, bool sample,
                       const Globals& globals) {
  constexpr std::size_t batch = 4096;
  const auto values = sample ? UnitValues::samples : UnitValues::expectations;
  Features out;
  Progress progress(globals);
  const int threads = run.config.run.threads;
  for (std::size_t begin = 0; begin < rows.rows(); begin += batch) {
    std::vector<std::size_t> wanted(std::min(batch, rows.rows() - begin));
    std::iota(wanted.begin(), wanted.end(), begin);
    std::vector<float> some(wanted.size() * rows.columns());
    rows.read(wanted, some);
    const RowStreams streams{run.config.run.seed, begin};
    const auto hidden = run.stack.transform(some, run.stack.layers(), values, streams, threads);
    out.hidden.insert(out.hidden.end(), hidden.begin(), hidden.end());
    const auto energies = run.stack.energies(some, streams, threads);
    out.energies.insert(out.energies.end(), energies.begin(), energies.end());
    progress.part("transforming",
                  static_cast<double>(begin + wanted.size()) / static_cast<double>(rows.rows()));
  }
  progress.clear();
  return out;
}

/// Mean ln p of the rows, or what it is at least, where the network was judged.
std::optional<Estimate> log_likelihood_of(const Trained& run, const Features& features) {
  if (!run.log_z) return std::nullopt;
  const Estimate energy = mean_of(features.energies);
  return Estimate{-energy.value - run.log_z->value.value,
                  std::hypot(energy.error, run.log_z->value.error)};
}

void print(const Trained& run, const Features& features, bool sample, std::size_t rows,
           const std::filesystem::path& file, const Globals& globals) {
  const int units = run.stack.top().hidden.size(), layers = run.stack.layers();
  const auto likelihood = log_likelihood_of(run, features);
  if (globals.json) {
    nlohmann::json out = {
        {"file", file.string()}, {"rows", rows}, {"hidden", units}, {"layer", layers}};
    if (likelihood) {
      out[layers > 1 ? "bound" : "log_likelihood"] = to_json(*likelihood);
      out["ok"] = run.log_z->ok;
    }
    fmt::print("{}\n", out.dump());
  } else if (!globals.quiet) {
    fmt::print("{} of {} hidden units for {} rows written to {}\n",
               sample ? "draws" : "expectations", units, rows, file.string());
    if (likelihood)
      fmt::print("ln p a row: {}{}\n", layers > 1 ? "at least " : "",
                 with_error(likelihood->value, likelihood->error));
    else
      fmt::print("ln p a row: not known before the training is finished\n");
    if (likelihood && !run.log_z->ok) fmt::print("  NOT TO BE TRUSTED: {}\n", run.log_z->reason);
  }
}

ErrorCode transform(const TransformArguments& options, const Globals& globals) {
  Trained run = read_trained(options);
  if (globals.seed) run.config.run.seed = *globals.seed;
  if (globals.threads) run.config.run.threads = *globals.threads;
  const std::filesystem::path file =
      globals.output.empty() ? options.run.stem().string() + "-features.npy" : globals.output;
  require_writable(file, globals.force);
  const DataSet data = open_like(run, options.data);
  const auto features = find_features(run, *data.train, options.sample, globals);
  const std::size_t rows = data.train->rows();
  const std::size_t shape[] = {rows, static_cast<std::size_t>(run.stack.top().hidden.size())};
  write_npy(file, features.hidden, shape);
  print(run, features, options.sample, rows, file, globals);
  return ErrorCode::ok;
}

void add_transform(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<TransformArguments>();
  auto* verb =
      app.add_subcommand("transform",
                         "hidden features of rows of data, by a network or deep stack, as a "
                         "numpy file");
  verb->add_option("run", options->run, "RUN.h5 of a network or deep stack")->required();
  verb->add_option("data", options->data, "npy, npz, HDF5, IDX, CSV, images, as fit reads them")
      ->required();
  verb->add_option("--layer", options->layer,
                   "of a deep stack: whose hidden units, 1 is that of the data; the top one")
      ->check(CLI::PositiveNumber);
  verb->add_flag("--sample", options->sample, "draws of the hidden units, not expectations");
  verb->callback([options, &globals] {
    globals.action = [options, &globals] { return transform(*options, globals); };
  });
}

const Registration transform_verb(34, add_transform);

}  // namespace
}  // namespace quartic::app
