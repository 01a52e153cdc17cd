// The state of a computation as one list of numbers, written and read by the same function.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "quartic/core/error.hpp"

namespace quartic {

/// Appends what it is called with, lists behind their length.
class StatePacker {
 public:
  template <class... Members>
  void operator()(const Members&... members) {
    (put(members), ...);
  }
  void require(bool) const {}
  std::vector<double> values;

 private:
  template <class T>
  void put(const T& member) {
    if constexpr (std::is_arithmetic_v<T>) {
      values.push_back(static_cast<double>(member));
    } else {
      values.push_back(static_cast<double>(member.size()));
      values.insert(values.end(), member.begin(), member.end());
    }
  }
};

/// Fills the same members in the same order. Throws BadInput where the numbers end too soon, or are
/// none of their type; what more has to hold of them is for `require`, before it is relied on.
class StateUnpacker {
 public:
  /// `entry`: of the run file, which messages name.
  StateUnpacker(std::span<const double> values, const char* entry) : left_(values), entry_(entry) {}

  template <class... Members>
  void operator()(Members&... members) {
    (get(members), ...);
  }
  void require(bool whole) const {
    if (!whole)
      throw BadInput(fmt::format("the run's '{}' is not as it was written", entry_),
                     "begin the run anew");
  }

 private:
  std::span<const double> take(double count) {
    require(count >= 0 && count <= static_cast<double>(left_.size()));
    const auto taken = left_.first(static_cast<std::size_t>(count));
    left_ = left_.subspan(taken.size());
    return taken;
  }
  template <class T>
  void get(T& member) {
    const double first = take(1)[0];
    if constexpr (std::is_floating_point_v<T>) {
      member = static_cast<T>(first);
    } else if constexpr (std::is_integral_v<T>) {
      constexpr auto least = static_cast<double>(std::numeric_limits<T>::min()),
                     most = std::min(static_cast<double>(std::numeric_limits<T>::max()), 0x1p53);
      require(first >= least && first <= most && first == std::trunc(first));
      member = static_cast<T>(first);
    } else {
      const auto list = take(first);
      member.assign(list.begin(), list.end());
    }
  }

  std::span<const double> left_;
  const char* entry_;
};

/// A part with state() and restore(state) of its own.
template <class Part>
void archive_part(StatePacker& state, const Part& part) {
  state(part.state());
}
template <class Part>
void archive_part(StateUnpacker& state, Part& part) {
  std::vector<double> of;
  state(of);
  part.restore(of);
}

}  // namespace quartic
