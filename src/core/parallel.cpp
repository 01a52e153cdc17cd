#include "core/parallel.hpp"

#include <atomic>
#include <limits>
#include <system_error>
#include <thread>
#include <vector>

namespace quartic {

int threads_that_start(int wanted) {
  // OpenMP keeps its threads, for every thread that begins parallel work.
  thread_local int most = 1, too_many = std::numeric_limits<int>::max();
  if (wanted <= most) return wanted;
  if (wanted >= too_many) return most;
  std::vector<std::thread> others;
  others.reserve(wanted - most);
  std::atomic<bool> enough = false;
  try {
    for (int k = most; k < wanted; ++k) others.emplace_back([&] { enough.wait(false); });
    most = wanted;
  } catch (const std::system_error&) {
    too_many = wanted;
    most += static_cast<int>(others.size() / 2);  // their stacks leave no room for work
  }
  enough = true;
  enough.notify_all();
  for (auto& other : others) other.join();
  return most;
}

}  // namespace quartic
