// A sampler in hand.
#include <nanobind/stl/string.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "numpy.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/precision.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/run/problem.hpp"
#include "settings.hpp"
#include "watch.hpp"

namespace quartic::python {
namespace {

/// Chains of one action.
class Chains {
  template <class F>
  auto visit(F&& f) {
    return narrow_ ? f(*narrow_) : f(*wide_);
  }

 public:
  Chains(const Settings& given, int warm_up, nb::object watch)
      : action_(make_start(given.config, make_graph(given.config.graph))),
        options_(given.config.sampler.options) {
    options_.threads = given.config.run.threads;
    if (chosen_precision(given.config.sampler.precision, action_) == Precision::float64)
      wide_.emplace(action_, options_, given.config.run.seed, Stream::sample);
    else
      narrow_.emplace(action_, options_, given.config.run.seed, Stream::sample);
    watched(std::move(watch), [&](const Session& session) {
      visit([&](auto& sampler) { sampler.warm_up(warm_up, session.progress("warming up")); });
    });
  }

  void sweep(int count) {
    const Released released;
    visit([&](auto& sampler) { sampler.sweep(count); });
  }

  /// The fields now, written once into an array of Python's.
  Floatings fields() {
    return visit([&]<class T>(Sampler<T>& sampler) {
      std::vector<std::size_t> shape = {static_cast<std::size_t>(sampler.chains())};
      const Lattice* lattice = action_.graph->lattice();
      if (lattice != nullptr)
        shape.insert(shape.end(), lattice->extent.begin(), lattice->extent.end());
      else
        shape.push_back(static_cast<std::size_t>(sampler.sites()));
      const auto sites = static_cast<std::size_t>(sampler.sites());
      auto* values = new T[shape[0] * sites];
      nb::capsule owner(values, [](void* p) noexcept { delete[] static_cast<T*>(p); });
      {
        const Released released;
        sampler.for_each_block([&](int index) {
          const auto block = sampler.block(index);
          T* out = values + static_cast<std::size_t>(index) * block.lanes * sites;
          constexpr int tile = 16;  // both sides of the transpose stay in cache
          for (int i = 0; i < block.sites; i += tile)
            for (int lane = 0; lane < block.lanes; ++lane)
              for (int k = i; k < std::min(i + tile, block.sites); ++k)
                out[static_cast<std::size_t>(lane) * sites + k] = block.site(k)[lane];
        });
      }
      return nb::cast(nb::ndarray<nb::numpy, T>(values, shape.size(), shape.data(), owner));
    });
  }

  std::string schedule() {
    return visit([](auto& sampler) { return sampler.describe_schedule(); });
  }

 private:
  Action action_;
  SamplerOptions options_;
  std::optional<Sampler<float>> narrow_;
  std::optional<Sampler<double>> wide_;
};

}  // namespace

void bind_chains(nb::module_& m) {
  nb::class_<Chains>(m, "Chains")
      .def(nb::init<const Settings&, int, nb::object>())
      .def("sweep", &Chains::sweep)
      .def("fields", &Chains::fields)
      .def("schedule", &Chains::schedule);
}

}  // namespace quartic::python
