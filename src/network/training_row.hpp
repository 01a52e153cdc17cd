// The history of a network's training: what an epoch's row says.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quartic/network/learner.hpp"

namespace quartic {

/// The numbers that the network gives with the rows of a batch and the chains, both [row][visible];
/// `deviation`: of the data's columns. O(rows visible hidden).
TrainRow measure_row(const Network& now, std::span<const float> batch,
                     std::span<const double> chains, std::span<const double> deviation,
                     int threads);

/// Why the training has run away, or nothing. Data and chains differ in free energy by what the
/// network has not learned, which is a fraction of a nat a unit; by several nats the data have
/// become impossible. Units of two values that weights have frozen stay what they are.
std::optional<std::string> why_diverged(const TrainRow& row, const Layer& visible);

}  // namespace quartic
