#include "quartic/run/reweight.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <iterator>
#include <utility>

#include "core/parallel.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/shown.hpp"
#include "quartic/core/suggest.hpp"
#include "quartic/field/projection.hpp"
#include "quartic/field/stored_fields.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/run/coupling.hpp"
#include "quartic/runfile/sample_file.hpp"
#include "quartic/stats/annealing.hpp"
#include "quartic/stats/mbar.hpp"
#include "quartic/stats/shared_samples.hpp"
#include "run/conditional_identity.hpp"
#include "run/unsampled_modes.hpp"

namespace quartic {
namespace {

/// B at every point, as terms with couplings.
struct Targets {
  std::vector<TermSpec> specs;  ///< with the couplings of the first point
  std::vector<std::vector<std::complex<double>>> points;
};

void require_term(const std::string& name) {
  const auto known = term_names();
  if (std::find(known.begin(), known.end(), name) == known.end())
    throw BadInput(fmt::format("unknown term '{}'", name), suggestion(name, known));
}

/// The action as terms, where each kind of coupling is one number; else none.
std::vector<TermSpec> own_terms(const Action& action) {
  constexpr std::pair<CouplingKind, const char*> terms[] = {{CouplingKind::w, "nn"},
                                                            {CouplingKind::r, "phi"},
                                                            {CouplingKind::a, "phi2"},
                                                            {CouplingKind::b, "phi4"}};
  std::vector<TermSpec> out;
  for (const auto& [kind, term] : terms) {
    const auto& all = action.couplings(kind);
    if (all.empty() ||
        std::adjacent_find(all.begin(), all.end(), std::not_equal_to<>()) != all.end())
      return {};
    if (all.front() == 0) continue;
    auto& spec = out.emplace_back();
    spec.name = kind == CouplingKind::w && !action.graph->lattice() ? "edges" : term;
    spec.coupling = kind == CouplingKind::w ? -all.front() : all.front();
  }
  return out;
}

/// "nn=-1,phi2=1.4,phi4=0.25", as --to takes it.
std::string as_option(const std::vector<TermSpec>& specs) {
  std::vector<std::string> parts;
  for (const auto& spec : specs)
    parts.push_back(fmt::format("{}={:.6g}", spec.name, spec.coupling.real()));
  return fmt::format("{}", fmt::join(parts, ","));
}

/// What is asked for, else the run's own target; a scan without either leaves its own action.
std::vector<TermSpec> target_of(const ReweightOptions& options, const StoredSample& sample) {
  for (const auto& spec : options.target) require_term(spec.name);
  if (!options.target.empty()) return options.target;
  if (!sample.config.target.empty()) return sample.config.target;
  const auto own = own_terms(sample.action);
  if (!options.scanned.empty() && !own.empty()) return own;
  throw Error(ErrorCode::usage, fmt::format("'{}' has no target of its own", options.runs[0]),
              own.empty() ? "say where to: --to nn=-1,phi2=1.52425,phi4=0.175"
                          : fmt::format("say where to: --to {}, which is its own action, changed",
                                        as_option(own)));
}

std::vector<std::complex<double>> couplings_of(const std::vector<TermSpec>& specs) {
  std::vector<std::complex<double>> couplings;
  for (const auto& spec : specs) couplings.push_back(spec.coupling);
  return couplings;
}

Targets make_targets(const ReweightOptions& options, const StoredSample& sample) {
  Targets targets{target_of(options, sample), {}};
  auto& specs = targets.specs;
  for (const auto& spec : specs) require_in_reach(spec.name, spec.coupling);
  for (const auto g : options.couplings) require_in_reach(options.scanned, g);
  if (options.scanned.empty()) {
    require_normalisable(specs, sample.action.graph);
    targets.points = {couplings_of(specs)};
    return targets;
  }
  require_term(options.scanned);
  auto at = std::find_if(specs.begin(), specs.end(),
                         [&](const TermSpec& spec) { return spec.name == options.scanned; });
  if (at == specs.end()) {
    specs.emplace_back().name = options.scanned;
    at = specs.end() - 1;
  }
  for (const auto g : options.couplings) {
    at->coupling = g;
    targets.points.push_back(couplings_of(specs));
  }
  // What is normalisable at both ends is so between them (Hoelder's inequality).
  const auto by_real_part = [](const auto& x, const auto& y) { return x.real() < y.real(); };
  const auto [low, high] =
      std::minmax_element(options.couplings.begin(), options.couplings.end(), by_real_part);
  for (const auto end : {*low, *high}) {
    at->coupling = end;
    require_normalisable(specs, sample.action.graph);
  }
  at->coupling = options.couplings.front();
  return targets;
}

bool same_couplings(const Action& x, const Action& y) {
  return std::all_of(std::begin(all_coupling_kinds), std::end(all_coupling_kinds),
                     [&](CouplingKind kind) { return x.couplings(kind) == y.couplings(kind); });
}

/// Sites that mean the same in both: lattices of the same extents, or equally many sites.
bool same_sites(const Graph& one, const Graph& other) {
  if (one.sites() != other.sites()) return false;
  const Lattice *x = one.lattice(), *y = other.lattice();
  return !x || !y || x->extent == y->extent;
}

/// Whose random numbers a run's configurations come from.
struct Origin {
  RunKind kind;
  std::uint64_t seed;
  bool operator==(const Origin&) const = default;
};

/// All configurations as one sample.
struct Pool {
  StoredSample first;
  std::vector<Action> actions;
  std::vector<ChainSet> sets;
  std::vector<float> phi;
  StoredFields fields() const { return {phi, first.sites}; }
};

Origin origin_of(const std::string& file, const StoredSample& sample) {
  return {run_kind(file), sample.config.run.seed};
}

/// Refuses runs that are samples of the same chains: they would count again and again. Those are
/// found by their streams of random numbers, even where the runs share no stored configuration,
/// and by what they hold, whatever they are called. Runs of one seed and several actions are one
/// family.
void require_independent(Pool& pool, const std::vector<Origin>& origins,
                         const std::vector<std::string>& files) {
  for (std::size_t l = 1; l < files.size(); ++l)
    for (std::size_t k = 0; k < l; ++k)
      if (origins[k] == origins[l] && same_couplings(pool.actions[k], pool.actions[l]))
        throw BadInput(fmt::format("'{}' and '{}' are the same chains: one action, one seed, {}",
                                   files[k], files[l], origins[k].seed),
                       "leave one out, or sample again with another --seed");
  if (files.size() < 2) return;
  for (std::size_t k = 0; k < files.size(); ++k)
    pool.sets[k].family =
        static_cast<int>(std::find(origins.begin(), origins.end(), origins[k]) - origins.begin()) +
        1;
  if (const auto shared = shared_samples(pool.fields(), pool.sets))
    throw BadInput(fmt::format("{} configurations of '{}' are those of '{}' again", shared->count,
                               files[shared->second], files[shared->first]),
                   "leave one of them out: they would count twice");
}

Pool read_pool(const std::vector<std::string>& files) {
  Pool pool{read_sample(files.front()), {}, {}, {}};
  pool.phi = std::move(pool.first.phi);
  pool.actions = {pool.first.action};
  pool.sets = {{pool.first.chains, pool.first.draws}};
  std::vector<Origin> origins{origin_of(files.front(), pool.first)};
  for (std::size_t k = 1; k < files.size(); ++k) {
    const auto next = read_sample(files[k]);
    if (!same_sites(*pool.first.action.graph, *next.action.graph))
      throw BadInput(
          fmt::format("'{}' and '{}' are not runs on the same sites", files[0], files[k]),
          "one reweight for each graph");
    if (!next.log_weight.empty() || !pool.first.log_weight.empty())
      throw BadInput("several runs can be combined only where none holds annealed configurations",
                     "reweight the annealed run alone");
    pool.actions.push_back(next.action);
    pool.sets.push_back({next.chains, next.draws});
    pool.phi.insert(pool.phi.end(), next.phi.begin(), next.phi.end());
    origins.push_back(origin_of(files[k], next));
  }
  require_independent(pool, origins, files);
  return pool;
}

/// [series][sample] by f(fields), of which every rank makes that of its part of the configurations,
/// by blocks of as many as are worked on at once.
template <class F>
std::vector<std::vector<double>> shared_series(const Pool& pool, const Team& team, F&& f) {
  if (!team.several()) return f(pool.fields());
  constexpr std::size_t block = 64;
  const std::size_t samples = pool.fields().samples(), sites = pool.fields().sites;
  const Shares shares{(samples + block - 1) / block, team.size()};
  const auto begin = [&](int rank) { return std::min(shares.begin(rank) * block, samples); };
  const std::size_t first = begin(team.rank()), own = begin(team.rank() + 1) - first;
  const StoredFields mine{std::span(pool.phi).subspan(first * sites, own * sites),
                          static_cast<int>(sites)};
  auto series = f(mine);
  for (auto& values : series) {
    values.insert(values.begin(), first, 0.0);
    values.resize(samples);
    share_columns(team, shares, values.data(), 1, samples, block, samples);
  }
  return series;
}

std::vector<double> action_of(const Action& action, const Pool& pool, int threads,
                              const Team& team) {
  return shared_series(
             pool, team,
             [&](StoredFields fields) {
               return std::vector<std::vector<double>>{evaluate_action(action, fields, threads)};
             })
      .front();
}

/// What is annealed to: B, or where a coupling is scanned the middle of the grid.
std::vector<TermSpec> annealing_target(const Targets& targets) {
  auto specs = targets.specs;
  const auto& middle = targets.points[targets.points.size() / 2];
  for (std::size_t k = 0; k < specs.size(); ++k) specs[k].coupling = middle[k];
  return specs;
}

Action real_part(std::vector<TermSpec> real, const std::shared_ptr<const Graph>& graph) {
  for (auto& spec : real) spec.coupling = spec.coupling.real();
  auto action = target_as_action(real, graph);
  if (!action) {
    throw BadInput(
        "--anneal: the real part of this target is no action: a term of it is no product of two "
        "fields, phi, phi2 or phi4",
        "without --anneal, or to a target without that term");
  }
  require_normalisable(*action);
  return std::move(*action);
}

/// The pool's configurations make way for annealed ones: all go from S to the real part of B and
/// are weighted for S itself, ln w = -W + Re B - S. So they serve any action near B as those of an
/// equilibrium sample would serve one near S.
AnnealedSample anneal_pool(Pool& pool, const Targets& targets, int threads, const Team& team,
                           const ProgressCallback& progress) {
  StoredSample& first = pool.first;
  if (pool.actions.size() > 1) {
    throw Error(ErrorCode::usage, "--anneal begins from one run, not several",
                "several runs already bridge what annealing would: leave --anneal out");
  }
  if (!first.log_weight.empty()) {
    throw BadInput("--anneal: these configurations were annealed already",
                   "anneal the run that they came from");
  }
  const Action end = real_part(annealing_target(targets), first.action.graph);
  AnnealingOptions options;
  options.sampler = first.config.sampler.options, options.sampler.threads = threads;
  options.sampler.team = &team;
  options.progress = progress;
  AnnealedSample out = with_precision(first.config.sampler.precision, [&]<class T>() {
    return anneal_sample<T>({extend(first.action, end.graph), end}, pool.phi, first.chains, options,
                            first.config.run.seed);
  });
  pool.phi = out.phi;
  first.action_value = action_of(first.action, pool, threads, team);
  const auto target_value = action_of(end, pool, threads, team);
  for (std::size_t n = 0; n < target_value.size(); ++n)
    out.log_weight[n] += target_value[n] - first.action_value[n];
  first.log_weight = out.log_weight;
  return out;
}

/// How far a stage is; of what takes less than two seconds nothing is told.
void tell(const Session& session, const char* stage, double done) {
  constexpr double patience = 2;
  if (session.stop.requested()) throw Interrupted();
  if (session.clock.seconds() > patience) report_progress(session.progress(stage), done);
}

/// (x(phi) - x(-phi)) / 2; empty where all vanish.
std::vector<double> odd_part(const std::vector<double>& x, const std::vector<double>& mirrored) {
  std::vector<double> odd(x.size());
  for (std::size_t n = 0; n < x.size(); ++n) odd[n] = (x[n] - mirrored[n]) / 2;
  const bool even = std::all_of(odd.begin(), odd.end(), [](double o) { return o == 0; });
  return even ? std::vector<double>{} : odd;
}

/// S of every action on all configurations, made even.
std::vector<std::vector<double>> symmetric_actions(const Pool& pool, int threads,
                                                   const Team& team) {
  std::vector<std::vector<double>> out;
  for (const auto& action : pool.actions) {
    Action odd(action.graph);
    odd.r = action.r;
    auto& value = out.emplace_back(action_of(action, pool, threads, team));
    if (std::any_of(odd.r.begin(), odd.r.end(), [](double r) { return r != 0; }))
      value = symmetric_action(std::move(value), action_of(odd, pool, threads, team));
  }
  return out;
}

/// Terms and observables of the configurations and, where they can have some, their odd parts.
void evaluate_series(const Pool& pool, const Targets& targets,
                     const std::vector<std::string>& observables, const ReweightOptions& options,
                     const Team& team, ReweightingSample& sample) {
  const int threads = options.threads;
  const Graph& graph = *pool.first.action.graph;
  const Target terms(targets.specs, graph);
  sample.terms = shared_series(
      pool, team, [&](StoredFields fields) { return evaluate_terms(terms, fields, threads); });
  sample.observables = shared_series(pool, team, [&](StoredFields fields) {
    return evaluate_observables(observables, graph, fields, threads);
  });
  for (const auto& function : options.functions)
    sample.observables.push_back(evaluate_function(function.value, pool.fields()));
  sample.odd_terms.resize(sample.terms.size());
  sample.odd_observables.resize(sample.observables.size());
  std::vector<float> opposite;
  const auto mirrored = [&] {
    if (opposite.empty())
      std::transform(pool.phi.begin(), pool.phi.end(), std::back_inserter(opposite),
                     [](float x) { return -x; });
    return StoredFields{opposite, pool.first.sites};
  };
  for (std::size_t k = 0; k < targets.specs.size(); ++k) {
    if (targets.specs[k].name == "phi") sample.odd_terms[k] = sample.terms[k];
    if (const auto* function = terms.term(static_cast<int>(k)).function())
      sample.odd_terms[k] = odd_part(sample.terms[k], evaluate_function(*function, mirrored()));
  }
  for (std::size_t k = 0; k < observables.size(); ++k)
    if (observables[k] == "m" || observables[k] == "phi")
      sample.odd_observables[k] = sample.observables[k];
  for (std::size_t k = 0; k < options.functions.size(); ++k) {
    const std::size_t at = observables.size() + k;
    sample.odd_observables[at] =
        odd_part(sample.observables[at], evaluate_function(options.functions[k].value, mirrored()));
  }
}

/// Everything that reweighting needs of the samples; MBAR where there are several runs.
ReweightingSample make_sample(const Pool& pool, const Targets& targets,
                              const std::vector<std::string>& observables,
                              const ReweightOptions& options, const Session& session,
                              std::vector<Estimate>& free_energy) {
  constexpr const char* stage = "measuring the configurations";
  ReweightingSample sample;
  sample.sets = pool.sets;
  tell(session, stage, 0);
  evaluate_series(pool, targets, observables, options, session.team, sample);
  tell(session, stage, 0.6);
  auto actions = symmetric_actions(pool, options.threads, session.team);
  tell(session, stage, 0.9);
  free_energy.assign(1, {0, 0});
  if (actions.size() > 1) {
    auto mbar = solve_mbar(actions, pool.sets);
    sample.log_weight = std::move(mbar.log_weight);
    free_energy = std::move(mbar.free_energy);
  }
  sample.action = std::move(actions.front());
  for (std::size_t n = 0; n < pool.first.log_weight.size(); ++n)
    sample.action[n] += pool.first.log_weight[n];  // weights are exp(-(B - S)) times their own
  return sample;
}

/// Points that weights and errors speak for are not ok yet: the samples may have missed a well.
void judge_modes(const Reweighting& reweighting, const Pool& pool, const Targets& targets,
                 const std::vector<std::string>& observables, const ReweightOptions& options,
                 const Session& session, std::vector<ReweightedPoint>& points) {
  const auto& graph = pool.first.action.graph;
  const UnsampledModes modes(
      pool.fields(), reweighting.sample(), graph,
      [&](std::span<const float> phi) {
        const StoredFields one{phi, pool.first.sites};
        std::vector<double> values;
        for (const auto& series : evaluate_observables(observables, *graph, one, 1))
          values.push_back(series[0]);
        for (const auto& function : options.functions)
          values.push_back(evaluate_function(function.value, one)[0]);
        return values;
      },
      points.size() > 1 ? 1 : options.threads);
  const auto ask = [&](ReweightedPoint& point) {
    if (!point.ok) return;
    point.reason = why_not_conditional(pool.fields(), reweighting, targets.specs, graph, point);
    if (point.reason.empty()) point.reason = modes.why_not(targets.specs, point);
    point.ok = point.reason.empty();
  };
  // Of a long scan some are asked first: what lies between two that miss nothing does not, either.
  constexpr std::size_t some = 32;
  const std::size_t step = std::max<std::size_t>(1, points.size() / some), end = points.size() - 1;
  const auto asked_first = [&](std::size_t k) { return k % step == 0 || k == end; };
  std::atomic<int> asked = 0;
  const auto ask_all = [&](const auto& wanted) {
    std::vector<std::size_t> those;
    for (std::size_t k = 0; k <= end; ++k)
      if (wanted(k)) those.push_back(k);
    in_parallel(
        static_cast<int>(those.size()), options.threads,
        [&](int k, int thread) {
          if (thread == 0)
            tell(session, "looking for wells without a sample",
                 double(asked) / double(points.size()));  // its observer's thread
          ask(points[those[k]]);
          ++asked;
        },
        Share::as_free);
  };
  ask_all(asked_first);
  ask_all([&](std::size_t k) {
    const std::size_t before = k - k % step, after = std::min(before + step, end);
    return !asked_first(k) && !(points[before].ok && points[after].ok);
  });
}

/// As many points at a time as there are threads.
std::vector<ReweightedPoint> scan(const Reweighting& reweighting, const Targets& targets,
                                  int threads, const Session& session) {
  const auto chunk = static_cast<std::size_t>(std::max(1, threads_or_all(threads)));
  const std::size_t all = targets.points.size();
  std::vector<ReweightedPoint> points;
  while (points.size() < all) {
    tell(session, "reweighting", double(points.size()) / double(all));
    const auto begin = targets.points.begin() + std::ssize(points);
    const auto count = std::min(chunk, all - points.size());
    auto next = reweighting.scan({begin, begin + static_cast<std::ptrdiff_t>(count)});
    std::move(next.begin(), next.end(), std::back_inserter(points));
  }
  return points;
}

/// <B> / V of each point beside the observables.
void add_action_density(ReweightRun& run) {
  const double volume = run.action.graph->sites();
  run.observables.emplace_back("action_density");
  for (auto& point : run.points)
    point.observables.push_back({point.action.value / volume, point.action.real_error / volume,
                                 point.action.imag_error / volume});
}

}  // namespace

ReweightRun reweight(const ReweightOptions& options, const Session& session) {
  Pool pool = read_pool(options.runs);
  const Targets targets = make_targets(options, pool.first);
  auto names = options.observables;
  const auto density = std::find(names.begin(), names.end(), "action_density");
  const bool wants_density = density != names.end();
  if (wants_density) names.erase(density);

  std::optional<AnnealedSample> annealed;
  if (options.anneal)
    annealed = anneal_pool(pool, targets, options.threads, session.team,
                           session.progress("annealing from S to B"));

  Provenance provenance = make_provenance(options.command, pool.first.config.run.seed);
  const auto samples = pool.fields().samples();
  std::vector<std::string> sources;
  for (const auto& file : options.runs) sources.push_back(path_text(file));
  ReweightRun run{.config = pool.first.config,
                  .provenance = std::move(provenance),
                  .action = pool.first.action,
                  .sources = std::move(sources),
                  .samples = samples,
                  .annealed = std::move(annealed),
                  .scanned = options.scanned,
                  .observables = names};
  run.config.target = targets.specs;
  for (const auto& spec : targets.specs) run.terms.push_back(spec.name);
  if (run.annealed) run.annealed_action = pool.first.action_value;
  const Reweighting reweighting(
      make_sample(pool, targets, names, options, session, run.free_energy), options.threads);
  for (const auto& function : options.functions) run.observables.push_back(function.name);
  run.points = scan(reweighting, targets, options.threads, session);
  judge_modes(reweighting, pool, targets, names, options, session, run.points);
  if (wants_density) add_action_density(run);
  run.provenance.seconds = session.clock.seconds();
  return run;
}

}  // namespace quartic
