#include "quartic/core/memory.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "quartic/core/error.hpp"

namespace quartic {
namespace {

/// Of a file that holds one; INFINITY: there is none, or "max".
double number_in(const std::string& file) {
  std::ifstream in(file);
  double number = 0;
  return in >> number && number > 0 ? number : INFINITY;
}

/// The least limit of the control groups that hold this process, in both versions' places.
double group_limit() {
  double least = INFINITY;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // ID:CONTROLLERS:PATH
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const bool unified = second == first + 1;
    const std::string root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory",
                      file = unified ? "/memory.max" : "/memory.limit_in_bytes";
    if (!unified && line.substr(first, second - first).find("memory") == std::string::npos)
      continue;
    std::string path = line.substr(second + 1);
    for (;;) {  // from the inner to the outer
      least = std::min(least, number_in(root + (path == "/" ? "" : path) + file));
      const auto slash = path.rfind('/');
      if (path.empty() || slash == std::string::npos) break;
      path.resize(slash);
    }
  }
  return least;
}

double own_limit(int resource) {
  rlimit limit{};
  return getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
             ? static_cast<double>(limit.rlim_cur)
             : INFINITY;
}

}  // namespace

double memory_limit() {
  const double machine =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  return std::min({machine, group_limit(), own_limit(RLIMIT_AS), own_limit(RLIMIT_DATA)});
}

std::string bytes_text(double bytes) {
  if (bytes < 1e6) return fmt::format("{:.0f} kB", bytes / 1e3);
  if (bytes < 1e9) return fmt::format("{:.1f} MB", bytes / 1e6);
  if (bytes < 1e12) return fmt::format("{:.1f} GB", bytes / 1e9);
  return fmt::format("{:.3g} TB", bytes / 1e12);
}

void require_memory(double bytes, const std::string& what, const std::string& hint) {
  constexpr double small = 64 << 20;  // not worth a look
  if (bytes < small) return;
  const double most = memory_limit();
  if (bytes <= most) return;
  throw BadInput(
      fmt::format("{} take {} of memory, there are {}", what, bytes_text(bytes), bytes_text(most)),
      hint);
}

}  // namespace quartic
