// What follows from the options of a network's training.
#pragma once

#include <cstdint>
#include <vector>

#include "quartic/core/data_source.hpp"
#include "quartic/network/network.hpp"
#include "quartic/network/start.hpp"
#include "quartic/network/training_options.hpp"

namespace quartic {

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

}  // namespace quartic
