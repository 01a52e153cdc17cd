// Work shared among threads.
#pragma once

#include <omp.h>

#include <algorithm>
#include <exception>

namespace quartic {

/// Threads that were asked for; 0: all cores.
inline int threads_or_all(int wanted) {
  return wanted > 0 ? wanted : omp_get_max_threads();
}

/// Calls f(index, thread) for index in [0, count): equal, consecutive parts for each of at most
/// `threads` threads, so that a repeated call finds its memory near. An exception comes out once
/// all are done.
template <class F>
void in_parallel(int count, int threads, F&& f) {
  std::exception_ptr failure;
  const int used = std::max(1, std::min(threads, count));
#pragma omp parallel for schedule(static) num_threads(used) if (used > 1)
  for (int index = 0; index < count; ++index) {
    try {
      f(index, omp_get_thread_num());
    } catch (...) {
#pragma omp critical(quartic_failure)
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace quartic
