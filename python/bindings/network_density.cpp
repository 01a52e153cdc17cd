// Densities of tables in Python: scalings, learning without chains, independent draws.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "network_rows.hpp"
#include "quartic/core/random.hpp"
#include "quartic/data/gaussian_density.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/network/training_options.hpp"
#include "quartic/run/density_learner.hpp"
#include "quartic/run/learning_way.hpp"
#include "released.hpp"

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
Doubles mapped(const DataScaling& self, ArrayLike values) {
  const Rows rows = scaled_rows(self, values);
  std::vector<double> out(rows.all().begin(), rows.all().end());
  {
    const Released released;
    (self.*map)(std::span(out), rows.width);
  }
  return shaped(rows, std::move(out), static_cast<int>(rows.width));
}

Doubles log_jacobians(const DataScaling& self, ArrayLike values) {
  const Rows rows = scaled_rows(self, values);
  std::vector<double> out(rows.count, self.log_jacobian(rows.width));
  for (std::size_t n = 0; n < rows.count; ++n) out[n] += self.log_power(rows.row(n));
  return shaped(rows, std::move(out));
}

template <auto part>
Doubles part_of(const DataScaling& self) {
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
          [](const std::string& method, ArrayLike data) {
            const Input input = as_input(data);
            if (input.ndim() != 2) throw BadInput("data must be an array of shape (rows, columns)");
            const auto values = span(input);
            const Released released;
            return fit_scaling(from_word<ScalingMethod>(method, "scaling"), values, input.shape(1));
          },
          nb::arg("method"), nb::arg("data"),
          R"(The scaling that rows call for.

Parameters
----------
method : {"standardise", "power", "whiten", "zca", "power-whiten"}
    How.
data : array_like, shape (rows, columns)
    What it is fitted to.

Returns
-------
Scaling
    Of these columns.)")
      .def_static(
          "columns",
          [](ArrayLike offset, ArrayLike scale) {
            DataScaling out;
            out.method = ScalingMethod::constants;
            out.offset = doubles_from(offset), out.scale = doubles_from(scale);
            return out;
          },
          nb::arg("offset"), nb::arg("scale"), R"(The scaling (data - offset) / scale.

Parameters
----------
offset, scale : array_like
    One value a column.

Returns
-------
Scaling
    Of these columns.)")
      .def_prop_ro(
          "method", [](const DataScaling& self) { return std::string(name(self.method)); },
          "Its name.")
      .def_prop_ro(
          "by_column", [](const DataScaling& self) { return self.rotation.empty(); },
          "Whether columns of the model are columns of the data.")
      .def_prop_ro("offset", &part_of<&DataScaling::offset>, "What is taken from the data.")
      .def_prop_ro("scale", &part_of<&DataScaling::scale>, "What that is divided by.")
      .def_prop_ro("power", &part_of<&DataScaling::power>,
                   "Exponents of Yeo and Johnson, one a column; empty without.")
      .def_prop_ro(
          "low", &part_of<&DataScaling::low>,
          "(x - offset) / scale of the least row, below which the map goes on as a fourth root; "
          "empty without.")
      .def_prop_ro("high", &part_of<&DataScaling::high>, "Likewise of the greatest, above it.")
      .def_prop_ro("rotation", &part_of<&DataScaling::rotation>,
                   "Axes of the whitened columns; empty without.")
      .def("to_model", &mapped<to_model>, nb::arg("rows"),
           R"(From the units of the data to those of the model.

Parameters
----------
rows : array_like, shape (rows, columns)
    Of the data.

Returns
-------
numpy.ndarray
    In the same shape.)")
      .def("from_model", &mapped<from_model>, nb::arg("rows"),
           R"(From the units of the model to those of the data.

Parameters
----------
rows : array_like, shape (rows, columns)
    Of the model.

Returns
-------
numpy.ndarray
    In the same shape.)")
      .def("log_jacobian", &log_jacobians, nb::arg("rows"),
           R"(Logarithm of the volume that the map to the model gives each row.

Parameters
----------
rows : array_like, shape (rows, columns)
    In the units of the data.

Returns
-------
numpy.ndarray
    Logarithm of the determinant of d model / d data, one a row.)")
      .def("__repr__",
           [](const DataScaling& self) {
             return "<quartic.Scaling '" + std::string(name(self.method)) + "'>";
           })
      .def("__getstate__",
           [](const DataScaling& s) {
             return nb::make_tuple(std::string(name(s.method)), s.offset, s.scale, s.power,
                                   s.centre, s.spread, s.rotation, s.rotation_back, s.edge, s.low,
                                   s.high);
           })
      .def("__setstate__", [](DataScaling& self, const nb::tuple& state) {
        const auto values = [&](std::size_t k) {  // 8 on not in 0.1, 9 on not in 0.2
          return k < state.size() ? nb::cast<std::vector<double>>(state[k]) : std::vector<double>{};
        };
        DataScaling s;
        s.method = from_word<ScalingMethod>(nb::cast<std::string>(state[0]), "scaling");
        std::size_t k = 0;
        for (auto* part : {&s.offset, &s.scale, &s.power, &s.centre, &s.spread, &s.rotation,
                           &s.rotation_back, &s.edge, &s.low, &s.high})
          *part = values(++k);
        new (&self) DataScaling(std::move(s));
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
    record["improving"] = one.improving, record["rise"] = one.last_rise();
    candidates.append(record);
  }
  out["candidates"] = candidates, out["chosen"] = fit.choice.chosen;
  out["remarks"] = fit.choice.remarks;
  out["scaling"] = std::move(fit.scaling), out["network"] = std::move(fit.network);
  out["log_z"] = fit.log_z, out["iterations"] = fit.choice.iterations;
  out["held_out"] = fit.choice.held_out.value, out["held_out_error"] = fit.choice.held_out.error;
  return out;
}

