// How far a long computation has come.
#pragma once

#include <functional>

namespace quartic {

/// Called now and then with the fraction that is done, from 0 to 1. It goes back where a first
/// attempt did not reach the wanted error and a longer one begins. May be empty.
using ProgressCallback = std::function<void(double done)>;

}  // namespace quartic
