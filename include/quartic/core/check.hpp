// What every health check says, whoever makes it.
#pragma once

#include <string>

#include "quartic/core/estimate.hpp"

namespace quartic {

struct Check {
  std::string name;       ///< "R-hat of m2"
  Estimate value;         ///< error 0: it has none
  std::string threshold;  ///< what the value should be, in words: "< 1.05"
  bool ok = true;
  std::string advice;  ///< what to do where it is not
};

}  // namespace quartic
