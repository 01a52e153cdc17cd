#include "run/density_trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "quartic/core/data_source.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/network/start.hpp"

namespace quartic::race {

std::vector<Split> splits_of(std::span<const double> rows, std::size_t columns, int folds,
                             std::uint64_t seed) {
  const std::size_t count = rows.size() / columns;
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  RandomStream random(seed, Stream::held_out, 1);
  for (std::size_t k = count; k-- > 1;)
    std::swap(order[k], order[static_cast<std::size_t>(random.uniform() * (k + 1.0))]);
  std::vector<Split> out(folds);
  for (int fold = 0; fold < folds; ++fold) {
    const std::size_t begin = fold * count * 15 / 100,
                      end = std::max((fold + 1) * count * 15 / 100, begin + 1);
    for (std::size_t k = 0; k < count; ++k) {
      auto& to = k >= begin && k < end ? out[fold].held_out : out[fold].train;
      const auto row = rows.subspan(order[k] * columns, columns);
      to.insert(to.end(), row.begin(), row.end());
    }
  }
  return out;
}

void require_varied(const std::vector<Split>& splits, std::span<const double> rows,
                    std::size_t columns) {
  for (const Split& split : splits)
    for (std::size_t c = 0; c < columns; ++c) {
      const double value = split.train[c];
      const auto differ = [&](std::span<const double> of) {
        std::size_t count = 0;
        for (std::size_t k = c; k < of.size(); k += columns) count += of[k] != value;
        return count;
      };
      if (differ(split.train) > 0) continue;
      const std::size_t all = rows.size() / columns, others = differ(rows);
      if (others == 0) return;  // the scaling says so
      throw BadInput(fmt::format("column {} differs from {:g} in {} of {} rows, too few to have a "
                                 "density",
                                 c, value, others, all),
                     "leave it out, or add noise and learn by chains (a number of epochs)");
    }
}

std::vector<float> model_rows(const DataScaling& scaling, std::span<const double> rows,
                              std::size_t columns, double noise, std::uint64_t seed) {
  std::vector<double> out(rows.begin(), rows.end());
  scaling.to_model(std::span(out), columns);
  RandomStream random(seed, Stream::start, 2);
  if (noise > 0)
    for (double& x : out) x += noise * random.normal();
  return {out.begin(), out.end()};
}

DataScaling scaling_by(ScalingMethod method, std::span<const double> rows, std::size_t columns,
                       FewRows few) {
  return method == ScalingMethod::none
             ? DataScaling{}
             : fit_scaling(method, rows, columns, few, BeyondRows::fourth_root);
}

Network without_couplings(Network network, const DataScaling& scaling, bool own,
                          std::span<const float> rows, int columns) {
  std::fill(network.w.begin(), network.w.end(), 0.0);
  std::fill(network.u.begin(), network.u.end(), 0.0);
  const ArraySource source(std::vector<float>(rows.begin(), rows.end()),
                           static_cast<std::size_t>(columns));
  const ColumnMoments moments = column_moments(source);
  if (scaling.rotation.empty()) {
    network.visible = fit_layer(network.visible.unit, moments);
    return network;
  }
  for (int i = 0; i < columns; ++i) {
    const double precision = own ? 1 / moments.variance(i) : 1;
    network.visible.a[i] = precision / 2, network.visible.b[i] = 0;
    network.visible.r[i] = own ? -moments.first[i] * precision : 0;
  }
  return network;
}

bool only_gaussian(const DataScaling& scaling, std::size_t rows, std::size_t columns) {
  return !scaling.rotation.empty() && rows <= columns;
}

Network uncoupled_network(const DensityOptions& o, int columns) {
  Network out(Layer(o.visible, columns), Layer(o.hidden, o.hidden_units));
  if (o.gates) out.u.resize(out.w.size());
  return out;
}

Trial::Trial(ScalingMethod method, const Split& split, std::size_t columns, const DensityOptions& o,
             int threads, std::uint64_t seed)
    : scaling_(scaling_by(method, split.train, columns, o.few_rows)), held_out_(split.held_out) {
  auto rows = model_rows(scaling_, split.train, columns, o.noise, seed);
  const int width = static_cast<int>(columns);
  if (only_gaussian(scaling_, rows.size() / columns, columns)) {
    const Network alone =
        without_couplings(uncoupled_network(o, width), scaling_, false, rows, width);
    alone_[0] = log_densities(alone, uncoupled_log_z(alone), scaling_, held_out_, threads);
    alone_[1] = alone_[0];
    return;
  }
  const Network start =
      exact_start(o.visible, o.hidden, o.hidden_units, o.gates, rows, width, seed);
  for (const bool own : {false, true}) {
    const Network alone = without_couplings(start, scaling_, own, rows, width);
    alone_[own] = log_densities(alone, uncoupled_log_z(alone), scaling_, held_out_, threads);
  }
  learner_.emplace(std::move(rows), start, ExactOptions{o.ridge, threads});
  threads_ = threads;
}

}  // namespace quartic::race
