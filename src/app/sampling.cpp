#include "app/sampling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "app/number.hpp"
#include "app/progress.hpp"
#include "app/report.hpp"
#include "app/session.hpp"
#include "app/signals.hpp"
#include "quartic/stats/stationarity.hpp"

namespace quartic::app {
namespace {

constexpr int first_warm_up = 100;  // sweeps, where sample.warm_up is auto
constexpr int longest_warm_up = 20000;
constexpr double at_rest = 3;              // standard errors of drift
constexpr double series_bytes = 64 << 20;  // of the measurement's bins
constexpr int min_draws_until = 32;        // before sample.until may stop a run

/// A power of two, so that joined bins fill it evenly.
Measurement make_measurement(const Config& config, const Action& action) {
  const int chains = config.sampler.options.chains;
  const auto series = static_cast<double>(Measurement(action, chains).names().size()) * chains;
  const auto most = static_cast<unsigned>(std::clamp(series_bytes / (8 * series), 64.0, 4096.0));
  return {action, chains, static_cast<int>(std::bit_floor(most))};
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

/// The moves that were made.
template <class T>
std::vector<std::pair<std::string, double>> acceptance(const Sampler<T>& sampler) {
  const Acceptance rates = sampler.acceptance();
  std::vector<std::pair<std::string, double>> moves = {
      {std::string(name(sampler.local_move())), rates.local},
      {"reflection", rates.reflection},
      {"turned", rates.flipped_fraction},
      {"flip", rates.flip},
      {"exchange", rates.exchange}};
  std::erase_if(moves, [](const auto& move) { return std::isnan(move.second); });
  return moves;
}

/// Thrown out of a warm-up that is to stop.
struct Stopped {};

template <class T>
class Session {
 public:
  Session(SampleRun& run, std::filesystem::path file, double max_hours, const Globals& globals)
      : run_(run),
        file_(std::move(file)),
        max_seconds_(max_hours * 3600),
        globals_(globals),
        before_(run.provenance.seconds),
        measured_before_(run.measuring_seconds),
        sampler_(run.action, sampler_options(run.config), run.config.run.seed, Stream::sample),
        measurement_(make_measurement(run.config, run.action)),
        max_kept_(run.config.output.max_draws(sampler_.chains(), sampler_.sites())),
        progress_(globals, 0.2) {}

  ErrorCode go(bool resumed) {
    if (resumed) {
      sampler_.restore(run_.sampler);
      measurement_.restore(run_.measurement);
    } else {
      save();
    }
    try {
      if (!warm_up() || !measure()) return interrupt();
    } catch (const Stopped&) {
      return interrupt();
    }
    save();
    progress_.clear();
    return ErrorCode::ok;
  }

 private:
  bool must_stop() const { return stop_requested() || since(start_) > max_seconds_; }
  bool out_of_time() const {
    return before_ + since(start_) > run_.config.sample.max_seconds.value_or(INFINITY);
  }

  /// False: stopped before it was over; the file still has the state before it.
  bool warm_up() {
    if (run_.warmed_up) return true;
    const auto& wanted = run_.config.sample.warm_up;
    run_.warm_up_sweeps = wanted.value_or(first_warm_up);
    sampler_.warm_up(run_.warm_up_sweeps, [this](double done) {
      if (must_stop()) throw Stopped();
      progress_.part("warming up", done);
    });
    for (int window = first_warm_up; !wanted && !at_rest_after(window); window *= 2) {
      if (must_stop()) return false;
      run_.stationary = run_.warm_up_sweeps < longest_warm_up && !out_of_time();
      if (!run_.stationary) break;
    }
    if (must_stop()) return false;  // the last window may be cut short
    sampler_.reset_acceptance();
    run_.schedule = sampler_.describe_schedule();
    return run_.warmed_up = true;
  }

  /// Goes on for `sweeps` sweeps; whether averages stood still meanwhile.
  bool at_rest_after(int sweeps) {
    Measurement window(run_.action, sampler_.chains(), 256);
    window.set_spectrum_interval(0);
    for (int k = 0; k < sweeps && !must_stop(); ++k) {
      sampler_.sweep(1);
      window.add(sampler_);
      ++run_.warm_up_sweeps;
    }
    double largest = 0;
    for (const char* name : {"action", "m2", "phi2"})
      largest = std::max(largest, drift(window.series(name), sampler_.chains()));
    progress_.note(
        fmt::format("warming up: {} sweeps, drift {:.1f} errors", run_.warm_up_sweeps, largest));
    return largest < at_rest;
  }

  /// False: stopped before the end.
  bool measure() {
    begun_ = Clock::now();
    first_draw_ = measurement_.draws();
    while (run_.stop == SampleStop::running) {
      draw();
      run_.stop = reason_to_stop();
      progress_.update([&] { return status(); });
      if (run_.stop != SampleStop::running) break;
      if (must_stop()) return false;
      if (since(saved_) > checkpoint_interval) save();
    }
    return true;
  }

  void draw() {
    sampler_.sweep(run_.config.sample.sweeps);
    measurement_.add(sampler_);
    for (const auto& [move, rate] : acceptance(sampler_)) count(move, rate);
    sampler_.reset_acceptance();
    const auto draws = measurement_.draws();
    if (run_.kept.wants(draws)) keep();
  }

  /// A running mean, from which a restart goes on to the same bits.
  void count(const std::string& move, double rate) {
    auto& all = run_.acceptance;
    auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& a) { return a.move == move; });
    if (found == all.end()) found = all.insert(all.end(), MoveAcceptance{move});
    found->rate += (rate - found->rate) / ++found->draws;
  }

