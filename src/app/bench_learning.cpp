#include "app/bench_learning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "quartic/core/data_source.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/learn/variational.hpp"
#include "quartic/network/learner.hpp"

namespace quartic::app {
namespace {

/// Of `count` runs after one more, which finds its memory.
template <class F>
LearningTime time_of(std::string what, int count, F&& run) {
  std::vector<double> taken;
  for (int k = 0; k <= count; ++k) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    if (k > 0) taken.push_back(time.count());
  }
  std::sort(taken.begin(), taken.end());
  return {std::move(what), taken[count / 2], (taken[count * 3 / 4] - taken[count / 4]) / 2};
}

/// Images of noise: it is not the data that take the time.
std::vector<float> images(Unit unit, int rows, int pixels) {
  RandomStream random(3, Stream::check, 0);
  std::vector<float> out(static_cast<std::size_t>(rows) * pixels);
  for (auto& x : out) {
    const bool on = random.uniform() < 0.5;
    x = static_cast<float>(unit == Unit::binary ? on : on + 0.3 * random.normal());
  }
  return out;
}

LearningTime network_update(Unit unit) {
  constexpr int visible = 784, hidden = 500, batch = 500;
  const auto rows = images(unit, batch, visible);
  const auto data = std::make_shared<ArraySource>(rows, visible);
  const auto moments = column_moments(*data);
  TrainingOptions options;
  options.threads = 1, options.rate = 0.01, options.momentum = 0.5;
  options.batch = batch;  // and so many chains
  NetworkLearner<float> learner(data, moments, initial_network(unit, unit, hidden, moments),
                                options, 1);
  return time_of(fmt::format("update of a {}-{} network, {} x {}, batch {}, PCD-1", name(unit),
                             name(unit), visible, hidden, batch),
                 9, [&] { learner.update(rows); });
}

LearningTime learning_epoch() {
  constexpr int extent = 16, chains = 512;
  const auto graph =
      std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}}));
  const std::vector<TermSpec> terms{{"nn", -1.0, {}, {}, {}},
                                    {"nnn", -0.25, {}, {}, {}},
                                    {"phi2", 1.52425, {}, {}, {}},
                                    {"phi4", 0.175, {}, {}, {}}};
  const Parameters parameters(graph,
                              {Freedom::free, Freedom::frozen, Freedom::free, Freedom::free});
  SamplerOptions sampler;
  sampler.chains = chains, sampler.threads = 1;
  VariationalOptions options;
  options.epochs = 1 << 20, options.stop_early = false;
  VariationalLearner<float> learner(Target(terms, *graph), parameters,
                                    Action::uniform(graph, 0.9, 0, 1.6, 0.2), sampler, options, 1);
  learner.warm_up();
  return time_of(fmt::format("epoch of learning {} free couplings, {} x {}, {} chains",
                             parameters.size(), extent, extent, chains),
                 5, [&] { learner.step(); });
}

}  // namespace

void time_learning(const std::function<void(const LearningTime&)>& tell) {
  for (const auto unit : {Unit::binary, Unit::quartic}) tell(network_update(unit));
  tell(learning_epoch());
}

}  // namespace quartic::app
