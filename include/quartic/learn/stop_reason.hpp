// Why a run stopped.
#pragma once

#include "quartic/core/words.hpp"

namespace quartic {

enum class StopReason {
  running,           ///< not stopped yet
  converged,         ///< the couplings stopped moving beyond their error
  epochs_exhausted,  ///< the limit came first
  held_out_worse,    ///< the likelihood of held-out data had begun to fall
  draws_done,        ///< all draws of a sample run
  relative_error,    ///< the observable of sample.until is known well enough
  max_seconds        ///< sample.max_seconds have passed
};
template <>
inline constexpr auto words_of<StopReason> = word_list("running", "converged", "epochs_exhausted",
                                                       "held_out_worse", "draws_done",
                                                       "relative_error", "max_seconds");

}  // namespace quartic
