#include "quartic/network/training.hpp"

namespace quartic {

std::string_view name(ChainStart start) {
  return start == ChainStart::persistent ? "persistent" : "data";
}

std::string_view name(NetworkOptimiser optimiser) {
  return optimiser == NetworkOptimiser::momentum ? "momentum" : "adam";
}

std::string_view name(Tempering tempering) {
  return tempering == Tempering::temperature ? "temperature" : "trajectory";
}

std::string_view name(RateSchedule schedule) {
  constexpr std::string_view names[] = {"constant", "linear", "exponential"};
  return names[static_cast<int>(schedule)];
}

}  // namespace quartic
