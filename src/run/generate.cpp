#include "quartic/run/generate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "quartic/core/error.hpp"
#include "quartic/core/memory.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/sampler.hpp"
#include "run/action_task.hpp"

namespace quartic {
namespace {

using Shape = std::vector<std::size_t>;

Shape shape_of(const Graph& graph) {
  const Lattice* lattice = graph.lattice();
  if (!lattice) return {static_cast<std::size_t>(graph.sites())};
  return {lattice->extent.begin(), lattice->extent.end()};
}

void require_room(int rows, std::size_t width) {
  require_memory(
      (2 * sizeof(double) + sizeof(float)) * static_cast<double>(rows) * static_cast<double>(width),
      fmt::format("{} rows of {} values", rows, width), "draw fewer: --rows");
}

Estimate total_mean(const std::vector<double>& values, std::size_t rows) {
  const std::size_t width = values.size() / rows;
  std::vector<double> means(rows);
  for (std::size_t n = 0; n < values.size(); ++n) means[n / width] += values[n] / double(width);
  return mean_of(means);
}

template <class T>
void equilibrate(Sampler<T>& sampler, const SamplerState* fields, int sweeps,
                 const ProgressCallback& progress) {
  if (!fields) return sampler.warm_up(sweeps, progress);
  auto start = sampler.state();
  start.phi = fields->phi, start.schedule = fields->schedule;
  sampler.restore(start);
  for (int k = 0; k < sweeps; ++k) {
    sampler.sweep();
    report_progress(progress, (k + 1.0) / sweeps);
  }
}

template <class T>
std::vector<float> draw_fields(const Config& config, const Action& action,
                               const SamplerState* fields, const GenerateOptions& options,
                               const Session& session) {
  Sampler<T> sampler(action, sampler_options(config), config.run.seed, Stream::generate);
  equilibrate(sampler, fields, options.warm_up, session.progress("warming up"));
  const auto progress = session.progress("drawing");
  const auto sites = static_cast<std::size_t>(sampler.sites());
  const auto rows = static_cast<std::size_t>(options.rows);
  const auto columns = static_cast<std::size_t>(action.graph->visible_sites());
  require_room(options.rows, columns);
  std::vector<float> values(rows * columns), phi(sites);
  for (std::size_t row = 0; row < rows; ++row) {
    const int chain = static_cast<int>(row % sampler.chains());
    if (chain == 0) {
      if (row > 0) sampler.sweep(options.sweeps);
      report_progress(progress, static_cast<double>(row) / static_cast<double>(rows));
    }
    sampler.configuration(chain, std::span(phi));
    std::copy_n(phi.begin(), columns, values.begin() + static_cast<std::ptrdiff_t>(row * columns));
  }
  return values;
}

/// Whether rows are independent draws: of a network that has no chains.
bool independent(const NetworkRun& run) {
  return run.exact() && hidden_can_be_drawn(run.network);
}

/// Where the chains of a network are, [chain][visible].
std::vector<double> chain_values(const NetworkRun& run) {
  if (!run.exact()) return run.checkpoint.chains.visible;
  return {run.draws.begin(), run.draws.end()};
}

/// Of a network, from where its persistent chains ended. `rows_of(sampler, row)` makes rows of the
/// model, of which `row` are there already, out of the chains as they are.
template <class RowsOf>
std::vector<float> draw_network(const NetworkRun& run, std::size_t width,
                                const GenerateOptions& options, const Session& session,
                                RowsOf rows_of) {
  const auto units = static_cast<std::size_t>(run.network.visible.size());
  const auto rows = static_cast<std::size_t>(options.rows);
  if (chain_values(run).empty())
    throw BadInput("this network is not learned yet", "quartic resume RUN goes on");
  require_room(options.rows, width);
  const auto drawing = session.progress("drawing");
  std::vector<float> values;
  const auto take = [&](const NetworkSampler<float>& sampler) {
    const std::vector<float> drawn = rows_of(sampler, values.size() / width);
    values.insert(values.end(), drawn.begin(), drawn.end());
    report_progress(drawing, std::min(1.0, static_cast<double>(values.size()) /
                                               static_cast<double>(rows * width)));
  };
  if (independent(run)) {
    constexpr std::size_t batch = 4096;
    for (std::size_t begin = 0; begin < rows; begin += batch)
      take(independent_draws<float>(run.network, static_cast<int>(std::min(batch, rows - begin)),
                                    run.config.run.seed + begin, Stream::generate,
                                    run.config.run.threads));
    return values;
  }
  const std::vector<double> start = chain_values(run);
  const std::size_t chains = std::min(rows, start.size() / units);
  NetworkSampler<float> sampler(run.network, static_cast<int>(chains), run.config.run.seed,
                                Stream::generate, run.config.run.threads);
  sampler.set_visible(std::span(start).first(chains * units));
  const auto warming = session.progress("warming up");
  for (int k = 0; k < options.warm_up; ++k) {
    sampler.sweep(1);
    report_progress(warming, (k + 1.0) / options.warm_up);
  }
  while (values.size() < rows * width) {
    if (!values.empty()) sampler.sweep(options.sweeps);
    take(sampler);
  }
  values.resize(rows * width);
  return values;
}

/// So many rows are of chains of their own.
int chains_of(const NetworkRun& run, const GenerateOptions& options) {
  if (independent(run)) return options.rows;
  return static_cast<int>(chain_values(run).size() /
                          static_cast<std::size_t>(run.network.visible.size()));
}

/// Rows in the units of the model, for each kind of run, and what they are rows of.
struct Drawn {
  std::vector<float> values;
  Shape shape;
  int chains;
  DataScaling scaling = {};
  std::vector<std::string> names = {};
};

struct Draw {
  const GenerateOptions& options;
  const Session& session;

