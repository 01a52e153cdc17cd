#include "quartic/runfile/learn_run.hpp"

#include <fmt/format.h>

#include <cmath>

#include "runfile/run_history.hpp"

namespace quartic {
namespace {

using namespace run_parts;  // NOLINT: its vocabulary

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

Certificate read_certificate(const hdf5::Reader& in, int sites) {
  Certificate c;
  read_scalars(in, "results", c);
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
      write_scalars(out, "results", c);
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
