#include <fmt/format.h>

#include <algorithm>

#include "quartic/core/suggest.hpp"
#include "quartic/run/sample.hpp"

namespace quartic {
namespace {

/// The names that sample.until may take: those of two draws of a small ensemble.
std::vector<std::string> observables(const Action& action) {
  SamplerOptions options;
  options.chains = 16, options.threads = 1;
  Sampler<float> sampler(action, options, 1, Stream::pilot);
  Measurement measurement(action, options.chains);
  for (int k = 0; k < 4; ++k) {
    sampler.sweep(1);
    measurement.add(sampler);
  }
  std::vector<std::string> names;
  for (const auto& result : measurement.results()) names.push_back(result.name);
  return names;
}

void check_until(const SampleConfig& sample, const Action& action) {
  if (sample.until.empty()) return;
  const auto names = observables(action);
  if (std::find(names.begin(), names.end(), sample.until) == names.end()) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    throw BadInput(fmt::format("sample.until: no observable '{}'; {}", sample.until,
                               suggestion(sample.until, views)));
  }
  const bool symmetric =
      std::all_of(action.r.begin(), action.r.end(), [](double r) { return r == 0; });
  if (sample.until == "m" && symmetric) {
    throw BadInput("sample.until: the mean of m is 0, it has no relative error",
                   "until = \"abs_m\" or \"m2\"");
  }
}

}  // namespace

SampleRun begin_sampling(const Config& config, const Action& action, const std::string& command) {
  require_normalisable(action);
  check_until(config.sample, action);
  SampleRun run{.config = config,
                .provenance = make_provenance(command, config.run.seed),
                .action = action,
                .schedule = {},
                .acceptance = {},
                .kept = {},
                .results = {},
                .two_point = {},
                .sampler = {},
                .observables = {},
                .measurement = {}};
  run.kept.thin = config.sample.thin;
  return run;
}

}  // namespace quartic
