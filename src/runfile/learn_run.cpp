#include "quartic/runfile/learn_run.hpp"

#include <fmt/format.h>

#include <cmath>

#include "runfile/run_history.hpp"

namespace quartic {
namespace {

using namespace run_parts;  // NOLINT: its vocabulary

struct Entry {
  const char* name;
  Estimate Certificate::*value;
};
constexpr Entry estimates[] = {
    {"variational_free_energy", &Certificate::variational_free_energy},
    {"target_free_energy", &Certificate::target_free_energy},
    {"gap", &Certificate::gap},
    {"half_variance", &Certificate::half_variance},
    {"weight_ess", &Certificate::weight_ess},
};

/// Of the free energy; all but the first and the last are not in layout 1.
struct WorkEntry {
  const char* name;
  Estimate WorkEstimate::*value;
};
constexpr WorkEntry work_estimates[] = {
    {"free_energy", &WorkEstimate::difference},
    {"free_energy_forward", &WorkEstimate::forward},
    {"free_energy_reverse", &WorkEstimate::reverse},
    {"free_energy_upper", &WorkEstimate::upper},
    {"free_energy_lower", &WorkEstimate::lower},
    {"annealing_ess", &WorkEstimate::forward_ess},
};

constexpr StateVector<VariationalState> learn_state_vectors[] = {
    {"w", &VariationalState::w},
    {"r", &VariationalState::r},
    {"a", &VariationalState::a},
    {"b", &VariationalState::b},
    {"theta_error", &VariationalState::theta_error},
    {"first_moment", &VariationalState::first_moment},
    {"second_moment", &VariationalState::second_moment},
};

// ---- writing ------------------------------------------------------------------------------------

void write_estimate(hdf5::Writer& out, const char* name, const Estimate& estimate) {
  out.scalar(fmt::format("results/{}", name), estimate.value);
  out.scalar(fmt::format("results/{}_error", name), estimate.error);
}

void write_certificate(hdf5::Writer& out, const Certificate& c) {
  for (const auto& entry : work_estimates)
    write_estimate(out, entry.name, c.free_energy.work.*entry.value);
  for (const auto& entry : estimates) write_estimate(out, entry.name, c.*entry.value);
  out.scalar("results/annealing_steps", std::int32_t{c.free_energy.steps});
  out.scalar("results/ok", static_cast<std::uint8_t>(c.ok));
  out.text("results/reason", c.reason);
}

void write_checkpoint(hdf5::Writer& out, const LearnRun& run) {
  const VariationalState& state = run.checkpoint;
  write_sampler(out, state.sampler, run.action.graph->sites(), run.config.sampler.precision);
  write_vectors<VariationalState>(out, state, learn_state_vectors);
  out.attribute("checkpoint", "epoch", std::int32_t{state.epoch});
  out.attribute("checkpoint", "quiet_epochs", std::int32_t{state.quiet_epochs});
  out.attribute("checkpoint", "warm", static_cast<std::uint8_t>(run.warmed_up));
  out.attribute("checkpoint", "reason", std::string(name(state.stop_reason)));
}

// ---- reading ------------------------------------------------------------------------------------

Estimate read_estimate(const hdf5::Reader& in, const char* name) {
  if (!in.has(fmt::format("results/{}", name))) return {std::nan(""), std::nan("")};
  return {in.scalar<double>(fmt::format("results/{}", name)),
          in.scalar<double>(fmt::format("results/{}_error", name))};
}

Certificate read_certificate(const hdf5::Reader& in, int sites) {
  Certificate c;
  for (const auto& entry : work_estimates)
    c.free_energy.work.*entry.value = read_estimate(in, entry.name);
  for (const auto& entry : estimates) c.*entry.value = read_estimate(in, entry.name);
  c.free_energy.steps = in.scalar<std::int32_t>("results/annealing_steps");
  c.ok = in.scalar<std::uint8_t>("results/ok") != 0;
  c.reason = in.text("results/reason");
  c.draws = read_posterior(in, sites);
  c.target_value = in.read<double>("posterior/target", c.draws.action_value.size());
  return c;
}

void read_checkpoint(const hdf5::Reader& in, LearnRun& run) {
  VariationalState& state = run.checkpoint;
  state.sampler = read_sampler(in, run.config.sampler.options, run.action.graph->sites());
  read_vectors<VariationalState>(in, state, *run.action.graph, learn_state_vectors);
  state.epoch = in.attribute<std::int32_t>("checkpoint", "epoch");
  state.quiet_epochs = in.attribute<std::int32_t>("checkpoint", "quiet_epochs");
  state.stop_reason = read_word<StopReason>(in, in.text_attribute("checkpoint", "reason"));
  run.warmed_up = in.attribute<std::uint8_t>("checkpoint", "warm") != 0;
}

}  // namespace

void write_run(const std::filesystem::path& file, const LearnRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    write_head(out, RunKind::learn, run.config, run.provenance);
    write_action(out, run.action);
    write_parameters(out, run.parameters(), run.action, run.theta_error);
    write_history(out, run.history);
    out.scalar("results/converged",
               static_cast<std::uint8_t>(run.stop_reason == StopReason::converged));
    out.text("results/stop_reason", std::string(name(run.stop_reason)));
    if (run.certificate) {
      const Certificate& c = *run.certificate;
      write_certificate(out, c);
      write_posterior(out, c.draws);
      out.write("posterior/target", view(c.target_value), {"chain", "draw"});
    }
    write_checkpoint(out, run);
  });
}

LearnRun read_learn_run(const std::filesystem::path& file) {
  const RunReader in(file, RunKind::learn);
  LearnRun run{.config = in.config(),
               .provenance = read_provenance(in),
               .action = read_action(in),
               .freedom = {},
               .theta_error = {},
               .history = {},
               .stop_reason = StopReason::running,
               .certificate = {},
               .checkpoint = {}};
  auto learned = read_parameters(in, run.action);
  run.freedom = learned.freedom, run.theta_error = std::move(learned.theta_error);
  run.history = read_history<LearnRow>(in, run.theta_error.size());
  run.stop_reason = read_word<StopReason>(in, in.text("results/stop_reason"));
  if (in.has("results/free_energy"))
    run.certificate = read_certificate(in, run.action.graph->sites());
  read_checkpoint(in, run);
  return run;
}

}  // namespace quartic
