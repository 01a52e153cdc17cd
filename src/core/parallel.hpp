// Work shared among threads.
#pragma once

#include <omp.h>

#include <algorithm>
#include <exception>
#include <string>

#include "quartic/core/error.hpp"
#include "quartic/core/stop.hpp"

namespace quartic {

inline constexpr int max_threads = 4096;

/// Threads that were asked for; 0: all cores. Throws BadInput beyond max_threads.
inline int threads_or_all(int wanted) {
  if (wanted > max_threads)
    throw BadInput("threads is " + std::to_string(wanted),
                   "at most " + std::to_string(max_threads) + ", or 0 for all cores");
  return wanted > 0 ? wanted : omp_get_max_threads();
}

/// At most so many threads, but no more than the process may start: under limits of its memory or
/// of tasks, where OpenMP would end it with words of its own. Tried once; O(1) from then on.
int threads_that_start(int wanted);

/// How parts are given to threads.
enum class Share {
  equal,    ///< consecutive ones, so that a repeated call finds its memory near
  as_free,  ///< the next to whoever is free: for parts of unequal length
};

/// Calls f(index, thread) for index in [0, count), shared among at most `threads` threads. An
/// exception comes out once all are done. Heeds a stop before every part; whoever asks for it is
/// the caller's, whichever thread works.
template <class F>
void in_parallel(int count, int threads, F&& f, Share share = Share::equal) {
  std::exception_ptr failure;
  std::atomic<bool> failed = false;
  Stoppable* const stoppable = current_stoppable();
  const auto part = [&](int index) {
    if (failed.load(std::memory_order_relaxed)) return;
    const Answering answering(stoppable);
    try {
      heed_stop();
      f(index, omp_get_thread_num());
    } catch (...) {
#pragma omp critical(quartic_failure)
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
  [[maybe_unused]] const int used = threads_that_start(std::max(1, std::min(threads, count)));
  if (share == Share::equal) {
#pragma omp parallel for schedule(static) num_threads(used) if (used > 1)
    for (int index = 0; index < count; ++index) part(index);
  } else {
#pragma omp parallel for schedule(dynamic) num_threads(used) if (used > 1)
    for (int index = 0; index < count; ++index) part(index);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace quartic