  void keep() {
    const int sites = sampler_.sites(), lanes = sampler_.lanes();
    std::vector<float> phi(static_cast<std::size_t>(sampler_.chains()) * sites);
    std::vector<double> action(sampler_.chains());
    sampler_.for_each_block([&](int index) {
      const auto block = std::as_const(sampler_).block(index);
      std::vector<double> one(sites);
      for (int lane = 0; lane < lanes; ++lane) {
        const int chain = index * lanes + lane;
        float* stored = phi.data() + static_cast<std::ptrdiff_t>(chain) * sites;
        for (int i = 0; i < sites; ++i)
          one[i] = stored[i] = static_cast<float>(block.site(i)[lane]);
        action[chain] = run_.action.evaluate(one);
      }
    });
    for (int chain = 0; chain < sampler_.chains(); ++chain)
      if (!std::isfinite(action[chain])) diverged(chain);
    run_.kept.keep(std::move(phi), std::move(action), max_kept_);
  }

  [[noreturn]] void diverged(int chain) {
    progress_.clear();
    throw Diverged(
        fmt::format("the action of chain {} is not finite at draw {}", chain, measurement_.draws()),
        fmt::format("the last good state is in '{}'; try sampler.precision=float64",
                    file_.string()));
  }

  SampleStop reason_to_stop() {
    const auto& sample = run_.config.sample;
    const auto draws = measurement_.draws();
    if (!sample.until.empty() && looks_at_error(draws)) {
      const auto results = measurement_.results();
      const auto found = std::find_if(results.begin(), results.end(),
                                      [&](const auto& r) { return r.name == sample.until; });
      const auto& e = found->estimate;
      if (found->ok && e.error <= sample.relative_error.value_or(0.01) * std::abs(e.mean))
        return SampleStop::relative_error;
    }
    const auto most = max_draws(sample);
    if (most > 0 && draws >= most) return SampleStop::draws;
    return out_of_time() ? SampleStop::time : SampleStop::running;
  }

  Status status() const {
    const auto& sample = run_.config.sample;
    const auto draws = measurement_.draws();
    const double updates = static_cast<double>(draws - first_draw_) * sample.sweeps *
                           sampler_.chains() * sampler_.sites() / since(begun_);
    std::string numbers =
        fmt::format("{:.3g} site updates/s  acc {:.2f}", updates, run_.acceptance.front().rate);
    nlohmann::json observables;
    std::vector<std::string> shown = {"abs_m", "m2", "phi2"};
    if (!sample.until.empty() && std::find(shown.begin(), shown.end(), sample.until) == shown.end())
      shown.push_back(sample.until);
    for (const auto& result : measurement_.results()) {
      observables[result.name] = to_json(result);
      if (std::find(shown.begin(), shown.end(), result.name) != shown.end())
        numbers += fmt::format("  {} {}", result.name,
                               with_error(result.estimate.mean, result.estimate.error));
    }
    return {
        .unit = "draw",
        .first = first_draw_,
        .done = draws,
        .total = max_draws(sample),
        .may_stop_early = !sample.until.empty() || sample.max_seconds,
        .numbers = numbers,
        .event = {
            {"draw", draws}, {"site_updates_per_second", updates}, {"observables", observables}}};
  }

  ErrorCode interrupt() {
    progress_.clear();
    if (run_.warmed_up) save();
    fmt::print(
        stderr, "quartic: stopped {} after {} and saved; continue with\n  quartic resume {}\n",
        stop_requested() ? "by a signal" : "by --max-hours",
        run_.warmed_up ? fmt::format("{} draws", measurement_.draws()) : "part of the warm-up",
        file_.string());
    return ErrorCode::interrupted;
  }

  void save() {
    run_.sampler = sampler_.state();
    run_.measurement = measurement_.state();
    const auto names = measurement_.names();
    run_.observables.assign(names.begin(), names.end());
    if (measurement_.draws() > 0) {
      run_.results = measurement_.results();
      run_.two_point = measurement_.two_point();
      run_.measuring_seconds = measured_before_ + since(begun_);
    }
    run_.provenance.seconds = before_ + since(start_);
    write_run(file_, run_);
    saved_ = Clock::now();
  }

  SampleRun& run_;
  std::filesystem::path file_;
  double max_seconds_;
  const Globals& globals_;
  double before_, measured_before_;
  Clock::time_point start_ = Clock::now(), saved_ = start_, begun_ = start_;
  Sampler<T> sampler_;
  Measurement measurement_;
  int max_kept_;
  std::int64_t first_draw_ = 0;
  Progress progress_;
};

}  // namespace

ErrorCode sample_run(SampleRun& run, const std::filesystem::path& file, bool resumed,
                     double max_hours, const Globals& globals) {
  catch_signals();
  const bool narrow = run.config.sampler.precision == Precision::float32;
  const ErrorCode code = narrow ? Session<float>(run, file, max_hours, globals).go(resumed)
                                : Session<double>(run, file, max_hours, globals).go(resumed);
  if (code == ErrorCode::ok) print_summary(run, file, globals, "diagnose");
  return code;
}

}  // namespace quartic::app
