// One epoch of training a network, as its history has it.
#pragma once

#include <cstdint>

#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"

namespace quartic {

/// Measured on the epoch's last batch and the chains after it.
struct TrainRow {
  int epoch = 0;              ///< epochs done
  std::int64_t updates = 0;   ///< updates done
  double rate = 0;            ///< of the epoch's last update
  double gradient_norm = 0;   ///< of w, root mean square over its entries
  double weight_norm = 0;     ///< root mean square of w_ij times the deviation of phi_i
  double max_weight = 0;      ///< max |w_ij|
  Estimate data_free_energy;  ///< mean free energy of the batch's rows
  /// and of the chains; far above the data's: the chains lag behind
  Estimate model_free_energy;
  /// with tempering, ln Z by 32 more sweeps of the ladder: its error knows nothing of modes that
  /// the ladder has not reached; 0 with error 0: none
  Estimate log_z;
  /// root mean square z-score of <phi_i>, batch against chains; about 1 where they agree
  double moment_score = 0;
};

template <FieldsOf<TrainRow> Row, class Visit>
void fields(Row& row, Visit&& visit) {
  members(visit, "epoch", row.epoch, "updates", row.updates, "rate", row.rate, "gradient_norm",
          row.gradient_norm, "weight_norm", row.weight_norm, "max_weight", row.max_weight,
          "data_free_energy", row.data_free_energy, "model_free_energy", row.model_free_energy,
          "log_z", row.log_z, "moment_score", row.moment_score);
}

}  // namespace quartic
