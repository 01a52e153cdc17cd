#include "quartic/run/sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/memory.hpp"
#include "quartic/core/suggest.hpp"
#include "quartic/run/loop.hpp"
#include "quartic/stats/settled_wells.hpp"
#include "run/action_task.hpp"

namespace quartic {
namespace {

constexpr int first_warm_up = 100;  // sweeps, where sample.warm_up is auto
constexpr int max_warm_up = 20000;
constexpr double stationary_drift = 3;     // standard errors
constexpr double series_bytes = 64 << 20;  // of the measurement's bins
constexpr int min_draws_until = 32;        // before sample.until may stop a run

/// Bins of each of so many series, at most: a power of two, so that joined bins fill it evenly.
int max_bins(double series) {
  const auto most = static_cast<unsigned>(std::clamp(series_bytes / (8 * series), 64.0, 4096.0));
  return static_cast<int>(std::bit_floor(most));
}

/// Of all chains.
double count_series(const Action& action, int chains, const std::vector<NamedFunction>& functions) {
  return static_cast<double>(Measurement(action, 16, 16, functions).names().size()) * chains;
}

template <class T>
Measurement make_measurement(const Sampler<T>& sampler, const Action& action,
                             const std::vector<NamedFunction>& functions) {
  const int chains = sampler.all_chains();
  return {action, sampler, max_bins(count_series(action, chains, functions)), functions};
}

/// Of so many draws, where two are joined as often as they would be more than `most`.
double joined(double draws, double most) {
  while (draws > most) draws /= 2;
  return std::floor(draws);
}

std::int64_t max_draws(const SampleConfig& sample) {
  if (sample.draws) return *sample.draws;
  return sample.until.empty() ? 1000 : 0;  // 0: no limit
}

/// Draws after which sample.until is looked at: about every eighth of them, whenever the run was
/// stopped and resumed in between.
bool looks_at_error(std::int64_t draws) {
  if (draws < min_draws_until) return false;
  return draws % std::max<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(draws)) / 8, 4) ==
         0;
}

/// A running mean, from which a restart goes on to the same bits; nothing where the move was not
/// made.
void count(MoveAcceptance& mean, double rate) {
  if (!std::isnan(rate)) mean.rate += (rate - mean.rate) / ++mean.draws;
}

void count(std::vector<MoveAcceptance>& all, const std::string& move, double rate) {
  if (std::isnan(rate)) return;
  auto found = std::find_if(all.begin(), all.end(), [&](const auto& a) { return a.move == move; });
  if (found == all.end()) found = all.insert(all.end(), MoveAcceptance{move});
  count(*found, rate);
}

/// The names that sample.until may take: those of two draws of a small ensemble.
template <class T>
std::vector<std::string> observables(const Action& action,
                                     const std::vector<NamedFunction>& functions) {
  SamplerOptions options;
  options.chains = 16, options.threads = 1;
  Sampler<T> sampler(action, options, 1, Stream::pilot);
  Measurement measurement(action, options.chains, 4096, functions);
  for (int k = 0; k < 4; ++k) {
    sampler.sweep(1);
    measurement.add(sampler);
  }
  std::vector<std::string> names;
  for (const auto& result : measurement.results()) names.push_back(result.name);
  return names;
}