/// Of learn_density and learn_start: rows, a race and who hears of it.
DensityFit raced(nb::object data, DensityOptions o, const std::vector<std::string>& scalings,
                 std::optional<std::size_t> most_rows, nb::object random_state,
                 nb::object progress) {
  const Input input = as_input(data);
  if (input.ndim() != 2) throw BadInput("data must be an array of shape (rows, columns)");
  o.scalings.clear();
  for (const auto& word : scalings) o.scalings.push_back(from_word<ScalingMethod>(word, "scaling"));
  const std::uint64_t seed = seed_of(random_state);
  const std::size_t columns = input.shape(1);
  const auto values = span(input);
  const auto report = [&](double done) {
    if (progress.is_none()) return true;
    const Acquired acquired;
    progress(done);
    return true;
  };
  const Released released;
  if (!most_rows || *most_rows >= input.shape(0))
    return learn_density(values, columns, o, seed, report);
  std::vector<double> some;
  for (const std::size_t n : spread_over(input.shape(0), *most_rows)) {
    const auto row = values.subspan(n * columns, columns);
    some.insert(some.end(), row.begin(), row.end());
  }
  return learn_density(some, columns, o, seed, report);
}

WantedNetwork wanted(const std::string& visible, const std::string& hidden, int hidden_units,
                     std::size_t columns, bool noisy) {
  return {from_word<Unit>(visible, "unit"), from_word<Unit>(hidden, "unit"), hidden_units, columns,
          noisy};
}

nb::dict learned(ArrayLike data, const std::string& visible, const std::string& hidden,
                 int hidden_units, bool gates, const std::vector<std::string>& scalings,
                 double ridge, int folds, int rounds, int patience, double noise, int threads,
                 nb::object random_state, nb::object progress, std::vector<std::string> names) {
  DensityOptions o;
  o.visible = from_word<Unit>(visible, "unit"), o.hidden = from_word<Unit>(hidden, "unit");
  o.hidden_units = hidden_units, o.gates = gates, o.ridge = ridge, o.folds = folds;
  o.rounds = rounds, o.patience = patience, o.noise = noise, o.threads = threads;
  o.names = std::move(names);
  return to_python(
      raced(data, std::move(o), scalings, {}, std::move(random_state), std::move(progress)));
}

/// With `start`, the network that chains begin with, in the place of the density.
nb::dict start_learned(ArrayLike data, const std::string& visible, const std::string& hidden,
                       int hidden_units, const std::vector<std::string>& scalings, double ridge,
                       int rounds, int threads, std::uint64_t random_state, nb::object progress,
                       std::vector<std::string> names) {
  const Input input = as_input(data);
  const std::size_t columns = input.ndim() == 2 ? input.shape(1) : 0;
  const WantedNetwork of = wanted(visible, hidden, hidden_units, columns, false);
  DensityOptions o = start_options(of, {});
  o.ridge = ridge, o.threads = threads, o.names = std::move(names);
  if (o.rounds > 0) o.rounds = rounds;
  DensityFit fit =
      raced(data, std::move(o), scalings, start_rows(std::max<std::size_t>(columns, 1)),
            nb::cast(random_state), std::move(progress));
  Network start = [&] {
    const Released released;
    const auto all = span(input);
    std::vector<double> model(all.begin(), all.end());
    fit.scaling.to_model(std::span(model), columns);
    const auto moments =
        column_moments(ArraySource(std::vector<float>(model.begin(), model.end()), columns));
    const int units = hidden_units > 0 ? hidden_units : default_hidden_units(input.shape(0));
    return chain_start(fit, of.hidden, units, moments, random_state);
  }();
  nb::dict out = to_python(std::move(fit));
  out["network"] = std::move(start);
  return out;
}

