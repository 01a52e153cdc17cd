// A number with its error.
#pragma once

namespace quartic {

struct Estimate {
  double value = 0;
  double error = 0;  ///< standard error
};

}  // namespace quartic
