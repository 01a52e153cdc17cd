// What the options of a network's training make of an epoch, and what the epoch's row says.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quartic/network/learner.hpp"

namespace quartic {

/// With as many rows and chains as there will be.
TrainingOptions sized(TrainingOptions options, std::size_t rows);
/// Ranks share blocks of chains; ladders are nobody's but one's own. Throws BadInput for more ranks
/// than blocks.
void require_work_for_all(const TrainingOptions& sized);

/// Options with their defaults filled in. Throws BadInput for what cannot be.
TrainingOptions checked(TrainingOptions options, const DataSource& data,
                        const ColumnMoments& moments, const Network& start);

/// The rate of an epoch, from 0 on.
double rate_at(const TrainingOptions& options, int epoch);

/// The batches of an epoch, each in ascending order so that sources read neighbours together.
std::vector<std::vector<std::size_t>> epoch_batches(std::size_t rows,
                                                    const TrainingOptions& options,
                                                    std::uint64_t seed, int epoch);

/// Whether the network is kept: after 4, 6, 8, 12, 16, ... updates, 2^k and 3 2^k.
bool keeps_snapshot(const TrainingOptions& options, std::int64_t updates);

/// The numbers that the network gives with the rows of a batch and the chains, both [row][visible];
/// `deviation`: of the data's columns. O(rows visible hidden).
TrainRow measure_row(const Network& now, std::span<const float> batch,
                     std::span<const double> chains, std::span<const double> deviation,
                     int threads);

/// Why the training has run away, or nothing. Data and chains differ in free energy by what the
/// network has not learned, which is a fraction of a nat a unit; by several nats the data have
/// become impossible.
std::optional<std::string> why_diverged(const TrainRow& row, const Layer& visible);

}  // namespace quartic