  Drawn field(const Config& config, const Action& action, const SamplerState* fields,
              Shape shape) const {
    if (options.mean) {
      throw BadInput("this run holds no network: only they have hidden units to give a mean",
                     "leave --mean out");
    }
    const auto precision = chosen_precision(config.sampler.precision, action);
    auto values = with_precision(precision, [&]<class T>() {
      return draw_fields<T>(config, action, fields, options, session);
    });
    return {std::move(values), std::move(shape), config.sampler.options.chains};
  }

  /// Rows of a model that learned from data.
  static Drawn like(const FitData& data, Drawn drawn) {
    drawn.shape = data.row_shape, drawn.scaling = data.scaling, drawn.names = data.names;
    return drawn;
  }

  Drawn operator()(const LearnRun& run) const {
    return field(run.config, run.action, &run.checkpoint.sampler, shape_of(*run.action.graph));
  }
  Drawn operator()(const SampleRun& run) const {
    return field(run.config, run.action, &run.sampler, shape_of(*run.action.graph));
  }
  Drawn operator()(const ReweightRun& run) const {
    return field(run.config, run.action, nullptr, shape_of(*run.action.graph));
  }
  Drawn operator()(const FitRun& run) const {
    return like(run.data, field(run.config, run.action, &run.checkpoint.sampler, {}));
  }
  Drawn operator()(const NetworkRun& run) const {
    const auto width = static_cast<std::size_t>(run.network.visible.size());
    auto values = draw_network(
        run, width, options, session, [&](const NetworkSampler<float>& sampler, std::size_t) {
          const auto drawn = options.mean ? sampler.visible_means() : sampler.visible();
          return std::vector<float>(drawn.begin(), drawn.end());
        });
    return like(run.data, {std::move(values), {}, chains_of(run, options)});
  }
  /// From its top network down.
  Drawn operator()(const StackRun& run) const {
    const DeepStack stack = run.stack();
    NetworkRun top = run.layers.back();
    top.config = layer_config(run.config, static_cast<int>(run.layers.size()) - 1);
    const auto units = options.mean ? UnitValues::expectations : UnitValues::samples;
    const auto width = static_cast<std::size_t>(stack.networks().front().visible.size());
    auto values = draw_network(
        top, width, options, session, [&](const NetworkSampler<float>& sampler, std::size_t row) {
          const auto hidden = sampler.hidden();
          return stack.descend(std::vector<float>(hidden.begin(), hidden.end()), units,
                               {run.config.run.seed, row}, run.config.run.threads);
        });
    return like(run.layers.front().data, {std::move(values), {}, chains_of(top, options)});
  }
};

}  // namespace

GeneratedRows generate(const AnyRun& run, const GenerateOptions& options, const Session& session) {
  if (options.rows < 1 || options.sweeps < 1 || options.warm_up < 0)
    throw BadInput(fmt::format("{} rows, {} sweeps apart after {} of warm-up cannot be drawn",
                               options.rows, options.sweeps, options.warm_up),
                   "at least one row and one sweep between rows");
  Drawn drawn = std::visit(Draw{options, session}, run);
  const auto rows = static_cast<std::size_t>(options.rows);
  std::vector<double> values(drawn.values.begin(), drawn.values.end());
  drawn.scaling.from_model(std::span(values), values.size() / rows);
  GeneratedRows out{std::move(values),     drawn.scaling.needs_wide(), {rows}, drawn.chains, {},
                    std::move(drawn.names)};
  out.shape.insert(out.shape.end(), drawn.shape.begin(), drawn.shape.end());
  out.mean = total_mean(out.values, rows);
  return out;
}

}  // namespace quartic