Network more_of(const Network& network, ArrayLike data, int iterations, double ridge, int threads) {
  const NumpySource source(data);
  const Released released;
  ExactLearner learner(read_rows(source, 0, source.rows()), network, {ridge, threads});
  learner.step(iterations);
  return learner.network();
}

Doubles draws(const Network& network, int count, nb::object random_state, int threads) {
  const std::uint64_t seed = seed_of(random_state);
  std::vector<double> values;
  {
    const Released released;
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
        nb::arg("ridge") = 1.0, nb::arg("folds") = 0, nb::arg("rounds") = 500,
        nb::arg("patience") = 15, nb::arg("noise") = 0.0, nb::arg("threads") = 0,
        nb::arg("random_state") = nb::none(), nb::arg("progress") = nb::none(),
        nb::arg("names") = std::vector<std::string>{},
        "A network whose ln Z is exact, learned without chains; scaling and length chosen on "
        "held-out rows.");
  m.def("learn_start", &start_learned, nb::arg("data"), nb::kw_only(), nb::arg("visible"),
        nb::arg("hidden"), nb::arg("hidden_units"), nb::arg("scalings"), nb::arg("ridge"),
        nb::arg("rounds"), nb::arg("threads"), nb::arg("random_state"), nb::arg("progress"),
        nb::arg("names"), "Where chains begin that are learned until held-out rows say enough.");
  m.def(
      "learning_way",
      [](const std::string& visible, const std::string& hidden, int hidden_units,
         std::size_t columns, bool noisy) {
        return std::string(
            name(learning_way(wanted(visible, hidden, hidden_units, columns, noisy))));
      },
      nb::arg("visible"), nb::arg("hidden"), nb::arg("hidden_units"), nb::arg("columns"),
      nb::arg("noisy"), "'exactly', 'chains-from-exact' or 'chains'.");
  m.def(
      "remark_on_copies",
      [](ArrayLike rows) {
        const Input input = as_input(rows);
        if (input.ndim() != 2) throw BadInput("data must be an array of shape (rows, columns)");
        return remark_on_copies(span(input), input.shape(1));
      },
      nb::arg("rows"), "What there is to say of rows that are copies of others, or nothing.");
  m.def("default_hidden_units", &default_hidden_units, nb::arg("rows"),
        "So many learn so many rows by chains.");
  m.def(
      "below_gaussian",
      [](ArrayLike levels, std::pair<double, double> log_z, ArrayLike rows,
         ArrayLike learned) -> std::optional<double> {
        const Input judged = as_input(rows), some = as_input(learned), ln_p = as_input(levels);
        if (judged.ndim() != 2 || some.ndim() != 2 || judged.shape(1) != some.shape(1) ||
            ln_p.size() != judged.shape(0))
          throw BadInput("rows must be arrays of shape (rows, columns) of as many columns");
        const Estimate z{log_z.first, log_z.second};
        const Released released;
        const auto above = above_gaussian(span(ln_p), z, span(judged), span(some), some.shape(1));
        if (!above || !below_gaussian(*above)) return std::nullopt;
        return -above->value;
      },
      nb::arg("levels"), nb::arg("log_z"), nb::arg("rows"), nb::arg("learned"),
      "By how much ln p of rows, their `levels` less ln Z (value, error), is below that of one "
      "Gaussian of `learned`; None where that is chance.");
  m.def("learn_exactly", &more_of, nb::arg("network"), nb::arg("data"), nb::arg("iterations"),
        nb::arg("ridge") = 1.0, nb::arg("threads") = 0,
        "The network after more iterations of exact learning on rows in its units, float32.");
  m.def("draw_exactly", &draws, nb::arg("network"), nb::arg("count"),
        nb::arg("random_state") = nb::none(), nb::arg("threads") = 0,
        "Independent draws of a network of at most 20 two-valued hidden units.");
  m.def("can_draw_exactly", &hidden_can_be_drawn, nb::arg("network"));
}

}  // namespace quartic::python