void check_until(const SampleConfig& sample, Precision precision, const Action& action,
                 const std::vector<NamedFunction>& functions) {
  if (sample.until.empty()) return;
  const auto names = with_precision(chosen_precision(precision, action),
                                    [&]<class T>() { return observables<T>(action, functions); });
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

/// What the run measured must be measured on.
void require_same_observables(const SampleRun& run, const Measurement& measurement) {
  const auto now = measurement.names();
  for (const auto& name : run.observables)
    if (std::find(now.begin(), now.end(), name) == now.end())
      throw BadInput(
          fmt::format("the run measures '{}', a function of the program that began it", name),
          fmt::format("go on there: in Python, quartic.resume(run, observables={{'{}': "
                      "f}})",
                      name));
  for (const auto& name : now)
    if (std::find(run.observables.begin(), run.observables.end(), name) == run.observables.end())
      throw BadInput(fmt::format("the run does not measure '{}'", name),
                     "a run goes on with the observables that it began with");
}

template <class T>
class SampleTask {
 public:
  using Run = SampleRun;

  SampleTask(SampleRun& run, const Session& session, const std::vector<NamedFunction>& functions)
      : run_(run),
        clock_(session.clock),
        team_(session.team),
        functions_(functions),
        seconds_before_(run.provenance.seconds),
        measured_before_(run.measuring_seconds),
        sampler_(run.action, sampler_options(run.config, team_), run.config.run.seed,
                 Stream::sample),
        measurement_(make_measurement(sampler_, run.action, functions)),
        max_kept_(run.config.output.max_draws(sampler_.all_chains(), sampler_.sites())) {
    if (begun(run)) {
      require_same_observables(run, measurement_);
      sampler_.restore(run.sampler);
      measurement_.restore(run.measurement);
    }
    if (!team_.root()) leave_to_root();
    first_ = measurement_.draws();
  }

  /// Whether the run has a state to go on from.
  static bool begun(const SampleRun& run) { return !run.sampler.phi.empty(); }

  SampleRun& run() const { return run_; }

  void warm_up(const Session& session) {
    const auto progress = session.progress("warming up");
    const auto& wanted = run_.config.sample.warm_up;
    run_.warm_up_sweeps = wanted.value_or(first_warm_up);
    report_progress(progress, 0);  // the search for wells may take seconds
    const Wells wells(run_.action, sampler_.all_chains());
    if (wells.several()) wells.start(sampler_);
    sampler_.warm_up(run_.warm_up_sweeps, progress);
    if (!wanted) come_to_rest(progress);
    if (wells.several()) {
      const auto before = wells.nearest(sampler_);
      const Measurement last =
          measure_after(first_warm_up, progress, functions_).gathered(sampler_, true);
      auto settled = settle_wells(sampler_, wells, run_.action, last, before, run_.config.run.seed,
                                  session.progress("annealing between wells"));
      if (!settled.of.empty()) come_to_rest(progress);
      measurement_.set_wells(own_chains(settled.of), std::move(settled.unvisited));
      run_.wells = settled.text;
    }
    sampler_.reset_acceptance();
    run_.schedule = sampler_.describe_schedule();
  }

  // Every draw is a state to go on from. Short ones are not stopped; of long ones that are stopped
  // the fields before are remembered where copying them is little work, else what was saved before
  // counts.
  void mark() {
    if (!is_short() && updates_of_a_draw() > 50 * values()) before_ = sampler_.state();
  }
  std::optional<std::int64_t> rewind() {
    if (before_.phi.empty()) return std::nullopt;
    sampler_.restore(before_);
    return measurement_.draws();
  }

  void advance(const Session& /*session*/) {
    if (begun_ < 0) begun_ = clock_.seconds();
    {
      const Answering whole(is_short() ? nullptr : current_stoppable());
      sampler_.sweep(run_.config.sample.sweeps);
    }
    const Answering nobody;
    measurement_.add(sampler_);
    count_moves();
    if (run_.kept.wants(measurement_.draws())) keep();
  }

  void save() {
    const auto own = sampler_.state();
    run_.sampler = sampler_.gathered(own, false);
    const Measurement all = measurement_.gathered(sampler_);
    run_.measuring_seconds = measured_before_ + measuring_seconds();
    run_.measurement = (team_.root() ? all : measurement_).state();
    const auto names = measurement_.names();
    run_.observables.assign(names.begin(), names.end());
    if (!team_.root()) {  // what it would go on from
      run_.sampler = own;
      return;
    }
    if (all.draws() == 0) return;
    run_.results = all.results();
    run_.two_point = all.two_point();
  }

  bool conclude(const Session& /*session*/) { return false; }

  StopReason stop_reason() const {
    const auto& sample = run_.config.sample;
    const auto draws = measurement_.draws();
    if (!sample.until.empty() && looks_at_error(draws) && reached_error(sample))
      return StopReason::relative_error;
    const auto most = max_draws(sample);
    if (most > 0 && draws >= most) return StopReason::draws_done;
    return out_of_time() ? StopReason::max_seconds : StopReason::running;
  }

  Step step() const {
    const auto& sample = run_.config.sample;
    return {.unit = "draw",
            .first = first_,
            .done = measurement_.draws(),
            .total = max_draws(sample),
            .may_stop_early = !sample.until.empty() || sample.max_seconds};
  }

  Metrics metrics() const {
    const double updates = static_cast<double>(measurement_.draws() - first_) *
                           run_.config.sample.sweeps * sampler_.all_chains() * sampler_.sites();
    Metrics out = {{"site_updates_per_second", updates / measuring_seconds(), std::nan("")},
                   {"acceptance", run_.acceptance.front().rate, std::nan("")}};
    const Measurement all = measurement_.gathered(sampler_);
    if (!team_.root()) return out;
    for (const auto& result : all.results())
      out.push_back({result.name, result.estimate.mean, result.estimate.error});
    return out;
  }

 private:
  double values() const {
    return static_cast<double>(sampler_.all_chains()) * sampler_.options().rungs * sampler_.sites();
  }
  double updates_of_a_draw() const {
    const auto& o = sampler_.options();
    const int of_a_site =
        std::max({1 + sampler_.schedule().reflections, o.metropolis_hits, 2 * o.hmc_steps});
    return values() * of_a_site * run_.config.sample.sweeps;
  }
  /// A fraction of a second on one thread.
  bool is_short() const { return updates_of_a_draw() < 5e7; }
  double measuring_seconds() const { return begun_ < 0 ? 0 : clock_.seconds() - begun_; }
  bool out_of_time() const {
    return seconds_before_ + clock_.seconds() > run_.config.sample.max_seconds.value_or(INFINITY);
  }

  bool reached_error(const SampleConfig& sample) const {
    const Measurement all = measurement_.gathered(sampler_);
    return decided<bool>(team_, [&] {
      const auto results = all.results();
      const auto found = std::find_if(results.begin(), results.end(),
                                      [&](const auto& r) { return r.name == sample.until; });
      const auto& e = found->estimate;
      return found->ok && e.error <= sample.relative_error.value_or(0.01) * std::abs(e.mean);
    });
  }

  /// What another rank than the root has no use for: fields of chains that are not its own.
  void leave_to_root() {
    run_.sampler = {}, run_.measurement = {};
    for (auto& phi : run_.kept.phi) phi = {};
    for (auto& action : run_.kept.action) action = {};
  }

  /// One's own of values by chain.
  std::vector<std::int32_t> own_chains(const std::vector<std::int32_t>& all) const {
    if (all.empty()) return all;
    const auto first = all.begin() + sampler_.first_chain();
    return {first, first + sampler_.chains()};
  }

  /// Until averages stand still.
  void come_to_rest(const ProgressCallback& progress) {
    run_.stationary = true;
    for (int window = first_warm_up; run_.stationary; window *= 2) {
      const Measurement last = measure_after(window, progress).gathered(sampler_);
      const double max_drift = decided<double>(team_, [&] {
        double most = 0;
        for (const char* name : {"action", "m2", "phi2"})
          most = std::max(most, drift(last.series(name), sampler_.all_chains()));
        return most;
      });
      if (max_drift < stationary_drift) return;
      run_.stationary = run_.warm_up_sweeps < max_warm_up && !out_of_time();
    }
  }

  /// Goes on for `sweeps` sweeps of warm-up.
  Measurement measure_after(int sweeps, const ProgressCallback& progress,
                            const std::vector<NamedFunction>& functions = {}) {
    Measurement window(run_.action, sampler_, 256, functions);
    window.set_spectrum_interval(0);
    for (int k = 0; k < sweeps; ++k) {
      sampler_.sweep(1);
      window.add(sampler_);
      ++run_.warm_up_sweeps;
      report_progress(progress, (k + 1.0) / sweeps);
    }
    return window;
  }

  void count_moves() {
    const Acceptance rates = sampler_.acceptance();
    const std::pair<std::string, double> moves[] = {
        {std::string(name(sampler_.local_move())), rates.local},
        {"reflection", rates.reflection},
        {"flip", rates.flip},
        {"exchange", rates.exchange}};
    for (const auto& [move, rate] : moves) count(run_.acceptance, move, rate);
    count(run_.flipped, rates.flipped_fraction);
    sampler_.reset_acceptance();
  }

  void keep() {
    const auto sites = static_cast<std::size_t>(sampler_.sites());
    std::vector<float> phi(sampler_.chains() * sites);
    std::vector<double> action(sampler_.chains());
    sampler_.for_each_block([&](int index) {
      for (int lane = 0; lane < sampler_.lanes(); ++lane) {
        const int chain = index * sampler_.lanes() + lane;
        const auto stored = std::span(phi).subspan(chain * sites, sites);
        sampler_.configuration(chain, stored);
        action[chain] = run_.action.evaluate(std::vector<double>(stored.begin(), stored.end()));
      }
    });
    action = gather_chains(sampler_, action);
    for (std::size_t chain = 0; chain < action.size(); ++chain)
      if (!std::isfinite(action[chain])) {
        throw Diverged(fmt::format("the action of chain {} is not finite at draw {}", chain,
                                   measurement_.draws()),
                       "try sampler.precision=float64");
      }
    phi = gather_chains(sampler_, phi, false);
    if (!team_.root()) action = {};
    run_.kept.keep(std::move(phi), std::move(action), max_kept_);
  }

  SampleRun& run_;
  const Clock& clock_;
  const Team& team_;
  const std::vector<NamedFunction>& functions_;
  double seconds_before_, measured_before_;
  Sampler<T> sampler_;
  Measurement measurement_;
  int max_kept_;
  SamplerState before_;  // of a long draw
  std::int64_t first_ = 0;
  double begun_ = -1;  // when the first draw of this session began
};

}  // namespace

