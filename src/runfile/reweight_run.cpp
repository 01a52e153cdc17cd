#include "quartic/runfile/reweight_run.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "runfile/columns.hpp"
#include "runfile/run_parts.hpp"

namespace quartic {
namespace {

using namespace run_parts;  // NOLINT: its vocabulary

template <class IO, class Run>
void points(IO& io, Run& run) {
  const std::size_t terms = run.terms.size(), observables = run.observables.size();
  columns(io, "results", "point", run.points);
  if constexpr (!writing<IO>)
    for (auto& point : run.points)
      point.couplings.resize(terms), point.observables.resize(observables);
  const auto of_terms = [&](const char* path, int which) {
    table(
        io, path, run.points, terms, {"point", "term"}, [&](auto& p, std::size_t k) -> auto& {
          return part(p.couplings[k], which);
        });
  };
  of_terms("results/coupling_real", 0), of_terms("results/coupling_imag", 1);
  if constexpr (!writing<IO>)
    for (const auto& point : run.points)
      for (const auto g : point.couplings)
        if (!std::isfinite(g.real()) || !std::isfinite(g.imag()))
          io.refuse("its results/coupling_real and _imag have values that are not finite");
  const auto of_observables = [&](const char* path, auto get) {
    table(
        io, path, run.points, observables,
        {"point", "observable"}, [&](auto& p, std::size_t k) -> auto& {
          return get(p.observables[k]);
        });
  };
  of_observables(
      "results/value_real", [](auto& o) -> auto& { return part(o.value, 0); });
  of_observables(
      "results/value_imag", [](auto& o) -> auto& { return part(o.value, 1); });
  of_observables(
      "results/error_real", [](auto& o) -> auto& { return o.real_error; });
  of_observables(
      "results/error_imag", [](auto& o) -> auto& { return o.imag_error; });
}

/// All but head, action and annealed configurations.
template <class IO, class Run>
void reweighted(IO& io, Run& run) {
  dimensions(io, "results", "source", run.sources, "term", run.terms, "observable",
             run.observables);
  attributes(io, "results", "scanned", run.scanned, "samples", run.samples);
  estimates(io, "results/free_energy_difference", run.free_energy, "source", run.sources.size());
  if constexpr (writing<IO>) io.count("results", "point", run.points.size());
  points(io, run);
}

template <class IO, class Sample>
void annealing(IO& io, Sample& a) {
  scalars_of(io, "results/annealing_", "steps", a.steps, "ess", a.weight_ess, "reason", a.reason);
  const auto size = static_cast<std::size_t>(a.chains) * a.draws;
  values(io, "posterior/log_weight", a.log_weight, {"chain", "draw"}, size);
}

void read_annealed(const hdf5::Reader& in, ReweightRun& run) {
  auto sample = read_posterior(in, run.action.graph->sites());
  AnnealedSample& a = run.annealed.emplace();
  a.chains = sample.chains, a.draws = sample.draws, a.sites = sample.sites;
  a.phi = std::move(sample.phi);
  run.annealed_action = std::move(sample.action_value);
  annealing(in, a);
  a.ok = a.reason.empty();
}

}  // namespace

std::size_t ReweightRun::scanned_term() const {
  const auto found = std::find(terms.begin(), terms.end(), scanned);
  return found == terms.end() ? 0 : static_cast<std::size_t>(found - terms.begin());
}

bool ReweightRun::complex() const {
  for (const auto& point : points)
    for (const auto& g : point.couplings)
      if (g.imag() != 0) return true;
  return false;
}

void write_run(OutputFile& file, const ReweightRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    write_head(out, RunKind::reweight, run.config, run.provenance);
    write_action(out, run.action);
    reweighted(out, run);
    if (!run.annealed) return;
    const AnnealedSample& a = *run.annealed;
    write_posterior(out, a.chains, a.draws, a.sites, a.phi, run.annealed_action);
    annealing(out, a);
  });
}

ReweightRun read_reweight_run(const std::filesystem::path& file) {
  const RunReader in(file, RunKind::reweight);
  Config config = in.config();
  Provenance provenance = read_provenance(in);
  Action action = read_action(in);
  ReweightRun run{.config = std::move(config),
                  .provenance = std::move(provenance),
                  .action = std::move(action)};
  reweighted(in, run);
  if (in.has("posterior/log_weight")) read_annealed(in, run);
  return run;
}

}  // namespace quartic
