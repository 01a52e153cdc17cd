// Moments, gradients and likelihoods of networks in Python.
#include <nanobind/stl/optional.h>

#include <optional>

#include "network_rows.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/likelihood.hpp"

namespace quartic::python {
namespace {

using MomentList = std::vector<double> NetworkMoments::*;
constexpr MomentList all_moments[] = {&NetworkMoments::w, &NetworkMoments::r, &NetworkMoments::a,
                                      &NetworkMoments::b, &NetworkMoments::s, &NetworkMoments::m,
                                      &NetworkMoments::n, &NetworkMoments::u};

using Moments = Typed<"quartic.NetworkMoments">;
using LogZOfPython = Typed<"quartic.LogZ">;
using LikelihoodOfPython = Typed<"quartic.Likelihood">;

/// quartic.NetworkMoments, w and u of shape (visible, hidden).
Moments to_python(const NetworkMoments& moments) {
  nb::list values;
  for (const auto list : all_moments) {
    auto copy = moments.*list;
    const std::size_t size = copy.size();
    values.append(nb::cast(to_numpy(std::move(copy), {size})));
  }
  values[0] = values[0].attr("reshape")(moments.r.size(), moments.s.size());
  const std::size_t last = std::size(all_moments) - 1;
  values[last] = moments.u.empty()
                     ? nb::object(nb::none())
                     : values[last].attr("reshape")(moments.r.size(), moments.s.size());
  return nb::object(nb::module_::import_("quartic.results").attr("NetworkMoments")(*values));
}

NetworkMoments from_python(nb::handle moments) {
  NetworkMoments out;
  std::size_t k = 0;
  for (nb::handle value : moments) {
    if (value.is_none()) continue;
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

Moments moments_of_rows(const Network& network, ArrayLike phi) {
  const Rows rows = rows_of(phi, network.visible.size(), "visible");
  NetworkMoments mean;
  {
    const Released released;
    require_normalisable(network);
    mean = mean_moments(rows, [&](auto row) { return moments_given_visible(network, row); });
  }
  return to_python(mean);
}

Moments exact_moments(const Network& network, int threads) {
  NetworkMoments moments;
  {
    const Released released;
    moments = solve_exactly(network, threads).moments;
  }
  return to_python(moments);
}

Moments gradient(const Network& network, ArrayLike phi, Moments model, int threads) {
  const Rows rows = rows_of(phi, network.visible.size(), "visible");
  NetworkMoments of_model, mean;
  if (!model.is_none()) of_model = from_python(model);
  {
    const Released released;
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

LogZOfPython to_python(const LogZ& z) {
  nb::object ladder = nb::none(), modes = nb::none();
  if (z.ladder) ladder = to_python(z.ladder->value);
  if (z.modes) modes = to_python(z.modes->value);
  return nb::object(nb::module_::import_("quartic.results")
                        .attr("LogZ")(to_python(z.value), to_python(z.forward),
                                      to_python(z.reverse), to_python(z.annealed), ladder, z.exact,
                                      z.ok, z.reason, modes, z.bound));
}

LogZ log_z_from_python(nb::handle z) {
  const auto estimate = [&](const char* name) {
    const nb::object x = z.attr(name);
    return Estimate{nb::cast<double>(x.attr("value")), nb::cast<double>(x.attr("error"))};
  };
  LogZ out;
  out.value = estimate("value"), out.forward = estimate("forward"),
  out.reverse = estimate("reverse");
  out.ok = nb::cast<bool>(z.attr("ok")), out.reason = nb::cast<std::string>(z.attr("reason"));
  return out;
}

Network uncoupled(Network network) {
  std::fill(network.w.begin(), network.w.end(), 0.0);
  std::fill(network.u.begin(), network.u.end(), 0.0);
  return network;
}

LogZOfPython log_z(const Network& network, const Network* base, const LogZOptions& options,
                   nb::handle start, nb::handle random_state) {
  LogZ out;
  std::optional<Rows> from;
  if (!start.is_none()) from = rows_of(start, network.visible.size(), "visible");
  const std::uint64_t seed = seed_of(random_state);
  {
    const Released released;
    out = estimate_log_z<float>({base ? *base : uncoupled(network), network}, options, seed,
                                from ? from->all() : std::span<const double>{});
  }
  return to_python(out);
}

LikelihoodOfPython likelihood(const Network& network, ArrayLike phi, LogZOfPython z, int threads) {
  const auto rows = as_input<FloatInput>(phi, "float32");
  count_rows(rows, network.visible.size(), "visible");
  LogZ known = log_z_from_python(z);
  LogLikelihood out;
  {
    const Released released;
    require_normalisable(network);
    const std::span<const float> values{rows.data(), rows.size()};
    out = log_likelihood(network, values, known, threads);
    if (const auto why = contradiction(network, values, known, threads))
      known.ok = false, known.reason = *why;
  }
  return nb::object(nb::module_::import_("quartic.results")
                        .attr("Likelihood")(to_python(out.value), out.lower, out.upper,
                                            out.rows_error, known.ok, known.reason));
}

Network base_from_data(const Network& network, ArrayLike rows) {
  const NumpySource data(rows);
  if (data.columns() != static_cast<std::size_t>(network.visible.size())) {
    throw BadInput("the data have " + std::to_string(data.columns()) + " columns, the network " +
                   std::to_string(network.visible.size()) + " visible units");
  }
  const Released released;
  return base_network(network, moments_of(data), data.first(rows_of_base));
}

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

}  // namespace

void bind_likelihood(nb::class_<Network>& type) {
  type.def_prop_ro("exact_method", &method_name,
                   "How ln Z can be had exactly ('determinant', 'sum over the ...'), or None.");
  type.def(
      "exact_log_z",
      [](const Network& self, int threads) {
        const Released released;
        return quartic::exact_log_z(self, threads);
      },
      nb::arg("threads") = 0,
      R"(The normaliser ln Z, where `exact_method` knows one.

Parameters
----------
threads : int
    0 for all cores; never changes the results.

Returns
-------
float
    With Lebesgue measure of continuous units, counting measure of the others.)");
  type.def("exact_moments", &exact_moments, nb::arg("threads") = 0,
           R"(All expectations of the network, where `exact_method` knows a way.

Parameters
----------
threads : int
    0 for all cores; never changes the results.

Returns
-------
NetworkMoments
    Without errors, since they are exact.)");
  type.def("moments_given_visible", &moments_of_rows, nb::arg("phi"),
           R"(Average of the moments over rows of phi, with h ~ p(h | phi).

Parameters
----------
phi : array_like
    Shape (..., visible units).

Returns
-------
NetworkMoments
    What data have of the moments of the model.)");
  type.def("log_likelihood_gradient", &gradient, nb::arg("phi"), nb::arg("model") = nb::none(),
           nb::arg("threads") = 0,
           R"(Gradient of the mean ln p of rows.

Parameters
----------
phi : array_like
    Shape (..., visible units).
model : NetworkMoments, optional
    The model's moments; by default the exact ones.
threads : int
    0 for all cores; never changes the results.

Returns
-------
NetworkMoments
    That is d <ln p> / d of the couplings of those names.)");
  type.def("base", &base_from_data, nb::arg("data"),
           R"(Independent units with the moments that data give both layers.

Parameters
----------
data : array_like, shape (rows, visible units)
    Rows that the network has learned, say.

Returns
-------
Network
    The best start of `estimate_log_z`.)");
  type.def(
      "estimate_log_z",
      [](const Network& self, const Network* base, Integer chains, Integer steps, Integer ladders,
         Integer sweeps, Integer rungs, bool exact, ArrayLike start, nb::object random_state,
         int threads) {
        constexpr const char* here = "Network.estimate_log_z()";
        LogZOptions options;
        options.chains = whole(chains, here, "chains", 1, "evaluation.chains");
        options.steps = whole(steps, here, "steps", 1, "evaluation.steps");
        options.ladders = whole(ladders, here, "ladders", 1, "evaluation.ladders");
        options.sweeps = whole(sweeps, here, "sweeps", 0, "evaluation.sweeps");
        options.rungs = whole(rungs, here, "rungs", 0, "evaluation.rungs");
        options.exact = exact;
        options.threads = threads;
        return log_z(self, base, options, start, random_state);
      },
      nb::arg("base").none() = nb::none(), nb::kw_only(), nb::arg("chains") = 512,
      nb::arg("steps") = 1000, nb::arg("ladders") = 64, nb::arg("sweeps") = 2000,
      nb::arg("rungs") = 0, nb::arg("exact") = true, nb::arg("start") = nb::none(),
      nb::arg("random_state") = nb::none(), nb::arg("threads") = 0,
      R"(The normaliser ln Z with its error.

Parameters
----------
base : Network, optional
    Where the path begins, see `base`; by default the same units uncoupled.
chains, steps : int
    Of annealing, each way.
ladders, sweeps, rungs : int
    Of parallel tempering; no rungs: as many as it needs.
exact : bool
    Whether to take the exact value where there is one.
start : array_like, optional
    Rows of the model, or data.
random_state : int, Generator, RandomState or None
    Seed.
threads : int
    0 for all cores; never changes the results.

Returns
-------
LogZ
    By annealing both ways and parallel tempering, with a verdict.)");
  type.def("log_likelihood", &likelihood, nb::arg("phi"), nb::arg("log_z"), nb::arg("threads") = 0,
           R"(Mean ln p of rows with its interval.

Parameters
----------
phi : array_like
    Shape (..., visible units).
log_z : LogZ
    The normaliser, of `estimate_log_z`.
threads : int
    0 for all cores; never changes the results.

Returns
-------
Likelihood
    With the errors of ln Z and of the rows.)");
}

}  // namespace quartic::python
