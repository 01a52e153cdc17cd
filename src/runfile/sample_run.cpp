#include "quartic/runfile/sample_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runfile/columns.hpp"
#include "runfile/run_parts.hpp"

namespace quartic {
namespace {

using namespace run_parts;  // NOLINT: its vocabulary

struct TwoPointColumn {
  const char* name;
  std::vector<double> TwoPoint::*value;
};
constexpr TwoPointColumn two_point_columns[] = {
    {"structure_factor", &TwoPoint::structure_factor},
    {"structure_factor_error", &TwoPoint::structure_factor_error},
    {"correlation", &TwoPoint::correlation},
    {"correlation_error", &TwoPoint::correlation_error},
};

/// Sums of phi, phi^2 and phi^4 over the sites, by volume.
struct Moments {
  std::vector<double> m, phi2, phi4;
};

// ---- writing ------------------------------------------------------------------------------------

void write_results(hdf5::Writer& out, const SampleRun& run) {
  out.text("results/stop_reason", std::string(name(run.stop_reason)));
  out.text("results/schedule", run.schedule);
  write_columns(out, "results", "move", run.acceptance);
  out.scalar("results/flipped", run.flipped.rate);
  out.scalar("results/flipped_draws", std::int32_t{run.flipped.draws});
  write_columns(out, "results", "observable", run.results);
  if (!run.two_point) return;
  out.count("results", "site", run.action.graph->sites());
  for (const auto& c : two_point_columns)
    out.write(fmt::format("results/{}", c.name), view((*run.two_point).*c.value), {"site"});
}

Moments moments(std::span<const float> phi, int sites) {
  Moments sums;
  for (auto at = phi.begin(); at != phi.end(); at += sites) {
    double m = 0, phi2 = 0, phi4 = 0;
    for (int i = 0; i < sites; ++i) {
      const double x = at[i], square = x * x;
      m += x, phi2 += square, phi4 += square * square;
    }
    sums.m.push_back(m / sites), sums.phi2.push_back(phi2 / sites);
    sums.phi4.push_back(phi4 / sites);
  }
  return sums;
}

/// [draw][chain * width] to [chain][draw][width].
template <class T>
std::vector<T> by_chain(const std::vector<std::vector<T>>& draws, int chains) {
  std::vector<T> values;
  if (draws.empty()) return values;
  const auto width = static_cast<std::ptrdiff_t>(draws[0].size()) / chains;
  values.reserve(draws.size() * draws[0].size());
  for (int chain = 0; chain < chains; ++chain)
    for (const auto& draw : draws)
      values.insert(values.end(), draw.begin() + chain * width, draw.begin() + (chain + 1) * width);
  return values;
}

void write_kept(hdf5::Writer& out, const SampleRun& run, int chains) {
  const int sites = run.action.graph->sites();
  const auto phi = by_chain(run.kept.phi, chains);
  write_posterior(out, chains, static_cast<int>(run.kept.phi.size()), sites, phi,
                  by_chain(run.kept.action, chains));
  const Moments sums = moments(phi, sites);
  for (const auto& [path, values] : {std::pair{"posterior/m", &sums.m},
                                     {"posterior/phi2", &sums.phi2},
                                     {"posterior/phi4", &sums.phi4}})
    out.write(path, view(*values), {"chain", "draw"});
}

void write_measurement(hdf5::Writer& out, const SampleRun& run, std::size_t chains) {
  const MeasurementState& state = run.measurement;
  const std::size_t series = std::max<std::size_t>(run.observables.size() * chains, 1);
  const std::size_t sites = run.action.graph->sites();
  out.dimension("measurement", "observable", run.observables);
  out.count("measurement", "chain", chains);
  out.count("measurement", "bin", state.bins.size() / series);
  out.count("measurement", "pair", state.products.size() / chains);
  out.count("measurement", "group", state.spectra.size() / sites);
  out.count("measurement", "site", sites);
  out.write("measurement/bins", view(state.bins), {"observable", "chain", "bin"});
  out.write("measurement/open_bin", view(state.open_bin), {"observable", "chain"});
  out.write("measurement/squares", view(state.squares), {"observable", "chain"});
  out.write("measurement/products", view(state.products), {"pair", "chain"});
  out.write("measurement/spectra", view(state.spectra), {"group", "site"});
  out.attribute("measurement", "draws", static_cast<std::uint64_t>(state.draws));
  out.attribute("measurement", "bin_length", std::int32_t{state.bin_length});
}

// ---- reading ------------------------------------------------------------------------------------

void read_results(const hdf5::Reader& in, SampleRun& run) {
  run.stop_reason = read_word<StopReason>(in, in.text("results/stop_reason"));
  run.schedule = in.text("results/schedule");
  for (auto& move : read_columns<MoveAcceptance>(in, "results", "move")) {
    if (move.move == "turned")  // before layout 3
      run.flipped = std::move(move);
    else
      run.acceptance.push_back(std::move(move));
  }
  if (in.has("results/flipped")) {
    run.flipped.rate = in.scalar<double>("results/flipped");
    run.flipped.draws = in.scalar<std::int32_t>("results/flipped_draws");
  }
  run.results = read_columns<ObservableResult>(in, "results", "observable");
  if (!in.has("results/structure_factor")) return;
  const std::size_t sites = run.action.graph->sites();
  TwoPoint& two_point = run.two_point.emplace();
  two_point.extent = in.attributes<std::int32_t>("model", "extent");
  for (const auto& c : two_point_columns)
    two_point.*c.value = in.read<double>(fmt::format("results/{}", c.name), sites);
}

template <class T>
std::vector<std::vector<T>> by_draw(const std::vector<T>& values, int chains, int draws) {
  std::vector<std::vector<T>> all(draws);
  if (draws == 0) return all;
  const std::size_t width = values.size() / chains / draws;
  auto at = values.begin();
  for (int chain = 0; chain < chains; ++chain)
    for (auto& draw : all) {
      draw.insert(draw.end(), at, at + static_cast<std::ptrdiff_t>(width));
      at += static_cast<std::ptrdiff_t>(width);
    }
  return all;
}

void read_kept(const hdf5::Reader& in, SampleRun& run, int chains) {
  const Draws posterior = read_posterior(in, run.action.graph->sites());
  if (posterior.chains != chains) in.refuse("the posterior's chains are not the config's");
  run.kept.phi = by_draw(posterior.phi, chains, posterior.draws);
  run.kept.action = by_draw(posterior.action_value, chains, posterior.draws);
  run.kept.thin = in.attribute<std::int32_t>("checkpoint", "thin");
  if (run.kept.thin < 1) in.refuse("'checkpoint@thin' is below 1");
}

void read_measurement(const hdf5::Reader& in, SampleRun& run, std::size_t chains) {
  run.observables = in.texts("measurement/observable");
  const std::size_t series = run.observables.size() * chains;
  const std::size_t bins = in.read<std::int32_t>("measurement/bin").size();
  MeasurementState& state = run.measurement;
  state.bins = in.read<double>("measurement/bins", series * bins);
  state.open_bin = in.read<double>("measurement/open_bin", series);
  state.squares = in.read<double>("measurement/squares", series);
  state.products = in.read<double>("measurement/products");
  state.spectra = in.read<double>("measurement/spectra");
  state.draws = static_cast<std::int64_t>(in.attribute<std::uint64_t>("measurement", "draws"));
  state.bin_length = in.attribute<std::int32_t>("measurement", "bin_length");
}

}  // namespace

void KeptDraws::keep(std::vector<float> fields, std::vector<double> values, int most) {
  phi.push_back(std::move(fields));
  action.push_back(std::move(values));
  if (static_cast<int>(phi.size()) <= most) return;
  thin *= 2;  // draws thin, 2 thin, 3 thin, ...: every second one stays
  const auto halve = [](auto& draws) {
    for (std::size_t k = 1; k < draws.size(); k += 2) draws[k / 2] = std::move(draws[k]);
    draws.resize(draws.size() / 2);
  };
  halve(phi);
  halve(action);
}

void write_run(const std::filesystem::path& file, const SampleRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    const int chains = run.config.sampler.options.chains, sites = run.action.graph->sites();
    write_head(out, RunKind::sample, run.config, run.provenance);
    out.attribute("provenance", "measuring_seconds", run.measuring_seconds);
    write_action(out, run.action);
    write_results(out, run);
    write_kept(out, run, chains);
    write_measurement(out, run, chains);
    write_sampler(out, run.sampler, sites, run.config.sampler.precision);
    out.attribute("checkpoint", "warm", static_cast<std::uint8_t>(run.warmed_up));
    out.attribute("checkpoint", "warm_up", std::int32_t{run.warm_up_sweeps});
    out.attribute("checkpoint", "stationary", static_cast<std::uint8_t>(run.stationary));
    out.attribute("checkpoint", "thin", std::int32_t{run.kept.thin});
  });
}

SampleRun read_sample_run(const std::filesystem::path& file) {
  const RunReader in(file, RunKind::sample);
  SampleRun run{.config = in.config(),
                .provenance = read_provenance(in),
                .action = read_action(in),
                .schedule = {},
                .acceptance = {},
                .kept = {},
                .results = {},
                .two_point = {},
                .sampler = {},
                .observables = {},
                .measurement = {}};
  const int chains = run.config.sampler.options.chains;
  run.measuring_seconds = in.attribute<double>("provenance", "measuring_seconds");
  read_results(in, run);
  read_kept(in, run, chains);
  read_measurement(in, run, chains);
  run.sampler = read_sampler(in, run.config.sampler.options, run.action.graph->sites());
  run.warmed_up = in.attribute<std::uint8_t>("checkpoint", "warm") != 0;
  run.warm_up_sweeps = in.attribute<std::int32_t>("checkpoint", "warm_up");
  run.stationary = in.attribute<std::uint8_t>("checkpoint", "stationary") != 0;
  return run;
}

}  // namespace quartic
