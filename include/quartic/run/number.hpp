// Numbers as people write them: 1.5243(2).
#pragma once

#include <string>

#include "quartic/core/estimate.hpp"

namespace quartic {

/// value(error in units of its last digits): one digit of error, two where it begins with 1. Falls
/// back to "value +- error" where that form would not be readable. What is not finite is "not
/// resolved".
std::string with_error(double value, double error);
inline std::string with_error(const Estimate& e) {
  return with_error(e.value, e.error);
}

/// With so many digits; "-" where it is not finite.
std::string rounded(double value, int digits);

/// With so many decimals; "-" where it is not finite.
std::string fixed(double value, int decimals);

/// 3.2 s, 4 min 12 s, 2 h 05 min.
std::string duration(double seconds);

}  // namespace quartic
