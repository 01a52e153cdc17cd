#include <fmt/format.h>

#include "mcmc/local_move_kind.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

template <class T>
using Scratch = EnsembleScratch<T>;
using Options = SamplerOptions;

template <class T>
MoveCount independence(SweepBlock<T> block, const Options&, const Schedule&, Scratch<T>&) {
  return {independence_sweep(block), block.updates()};
}

template <class T>
MoveCount metropolis(SweepBlock<T> block, const Options& options, const Schedule&, Scratch<T>&) {
  block.hits = options.metropolis_hits;
  return {metropolis_sweep(block), block.updates() * block.hits};
}

template <class T>
MoveCount trajectory(SweepBlock<T> block, const Options& options, const Schedule& schedule,
                     Scratch<T>& scratch) {
  return {hmc_sweep(block, scratch.hmc, options.hmc_steps, schedule.step_size, options.integrator),
          static_cast<double>(block.lanes)};
}

std::string say_independence(const Options&, const Schedule&) {
  return "independence Metropolis";
}
std::string say_metropolis(const Options& options, const Schedule&) {
  return fmt::format("{}-hit Metropolis", options.metropolis_hits);
}
std::string say_trajectory(const Options& options, const Schedule& schedule) {
  return fmt::format("{} trajectories of {} steps of {:.3g}", name(options.integrator),
                     options.hmc_steps, schedule.step_size);
}
double unit_length(const Options& options) {
  return 1.0 / options.hmc_steps;
}

/// In the order of LocalMove.
template <class T>
constexpr LocalMoveKind<T> kinds[] = {
    {"independence", "", nullptr, true, independence<T>, say_independence},
    {"metropolis", "metropolis_hits", &Options::metropolis_hits, false, metropolis<T>,
     say_metropolis},
    {"trajectory", "hmc_steps", &Options::hmc_steps, false, trajectory<T>, say_trajectory,
     unit_length},
};

}  // namespace

std::string_view name(LocalMove move) {
  return kinds<float>[static_cast<int>(move)].name;
}

LocalMove SamplerOptions::local_move() const {
  int chosen = 0;
  for (int k = 1; k < static_cast<int>(std::size(kinds<float>)); ++k)
    if (this->*kinds<float>[k].chosen_by > 0) chosen = k;
  return static_cast<LocalMove>(chosen);
}

template <class T>
const LocalMoveKind<T>& local_move_kind(LocalMove move) {
  return kinds<T>[static_cast<int>(move)];
}
template const LocalMoveKind<float>& local_move_kind(LocalMove);
template const LocalMoveKind<double>& local_move_kind(LocalMove);

void require_one_local_move(const SamplerOptions& options) {
  std::string_view chosen;
  for (const auto& kind : kinds<float>) {
    const int value = kind.chosen_by != nullptr ? options.*kind.chosen_by : 0;
    if (value < 0 || value > most_in_sweep)
      throw BadInput(fmt::format("sampler: {} = {}", kind.option, value),
                     fmt::format("{} is from 0 to {}", kind.option, most_in_sweep));
    if (value > 0 && !chosen.empty())
      throw BadInput(fmt::format("sampler: {} and {} exclude each other", chosen, kind.option),
                     "each takes the place of the other local moves: set one of them to 0");
    if (value > 0) chosen = kind.option;
  }
}

}  // namespace quartic
