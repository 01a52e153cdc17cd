// What an epoch of LikelihoodLearner has drawn.
#pragma once

#include <vector>

#include "learn/epoch_sample.hpp"
#include "quartic/learn/likelihood.hpp"

namespace quartic {

template <class T>
struct LikelihoodLearner<T>::Epoch : EpochSample<T> {
  std::vector<double> gradient;  ///< <f>_p - <f>_data - decay theta
};

}  // namespace quartic
