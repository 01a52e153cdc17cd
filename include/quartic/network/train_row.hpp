// One epoch of training a network, as its history has it.
#pragma once

#include <cstdint>

#include "quartic/core/estimate.hpp"
#include "quartic/core/fields.hpp"

namespace quartic {

/// Measured on the epoch's last batch and the chains after it.
struct TrainRow {
  int epoch = 0;
  std::int64_t updates = 0;
  double rate = 0;
  double gradient_norm = 0;
  double weight_norm = 0;
  double max_weight = 0;
  Estimate data_free_energy;
  Estimate model_free_energy;
  Estimate log_z;
  double moment_score = 0;
};

template <FieldsOf<TrainRow> Row, class Visit>
void fields(Row& row, Visit&& visit) {
  visit("epoch", row.epoch, "epochs done");
  visit("updates", row.updates, "updates done");
  visit("rate", row.rate, "of the epoch's last update");
  visit("gradient_norm", row.gradient_norm, "of w, root mean square over its entries");
  visit("weight_norm", row.weight_norm, "root mean square of w_ij times the deviation of phi_i");
  visit("max_weight", row.max_weight, "max |w_ij|");
  visit("data_free_energy", row.data_free_energy, "mean free energy of the batch's rows");
  visit("model_free_energy", row.model_free_energy,
        "and of the chains; far above the data's: the chains lag behind");
  visit("log_z", row.log_z,
        "with tempering, ln Z by 32 more sweeps of the ladder: its error knows nothing of modes "
        "that the ladder has not reached; 0 with error 0: none");
  visit("moment_score", row.moment_score,
        "root mean square z-score of <phi_i>, batch against chains; about 1 where they agree");
}

}  // namespace quartic
