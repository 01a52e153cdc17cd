// Densities of tables in Python: scalings, learning without chains, independent draws.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "network_rows.hpp"
#include "quartic/core/random.hpp"
#include "quartic/data/gaussian_density.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/run/density_learner.hpp"
#include "watch.hpp"

namespace quartic::python {
namespace {

/// Rows of as many columns as the scaling, or of any where it has one scale for all.
Rows scaled_rows(const DataScaling& scaling, nb::handle values) {
  const Input input = as_input(values);
  const auto width = static_cast<int>(input.ndim() > 0 ? input.shape(input.ndim() - 1) : 0);
  const Rows rows = rows_of(values, width, "column");
  scaling.check(rows.width);
  return rows;
}

template <auto map>
nb::object mapped(const DataScaling& self, nb::object values) {
  const Rows rows = scaled_rows(self, values);
  std::vector<double> out(rows.all().begin(), rows.all().end());
  {
    const nb::gil_scoped_release release;
    (self.*map)(std::span(out), rows.width);
  }
  return shaped(rows, std::move(out), static_cast<int>(rows.width));
}

nb::object log_jacobians(const DataScaling& self, nb::object values) {
  const Rows rows = scaled_rows(self, values);
  std::vector<double> out(rows.count, self.log_jacobian(rows.width));
  for (std::size_t n = 0; n < rows.count; ++n) out[n] += self.log_power(rows.row(n));
  return shaped(rows, std::move(out));
}

template <auto part>
nb::object part_of(const DataScaling& self) {
  return vector_to_python(self.*part);
}

void bind_scaling(nb::module_& m) {
  using Map = void (DataScaling::*)(std::span<double>, std::size_t) const;
  constexpr Map to_model = &DataScaling::to_model, from_model = &DataScaling::from_model;
  nb::class_<DataScaling>(m, "Scaling",
                          "Between the units of data and those of a model: affine by column, by "
                          "power, whitened.")
      .def(nb::init<>(), "The identity.")
      .def_static(
          "fit",
          [](const std::string& method, nb::object data) {
            const Input input = as_input(data);
            if (input.ndim() != 2) throw BadInput("data must be an array of shape (rows, columns)");
            const auto values = span(input);
            const nb::gil_scoped_release release;
            return fit_scaling(from_word<ScalingMethod>(method, "scaling"), values, input.shape(1));
          },
          nb::arg("method"), nb::arg("data"),
          "By 'standardise', 'power', 'whiten', 'zca' or 'power-whiten'.")
      .def_static(
          "columns",
          [](nb::object offset, nb::object scale) {
            DataScaling out;
            out.method = ScalingMethod::constants;
            out.offset = doubles_from(offset), out.scale = doubles_from(scale);
            return out;
          },
          nb::arg("offset"), nb::arg("scale"), "(data - offset) / scale.")
      .def_prop_ro("method", [](const DataScaling& self) { return std::string(name(self.method)); })
      .def_prop_ro("by_column", &DataScaling::by_column,
                   "Whether columns of the model are columns of the data.")
      .def_prop_ro("offset", &part_of<&DataScaling::offset>)
      .def_prop_ro("scale", &part_of<&DataScaling::scale>)
      .def_prop_ro("power", &part_of<&DataScaling::power>)
      .def_prop_ro("rotation", &part_of<&DataScaling::rotation>)
      .def("to_model", &mapped<to_model>, nb::arg("rows"))
      .def("from_model", &mapped<from_model>, nb::arg("rows"))
      .def("log_jacobian", &log_jacobians, nb::arg("rows"),
           "ln |d model / d data| of every row, given in the units of the data.")
      .def("__getstate__",
           [](const DataScaling& s) {
             return nb::make_tuple(std::string(name(s.method)), s.offset, s.scale, s.power,
                                   s.centre, s.spread, s.rotation, s.rotation_back);
           })
      .def("__setstate__", [](DataScaling& self, const nb::tuple& state) {
        const auto values = [&](std::size_t k) { return nb::cast<std::vector<double>>(state[k]); };
        new (&self)
            DataScaling{from_word<ScalingMethod>(nb::cast<std::string>(state[0]), "scaling"),
                        values(1),
                        values(2),
                        values(3),
                        values(4),
                        values(5),
                        values(6),
                        values(7)};
      });
}

nb::dict to_python(DensityFit fit) {
  nb::dict out;
  nb::list candidates;
  for (const DensityCandidate& one : fit.choice.candidates) {
    nb::dict record;
    record["scaling"] = std::string(name(one.scaling));
    record["held_out"] = vector_to_python(one.held_out);
    record["best"] = one.best, record["dropped"] = one.dropped;
    record["improving"] = one.improving;
    candidates.append(record);
  }
  out["candidates"] = candidates, out["chosen"] = fit.choice.chosen;
  out["remarks"] = fit.choice.remarks;
  out["scaling"] = std::move(fit.scaling), out["network"] = std::move(fit.network);
  out["log_z"] = fit.log_z, out["iterations"] = fit.choice.iterations;
  out["held_out"] = fit.choice.held_out.value, out["held_out_error"] = fit.choice.held_out.error;
  return out;
}

nb::object learned(nb::object data, const std::string& visible, const std::string& hidden,
                   int hidden_units, bool gates, const std::vector<std::string>& scalings,
                   double ridge, int folds, int rounds, int patience, double noise, int threads,
                   nb::object random_state, nb::object progress, std::vector<std::string> names) {
  const Input input = as_input(data);
  if (input.ndim() != 2) throw BadInput("data must be an array of shape (rows, columns)");
  DensityOptions o;
  o.visible = from_word<Unit>(visible, "unit"), o.hidden = from_word<Unit>(hidden, "unit");
  o.hidden_units = hidden_units, o.gates = gates, o.ridge = ridge, o.folds = folds;
  o.rounds = rounds, o.patience = patience, o.noise = noise, o.threads = threads;
  o.names = std::move(names);
  o.scalings.clear();
  for (const auto& word : scalings) o.scalings.push_back(from_word<ScalingMethod>(word, "scaling"));
  const std::uint64_t seed = seed_of(random_state);
  const auto values = span(input);
  const auto report = [&](double done) {
    const nb::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    if (!progress.is_none()) progress(done);
    return true;
  };
  std::optional<DensityFit> fit;
  {
    const nb::gil_scoped_release release;
    fit = learn_density(values, input.shape(1), o, seed, report);
  }
  return to_python(std::move(*fit));
}

Network more_of(const Network& network, nb::object data, int iterations, double ridge,
                int threads) {
  const NumpySource source(data);
  const nb::gil_scoped_release release;
  ExactLearner learner(read_rows(source, 0, source.rows()), network, {ridge, threads});
  learner.step(iterations);
  return learner.network();
}

nb::object draws(const Network& network, int count, nb::object random_state, int threads) {
  const std::uint64_t seed = seed_of(random_state);
  std::vector<double> values;
  {
    const nb::gil_scoped_release release;
    values = independent_draws<double>(network, count, seed, Stream::sample, threads).visible();
  }
  return nb::cast(to_numpy(std::move(values), {static_cast<std::size_t>(count),
                                               static_cast<std::size_t>(network.visible.size())}));
}

}  // namespace

void bind_density(nb::module_& m) {
  bind_scaling(m);
  m.def("learn_density", &learned, nb::arg("data"), nb::kw_only(), nb::arg("visible") = "quartic",
        nb::arg("hidden") = "binary", nb::arg("hidden_units") = 0, nb::arg("gates") = true,
        nb::arg("scalings") =
            std::vector<std::string>{"standardise", "whiten", "power", "power-whiten"},
        nb::arg("ridge") = 1.0, nb::arg("folds") = 0, nb::arg("rounds") = 250,
        nb::arg("patience") = 15, nb::arg("noise") = 0.0, nb::arg("threads") = 0,
        nb::arg("random_state") = nb::none(), nb::arg("progress") = nb::none(),
        nb::arg("names") = std::vector<std::string>{},
        "A network whose ln Z is exact, learned without chains; scaling and length chosen on "
        "held-out rows.");
  m.def(
      "gaussian_log_density",
      [](nb::object rows, nb::object learned) {
        const Input judged = as_input(rows), some = as_input(learned);
        if (judged.ndim() != 2 || some.ndim() != 2 || judged.shape(1) != some.shape(1))
          throw BadInput("rows must be arrays of shape (rows, columns) of as many columns");
        std::vector<double> out;
        {
          const nb::gil_scoped_release release;
          out = gaussian_log_density(span(judged), span(some), some.shape(1));
        }
        return vector_to_python(out);
      },
      nb::arg("rows"), nb::arg("learned"),
      "ln p of every row under the Gaussian of the mean and shrunk covariance of `learned`.");
  m.def("learn_exactly", &more_of, nb::arg("network"), nb::arg("data"), nb::arg("iterations"),
        nb::arg("ridge") = 1.0, nb::arg("threads") = 0,
        "The network after more iterations of exact learning on rows in its units, float32.");
  m.def("draw_exactly", &draws, nb::arg("network"), nb::arg("count"),
        nb::arg("random_state") = nb::none(), nb::arg("threads") = 0,
        "Independent draws of a network of at most 20 two-valued hidden units.");
  m.def("can_draw_exactly", &hidden_can_be_drawn, nb::arg("network"));
}

}  // namespace quartic::python
