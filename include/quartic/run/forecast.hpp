// What a config would run, and what that would cost: what `quartic validate` says.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quartic/config/config.hpp"
#include "quartic/graph/graph.hpp"

namespace quartic {

/// One network that would be trained.
struct LayerForecast {
  int visible = 0, hidden = 0;
  Unit visible_unit{}, hidden_unit{};
  int epochs = 0;  ///< at most where the data ask; 0: learned exactly
  double updates = 0, seconds = 0;
  bool from_exact = false;  ///< chains that begin with what is learned exactly
};

/// Rough, by the speed of one core of the last ten years (`quartic bench` measures this one).
struct Forecast {
  enum class Kind { sample, learn, fit, train };

  Kind kind = Kind::sample;
  std::shared_ptr<const Graph> graph;  ///< null for networks
  std::optional<Parameters> parameters;
  std::string data;                    ///< in words; empty: none
  std::size_t rows = 0, held_out = 0;  ///< of the data
  std::string optimiser;               ///< of learn and fit
  int epochs = 0;                      ///< of these, at most
  std::vector<LayerForecast> layers;   ///< of networks
  double samples = 0;                  ///< configurations in all, of learn and fit an epoch
  double bytes = 0;
  double file_bytes = 0;  ///< of the run file of a sample
  double seconds = 0;     ///< of learn if all epochs are needed, of fit for ten
  double ten_epochs = 0;  ///< seconds of learn for ten epochs: the natural gradient needs so many
};

/// Checks everything that can be checked before a run: graph, couplings, target, data. Reads the
/// data once. Throws as the run would. `graph`: of a run file, null: the config's.
Forecast forecast(const Config& config, std::shared_ptr<const Graph> graph,
                  const std::string& where);

}  // namespace quartic
