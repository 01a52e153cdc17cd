#include "quartic/run/data.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "quartic/core/error.hpp"
#include "quartic/network/layer.hpp"
#include "quartic/run/train.hpp"

namespace quartic {
namespace {

/// Of a network: what automatic is, what exact learning leaves to its own choice of scalings, and
/// that rows are held out where they are to say how long chains learn.
void choose_scaling(DataOptions& options, const Config& config, LearningWay way) {
  const ModelConfig& model = config.model;
  if (way != LearningWay::chains && options.scaling >= ScalingMethod::power)
    options.scaling = ScalingMethod::automatic;
  if (!Layer(model.visible, 1).discrete()) {
    options.scaling_chosen_later =
        way != LearningWay::chains && options.scaling == ScalingMethod::automatic;
    options.automatic = ScalingMethod::standardise;
    options.automatic_if_constant =
        model.noise > 0 ? ScalingMethod::unit : ScalingMethod::standardise;
  }
  const auto& layers = config.layer_epochs;
  const bool any_asks = layers.empty() ? config.training.epochs == 0
                                       : std::count(layers.begin(), layers.end(), 0) > 0;
  if (any_asks && way != LearningWay::exactly) options.held_out = held_out_of(options.held_out);
}

/// Some of the rows, spread over all.
std::vector<float> some_rows(const DataSource& rows) {
  constexpr std::size_t max_values = 1 << 20, max_rows = 1024;
  return spread_rows(rows,
                     std::min(max_rows, std::max<std::size_t>(max_values / rows.columns(), 1)));
}

std::size_t columns_of(const FitData& learned) {
  std::size_t columns = 1;
  for (const std::size_t extent : learned.row_shape) columns *= extent;
  return columns;
}

}  // namespace

double held_out_of(double given) {
  constexpr double to_stop_by = 0.15;
  return given == 0 ? to_stop_by : given;
}

DataSet open_data(const Config& config, const std::string& where, std::optional<LearningWay> way) {
  require_data(config, where);
  DataOptions options = config.data;
  options.seed = config.run.seed;
  if (config.model.kind == ModelKind::field) return open_data_set(options);
  const DataRows rows = open_data_rows(options);
  if (!way) way = way_of(config, rows.rows->rows(), rows.rows->columns());
  choose_scaling(options, config, *way);
  DataSet data = open_data_set(options, rows);
  if (config.model.noise > 0) {
    data.train = with_noise(std::move(data.train), config.model.noise, config.run.seed);
    if (data.held_out)
      data.held_out = with_noise(std::move(data.held_out), config.model.noise, ~config.run.seed);
  }
  return data;
}

void require_sites(const DataSet& data, const Graph& graph, const std::string& where) {
  const auto columns = data.train->columns();
  if (columns == static_cast<std::size_t>(graph.visible_sites())) return;
  const bool planar = data.row_shape.size() <= 3 && !data.row_shape.empty();
  throw BadInput(fmt::format("{}: the rows of the data have {} values, the graph has {} sites ({})",
                             where, columns, graph.visible_sites(), graph.description()),
                 planar ? fmt::format("[graph] extent = [{}], or choose [data] columns",
                                      fmt::join(data.row_shape, ", "))
                        : "one site a column: another [graph], or [data] columns");
}

void require_same(const DataSet& data, const FitData& known, const Config& config,
                  const std::filesystem::path& run) {
  if (data.checksum() == known.checksum) return;
  throw BadInput(
      fmt::format("the data of '{}' have changed: '{}' had the checksum {}, it has {} now",
                  run.string(), config.data.path, known.checksum, data.checksum()),
      fmt::format("quartic fit {} begins a new run with them", run.string()));
}

FitData describe(const DataSet& data, double pass_seconds) {
  FitData out{data.description, data.checksum(),        data.row_shape,
              data.scaling,     data.train->rows(),     data.held_out ? data.held_out->rows() : 0,
              pass_seconds,     some_rows(*data.train), data.names};
  if (!data.index_warning.empty()) out.remarks.push_back(data.index_warning);
  return out;
}

DataOptions options_like(const Config& config, const FitData& learned, const std::string& file) {
  DataOptions options = config.data;
  options.path = file, options.rows.reset(), options.held_out = 0;
  options.fixed_scaling = learned.scaling;
  options.learned_names = learned.names;
  options.learned_columns = columns_of(learned);
  return options;
}

void require_columns(std::size_t columns, const FitData& learned, const std::string& file) {
  if (columns == columns_of(learned)) return;
  throw BadInput(fmt::format("the rows of '{}' have {} values, those that the model learned from "
                             "{}",
                             file, columns, columns_of(learned)),
                 "rows of the columns that it was trained on");
}

}  // namespace quartic
