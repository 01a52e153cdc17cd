// Why a run stopped.
#pragma once

#include <string_view>

namespace quartic {

enum class StopReason {
  running,           ///< not stopped yet
  converged,         ///< the couplings stopped moving beyond their error
  epochs_exhausted,  ///< the limit came first
  held_out_worse,    ///< the likelihood of held-out data had begun to fall
  draws_done,        ///< the limit of a sample came first
  relative_error,    ///< the wanted observable reached its error
  max_seconds        ///< the time given to a sample was over
};
std::string_view name(StopReason reason);

}  // namespace quartic
