// Moments of the model from samples that a learner already has.
#pragma once

#include "learn/feature_statistics.hpp"
#include "quartic/learn/moment_match.hpp"

namespace quartic {

/// All kinds free.
Parameters every_coupling(const std::shared_ptr<const Graph>& graph);

/// `every`: of every_coupling.
template <class T>
ModelMoments moments_of(const FeatureStatistics<T>& every,
                        const std::shared_ptr<const Graph>& graph);

}  // namespace quartic
