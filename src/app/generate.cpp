// quartic generate RUN: draws of a model, in the units of the data that it learned from
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "app/completion.hpp"
#include "app/number.hpp"
#include "app/progress.hpp"
#include "app/report.hpp"
#include "app/session.hpp"
#include "quartic/core/output_file.hpp"
#include "quartic/data/write_npy.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/runfile/fit_run.hpp"
#include "quartic/runfile/network_run.hpp"
#include "quartic/runfile/sample_file.hpp"
#include "quartic/runfile/stack_run.hpp"

namespace quartic::app {
namespace {

struct GenerateArguments {
  std::filesystem::path run;
  int rows = 1000, sweeps = 10, warm_up = 200;
  bool mean = false;
  CompletionOptions completion;
};

/// How rows of the model become rows of the data.
struct Units {
  DataScaling scaling;
  std::vector<std::size_t> shape;
};

Units units_of(const std::filesystem::path& file, const Action& action) {
  if (run_kind(file) == RunKind::fit) {
    const FitRun run = read_fit_run(file);
    return {run.data.scaling, run.data.row_shape};
  }
  const Lattice* lattice = action.graph->lattice();
  if (!lattice) return {{}, {static_cast<std::size_t>(action.graph->sites())}};
  return {{}, {lattice->extent.begin(), lattice->extent.end()}};
}

template <class T>
std::vector<float> draw(const StoredModel& model, const GenerateArguments& options,
                        const Globals& globals) {
  Sampler<T> sampler(model.action, sampler_options(model.config), model.config.run.seed,
                     Stream::generate);
  Progress progress(globals);
  if (auto fields = read_fields(options.run)) {
    auto start = sampler.state();
    start.phi = std::move(fields->phi), start.schedule = fields->schedule;
    sampler.restore(start);
    for (int k = 0; k < options.warm_up; ++k) {
      sampler.sweep();
      progress.part("warming up", (k + 1.0) / options.warm_up);
    }
  } else {
    sampler.warm_up(options.warm_up, [&](double done) { progress.part("warming up", done); });
  }
  const auto sites = static_cast<std::size_t>(sampler.sites());
  const auto rows = static_cast<std::size_t>(options.rows);
  std::vector<float> values(rows * sites);
  for (std::size_t row = 0; row < rows; ++row) {
    const int chain = static_cast<int>(row % sampler.chains());
    if (chain == 0) {
      if (row > 0) sampler.sweep(options.sweeps);
      progress.part("drawing", static_cast<double>(row) / static_cast<double>(rows));
    }
    const auto block = sampler.block(chain / sampler.lanes());
    for (std::size_t i = 0; i < sites; ++i)
      values[row * sites + i] =
          static_cast<float>(block.site(static_cast<int>(i))[chain % sampler.lanes()]);
  }
  progress.clear();
  return values;
}

/// Of a network, from where its persistent chains ended. `rows_of(sampler, row)` makes rows of the
/// model, of which `row` are there already, out of the chains as they are.
template <class RowsOf>
std::vector<float> draw_network(const NetworkRun& run, std::size_t width,
                                const GenerateArguments& options, const Globals& globals,
                                RowsOf rows_of) {
  const auto units = static_cast<std::size_t>(run.network.visible.size());
  const auto rows = static_cast<std::size_t>(options.rows);
  const auto& start = run.checkpoint.chains.visible;
  const std::size_t chains = std::min(rows, start.size() / units);
  NetworkSampler<float> sampler(run.network, static_cast<int>(chains), run.config.run.seed,
                                Stream::generate, run.config.run.threads);
  sampler.set_visible(std::span(start).first(chains * units));
  Progress progress(globals);
  for (int k = 0; k < options.warm_up; ++k) {
    sampler.sweep(1);
    progress.part("warming up", (k + 1.0) / options.warm_up);
  }
  std::vector<float> values;
  while (values.size() < rows * width) {
    if (!values.empty()) sampler.sweep(options.sweeps);
    const std::vector<float> drawn = rows_of(sampler, values.size() / width);
    values.insert(values.end(), drawn.begin(), drawn.end());
    progress.part("drawing", std::min(1.0, static_cast<double>(values.size()) /
                                               static_cast<double>(rows * width)));
  }
  values.resize(rows * width);
  progress.clear();
  return values;
}

std::vector<float> draw_visible(const NetworkRun& run, const GenerateArguments& options,
                                const Globals& globals) {
  const auto width = static_cast<std::size_t>(run.network.visible.size());
  return draw_network(
      run, width, options, globals, [&](const NetworkSampler<float>& sampler, std::size_t) {
        const auto drawn = options.mean ? sampler.visible_means() : sampler.visible();
        return std::vector<float>(drawn.begin(), drawn.end());
      });
}

/// Of a stack: from its top network down.
std::vector<float> draw_down(const StackRun& run, const GenerateArguments& options,
                             const Globals& globals) {
  const DeepStack stack = run.stack();
  const auto values = options.mean ? UnitValues::expectations : UnitValues::samples;
  const auto width = static_cast<std::size_t>(stack.networks().front().visible.size());
  return draw_network(run.layers.back(), width, options, globals,
                      [&](const NetworkSampler<float>& sampler, std::size_t row) {
                        const auto hidden = sampler.hidden();
                        return stack.descend(std::vector<float>(hidden.begin(), hidden.end()),
                                             values, {run.config.run.seed, row},
                                             run.config.run.threads);
                      });
}

/// Mean over all values with the error of independent rows.
Estimate total_mean(const std::vector<float>& values, std::size_t rows) {
  const std::size_t width = values.size() / rows;
  std::vector<double> means(rows);
  for (std::size_t n = 0; n < values.size(); ++n) means[n / width] += values[n] / double(width);
  return mean_of(means);
}

void print_rows(const GenerateArguments& options, const std::vector<float>& values,
                const std::vector<std::size_t>& shape, int chains,
                const std::filesystem::path& file, const Globals& globals) {
  const Estimate mean = total_mean(values, shape[0]);
  if (globals.json) {
    const nlohmann::json out = {{"file", file.string()},    {"shape", shape},
                                {"mean", to_json(mean)},    {"chains", chains},
                                {"sweeps", options.sweeps}, {"warm_up", options.warm_up}};
    fmt::print("{}\n", out.dump());
  } else if (!globals.quiet) {
    fmt::print("{} rows of {} values written to {}\n", options.rows,
               fmt::join(shape.begin() + 1, shape.end(), " x "), file.string());
    fmt::print("mean {}; {}\n", with_error(mean.value, mean.error),
               options.rows <= chains
                   ? "each row is of a chain of its own"
                   : fmt::format("rows n and n + {} are of one chain, {} sweeps apart", chains,
                                 options.sweeps));
  }
}

/// Undoes the scaling, writes, says so.
ErrorCode finish(const GenerateArguments& options, std::vector<float> values, const Units& units,
                 int chains, const std::filesystem::path& file, const Globals& globals) {
  const auto rows = static_cast<std::size_t>(options.rows);
  units.scaling.from_model(values, values.size() / rows);
  std::vector<std::size_t> shape{rows};
  shape.insert(shape.end(), units.shape.begin(), units.shape.end());
  write_npy(file, values, shape);
  print_rows(options, values, shape, chains, file, globals);
  return ErrorCode::ok;
}

ErrorCode generate(const GenerateArguments& options, const Globals& globals) {
  const std::filesystem::path file =
      globals.output.empty() ? options.run.stem().string() + "-generated.npy" : globals.output;
  require_writable(file, globals.force);
  const RunKind kind = run_kind(options.run);
  if (kind == RunKind::network) {
    NetworkRun run = read_network_run(options.run);
    for (const auto& setting : globals.all_settings()) apply_setting(run.config, setting);
    if (!options.completion.given.empty()) return complete(run, options.completion, file, globals);
    const int chains = static_cast<int>(run.checkpoint.chains.streams.size() / 4);
    return finish(options, draw_visible(run, options, globals),
                  {run.data.scaling, run.data.row_shape}, chains, file, globals);
  }
  if (kind == RunKind::stack && options.completion.given.empty()) {
    StackRun run = read_stack_run(options.run);
    for (const auto& setting : globals.all_settings()) apply_setting(run.config, setting);
    NetworkRun& top = run.layers.back();
    top.config = layer_config(run.config, static_cast<int>(run.layers.size()) - 1);
    const FitData& data = run.layers.front().data;
    const int chains = static_cast<int>(top.checkpoint.chains.streams.size() / 4);
    return finish(options, draw_down(run, options, globals), {data.scaling, data.row_shape}, chains,
                  file, globals);
  }
  if (!options.completion.given.empty()) {
    throw BadInput(
        fmt::format("'{}' holds no network: only they complete rows", options.run.string()),
        "quartic fit with [model] kind = \"network\"");
  }
  if (options.mean) {
    throw BadInput(fmt::format("'{}' holds no network: only they have hidden units to give a mean",
                               options.run.string()),
                   "leave --mean out");
  }
  StoredModel model = read_model(options.run);
  for (const auto& setting : globals.all_settings()) apply_setting(model.config, setting);
  const bool narrow = model.config.sampler.precision == Precision::float32;
  return finish(
      options,
      narrow ? draw<float>(model, options, globals) : draw<double>(model, options, globals),
      units_of(options.run, model.action), model.config.sampler.options.chains, file, globals);
}

void add_generate(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<GenerateArguments>();
  auto* verb = app.add_subcommand(
      "generate", "draws of a model as a numpy file, in the units of the data it learned from");
  verb->add_option("run", options->run, "RUN.h5")->required();
  auto* rows = verb->add_option("--rows", options->rows, "how many; 1000, or all that are given")
                   ->check(CLI::PositiveNumber);
  auto* sweeps =
      verb->add_option("--sweeps", options->sweeps,
                       "between rows of one chain; 10; with --mean those averaged over; 100")
          ->check(CLI::PositiveNumber);
  verb->add_option("--warm-up", options->warm_up, "sweeps before the first; 200")
      ->check(CLI::NonNegativeNumber);
  auto& completion = options->completion;
  auto* given = verb->add_option("--given", completion.given,
                                 "rows to complete, NaN where unknown: inpainting, denoising");
  verb->add_option("--hide", completion.hide,
                   "region of every given row that is unknown as well: 14:,: or 0:7")
      ->needs(given);
  verb->add_option("--noise", completion.noise,
                   "standard deviation of noise on the given values, in their units; 0: none")
      ->needs(given)
      ->check(CLI::NonNegativeNumber);
  verb->add_flag(
      "--mean", options->mean,
      "of a network or stack: <phi | h> of a drawn h; with --given the posterior's mean");
  verb->callback([options, rows, sweeps, &globals] {
    options->completion.warm_up = options->warm_up, options->completion.mean = options->mean;
    if (*rows) options->completion.rows = options->rows;
    if (*sweeps) options->completion.sweeps = options->sweeps;
    globals.action = [options, &globals] { return generate(*options, globals); };
  });
}

const Registration generate_verb(35, add_generate);

}  // namespace
}  // namespace quartic::app
