#include "watch.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <thread>
#include <utility>

namespace quartic::python {
namespace {

constexpr double patience = 0.1;  // seconds between looks at the signals, and between phases told

}  // namespace

Watch::Watch(nb::object watch)
    : watch_(std::move(watch)),
      interval_(nb::cast<double>(watch_.attr("interval"))),
      listens_(nb::cast<bool>(watch_.attr("listens"))) {}

namespace {
std::atomic<bool> ending = false;
std::thread::id ends;  // that ends Python
std::atomic<bool> interrupted = false;
}  // namespace

void stay_out_of_an_ending_python() {
  if (!ending || std::this_thread::get_id() == ends) return;
  for (;;) pause();
}

void python_ends() {
  ends = std::this_thread::get_id(), ending = true;
  if (WithoutGil::count() == 0) return;
  const nb::gil_scoped_release release;  // who is on the way back already gets there
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

void interrupt_later() {
  interrupted = true;
}

void interrupt_now() {
  if (interrupted.exchange(false)) PyErr_SetInterrupt();
}

void check_signals(std::chrono::steady_clock::time_point& asked) {
  if (interrupted && interrupted.exchange(false)) {
    const Acquired acquired;
    PyErr_SetNone(PyExc_KeyboardInterrupt);
    nb::raise_python_error();
  }
  const auto now = std::chrono::steady_clock::now();
  if (std::chrono::duration<double>(now - asked).count() < patience) return;
  asked = now;
  const Acquired acquired;
  if (PyErr_CheckSignals() != 0) nb::raise_python_error();
}

bool Watch::requested() const {
  if (stop_) return true;
  try {
    check_signals(asked_);
  } catch (const nb::python_error& error) {
    const Acquired acquired;
    note(error);
  }
  return stop_;
}

void Watch::note(const nb::python_error& error) const {
  stop_ = true;
  if (error.matches(PyExc_KeyboardInterrupt))
    signalled_ = true;
  else
    raised_ = std::current_exception();
}

template <class F>
void Watch::tell(F&& f) {
  if (stop_) return;
  const Acquired acquired;
  try {
    if (nb::cast<bool>(nb::bool_(nb::object(f())))) stop_ = true;
  } catch (const nb::python_error& error) {
    note(error);
  }
}

void Watch::phase(std::string_view what, double done) {
  const double now = clock_.seconds();
  if (what == phase_ && now - phase_told_ < patience) return;
  phase_ = what, phase_told_ = now;
  tell([&] { return watch_.attr("phase")(phase_, done); });
}

void Watch::step(const Step& step, const std::function<Metrics()>& metrics) {
  const double now = clock_.seconds();
  if (!listens_ || now < next_) return;
  const Metrics all = metrics();
  tell([&] {
    nb::dict out;
    out["unit"] = std::string(step.unit);
    out["done"] = step.done, out["total"] = step.total, out["first"] = step.first;
    out["layer"] = step.layer, out["layers"] = step.layers;
    nb::dict numbers;
    for (const auto& metric : all) {
      numbers[metric.name.c_str()] = metric.value;
      if (!std::isnan(metric.error)) numbers[(metric.name + "_error").c_str()] = metric.error;
    }
    out["metrics"] = numbers;
    return watch_.attr("step")(out);
  });
  // What is heard of a few times a second may not cost more than a tenth of the time.
  const double spent = clock_.seconds() - now;
  if (interval_ > 0) next_ = now + std::max(interval_, 10 * spent);
}

Watched::Watched(nb::object object)
    : watch(object),
      agreed(
          [&]() -> const Team& {
            const auto address =
                nb::cast<std::uintptr_t>(nb::getattr(object, "communicator", nb::int_(0)));
            if (address == 0) return alone();
            return ranks.emplace(reinterpret_cast<const void*>(address));  // NOLINT: mpi4py's
          }(),
          watch, watch, clock) {}

bool Watch::finish() {
  if (raised_) std::rethrow_exception(std::exchange(raised_, nullptr));
  return signalled_;
}

}  // namespace quartic::python
