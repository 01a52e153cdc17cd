// Networks in Python: the model, its expectations and draws.
#include "quartic/network/network.hpp"

#include <nanobind/stl/optional.h>

#include <array>
#include <optional>
#include <string_view>

#include "network_rows.hpp"
#include "quartic/core/random.hpp"
#include "quartic/network/sampler.hpp"

namespace quartic::python {
namespace {

// --- couplings ----------------------------------------------------------------------------------

void set_values(std::vector<double>& values, nb::handle from, const std::string& name) {
  fill(values, as_input(from), name, "network",
       name == "w" || name == "u" ? "shape (visible units, hidden units)"
                                  : "one a unit of its layer");
}

std::vector<double>& couplings_of(Network& network, char name) {
  switch (name) {
    case 'w':
      return network.w;
    case 'u':
      return network.u;
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

/// Gates come and go: None takes them away.
void set_couplings(Network& network, char name, nb::handle value) {
  auto& values = couplings_of(network, name);
  if (name == 'u') values.assign(value.is_none() ? 0 : network.w.size(), 0.0);
  if (!value.is_none() || name != 'u') set_values(values, value, std::string(1, name));
}

template <char name>
void bind_couplings(nb::class_<Network>& type, const char* doc) {
  static constexpr char letter[] = {name, 0};
  using Given = std::conditional_t<name == 'u', Typed<"numpy.typing.ArrayLike | None">, ArrayLike>;
  type.def_prop_rw(
      letter,
      [](nb::handle_t<Network> self) {
        auto& network = nb::cast<Network&>(self);
        auto& values = couplings_of(network, name);
        const auto table = [&] {
          return Array(values.data(), {network.visible.r.size(), network.hidden.r.size()}, self);
        };
        if constexpr (name == 'u')
          return values.empty() ? std::nullopt : std::optional(table());
        else if constexpr (name == 'w')
          return table();
        else
          return Array(values.data(), {values.size()}, self);
      },
      [](Network& network, Given value) { set_couplings(network, name, value); }, doc);
}

Network make_network(nb::handle w, const std::string& visible, const std::string& hidden,
                     const std::array<nb::object, 7>& couplings) {
  const Input table = as_input(w);
  if (table.ndim() != 2)
    throw BadInput("w must be an array of shape (visible units, hidden units)");
  Network network(Layer(from_word<Unit>(visible, "unit"), static_cast<int>(table.shape(0))),
                  Layer(from_word<Unit>(hidden, "unit"), static_cast<int>(table.shape(1))));
  std::copy_n(table.data(), table.size(), network.w.begin());
  constexpr char letters[] = "rabsmnu";
  for (std::size_t k = 0; k < couplings.size(); ++k)
    if (!couplings[k].is_none()) set_couplings(network, letters[k], couplings[k]);
  return network;
}

// --- values and moments -------------------------------------------------------------------------

Doubles energy(const Network& network, ArrayLike phi, ArrayLike h) {
  const Rows visible = rows_of(phi, network.visible.size(), "visible"),
             hidden = rows_of(h, network.hidden.size(), "hidden");
  if (visible.count != hidden.count) {
    throw BadInput(std::to_string(visible.count) + " rows of visible and " +
                   std::to_string(hidden.count) + " of hidden units");
  }
  std::vector<double> values(visible.count);
  {
    const Released released;
    for (std::size_t n = 0; n < values.size(); ++n)
      values[n] = network.action(visible.row(n), hidden.row(n));
  }
  return shaped(visible, std::move(values));
}

Doubles free_energy(const Network& network, ArrayLike phi, int threads) {
  const Rows rows = rows_of(phi, network.visible.size(), "visible");
  std::vector<double> values;
  {
    const Released released;
    require_normalisable(network);
    values = free_energies(network, rows.all(), threads);
  }
  return shaped(rows, std::move(values));
}

/// The other layer given rows of this one, in pieces that fit the cache: expectations, or draws.
enum class Of { hidden, visible };
std::vector<double> other_layer(Of of, const Network& network, const Rows& rows,
                                std::optional<std::uint64_t> seed, int threads) {
  constexpr std::size_t piece = 4096;
  std::vector<double> out;
  RandomStream seeds(seed.value_or(0), Stream::generate, 0);
  for (std::size_t begin = 0; begin < rows.count; begin += piece) {
    const std::size_t count = std::min(piece, rows.count - begin);
    const std::uint64_t own = seeds() | static_cast<std::uint64_t>(seeds()) << 32;
    NetworkSampler<double> sampler(network, static_cast<int>(count), own, Stream::generate,
                                   threads);
    const auto some = rows.all().subspan(begin * rows.width, count * rows.width);
    of == Of::hidden ? sampler.set_visible(some) : sampler.set_hidden(some);
    const auto values = of == Of::hidden ? (seed ? sampler.hidden() : sampler.hidden_means())
                                         : (seed ? sampler.visible() : sampler.visible_means());
    out.insert(out.end(), values.begin(), values.end());
  }
  return out;
}

Doubles hidden_values(const Network& network, nb::handle phi, std::optional<std::uint64_t> seed,
                      int threads) {
  const Rows rows = rows_of(phi, network.visible.size(), "visible");
  std::vector<double> values;
  {
    const Released released;
    values = other_layer(Of::hidden, network, rows, seed, threads);
  }
  return shaped(rows, std::move(values), network.hidden.size());
}

Doubles visible_values(const Network& network, nb::handle h, std::optional<std::uint64_t> seed,
                       int threads) {
  const Rows rows = rows_of(h, network.hidden.size(), "hidden");
  std::vector<double> values;
  {
    const Released released;
    values = other_layer(Of::visible, network, rows, seed, threads);
  }
  return shaped(rows, std::move(values), network.visible.size());
}

Network network_from_data(ArrayLike rows, Integer units, const std::string& visible,
                          const std::string& hidden, Number spread, nb::object random_state) {
  constexpr const char* here = "Network.from_data()";
  const int hidden_units = whole(units, here, "hidden_units", 1, "model.hidden_units");
  const double deviation = number(spread, here, "deviation", "model.noise");
  const NumpySource data(rows);
  const std::uint64_t seed = seed_of(random_state);
  const Released released;
  return initial_network(from_word<Unit>(visible, "unit"), from_word<Unit>(hidden, "unit"),
                         hidden_units, moments_of(data), {deviation, seed});
}

nb::tuple pickled(const Network& network) {
  nb::list values;
  values.append(std::string(name(network.visible.unit)));
  values.append(std::string(name(network.hidden.unit)));
  Network copy = network;
  for (const char letter : std::string_view("wrabsmnu"))
    values.append(vector_to_python(std::move(couplings_of(copy, letter))));
  return nb::tuple(values);
}

void unpickle(Network& self, const nb::tuple& state) {
  const auto values = [&](std::size_t k) { return doubles_from(state[k]); };
  const auto layer = [&](std::size_t unit, std::size_t first) {
    Layer out(from_word<Unit>(nb::cast<std::string>(state[unit]), "unit"), 1);
    out.r = values(first), out.a = values(first + 1), out.b = values(first + 2);
    return out;
  };
  new (&self) Network(layer(0, 3), layer(1, 6));
  self.w = values(2);
  if (nb::len(state) > 9) self.u = values(9);
}

void bind_model(nb::module_& m) {
  nb::class_<Network> type(
      m, "Network",
      R"(A phi^4 network: visible units phi and hidden units h, coupled between the layers only.

S(phi, h) = - sum_ij (w_ij phi_i + u_ij phi_i^2) h_j + sum_i (r_i phi_i + a_i phi_i^2 + b_i phi_i^4)
+ sum_j (s_j h_j + m_j h_j^2 + n_j h_j^4), p ~ exp(-S). Rows of units may have any shape (..., units).

Parameters
----------
w : array_like, shape (visible units, hidden units)
    Weights.
visible, hidden : {"quartic", "gaussian", "binary", "spin"}
    Kind of units; binary ones are 0 or 1, spins -1 or 1.
r, a, b : float or array_like, optional
    Couplings of the visible units; left out, they have a variance near 1.
s, m, n : float or array_like, optional
    Couplings of the hidden units; likewise.
u : array_like, shape (visible units, hidden units), optional
    Gates, by which a hidden unit changes the width of a visible one.)");
  type.def(
      "__init__",
      [](Network* self, ArrayLike w, const std::string& visible, const std::string& hidden,
         ArrayLike r, ArrayLike a, ArrayLike b, ArrayLike s, ArrayLike m_, ArrayLike n,
         ArrayLike u) {
        new (self) Network(make_network(w, visible, hidden, {r, a, b, s, m_, n, u}));
      },
      nb::arg("w"), nb::arg("visible") = "quartic", nb::arg("hidden") = "binary",
      nb::arg("r") = nb::none(), nb::arg("a") = nb::none(), nb::arg("b") = nb::none(),
      nb::arg("s") = nb::none(), nb::arg("m") = nb::none(), nb::arg("n") = nb::none(),
      nb::arg("u") = nb::none());
  type.def_static("from_data", &network_from_data, nb::arg("data"), nb::arg("hidden_units"),
                  nb::arg("visible") = "quartic", nb::arg("hidden") = "binary",
                  nb::arg("deviation") = 0.01, nb::arg("random_state") = nb::none(),
                  R"(Where training starts.

Parameters
----------
data : array_like, shape (rows, columns)
    Whose columns' moments the visible units get.
hidden_units : int
    How many.
visible, hidden : {"quartic", "gaussian", "binary", "spin"}
    Kind of units.
deviation : float
    Standard deviation of the Gaussian weights.
random_state : int, Generator, RandomState or None
    Seed.

Returns
-------
Network
    With small random weights.)");
  bind_couplings<'w'>(type, "Weights, shape (visible, hidden) (a view, as those below).");
  bind_couplings<'u'>(type, "Gates, shape (visible, hidden), or None.");
  bind_couplings<'r'>(type, "Of the visible units, linear.");
  bind_couplings<'a'>(type, "Of the visible units, quadratic; zero for binary ones and spins.");
  bind_couplings<'b'>(type, "Of the visible units, quartic; zero for all but quartic ones.");
  bind_couplings<'s'>(type, "Of the hidden units, linear.");
  bind_couplings<'m'>(type, "Of the hidden units, quadratic.");
  bind_couplings<'n'>(type, "Of the hidden units, quartic.");
  type.def_prop_ro(
          "visible", [](const Network& self) { return std::string(name(self.visible.unit)); },
          "Kind of the visible units.")
      .def_prop_ro(
          "hidden", [](const Network& self) { return std::string(name(self.hidden.unit)); },
          "Kind of the hidden units.")
      .def_prop_ro("transposed", &Network::transposed, "The same with the layers exchanged.")
      .def("energy", &energy, nb::arg("phi"), nb::arg("h"),
           R"(S of configurations.

Parameters
----------
phi : array_like
    Shape (..., visible units).
h : array_like
    Shape (..., hidden units).

Returns
-------
numpy.ndarray
    Shape (...).)")
      .def("free_energy", &free_energy, nb::arg("phi"), nb::arg("threads") = 0,
           R"(Negative logarithm of the sum over h of exp(-S), which is -ln p(phi) - ln Z.

Parameters
----------
phi : array_like
    Shape (..., visible units).
threads : int
    0 for all cores; never changes the results.

Returns
-------
numpy.ndarray
    Shape (...).)")
      .def(
          "hidden_mean",
          [](const Network& self, ArrayLike phi, int threads) {
            return hidden_values(self, phi, std::nullopt, threads);
          },
          nb::arg("phi"), nb::arg("threads") = 0, R"(<h> given phi.

Parameters
----------
phi : array_like
    Shape (..., visible units).
threads : int
    0 for all cores; never changes the results.

Returns
-------
numpy.ndarray
    Shape (..., hidden units).)")
      .def(
          "visible_mean",
          [](const Network& self, ArrayLike h, int threads) {
            return visible_values(self, h, std::nullopt, threads);
          },
          nb::arg("h"), nb::arg("threads") = 0, R"(<phi> given h.

Parameters
----------
h : array_like
    Shape (..., hidden units).
threads : int
    0 for all cores; never changes the results.

Returns
-------
numpy.ndarray
    Shape (..., visible units).)")
      .def(
          "hidden_draw",
          [](const Network& self, ArrayLike phi, nb::object random_state, int threads) {
            return hidden_values(self, phi, seed_of(random_state), threads);
          },
          nb::arg("phi"), nb::arg("random_state") = nb::none(), nb::arg("threads") = 0,
          R"(Exact draws from p(h | phi).

Parameters
----------
phi : array_like
    Shape (..., visible units).
random_state : int, Generator, RandomState or None
    Seed.
threads : int
    0 for all cores; never changes the results.

Returns
-------
numpy.ndarray
    Shape (..., hidden units).)")
      .def(
          "visible_draw",
          [](const Network& self, ArrayLike h, nb::object random_state, int threads) {
            return visible_values(self, h, seed_of(random_state), threads);
          },
          nb::arg("h"), nb::arg("random_state") = nb::none(), nb::arg("threads") = 0,
          R"(Exact draws from p(phi | h).

Parameters
----------
h : array_like
    Shape (..., hidden units).
random_state : int, Generator, RandomState or None
    Seed.
threads : int
    0 for all cores; never changes the results.

Returns
-------
numpy.ndarray
    Shape (..., visible units).)")
      .def(
          "why_not_normalisable",
          [](const Network& self) { return quartic::why_not_normalisable(self); },
          R"(Why exp(-S) cannot be normalised, or None where it can.

Returns
-------
str or None
    With the unit and the coupling.)")
      .def("__repr__", [](const Network& self) {
        return "<quartic.Network: " + std::to_string(self.visible.size()) + " " +
               std::string(name(self.visible.unit)) + " visible, " +
               std::to_string(self.hidden.size()) + " " + std::string(name(self.hidden.unit)) +
               " hidden units>";
      });
  type.def("__getstate__", &pickled).def("__setstate__", &unpickle);
  bind_likelihood(type);
}

}  // namespace

void bind_network(nb::module_& m) {
  bind_model(m);
  bind_density(m);
  bind_training(m);
}

}  // namespace quartic::python
