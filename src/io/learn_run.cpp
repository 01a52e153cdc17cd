#include "quartic/io/learn_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/run_parts.hpp"

namespace quartic {
namespace {

using namespace run_parts;  // NOLINT: its vocabulary

struct Column {
  const char* name;
  double EpochRow::*value;
};
constexpr Column columns[] = {
    {"gradient_norm", &EpochRow::gradient_norm},
    {"gradient_norm_error", &EpochRow::gradient_norm_error},
    {"action_variance", &EpochRow::action_variance},
    {"action_variance_error", &EpochRow::action_variance_error},
    {"weight_ess", &EpochRow::weight_ess},
    {"weight_ess_error", &EpochRow::weight_ess_error},
    {"acceptance", &EpochRow::acceptance},
    {"reflection_acceptance", &EpochRow::reflection_acceptance},
    {"rate", &EpochRow::rate},
    {"largest_step", &EpochRow::largest_step},
    {"step_significance", &EpochRow::step_significance},
    {"regularisation", &EpochRow::regularisation},
};

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

/// The learner's vectors, each its own dimension.
struct StateVector {
  const char* name;
  std::vector<double> VariationalState::*value;
};
constexpr StateVector state_vectors[] = {
    {"w", &VariationalState::w},
    {"r", &VariationalState::r},
    {"a", &VariationalState::a},
    {"b", &VariationalState::b},
    {"theta_error", &VariationalState::theta_error},
    {"first_moment", &VariationalState::first_moment},
    {"second_moment", &VariationalState::second_moment},
};

// ---- writing ------------------------------------------------------------------------------------

void write_parameters(hdf5::Writer& out, const LearnRun& run) {
  Action errors(run.action.graph);
  if (!run.theta_error.empty()) run.parameters().scatter(run.theta_error, errors);
  for (const auto kind : kinds) {
    out.write(coupling_path(kind, "_error"), view(errors.couplings(kind)),
              {kind == CouplingKind::w ? "edge" : "site"});
    out.attribute("model", fmt::format("freedom_{}", name(kind)),
                  std::string(name(run.freedom[static_cast<int>(kind)])));
  }
}

void write_history(hdf5::Writer& out, const History& history) {
  std::vector<std::int32_t> epochs;
  for (const auto& row : history.rows) epochs.push_back(row.epoch);
  out.dimension<std::int32_t>("history", "epoch", epochs);
  out.dimension("history", "parameter", history.parameters);
  out.write("history/theta", view(history.theta), {"epoch", "parameter"});
  out.write("history/theta_error", view(history.theta_error), {"epoch", "parameter"});
  out.write("history/expected", view(history.expected), {"parameter"});
  for (const auto& column : columns) {
    std::vector<double> values;
    for (const auto& row : history.rows) values.push_back(row.*column.value);
    out.write(fmt::format("history/{}", column.name), view(values), {"epoch"});
  }
}

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
  for (const auto& vector : state_vectors)
    out.dimension<double>("checkpoint", vector.name, state.*vector.value);
  out.attribute("checkpoint", "epoch", std::int32_t{state.epoch});
  out.attribute("checkpoint", "quiet_epochs", std::int32_t{state.quiet_epochs});
  out.attribute("checkpoint", "warm", static_cast<std::uint8_t>(run.warm));
  out.attribute("checkpoint", "reason", std::string(name(state.reason)));
}

// ---- reading ------------------------------------------------------------------------------------

void read_parameters(const hdf5::Reader& in, LearnRun& run) {
  Action errors(run.action.graph);
  for (const auto kind : kinds) {
    errors.couplings(kind) =
        in.read<double>(coupling_path(kind, "_error"), run.action.couplings(kind).size());
    run.freedom[static_cast<int>(kind)] =
        named<Freedom>(in, in.text_attribute("model", fmt::format("freedom_{}", name(kind))), 3);
  }
  // Errors by parameter; a tied kind's are all equal, and dividing their sum by their number could
  // round.
  const Parameters parameters = run.parameters();
  run.theta_error.clear();
  for (const auto kind : kinds) {
    const auto& values = errors.couplings(kind);
    const int count = parameters.end(kind) - parameters.begin(kind);
    run.theta_error.insert(run.theta_error.end(), values.begin(), values.begin() + count);
  }
}

void read_history(const hdf5::Reader& in, History& history, std::size_t parameters) {
  const auto epochs = in.read<std::int32_t>("history/epoch");
  history.parameters = in.texts("history/parameter");
  history.expected = in.read<double>("history/expected", parameters);
  history.theta = in.read<double>("history/theta", epochs.size() * parameters);
  history.theta_error = in.read<double>("history/theta_error", epochs.size() * parameters);
  history.rows.resize(epochs.size());
  for (std::size_t k = 0; k < epochs.size(); ++k) history.rows[k].epoch = epochs[k];
  for (const auto& column : columns) {
    const auto values = in.read<double>(fmt::format("history/{}", column.name), epochs.size());
    for (std::size_t k = 0; k < epochs.size(); ++k) history.rows[k].*column.value = values[k];
  }
}

Certificate read_certificate(const hdf5::Reader& in, int sites) {
  Certificate c;
  for (const auto& entry : estimates) {
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
  const std::size_t sites = run.action.graph->sites(), edges = run.action.graph->edge_count();
  state.sampler = read_sampler(in, run.config.sampler.options, run.action.graph->sites());
  for (const auto& vector : state_vectors)
    state.*vector.value = in.read<double>(fmt::format("checkpoint/{}", vector.name));
  if (state.w.size() != edges || state.r.size() != sites || state.a.size() != sites ||
      state.b.size() != sites)
    in.refuse("the checkpoint's couplings do not fit its graph");
  state.epoch = in.attribute<std::int32_t>("checkpoint", "epoch");
  state.quiet_epochs = in.attribute<std::int32_t>("checkpoint", "quiet_epochs");
  state.reason = named<StopReason>(in, in.text_attribute("checkpoint", "reason"), 3);
  run.warm = in.attribute<std::uint8_t>("checkpoint", "warm") != 0;
}

}  // namespace

void History::append(const EpochRow& row, const std::vector<double>& now,
                     const std::vector<double>& error) {
  rows.push_back(row);
  theta.insert(theta.end(), now.begin(), now.end());
  theta_error.insert(theta_error.end(), error.begin(), error.end());
}

void History::truncate(int epoch) {
  const auto kept = std::find_if(rows.begin(), rows.end(),
                                 [epoch](const EpochRow& row) { return row.epoch >= epoch; });
  rows.erase(kept, rows.end());
  theta.resize(rows.size() * parameters.size());
  theta_error.resize(rows.size() * parameters.size());
}

void write_run(const std::filesystem::path& file, const LearnRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    write_head(out, RunKind::learn, run.config, run.provenance);
    write_action(out, run.action);
    write_parameters(out, run);
    write_history(out, run.history);
    out.scalar("results/converged", static_cast<std::uint8_t>(run.reason == StopReason::converged));
    out.text("results/stop_reason", std::string(name(run.reason)));
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
               .reason = StopReason::running,
               .certificate = {},
               .checkpoint = {}};
  read_parameters(in, run);
  read_history(in, run.history, run.parameters().size());
  run.reason = named<StopReason>(in, in.text("results/stop_reason"), 3);
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
