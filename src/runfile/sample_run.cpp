#include "quartic/runfile/sample_run.hpp"

#include <algorithm>
#include <utility>

#include "runfile/columns.hpp"
#include "runfile/run_parts.hpp"

namespace quartic {
namespace {

using namespace run_parts;  // NOLINT: its vocabulary

/// Sums of phi, phi^2 and phi^4 over the sites, by volume.
struct Moments {
  std::vector<double> m, phi2, phi4;
};

template <class IO, class Run>
void two_point(IO& io, Run& run) {
  if (!run.two_point) return;
  auto& t = *run.two_point;
  const auto list = [&](const char* name, auto& numbers) {
    values(io, std::string("results/") + name, numbers, {"site"}, run.action.graph->sites());
  };
  members(list, "structure_factor", t.structure_factor, "structure_factor_error",
          t.structure_factor_error, "correlation", t.correlation, "correlation_error",
          t.correlation_error);
}

template <class IO, class Run>
void results(IO& io, Run& run) {
  scalars_of(io, "results/", "stop_reason", run.stop_reason, "schedule", run.schedule);
  if (has(io, "results/wells", !run.wells.empty())) scalars_of(io, "results/", "wells", run.wells);
  columns(io, "results", "move", run.acceptance);
  columns(io, "results", "observable", run.results);
  if constexpr (writing<IO>) {
    if (run.two_point) io.count("results", "site", run.action.graph->sites());
  } else {
    const auto turned = std::find_if(run.acceptance.begin(), run.acceptance.end(),
                                     [](const auto& move) { return move.move == "turned"; });
    if (turned != run.acceptance.end()) {  // before layout 3
      run.flipped = *turned;
      run.acceptance.erase(turned);
    }
    if (io.has("results/structure_factor"))
      run.two_point.emplace().extent = io.template attributes<std::int32_t>("model", "extent");
  }
  if (has(io, "results/flipped", true))
    scalars_of(io, "results/", "flipped", run.flipped.rate, "flipped_draws", run.flipped.draws);
  two_point(io, run);
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

template <class IO, class Run>
void measurement(IO& io, Run& run, std::size_t chains) {
  auto& state = run.measurement;
  dimensions(io, "measurement", "observable", run.observables);
  const std::size_t sites = run.action.graph->sites();
  const std::size_t series = run.observables.size() * chains;
  std::size_t bins = state.bins.size() / std::max<std::size_t>(series, 1);
  std::size_t pairs = state.products.size() / chains, groups = state.spectra.size() / sites;
  counts(io, "measurement", "bin", bins, "pair", pairs, "group", groups);
  if constexpr (writing<IO>) {
    io.count("measurement", "chain", chains);
    io.count("measurement", "site", sites);
  }
  const auto list = [&](const char* name, auto& numbers, const char* one, const char* other,
                        std::size_t size) {
    values(io, std::string("measurement/") + name, numbers, {one, other}, size);
  };
  finite_values(io, "measurement/bins", state.bins, {"observable", "chain", "bin"}, series * bins);
  list("open_bin", state.open_bin, "observable", "chain", series);
  list("squares", state.squares, "observable", "chain", series);
  list("products", state.products, "pair", "chain", pairs * chains);
  list("spectra", state.spectra, "group", "site", groups * sites);
  attributes(io, "measurement", "draws", state.draws, "bin_length", state.bin_length);
  if (has(io, "measurement/reference", !state.reference.empty()))  // since layout 4
    values(io, "measurement/reference", state.reference, {"observable"}, run.observables.size());
  if (has(io, "measurement/wells", !state.wells.empty()))
    values(io, "measurement/wells", state.wells, {"chain"}, chains);
  if (has(io, "measurement/unvisited", !state.unvisited.empty()))
    values(io, "measurement/unvisited", state.unvisited, {"observable"}, run.observables.size());
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
  if (run.kept.thin < 1) in.refuse("'checkpoint@thin' is below 1");
}

/// All but the head, the action, what is kept and the sampler.
template <class IO, class Run>
void sampled(IO& io, Run& run) {
  attributes(io, "provenance", "measuring_seconds", run.measuring_seconds);
  results(io, run);
  measurement(io, run, run.config.sampler.options.chains);
  attributes(io, "checkpoint", "warm", run.warmed_up, "warm_up", run.warm_up_sweeps, "stationary",
             run.stationary, "thin", run.kept.thin);
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

void write_run(OutputFile& file, const SampleRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    const SamplerConfig& sampler = run.config.sampler;
    write_head(out, RunKind::sample, run.config, run.provenance);
    write_action(out, run.action);
    write_sampler(out, run.sampler, run.action.graph->sites(), sampler.precision);
    write_kept(out, run, sampler.options.chains);
    sampled(out, run);
  });
}

SampleRun read_sample_run(const std::filesystem::path& file) {
  const RunReader in(file, RunKind::sample);
  Config config = in.config();
  Provenance provenance = read_provenance(in);
  Action action = read_action(in);
  SampleRun run{.config = std::move(config),
                .provenance = std::move(provenance),
                .action = std::move(action)};
  const SamplerOptions& options = run.config.sampler.options;
  sampled(in, run);
  run.sampler = read_sampler(in, options, run.action.graph->sites());
  read_kept(in, run, options.chains);
  return run;
}

}  // namespace quartic
