// Networks in Python: the model, its exact and estimated likelihood, sampling, training.
#include "quartic/network/network.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "numpy.hpp"
#include "quartic/core/data_source.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/random.hpp"
#include "quartic/core/suggest.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/likelihood.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/network/start.hpp"
#include "quartic/network/training.hpp"

namespace quartic::python {
namespace {

using FloatInput = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;

// --- rows ---------------------------------------------------------------------------------------

/// Values of shape (..., width): rows of one layer.
struct Rows {
  Input values;
  std::size_t count, width;
  std::span<const double> all() const { return span(values); }
  std::span<const double> row(std::size_t n) const { return all().subspan(n * width, width); }
};

/// Their number. Refuses values that are not finite: draws would never end on them.
template <class Values>
std::size_t count_rows(const Values& values, int width, const char* of) {
  const auto wanted = static_cast<std::size_t>(width);
  if (values.ndim() == 0 || values.shape(values.ndim() - 1) != wanted) {
    throw BadInput("the last axis must have one entry a " + std::string(of) + " unit, " +
                   std::to_string(width));
  }
  const auto* end = values.data() + values.size();
  const auto* bad = std::find_if(values.data(), end, [](auto x) { return !std::isfinite(x); });
  if (bad != end) {
    const auto at = static_cast<std::size_t>(bad - values.data());
    throw BadInput("row " + std::to_string(at / wanted) + ", unit " + std::to_string(at % wanted) +
                       " is " + std::to_string(*bad),
                   "remove or fill the values that are missing");
  }
  return values.size() / wanted;
}

Rows rows_of(nb::handle value, int width, const char* of) {
  Rows rows{as_input(value), 0, static_cast<std::size_t>(width)};
  rows.count = count_rows(rows.values, width, of);
  return rows;
}

/// One value a row (or `width` of them) in the shape that the rows came in.
nb::object shaped(const Rows& rows, std::vector<double> values, int width = 0) {
  nb::list shape;
  for (std::size_t d = 0; d + 1 < rows.values.ndim(); ++d) shape.append(rows.values.shape(d));
  if (width > 0) shape.append(width);
  const std::size_t size = values.size();
  return nb::cast(to_numpy(std::move(values), {size}))
      .attr("reshape")(nb::tuple(shape))[nb::tuple()];
}

/// Lets Ctrl-C end a long call: for the library's progress callbacks, on the calling thread.
void check_signals() {
  const nb::gil_scoped_acquire acquire;
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

// --- couplings ----------------------------------------------------------------------------------

void set_values(std::vector<double>& values, nb::handle from, const std::string& name) {
  const Input input = as_input(from);
  if (input.size() == 1) {
    std::fill(values.begin(), values.end(), *input.data());
  } else if (input.size() == values.size()) {
    std::copy_n(input.data(), input.size(), values.begin());
  } else {
    throw BadInput(name + " has " + std::to_string(input.size()) +
                       " values where the network needs " + std::to_string(values.size()),
                   name == "w" ? "shape (visible units, hidden units), or a single number"
                               : "one a unit of its layer, or a single number");
  }
}

std::vector<double>& couplings_of(Network& network, char name) {
  switch (name) {
    case 'w':
      return network.w;
    case 'r':
      return network.visible.r;
    case 'a':
      return network.visible.a;
    case 'b':
      return network.visible.b;
    case 's':
      return network.hidden.r;
    case 'm':
      return network.hidden.a;
    default:
      return network.hidden.b;
  }
}

template <char name>
void bind_couplings(nb::class_<Network>& type, const char* doc) {
  static constexpr char letter[] = {name, 0};
  type.def_prop_rw(
      letter,
      [](nb::handle_t<Network> self) {
        auto& network = nb::cast<Network&>(self);
        auto& values = couplings_of(network, name);
        if constexpr (name == 'w') {
          return Array(values.data(), {network.visible.r.size(), network.hidden.r.size()}, self);
        } else {
          return Array(values.data(), {values.size()}, self);
        }
      },
      [](Network& network, nb::object value) {
        set_values(couplings_of(network, name), value, letter);
      },
      nb::for_getter(nb::rv_policy::reference), doc);
}

Network make_network(nb::handle w, const std::string& visible, const std::string& hidden,
                     const std::array<nb::object, 6>& couplings) {
  const Input table = as_input(w);
  if (table.ndim() != 2)
    throw BadInput("w must be an array of shape (visible units, hidden units)");
  Network network(Layer(unit_named(visible), static_cast<int>(table.shape(0))),
                  Layer(unit_named(hidden), static_cast<int>(table.shape(1))));
  std::copy_n(table.data(), table.size(), network.w.begin());
  constexpr char letters[] = "rabsmn";
  for (std::size_t k = 0; k < couplings.size(); ++k)
    if (!couplings[k].is_none())
      set_values(couplings_of(network, letters[k]), couplings[k], std::string(1, letters[k]));
  return network;
}

// --- values and moments -------------------------------------------------------------------------

nb::object energy(const Network& network, nb::object phi, nb::object h) {
  const Rows visible = rows_of(phi, network.visible.size(), "visible"),
             hidden = rows_of(h, network.hidden.size(), "hidden");
  if (visible.count != hidden.count) {
    throw BadInput(std::to_string(visible.count) + " rows of visible and " +
                   std::to_string(hidden.count) + " of hidden units");
  }
  std::vector<double> values(visible.count);
  {
    const nb::gil_scoped_release release;
    for (std::size_t n = 0; n < values.size(); ++n)
      values[n] = network.action(visible.row(n), hidden.row(n));
  }
  return shaped(visible, std::move(values));
}

nb::object free_energy(const Network& network, nb::object phi, int threads) {
  const Rows rows = rows_of(phi, network.visible.size(), "visible");
  std::vector<double> values;
  {
    const nb::gil_scoped_release release;
    require_normalisable(network);
    values = free_energies(network, rows.all(), threads);
  }
  return shaped(rows, std::move(values));
}

/// The other layer given rows of this one, in pieces that fit the cache: expectations, or draws.
std::vector<double> hidden_given(const Network& network, const Rows& rows,
                                 std::optional<std::uint64_t> seed, int threads) {
  constexpr std::size_t piece = 4096;
  std::vector<double> out;
  out.reserve(rows.count * network.hidden.size());
  RandomStream seeds(seed.value_or(0), Stream::generate, 0);
  for (std::size_t begin = 0; begin < rows.count; begin += piece) {
    const std::size_t count = std::min(piece, rows.count - begin);
    const std::uint64_t own = seeds() | static_cast<std::uint64_t>(seeds()) << 32;
    NetworkSampler<double> sampler(network, static_cast<int>(count), own, Stream::generate,
                                   threads);
    sampler.set_visible(rows.all().subspan(begin * rows.width, count * rows.width));
    const auto values = seed ? sampler.hidden() : sampler.hidden_means();
    out.insert(out.end(), values.begin(), values.end());
  }
  return out;
}

nb::object hidden_values(const Network& network, nb::object phi, std::optional<std::uint64_t> seed,
                         int threads) {
  const Rows rows = rows_of(phi, network.visible.size(), "visible");
  std::vector<double> values;
  {
    const nb::gil_scoped_release release;
    values = hidden_given(network, rows, seed, threads);
  }
  return shaped(rows, std::move(values), network.hidden.size());
}

nb::object visible_values(const Network& network, nb::object h, std::optional<std::uint64_t> seed,
                          int threads) {
  const Rows rows = rows_of(h, network.hidden.size(), "hidden");
  std::vector<double> values;
  {
    const nb::gil_scoped_release release;
    values = hidden_given(network.transposed(), rows, seed, threads);
  }
  return shaped(rows, std::move(values), network.visible.size());
}

using MomentList = std::vector<double> NetworkMoments::*;
constexpr MomentList all_moments[] = {&NetworkMoments::w, &NetworkMoments::r, &NetworkMoments::a,
                                      &NetworkMoments::b, &NetworkMoments::s, &NetworkMoments::m,
                                      &NetworkMoments::n};

/// quartic.NetworkMoments, w of shape (visible, hidden).
nb::object to_python(const NetworkMoments& moments) {
  nb::list values;
  for (const auto list : all_moments) {
    auto copy = moments.*list;
    const std::size_t size = copy.size();
    values.append(nb::cast(to_numpy(std::move(copy), {size})));
  }
  values[0] = values[0].attr("reshape")(moments.r.size(), moments.s.size());
  return nb::module_::import_("quartic.results").attr("NetworkMoments")(*values);
}

NetworkMoments from_python(nb::handle moments) {
  NetworkMoments out;
  std::size_t k = 0;
  for (nb::handle value : moments) {
    const Input input = as_input(value);
    if (k < std::size(all_moments))
      (out.*all_moments[k++]).assign(input.data(), input.data() + input.size());
  }
  return out;
}

/// Mean of f(row) over the rows.
template <class F>
NetworkMoments mean_moments(const Rows& rows, F&& f) {
  if (rows.count == 0) throw BadInput("the moments of no rows");
  NetworkMoments sum = f(rows.row(0));
  for (std::size_t n = 1; n < rows.count; ++n) {
    const NetworkMoments more = f(rows.row(n));
    for (const auto list : all_moments)
      for (std::size_t k = 0; k < (sum.*list).size(); ++k) (sum.*list)[k] += (more.*list)[k];
  }
  for (const auto list : all_moments)
    for (double& x : sum.*list) x /= static_cast<double>(rows.count);
  return sum;
}

nb::object moments_of_rows(const Network& network, nb::object phi) {
  const Rows rows = rows_of(phi, network.visible.size(), "visible");
  NetworkMoments mean;
  {
    const nb::gil_scoped_release release;
    require_normalisable(network);
    mean = mean_moments(rows, [&](auto row) { return moments_given_visible(network, row); });
  }
  return to_python(mean);
}

nb::object exact_moments(const Network& network, int threads) {
  NetworkMoments moments;
  {
    const nb::gil_scoped_release release;
    moments = solve_exactly(network, threads).moments;
  }
  return to_python(moments);
}

nb::object gradient(const Network& network, nb::object phi, nb::object model, int threads) {
  const Rows rows = rows_of(phi, network.visible.size(), "visible");
  NetworkMoments of_model, mean;
  if (!model.is_none()) of_model = from_python(model);
  {
    const nb::gil_scoped_release release;
    if (of_model.w.empty()) of_model = solve_exactly(network, threads).moments;
    if (of_model.w.size() != network.w.size() || of_model.r.size() != network.visible.r.size())
      throw BadInput("the model's moments are those of another network");
    mean = mean_moments(rows,
                        [&](auto row) { return log_likelihood_gradient(network, of_model, row); });
  }
  return to_python(mean);
}

// --- likelihood ---------------------------------------------------------------------------------

nb::object to_python(const Estimate& x) {
  return nb::module_::import_("quartic.results").attr("Estimate")(x.value, x.error);
}

nb::object to_python(const LogZ& z) {
  nb::object ladder = nb::none();
  if (z.ladder) ladder = to_python(z.ladder->value);
  return nb::module_::import_("quartic.results")
      .attr("LogZ")(to_python(z.value), to_python(z.forward), to_python(z.reverse),
                    to_python(z.annealed), ladder, z.exact, z.ok, z.reason);
}

LogZ log_z_from_python(nb::handle z) {
  const auto estimate = [&](const char* name) {
    const nb::object x = z.attr(name);
    return Estimate{nb::cast<double>(x.attr("value")), nb::cast<double>(x.attr("error"))};
  };
  LogZ out;
  out.value = estimate("value"), out.forward = estimate("forward"),
  out.reverse = estimate("reverse");
  return out;
}

Network uncoupled(Network network) {
  std::fill(network.w.begin(), network.w.end(), 0.0);
  return network;
}

nb::object log_z(const Network& network, const Network* base, const LogZOptions& options,
                 nb::object start, nb::object random_state) {
  LogZ out;
  std::optional<Rows> from;
  if (!start.is_none()) from = rows_of(start, network.visible.size(), "visible");
  const std::uint64_t seed = seed_of(random_state);
  {
    const nb::gil_scoped_release release;
    out = estimate_log_z<float>(network, base ? *base : uncoupled(network), options, seed,
                                from ? from->all() : std::span<const double>{});
  }
  return to_python(out);
}

nb::object likelihood(const Network& network, nb::object phi, nb::object z, int threads) {
  const auto rows = as_input<FloatInput>(phi, "float32");
  count_rows(rows, network.visible.size(), "visible");
  const LogZ known = log_z_from_python(z);
  Likelihood out;
  {
    const nb::gil_scoped_release release;
    require_normalisable(network);
    out = log_likelihood(network, {rows.data(), rows.size()}, known, threads);
  }
  return nb::module_::import_("quartic.results")
      .attr("Likelihood")(to_python(out.value), out.lower, out.upper, out.spread);
}

// --- data ---------------------------------------------------------------------------------------

/// Rows that stay in a numpy array.
class NumpySource final : public DataSource {
 public:
  explicit NumpySource(nb::handle rows) : values_(as_input<FloatInput>(rows, "float32")) {
    if (values_.ndim() != 2) throw BadInput("data must be an array of shape (rows, columns)");
  }
  std::size_t rows() const override { return values_.shape(0); }
  std::size_t columns() const override { return values_.shape(1); }
  void read(std::span<const std::size_t> rows, std::span<float> out) const override {
    for (std::size_t n = 0; n < rows.size(); ++n)
      std::copy_n(values_.data() + rows[n] * columns(), columns(), out.data() + n * columns());
  }
  std::span<const float> first(std::size_t most) const {
    return {values_.data(), std::min(most, rows()) * columns()};
  }

 private:
  FloatInput values_;
};

ColumnMoments moments_of(const NumpySource& data) {
  if (data.rows() == 0) throw BadInput("the data have no rows");
  return column_moments(data);
}

Network network_from_data(nb::object rows, int hidden_units, const std::string& visible,
                          const std::string& hidden, double deviation, nb::object random_state) {
  const NumpySource data(rows);
  const std::uint64_t seed = seed_of(random_state);
  const nb::gil_scoped_release release;
  return initial_network(unit_named(visible), unit_named(hidden), hidden_units, moments_of(data),
                         {deviation, seed});
}

/// So many rows tell the hidden units' moments.
constexpr std::size_t rows_of_base = 1000;

Network base_from_data(const Network& network, nb::object rows) {
  const NumpySource data(rows);
  if (data.columns() != static_cast<std::size_t>(network.visible.size())) {
    throw BadInput("the data have " + std::to_string(data.columns()) + " columns, the network " +
                   std::to_string(network.visible.size()) + " visible units");
  }
  const nb::gil_scoped_release release;
  return base_network(network, moments_of(data), data.first(rows_of_base));
}

// --- training -----------------------------------------------------------------------------------

template <class Enum>
Enum named(const std::string& word, std::initializer_list<Enum> all, const char* what) {
  std::vector<std::string_view> names;
  for (const Enum value : all) {
    names.push_back(name(value));
    if (names.back() == word) return value;
  }
  throw BadInput(std::string(what) + " '" + word + "' is not known", suggestion(word, names));
}

/// The trainer, with the moments that a restart needs.
struct Trainer {
  ColumnMoments moments;
  NetworkTrainer<float> trainer;
};

nb::dict to_python(const TrainingRow& row) {
  nb::dict out;
  out["epoch"] = row.epoch, out["updates"] = row.updates, out["rate"] = row.rate;
  out["gradient_norm"] = row.gradient_norm, out["weight_norm"] = row.weight_norm;
  out["largest_weight"] = row.largest_weight;
  out["data_free_energy"] = row.data_free_energy.value;
  out["data_free_energy_error"] = row.data_free_energy.error;
  out["model_free_energy"] = row.model_free_energy.value;
  out["model_free_energy_error"] = row.model_free_energy.error;
  out["moment_score"] = row.moment_score;
  return out;
}

template <class T>
nb::object vector_to_python(std::vector<T> values) {
  const std::size_t size = values.size();
  return nb::cast(to_numpy(std::move(values), {size}));
}

template <class T>
std::vector<T> vector_from(nb::handle value, const char* type) {
  const auto input = as_input<nb::ndarray<const T, nb::c_contig, nb::device::cpu>>(value, type);
  return {input.data(), input.data() + input.size()};
}
std::vector<double> doubles_from(nb::handle value) {
  return vector_from<double>(value, "float64");
}

nb::dict to_python(const NetworkSamplerState& state) {
  nb::dict out;
  out["visible"] = vector_to_python(state.visible);
  out["hidden"] = vector_to_python(state.hidden);
  out["streams"] = vector_to_python(state.streams);
  return out;
}
NetworkSamplerState sampler_state_from(nb::handle state) {
  return {doubles_from(state["visible"]), doubles_from(state["hidden"]),
          vector_from<std::uint32_t>(state["streams"], "uint32")};
}

nb::list to_python(const std::array<std::vector<double>, 7>& lists) {
  nb::list out;
  for (const auto& list : lists) out.append(vector_to_python(list));
  return out;
}
std::array<std::vector<double>, 7> lists_from(nb::handle from) {
  std::array<std::vector<double>, 7> lists;
  for (std::size_t k = 0; k < lists.size(); ++k) lists[k] = doubles_from(from[k]);
  return lists;
}

nb::dict state_of(const Trainer& self) {
  const TrainingState state = self.trainer.state();
  nb::dict out;
  out["epoch"] = state.epoch, out["updates"] = state.updates;
  out["couplings"] = to_python(state.couplings);
  out["first_moments"] = to_python(state.first_moments);
  out["second_moments"] = to_python(state.second_moments);
  out["hidden_offset"] = vector_to_python(state.hidden_offset);
  out["chains"] = to_python(state.chains);
  out["ladder"] = nb::none();
  if (state.ladder) {
    nb::dict ladder;
    ladder["betas"] = vector_to_python(state.ladder->betas);
    ladder["chains"] = to_python(state.ladder->chains);
    ladder["sweeps"] = state.ladder->sweeps;
    out["ladder"] = ladder;
  }
  const ColumnMoments& m = self.moments;
  out["column_moments"] = nb::make_tuple(m.rows, vector_to_python(m.first),
                                         vector_to_python(m.second), vector_to_python(m.fourth));
  return out;
}

TrainingState training_state_from(nb::handle from) {
  TrainingState state;
  state.epoch = nb::cast<int>(from["epoch"]);
  state.updates = nb::cast<std::int64_t>(from["updates"]);
  state.couplings = lists_from(from["couplings"]);
  state.first_moments = lists_from(from["first_moments"]);
  state.second_moments = lists_from(from["second_moments"]);
  state.hidden_offset = doubles_from(from["hidden_offset"]);
  state.chains = sampler_state_from(from["chains"]);
  if (const nb::object ladder = from["ladder"]; !ladder.is_none()) {
    state.ladder =
        NetworkTemperingState{doubles_from(ladder["betas"]), sampler_state_from(ladder["chains"]),
                              nb::cast<std::int64_t>(ladder["sweeps"])};
  }
  return state;
}

ColumnMoments column_moments_from(nb::handle state) {
  const nb::object m = state["column_moments"];
  return {nb::cast<std::size_t>(m[0]), doubles_from(m[1]), doubles_from(m[2]), doubles_from(m[3])};
}

Trainer make_trainer(nb::object rows, const Network& network, TrainingOptions options,
                     nb::object random_state, nb::object state) {
  auto data = std::make_shared<NumpySource>(rows);
  const std::uint64_t seed = seed_of(random_state);
  if (state.is_none()) {
    const nb::gil_scoped_release release;
    const ColumnMoments moments = moments_of(*data);
    return {moments, NetworkTrainer<float>(data, moments, network, options, seed)};
  }
  const TrainingState saved = training_state_from(state);
  const ColumnMoments moments = column_moments_from(state);
  options.chains = static_cast<int>(saved.chains.streams.size() / 4);
  Trainer out{moments, NetworkTrainer<float>(data, moments, network, options, seed)};
  out.trainer.restore(saved);
  return out;
}

void update(Trainer& self, nb::object rows) {
  const auto values = as_input<FloatInput>(rows, "float32");
  count_rows(values, self.trainer.network().visible.size(), "visible");
  const nb::gil_scoped_release release;
  self.trainer.update({values.data(), values.size()});
}

Network base_of(const Trainer& self, nb::object rows) {
  const NumpySource some(rows);
  if (some.columns() != self.moments.first.size()) throw BadInput("rows of another width");
  const nb::gil_scoped_release release;
  return base_network(self.trainer.network(), self.moments, some.first(rows_of_base));
}

// --- the module ---------------------------------------------------------------------------------

std::optional<std::string> method_name(const Network& network) {
  switch (exact_method(network).kind) {
    case ExactMethod::Kind::determinant:
      return "determinant";
    case ExactMethod::Kind::sum_visible:
      return "sum over the visible units";
    case ExactMethod::Kind::sum_hidden:
      return "sum over the hidden units";
    case ExactMethod::Kind::none:
      break;
  }
  return std::nullopt;
}

nb::tuple pickled(const Network& network) {
  nb::list values;
  values.append(std::string(name(network.visible.unit)));
  values.append(std::string(name(network.hidden.unit)));
  Network copy = network;
  for (const char letter : std::string_view("wrabsmn"))
    values.append(vector_to_python(std::move(couplings_of(copy, letter))));
  return nb::tuple(values);
}

void unpickle(Network& self, const nb::tuple& state) {
  const auto values = [&](std::size_t k) { return doubles_from(state[k]); };
  const auto layer = [&](std::size_t unit, std::size_t first) {
    Layer out(unit_named(nb::cast<std::string>(state[unit])), 1);
    out.r = values(first), out.a = values(first + 1), out.b = values(first + 2);
    return out;
  };
  new (&self) Network(layer(0, 3), layer(1, 6));
  self.w = values(2);
}

void bind_model(nb::module_& m) {
  nb::class_<Network> type(
      m, "Network",
      "S(phi, h) = - sum_ij w_ij phi_i h_j + sum_i (r_i phi_i + a_i phi_i^2 + b_i phi_i^4)\n"
      "                                    + sum_j (s_j h_j + m_j h_j^2 + n_j h_j^4), p ~ "
      "exp(-S).\n\n"
      "`w` has shape (visible units, hidden units); units of either layer are 'quartic', "
      "'gaussian', 'binary' (0, 1)\n"
      "or 'spin' (-1, 1). Couplings are numbers or arrays, one a unit; left out, units have a "
      "variance near 1.\n"
      "Rows of units may have any shape (..., units).");
  type.def(
      "__init__",
      [](Network* self, nb::object w, const std::string& visible, const std::string& hidden,
         nb::object r, nb::object a, nb::object b, nb::object s, nb::object m_, nb::object n) {
        new (self) Network(make_network(w, visible, hidden, {r, a, b, s, m_, n}));
      },
      nb::arg("w"), nb::arg("visible") = "quartic", nb::arg("hidden") = "binary",
      nb::arg("r") = nb::none(), nb::arg("a") = nb::none(), nb::arg("b") = nb::none(),
      nb::arg("s") = nb::none(), nb::arg("m") = nb::none(), nb::arg("n") = nb::none());
  type.def_static("from_data", &network_from_data, nb::arg("data"), nb::arg("hidden_units"),
                  nb::arg("visible") = "quartic", nb::arg("hidden") = "binary",
                  nb::arg("deviation") = 0.01, nb::arg("random_state") = nb::none(),
                  "Where training starts: visible units with the moments of the data's columns, "
                  "small Gaussian w.");
  bind_couplings<'w'>(type, "Weights, shape (visible, hidden) (a view, as those below).");
  bind_couplings<'r'>(type, "Of the visible units, linear.");
  bind_couplings<'a'>(type, "Of the visible units, quadratic; zero for binary ones and spins.");
  bind_couplings<'b'>(type, "Of the visible units, quartic; zero for all but quartic ones.");
  bind_couplings<'s'>(type, "Of the hidden units, linear.");
  bind_couplings<'m'>(type, "Of the hidden units, quadratic.");
  bind_couplings<'n'>(type, "Of the hidden units, quartic.");
  type.def_prop_ro("visible",
                   [](const Network& self) { return std::string(name(self.visible.unit)); })
      .def_prop_ro("hidden",
                   [](const Network& self) { return std::string(name(self.hidden.unit)); })
      .def_prop_ro("transposed", &Network::transposed, "The same with the layers exchanged.")
      .def("energy", &energy, nb::arg("phi"), nb::arg("h"), "S of configurations.")
      .def("free_energy", &free_energy, nb::arg("phi"), nb::arg("threads") = 0,
           "-ln of the sum over h of exp(-S), which is -ln p(phi) - ln Z.")
      .def(
          "hidden_mean",
          [](const Network& self, nb::object phi, int threads) {
            return hidden_values(self, phi, std::nullopt, threads);
          },
          nb::arg("phi"), nb::arg("threads") = 0, "<h> given phi.")
      .def(
          "visible_mean",
          [](const Network& self, nb::object h, int threads) {
            return visible_values(self, h, std::nullopt, threads);
          },
          nb::arg("h"), nb::arg("threads") = 0, "<phi> given h.")
      .def(
          "hidden_draw",
          [](const Network& self, nb::object phi, nb::object random_state, int threads) {
            return hidden_values(self, phi, seed_of(random_state), threads);
          },
          nb::arg("phi"), nb::arg("random_state") = nb::none(), nb::arg("threads") = 0,
          "Exact draws from p(h | phi).")
      .def(
          "visible_draw",
          [](const Network& self, nb::object h, nb::object random_state, int threads) {
            return visible_values(self, h, seed_of(random_state), threads);
          },
          nb::arg("h"), nb::arg("random_state") = nb::none(), nb::arg("threads") = 0,
          "Exact draws from p(phi | h).")
      .def(
          "why_not_normalisable",
          [](const Network& self) { return quartic::why_not_normalisable(self); },
          "Why exp(-S) cannot be normalised, or None where it can.")
      .def("__repr__", [](const Network& self) {
        return "<quartic.Network: " + std::to_string(self.visible.size()) + " " +
               std::string(name(self.visible.unit)) + " visible, " +
               std::to_string(self.hidden.size()) + " " + std::string(name(self.hidden.unit)) +
               " hidden units>";
      });
  type.def("__getstate__", &pickled).def("__setstate__", &unpickle);
  type.def_prop_ro("exact_method", &method_name,
                   "How ln Z can be had exactly ('determinant', 'sum over the ...'), or None.");
  type.def(
      "exact_log_z",
      [](const Network& self, int threads) {
        const nb::gil_scoped_release release;
        return quartic::exact_log_z(self, threads);
      },
      nb::arg("threads") = 0,
      "ln Z: Lebesgue measure of continuous units, counting measure of the others.");
  type.def("exact_moments", &exact_moments, nb::arg("threads") = 0,
           "All expectations of the network, as quartic.NetworkMoments.");
  type.def("moments_given_visible", &moments_of_rows, nb::arg("phi"),
           "The same averaged over rows of phi with h ~ p(h | phi).");
  type.def("log_likelihood_gradient", &gradient, nb::arg("phi"), nb::arg("model") = nb::none(),
           nb::arg("threads") = 0,
           "d <ln p> / d (w, r, a, b, s, m, n) over rows of phi, against the moments `model` (by "
           "default the exact ones).");
  type.def("base", &base_from_data, nb::arg("data"),
           "Independent units with the moments that data give both layers: the best start of "
           "estimate_log_z.");
  type.def(
      "estimate_log_z",
      [](const Network& self, const Network* base, int chains, int steps, int ladders, int sweeps,
         int rungs, bool exact, nb::object start, nb::object random_state, int threads) {
        LogZOptions options;
        options.chains = chains, options.steps = steps, options.ladders = ladders;
        options.sweeps = sweeps, options.rungs = rungs, options.exact = exact;
        options.threads = threads;
        options.progress = [](double) { check_signals(); };
        return log_z(self, base, options, start, random_state);
      },
      nb::arg("base").none() = nb::none(), nb::kw_only(), nb::arg("chains") = 512,
      nb::arg("steps") = 1000, nb::arg("ladders") = 64, nb::arg("sweeps") = 2000,
      nb::arg("rungs") = 0, nb::arg("exact") = true, nb::arg("start") = nb::none(),
      nb::arg("random_state") = nb::none(), nb::arg("threads") = 0,
      "ln Z with its error as quartic.LogZ: exact where it can be, else by annealing both ways and "
      "parallel tempering\n"
      "along the line from `base` (by default the same units uncoupled; see `base`). `start`: rows "
      "of the model, or data.");
  type.def("log_likelihood", &likelihood, nb::arg("phi"), nb::arg("log_z"), nb::arg("threads") = 0,
           "Mean ln p of rows with its interval, as quartic.Likelihood.");
}

using Sampler = NetworkSampler<float>;

nb::object chain_rows(std::vector<double> values, int chains, int units) {
  return nb::cast(to_numpy(std::move(values),
                           {static_cast<std::size_t>(chains), static_cast<std::size_t>(units)}));
}

template <auto values, bool hidden>
nb::object sampler_values(const Sampler& self) {
  std::vector<double> out;
  {
    const nb::gil_scoped_release release;
    out = (self.*values)();
  }
  const Network& network = self.network();
  return chain_rows(std::move(out), self.chains(),
                    (hidden ? network.hidden : network.visible).size());
}

void bind_sampler(nb::module_& m) {
  nb::class_<Sampler>(m, "NetworkSampler",
                      "Gibbs sampling of a network on many chains, float32; the same bits for any "
                      "number of threads.")
      .def(
          "__init__",
          [](Sampler* self, const Network& network, int chains, nb::object random_state,
             int threads) {
            const std::uint64_t seed = seed_of(random_state);
            const nb::gil_scoped_release release;
            new (self) Sampler(network, chains, seed, Stream::sample, threads);
          },
          nb::arg("network"), nb::arg("chains"), nb::arg("random_state") = nb::none(),
          nb::arg("threads") = 0)
      .def("sweep", &Sampler::sweep, nb::arg("count") = 1, nb::call_guard<nb::gil_scoped_release>())
      .def(
          "set_visible",
          [](Sampler& self, nb::object phi) {
            const Rows rows = rows_of(phi, self.network().visible.size(), "visible");
            const nb::gil_scoped_release release;
            self.set_visible(rows.all());
          },
          nb::arg("phi"), "Visible values, one row a chain; the hidden ones are drawn afresh.")
      .def_prop_ro("visible", &sampler_values<&Sampler::visible, false>,
                   "Shape (chains, visible units).")
      .def_prop_ro("hidden", &sampler_values<&Sampler::hidden, true>)
      .def_prop_ro("visible_means", &sampler_values<&Sampler::visible_means, false>,
                   "<phi> given the hidden values.")
      .def_prop_ro("hidden_means", &sampler_values<&Sampler::hidden_means, true>);
}

void bind_trainer(nb::module_& m) {
  nb::class_<Trainer>(m, "NetworkTrainer",
                      "Learning a network from data: persistent, tempered or contrastive chains. "
                      "One `step` is an epoch.")
      .def(
          "__init__",
          [](Trainer* self, nb::object data, const Network& network, int epochs, int batch,
             int chains, int steps, const std::string& start, int rungs,
             const std::string& optimiser, double rate, double final_rate,
             const std::string& schedule, double momentum, double weight_decay, bool centring,
             bool hidden_shape, bool shuffle, int threads, nb::object random_state,
             nb::object state) {
            TrainingOptions o;
            o.epochs = epochs, o.batch = batch, o.chains = chains, o.steps = steps;
            o.start = named(start, {ChainStart::persistent, ChainStart::data}, "start");
            o.rungs = rungs;
            o.optimiser =
                named(optimiser, {NetworkOptimiser::momentum, NetworkOptimiser::adam}, "optimiser");
            o.rate = rate, o.final_rate = final_rate;
            o.schedule = named(
                schedule, {RateSchedule::constant, RateSchedule::linear, RateSchedule::exponential},
                "schedule");
            o.momentum = momentum, o.weight_decay = weight_decay, o.centring = centring;
            o.hidden_shape = hidden_shape, o.shuffle = shuffle, o.threads = threads;
            new (self) Trainer(make_trainer(data, network, o, random_state, state));
          },
          nb::arg("data"), nb::arg("network"), nb::kw_only(), nb::arg("epochs") = 10,
          nb::arg("batch") = 500, nb::arg("chains") = 0, nb::arg("steps") = 1,
          nb::arg("start") = "persistent", nb::arg("rungs") = 1, nb::arg("optimiser") = "momentum",
          nb::arg("rate") = 0.05, nb::arg("final_rate") = 0.005, nb::arg("schedule") = "constant",
          nb::arg("momentum") = 0.0, nb::arg("weight_decay") = 0.0, nb::arg("centring") = true,
          nb::arg("hidden_shape") = false, nb::arg("shuffle") = true, nb::arg("threads") = 0,
          nb::arg("random_state") = nb::none(), nb::arg("state") = nb::none(),
          "`data` of shape (rows, columns), float32 is not copied. `state`: go on from there, with "
          "the same options.")
      .def(
          "step",
          [](Trainer& self) {
            TrainingRow row;
            {
              const nb::gil_scoped_release release;
              row = self.trainer.step();
            }
            return to_python(row);
          },
          "One epoch; how it went, as a dict.")
      .def("update", &update, nb::arg("rows"), "One update on given rows.")
      .def("base", &base_of, nb::arg("rows"),
           "Network.base with the moments of all data, and those of hidden units given these rows.")
      .def_prop_ro(
          "network", [](const Trainer& self) { return self.trainer.network(); },
          "The network as it is now (a copy).")
      .def_prop_ro(
          "chains",
          [](const Trainer& self) {
            auto values = self.trainer.chain_values();
            const int units = self.trainer.network().visible.size();
            const int chains = static_cast<int>(values.size()) / units;
            return chain_rows(std::move(values), chains, units);
          },
          "Visible values of the model's chains.")
      .def_prop_ro("epoch", [](const Trainer& self) { return self.trainer.epoch(); })
      .def_prop_ro("updates", [](const Trainer& self) { return self.trainer.updates(); })
      .def_prop_ro("finished", [](const Trainer& self) { return self.trainer.finished(); })
      .def("state", &state_of, "Everything that an exact restart needs besides data and options.");
}

}  // namespace

void bind_network(nb::module_& m) {
  bind_model(m);
  bind_sampler(m);
  bind_trainer(m);
}

}  // namespace quartic::python
