// A config in Python's hands.
#pragma once

#include <string>

#include "quartic/config/config.hpp"

namespace quartic::python {

/// A config, and where messages say that it comes from.
struct Settings {
  Config config;
  std::string place;
};

}  // namespace quartic::python