SampleRun begin_sampling(const Config& config, const Action& action, const std::string& command,
                         const std::vector<NamedFunction>& functions) {
  const auto precision = chosen_precision(config.sampler.precision, action);
  with_precision(precision,
                 [&]<class T>() { require_samplable<T>(action, config.sampler.options); });
  Measurement(action, 16, 16, functions);  // or it throws
  if (config.sample.draws) {               // else nobody knows how many they will be
    const int chains = config.sampler.options.chains, sites = action.graph->sites();
    const auto kept =
        std::min<std::int64_t>(config.output.max_draws(chains, sites), *config.sample.draws);
    require_memory(
        (sizeof(float) * sites + sizeof(double)) * chains * static_cast<double>(kept),
        fmt::format("stored fields, {} of each of {} chains of {} sites,", kept, chains, sites),
        "lower output.draws, or sampler.chains");
    require_memory(
        size_of_sample(config, action, *config.sample.draws).memory_bytes,
        fmt::format("{} draws of {} chains of {} sites", *config.sample.draws, chains, sites),
        "lower sampler.chains, graph.extent, sample.draws or output.draws");
  }
  check_until(config.sample, config.sampler.precision, action, functions);
  Provenance provenance = make_provenance(command, config.run.seed);
  SampleRun run{.config = config, .provenance = std::move(provenance), .action = action};
  run.kept.thin = config.sample.thin;
  run.config.sampler.precision = precision;
  return run;
}

