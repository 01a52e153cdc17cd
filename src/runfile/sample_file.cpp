#include "quartic/runfile/sample_file.hpp"

#include <fmt/format.h>

#include <utility>

#include "quartic/core/error.hpp"
#include "runfile/run_parts.hpp"

namespace quartic {

StoredModel read_model(const std::filesystem::path& file, bool hidden_welcome) {
  const run_parts::RunReader in(file);
  if (in.kind() == RunKind::network || in.kind() == RunKind::stack) {
    throw BadInput(fmt::format("'{}' holds a {}, not an action on a graph", file.string(),
                               in.kind() == RunKind::stack ? "deep stack" : "network"),
                   "quartic generate and transform take networks and deep stacks");
  }
  StoredModel model{in.config(), run_parts::read_action(in)};
  if (model.action.graph->hidden_sites() > 0 && !hidden_welcome)
    throw BadInput(
        fmt::format("'{}' holds a field with hidden units, which this cannot take", file.string()),
        "quartic generate, score, show, diagnose, plot and resume can; or fit one without");
  return model;
}

Config read_run_config(const std::filesystem::path& file) {
  return run_parts::RunReader(file).config();
}

StoredSample read_sample(const std::filesystem::path& file) {
  read_model(file);  // refuses what has none
  const run_parts::RunReader in(file);
  Config config = in.config();
  Action action = run_parts::read_action(in);
  StoredSample sample{.config = std::move(config), .action = std::move(action)};
  Draws posterior;
  if (in.has("posterior/phi"))
    posterior = run_parts::read_posterior(in, sample.action.graph->sites());
  if (posterior.draws == 0) {
    throw BadInput(fmt::format("'{}' holds no configurations", file.string()),
                   fmt::format("quartic sample {} draws and stores some", file.string()));
  }
  sample.chains = posterior.chains, sample.draws = posterior.draws, sample.sites = posterior.sites;
  sample.phi = std::move(posterior.phi);
  sample.action_value = std::move(posterior.action_value);
  if (in.has("posterior/log_weight"))
    sample.log_weight =
        in.read<double>("posterior/log_weight", {"chain", "draw"}, sample.action_value.size());
  return sample;
}

}  // namespace quartic
