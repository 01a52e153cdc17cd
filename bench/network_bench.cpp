// Units of a network on 128 chains, one core, in nanoseconds a unit and chain; and whole updates of
// a 784 x 500 network, batch 500, float32, beside the bare products of matrices that they consist
// of.
#include <benchmark/benchmark.h>

#include <vector>

#include "network/coupled_layers.hpp"
#include "network/unit_type.hpp"
#include "quartic/network/learner.hpp"

namespace quartic {
namespace {

template <class T>
struct Units {
  static constexpr int units = 500, lanes = 128;
  Layer layer;
  std::vector<UnitConstants<T>> constants;
  AlignedVector<T> field, scale, x;
  AlignedVector<std::uint32_t> words;

  Units(Unit unit, double a)
      : layer(unit, units),
        field(static_cast<std::size_t>(units) * lanes),
        scale(lanes, T(1)),
        x(field.size(), T(0.3)),
        words(4 * lanes) {
    for (int i = 0; i < units; ++i) {
      if (layer.has_b()) layer.a[i] = a, layer.b[i] = 0.175;
      constants.emplace_back(layer.r[i], layer.a[i], layer.b[i]);
    }
    RandomStream random(1, Stream::check, 0);
    for (auto& value : field) value = static_cast<T>(random.normal());
    for (auto& word : words) word = random();
  }
  UnitBlock<T> block() const {
    return {constants.data(), units, lanes, field.data(), lanes, scale.data()};
  }
  UnitKernels<T> kernels() const { return type_of(layer.unit).template kernels<T>(); }
};

template <class F>
void run(benchmark::State& state, Unit unit, double a, F&& kernel) {
  Units<float> units(unit, a);
  for (auto _ : state) kernel(units);
  const double updates = static_cast<double>(state.iterations()) * units.units * units.lanes;
  state.counters["ns_per_unit"] =
      benchmark::Counter(updates * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void unit_step(benchmark::State& state, Unit unit, double a) {
  run(state, unit, a, [](Units<float>& u) {
    u.kernels().step(u.block(), {u.x.data(), u.lanes, u.words.data(), u.lanes});
  });
}
void unit_draw(benchmark::State& state, Unit unit, double a) {
  run(state, unit, a, [](Units<float>& u) {
    u.kernels().draw(u.block(), {u.x.data(), u.lanes, u.words.data(), u.lanes});
  });
}
void unit_moments(benchmark::State& state, Unit unit, double a) {
  std::vector<double> sums(3 * Units<float>::units);
  run(state, unit, a, [&](Units<float>& u) {
    u.kernels().moments(u.block(), {u.x.data(), u.lanes, u.lanes, sums.data(), false});
  });
}
void unit_log_normaliser(benchmark::State& state, Unit unit, double a) {
  std::vector<double> sums(Units<float>::lanes);
  run(state, unit, a, [&](Units<float>& u) { u.kernels().log_normaliser(u.block(), sums.data()); });
}

#define QUARTIC_BENCH(kernel)                                \
  BENCHMARK_CAPTURE(kernel, quartic, Unit::quartic, 0.4);    \
  BENCHMARK_CAPTURE(kernel, double_well, Unit::quartic, -1); \
  BENCHMARK_CAPTURE(kernel, gaussian, Unit::gaussian, 0.5);  \
  BENCHMARK_CAPTURE(kernel, binary, Unit::binary, 0)
QUARTIC_BENCH(unit_step);
QUARTIC_BENCH(unit_draw);
QUARTIC_BENCH(unit_moments);
QUARTIC_BENCH(unit_log_normaliser);
#undef QUARTIC_BENCH

constexpr int visible_units = 784, hidden_units = 500, batch = 500;

std::vector<float> pixels(Unit unit) {
  RandomStream random(3, Stream::check, 0);
  std::vector<float> out(static_cast<std::size_t>(batch) * visible_units);
  for (std::size_t k = 0; k < out.size(); ++k) {
    const bool on =
        random.uniform() < 0.1 + 0.8 * static_cast<double>(k % visible_units) / visible_units;
    out[k] = static_cast<float>(unit == Unit::binary ? on : on + 0.3 * random.normal());
  }
  return out;
}

void update(benchmark::State& state, Unit visible, Unit hidden) {
  const auto rows = pixels(visible);
  const auto data = std::make_shared<ArraySource>(rows, visible_units);
  const auto moments = column_moments(*data);
  TrainingOptions options;
  options.steps = static_cast<int>(state.range(0)),
  options.threads = static_cast<int>(state.range(1));
  options.rate = 0.01, options.momentum = 0.5, options.batch = batch;  // and so many chains
  NetworkLearner<float> trainer(
      data, moments, initial_network(visible, hidden, hidden_units, moments), options, 1);
  for (auto _ : state) trainer.update(rows);
}

/// The floor: 2k + 3 products of matrices.
void products(benchmark::State& state) {
  const SerialBlas serial;
  AlignedVector<float> w(visible_units * hidden_units, 0.1f), v(visible_units * batch, 0.2f),
      h(hidden_units * batch, 0.3f), gradient(w.size());
  for (auto _ : state) {
    for (int k = 0; k < state.range(0); ++k) {
      multiply(Transpose::no, Transpose::no, visible_units, batch, hidden_units, w.data(),
               hidden_units, h.data(), batch, 0.0f, v.data(), batch);
      multiply(Transpose::yes, Transpose::no, hidden_units, batch, visible_units, w.data(),
               hidden_units, v.data(), batch, 0.0f, h.data(), batch);
    }
    multiply(Transpose::yes, Transpose::no, hidden_units, batch, visible_units, w.data(),
             hidden_units, v.data(), batch, 0.0f, h.data(), batch);
    for (int k = 0; k < 2; ++k)
      multiply(Transpose::no, Transpose::yes, visible_units, hidden_units, batch, v.data(), batch,
               h.data(), batch, 0.0f, gradient.data(), hidden_units);
  }
}

#define QUARTIC_SIZES \
  Args({1, 1})->Args({10, 1})->Args({1, 2})->UseRealTime()->Unit(benchmark::kMillisecond)
BENCHMARK(products)->Arg(1)->Arg(10)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(update, binary_binary, Unit::binary, Unit::binary)->QUARTIC_SIZES;
BENCHMARK_CAPTURE(update, gaussian_binary, Unit::gaussian, Unit::binary)->QUARTIC_SIZES;
BENCHMARK_CAPTURE(update, quartic_binary, Unit::quartic, Unit::binary)->QUARTIC_SIZES;
BENCHMARK_CAPTURE(update, quartic_quartic, Unit::quartic, Unit::quartic)->QUARTIC_SIZES;

}  // namespace
}  // namespace quartic