SampleSize size_of_sample(const Config& config, const Action& action, double draws) {
  const int chains = config.sampler.options.chains;
  const double sites = action.graph->sites();
  const bool wide = chosen_precision(config.sampler.precision, action) == Precision::float64;
  const double state = (wide ? 8.0 : 4.0) * chains * sites;
  const double kept =
      joined(draws / config.sample.thin, config.output.max_draws(chains, action.graph->sites()));
  const double series = count_series(action, chains, {});
  const double bins = 8 * series * (joined(draws, max_bins(series)) + 2);
  const double fields = 4 * sites * chains * kept, numbers = 8 * chains * kept;
  const double file = state + fields + 5 * numbers + bins;
  // Measurement, run, what is written and the file in memory have copies; so measured.
  return {.memory_bytes = 3 * state + 4 * fields + 7 * bins + 5 * numbers + 2 * file,
          .file_bytes = file};
}

Outcome sample(SampleRun& run, Store<SampleRun>& store, const Session& session,
               const std::vector<NamedFunction>& functions) {
  return with_precision(run.config.sampler.precision, [&]<class T>() {
    const bool resumed = SampleTask<T>::begun(run);
    SampleTask<T> task(run, session, functions);
    return run_to_end(task, resumed, store, session);
  });
}

const ObservableResult* slowest_observable(const std::vector<ObservableResult>& results) {
  const ObservableResult* slowest = nullptr;
  for (const auto& result : results)
    if (!result.derived && (!slowest || result.estimate.ess < slowest->estimate.ess))
      slowest = &result;
  return slowest;
}

double site_updates(const SampleRun& run) {
  return static_cast<double>(run.measurement.draws) * run.config.sample.sweeps *
         run.config.sampler.options.chains * run.action.graph->sites();
}

}  // namespace quartic
