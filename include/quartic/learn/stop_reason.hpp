// Why learning stopped.
#pragma once

#include <string_view>

namespace quartic {

enum class StopReason {
  running,           ///< not stopped yet
  converged,         ///< the couplings stopped moving beyond their error
  epochs_exhausted,  ///< the limit came first
  held_out_worse     ///< the likelihood of held-out data had begun to fall
};
std::string_view name(StopReason reason);

}  // namespace quartic
