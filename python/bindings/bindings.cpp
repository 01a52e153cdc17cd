// Python's view of the library: numpy in, numpy out, errors as quartic.Error.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <omp.h>
#include <pthread.h>

#include <span>
#include <string>
#include <typeinfo>
#include <vector>

#include "numpy.hpp"
#include "quartic/core/blas.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/quartic_density.hpp"
#include "quartic/core/random.hpp"
#include "quartic/core/simd.hpp"
#include "quartic/run/number.hpp"
#include "quartic/runfile/run_file.hpp"
#include "released.hpp"

#ifdef QUARTIC_PROGRAM_IN_MODULE  // cmake/wheel.cmake links what the module knows nothing of
namespace quartic::app {
int program(int argc, char** argv);
}
#endif

namespace nb = nanobind;

namespace {

using quartic::python::Array;
using quartic::python::Row;
using quartic::python::span;
using quartic::python::to_numpy;

void raise(const quartic::Error& error) {
  const char* name = "Error";
  if (dynamic_cast<const quartic::python::BadType*>(&error)) {
    name = "BadType";
  } else if (dynamic_cast<const quartic::BadInput*>(&error) ||
             error.code() == quartic::ErrorCode::usage) {
    name = "BadInput";
  } else if (dynamic_cast<const quartic::Diverged*>(&error)) {
    name = "Diverged";
  }
  nb::object type = nb::module_::import_("quartic.errors").attr(name);
  nb::object instance = type(error.what(), error.hint(), static_cast<int>(error.code()));
  PyErr_SetObject(type.ptr(), instance.ptr());
}

// --- the quartic density ------------------------------------------------------------------------

Array moments(const Row& a, const Row& b, const Row& j) {
  const std::size_t n = a.size();
  std::vector<double> rows(4 * n);
  {
    const quartic::python::Released released;
    const std::span<double> all(rows);
    quartic::quartic_moments(span(a), span(b), span(j), all.subspan(0, n), all.subspan(n, n),
                             all.subspan(2 * n, n), all.subspan(3 * n, n));
  }
  return to_numpy(std::move(rows), {4, n});
}

Array draws(const Row& a, const Row& b, const Row& j, std::uint64_t seed) {
  std::vector<double> x(a.size());
  {
    const quartic::python::Released released;
    quartic::RandomStream random(seed, quartic::Stream::start, 0);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = quartic::draw_quartic(a.data()[i], b.data()[i], j.data()[i], random);
    }
  }
  const std::size_t n = x.size();
  return to_numpy(std::move(x), {n});
}

}  // namespace

NB_MODULE(_quartic, m) {
  // OpenMP's threads are not there in a forked child, where waiting for them would never end.
  pthread_atfork(nullptr, nullptr, [] { omp_set_max_active_levels(0); });
  nb::set_leak_warnings(false);  // arrays that DLPack lends out outlive the interpreter
  nb::register_exception_translator([](const std::exception_ptr& caught, void*) {
    try {
      std::rethrow_exception(caught);
    } catch (const quartic::Error& error) {
      raise(error);
    } catch (const std::bad_cast&) {  // within a state, say
      raise(quartic::python::BadType("a value inside an argument has a type that cannot be",
                                     "what quartic itself gave, unchanged"));
    }
  });

  m.attr("version") = quartic::program_provenance().version;
  m.def("simd_target", &quartic::simd_target,
        R"(The SIMD instruction set that the kernels use on this machine.

Returns
-------
str
    As in "AVX2".)");
  m.def("blas_warning", [] { return quartic::blas_identity().warning(); });
  m.def("quartic_moments", &moments, nb::arg("a"), nb::arg("b"), nb::arg("j"));
  m.def("draw_quartic", &draws, nb::arg("a"), nb::arg("b"), nb::arg("j"), nb::arg("seed"));

  m.def("with_error", [](double value, double error) {
    return quartic::with_error(quartic::Estimate{value, error});
  });

#ifdef QUARTIC_PROGRAM_IN_MODULE
  m.def("program", [](std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    nb::gil_scoped_release release;
    return quartic::app::program(static_cast<int>(words.size()), arguments.data());
  });
#endif

  m.def("python_ends", &quartic::python::python_ends);
  nb::module_::import_("atexit").attr("register")(m.attr("python_ends"));

  quartic::python::bind_graphs(m);
  quartic::python::bind_actions(m);
  quartic::python::bind_network(m);
  quartic::python::bind_runs(m);
  quartic::python::bind_chains(m);
  quartic::python::say_what_is_refused(m);
}
