#include "quartic/runfile/reweight_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runfile/columns.hpp"
#include "runfile/run_parts.hpp"

namespace quartic {
namespace {

using namespace run_parts;  // NOLINT: its vocabulary

template <class Get>
std::vector<double> gather(const ReweightRun& run, Get get) {
  std::vector<double> values;
  for (const auto& point : run.points) get(point, values);
  return values;
}

void write_points(hdf5::Writer& out, const ReweightRun& run) {
  const auto write = [&](const char* path, const std::vector<std::string>& dims, auto get) {
    const auto values = gather(run, get);
    out.write(fmt::format("results/{}", path), view(values), dims);
  };
  const auto couplings = [&](const char* path, auto part) {
    write(path, {"point", "term"}, [&](const auto& p, auto& to) {
      for (const auto& g : p.couplings) to.push_back(part(g));
    });
  };
  couplings("coupling_real", [](auto g) { return g.real(); });
  couplings("coupling_imag", [](auto g) { return g.imag(); });
  const auto averages = [&](const char* path, auto part) {
    write(path, {"point", "observable"}, [&](const auto& p, auto& to) {
      for (const auto& o : p.observables) to.push_back(part(o));
    });
  };
  averages("value_real", [](const auto& o) { return o.value.real(); });
  averages("value_imag", [](const auto& o) { return o.value.imag(); });
  averages("error_real", [](const auto& o) { return o.real_error; });
  averages("error_imag", [](const auto& o) { return o.imag_error; });
  write_columns(out, "results", "point", run.points);
}

void read_points(const hdf5::Reader& in, ReweightRun& run) {
  run.points = read_columns<ReweightedPoint>(in, "results", "point");
  const std::size_t points = run.points.size();
  const std::size_t terms = run.terms.size(), observables = run.observables.size();
  const auto read = [&](const char* path, std::size_t count) {
    return in.read<double>(fmt::format("results/{}", path), points * count);
  };
  const auto g_real = read("coupling_real", terms), g_imag = read("coupling_imag", terms);
  const auto real = read("value_real", observables), imag = read("value_imag", observables);
  const auto real_error = read("error_real", observables);
  const auto imag_error = read("error_imag", observables);
  for (std::size_t p = 0; p < points; ++p) {
    auto& point = run.points[p];
    for (std::size_t k = p * terms; k < (p + 1) * terms; ++k)
      point.couplings.emplace_back(g_real[k], g_imag[k]);
    for (std::size_t k = p * observables; k < (p + 1) * observables; ++k)
      point.observables.push_back({{real[k], imag[k]}, real_error[k], imag_error[k]});
  }
}

void write_annealed(hdf5::Writer& out, const AnnealedSample& a, const std::vector<double>& action) {
  out.scalar("results/annealing_steps", std::int32_t{a.steps});
  out.scalar("results/annealing_ess", a.weight_ess.value);
  out.scalar("results/annealing_ess_error", a.weight_ess.error);
  out.text("results/annealing_reason", a.reason);
  write_posterior(out, a.chains, a.draws, a.sites, a.phi, action);
  out.write("posterior/log_weight", view(a.log_weight), {"chain", "draw"});
}

void read_annealed(const hdf5::Reader& in, ReweightRun& run) {
  if (!in.has("posterior/log_weight")) return;
  auto sample = read_posterior(in, run.action.graph->sites());
  AnnealedSample a;
  a.chains = sample.chains, a.draws = sample.draws, a.sites = sample.sites;
  a.phi = std::move(sample.phi);
  run.annealed_action = std::move(sample.action_value);
  a.log_weight = in.read<double>("posterior/log_weight", run.annealed_action.size());
  a.steps = in.scalar<std::int32_t>("results/annealing_steps");
  a.weight_ess = {in.scalar<double>("results/annealing_ess"),
                  in.scalar<double>("results/annealing_ess_error")};
  a.reason = in.text("results/annealing_reason");
  a.ok = a.reason.empty();
  run.annealed = std::move(a);
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

void write_run(const std::filesystem::path& file, const ReweightRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    write_head(out, RunKind::reweight, run.config, run.provenance);
    write_action(out, run.action);
    out.dimension("results", "source", run.sources);
    std::vector<double> f, f_error;
    for (const auto& x : run.free_energy) f.push_back(x.value), f_error.push_back(x.error);
    out.write("results/free_energy_difference", view(f), {"source"});
    out.write("results/free_energy_difference_error", view(f_error), {"source"});
    out.dimension("results", "term", run.terms);
    out.dimension("results", "observable", run.observables);
    out.count("results", "point", run.points.size());
    out.attribute("results", "scanned", run.scanned);
    out.attribute("results", "samples", run.samples);
    write_points(out, run);
    if (run.annealed) write_annealed(out, *run.annealed, run.annealed_action);
  });
}

ReweightRun read_reweight_run(const std::filesystem::path& file) {
  const RunReader in(file, RunKind::reweight);
  ReweightRun run{.config = in.config(),
                  .provenance = read_provenance(in),
                  .action = read_action(in),
                  .sources = in.texts("results/source"),
                  .free_energy = {},
                  .samples = in.attribute<std::uint64_t>("results", "samples"),
                  .annealed = {},
                  .annealed_action = {},
                  .terms = in.texts("results/term"),
                  .scanned = in.text_attribute("results", "scanned"),
                  .observables = in.texts("results/observable"),
                  .points = {}};
  const std::size_t sources = run.sources.size();
  const auto f = in.read<double>("results/free_energy_difference", sources);
  const auto error = in.read<double>("results/free_energy_difference_error", sources);
  for (std::size_t k = 0; k < sources; ++k) run.free_energy.push_back({f[k], error[k]});
  read_points(in, run);
  read_annealed(in, run);
  return run;
}

}  // namespace quartic
