#include "quartic/runfile/learn_run.hpp"

#include <fmt/format.h>

#include <algorithm>
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
    {"free_energy", &Certificate::free_energy},
    {"free_energy_forward", &Certificate::free_energy_forward},
    {"free_energy_reverse", &Certificate::free_energy_reverse},
    {"free_energy_upper", &Certificate::free_energy_upper},
    {"free_energy_lower", &Certificate::free_energy_lower},
    {"variational_free_energy", &Certificate::variational_free_energy},
    {"target_free_energy", &Certificate::target_free_energy},
    {"gap", &Certificate::gap},
    {"half_variance", &Certificate::half_variance},
    {"weight_ess", &Certificate::weight_ess},
    {"annealing_ess", &Certificate::annealing_ess},
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

void write_certificate(hdf5::Writer& out, const Certificate& c) {
  for (const auto& entry : estimates) {
    const Estimate& estimate = c.*entry.value;
    out.scalar(fmt::format("results/{}", entry.name), estimate.value);
    out.scalar(fmt::format("results/{}_error", entry.name), estimate.error);
  }
  out.scalar("results/annealing_steps", std::int32_t{c.annealing_steps});
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

Certificate read_certificate(const hdf5::Reader& in, int sites) {
  Certificate c;
  for (const auto& entry : estimates) {
    if (!in.has(fmt::format("results/{}", entry.name))) {  // layout 1: forward annealing alone
      c.*entry.value = {std::nan(""), std::nan("")};
      continue;
    }
    (c.*entry.value).value = in.scalar<double>(fmt::format("results/{}", entry.name));
    (c.*entry.value).error = in.scalar<double>(fmt::format("results/{}_error", entry.name));
  }
  c.annealing_steps = in.scalar<std::int32_t>("results/annealing_steps");
  c.ok = in.scalar<std::uint8_t>("results/ok") != 0;
  c.reason = in.text("results/reason");
  auto sample = read_posterior(in, sites);
  c.chains = sample.chains, c.draws = sample.draws, c.sites = sites;
  c.phi = std::move(sample.phi);
  c.action = std::move(sample.action);
  c.target = in.read<double>("posterior/target", c.action.size());
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
      write_posterior(out, c.chains, c.draws, c.sites, c.phi, c.action);
      out.write("posterior/target", view(c.target), {"chain", "draw"});
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

void keep_draws(Certificate& c, int draws) {
  if (draws >= c.draws) return;
  const auto thin = [&](auto& values, std::size_t width) {
    for (int chain = 0; chain < c.chains; ++chain) {
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(chain * c.draws * width),
                  draws * width,
                  values.begin() + static_cast<std::ptrdiff_t>(chain * draws * width));
    }
    values.resize(static_cast<std::size_t>(c.chains) * draws * width);
  };
  thin(c.action, 1);
  thin(c.target, 1);
  thin(c.phi, static_cast<std::size_t>(c.sites));
  c.draws = draws;
}

}  // namespace quartic
