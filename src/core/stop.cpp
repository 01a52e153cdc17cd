#include "quartic/core/stop.hpp"

#include "quartic/core/progress.hpp"

namespace quartic {
namespace {

// A scope of its thread, as a handler of exceptions is: whoever opened it closes it.
thread_local Stoppable* current = nullptr;

}  // namespace

Stoppable* current_stoppable() {
  return current;
}

Stoppable::Stoppable(const StopRequest& request) : request_(request), outer_(current) {
  current = this;
}
Stoppable::~Stoppable() {
  current = outer_;
}

void Stoppable::heed() {
  if (stopped_.load(std::memory_order_acquire)) std::rethrow_exception(why_);
  if (std::this_thread::get_id() != owner_) return;
  try {
    if (!request_.requested()) return;
    throw Interrupted();
  } catch (...) {
    why_ = std::current_exception();
    stopped_.store(true, std::memory_order_release);
    throw;
  }
}

Answering::Answering(Stoppable* other) : before_(current) {
  current = other;
}
Answering::~Answering() {
  current = before_;
}

void heed_stop() {
  if (current != nullptr) current->heed();
}

}  // namespace quartic
