#include "app/learning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/number.hpp"
#include "app/progress.hpp"
#include "app/report.hpp"
#include "app/session.hpp"
#include "app/signals.hpp"
#include "quartic/learn/certificate.hpp"

namespace quartic::app {
namespace {

template <class T>
VariationalLearner<T> make_learner(const Config& config, const Problem& problem) {
  return VariationalLearner<T>(problem.target, problem.parameters, problem.start,
                               sampler_options(config), config.learn, config.run.seed);
}

template <class T>
class Session {
 public:
  Session(LearnRun& run, const Problem& problem, std::filesystem::path file, double max_hours,
          const Globals& globals)
      : run_(run),
        problem_(problem),
        file_(std::move(file)),
        max_seconds_(max_hours * 3600),
        globals_(globals),
        before_(run.provenance.seconds),
        learner_(make_learner<T>(run.config, problem)),
        first_epoch_(run.checkpoint.epoch),
        progress_(globals) {}

  ErrorCode go(bool resumed) {
    if (resumed)
      learner_.restore(run_.checkpoint);
    else
      save(learner_.state());
    if (run_.reason == StopReason::running) {
      warm_up();
      if (!learn()) return ErrorCode::interrupted;
    }
    certify();
    progress_.clear();
    return ErrorCode::ok;
  }

 private:
  void warm_up() {
    if (run_.warm) return;
    learner_.warm_up([this](double done) { progress_.part("warming up", done); });
    run_.warm = true;
  }

  /// False: stopped before the end, and saved.
  bool learn() {
    while (run_.reason == StopReason::running) {
      VariationalState before = learner_.state();
      if (stop_requested() || since(start_) > max_seconds_) return interrupt(std::move(before));
      if (since(saved_) > checkpoint_interval) save(before);
      epoch(before);
      run_.reason = learner_.reason();
      if (run_.reason != StopReason::running) save(std::move(before));
    }
    return true;
  }

  void epoch(const VariationalState& before) {
    const auto theta = learner_.theta(), error = learner_.theta_error();
    try {
      const EpochRow row = learner_.step();
      run_.history.append(row, theta, error);
      progress_.update([&] { return status(row); });
    } catch (const Diverged& error_now) {
      progress_.clear();
      learner_.restore(before);
      save(before);
      throw Diverged(error_now.what(), fmt::format("{}; the last good epoch, {}, is in '{}'",
                                                   error_now.hint(), before.epoch, file_.string()));
    }
  }

  Status status(const EpochRow& row) const {
    return {.unit = "epoch",
            .first = first_epoch_,
            .done = row.epoch,
            .total = run_.config.learn.epochs,
            .may_stop_early = true,
            .numbers = fmt::format("|grad| {}  Var(A-S) {}  acc {:.2f}",
                                   with_error(row.gradient_norm, row.gradient_norm_error),
                                   with_error(row.action_variance, row.action_variance_error),
                                   row.acceptance),
            .event = to_json(row)};
  }

  bool interrupt(VariationalState state) {
    progress_.clear();
    const int epoch = state.epoch;
    save(std::move(state));
    fmt::print(stderr,
               "quartic: stopped {} epoch {} and saved; continue with\n  quartic resume {}\n",
               since(start_) > max_seconds_ ? "by --max-hours before" : "by a signal before", epoch,
               file_.string());
    return false;
  }

  void certify() {
    if (!run_.config.certificate.enabled || run_.certificate) return;
    auto options = run_.config.certificate.options;
    options.progress = [this](double done) { progress_.part("certificate", done); };
    // From the saved state, where a run killed during the certificate would begin again.
    learner_.restore(run_.checkpoint);
    auto certificate = quartic::certify(learner_.sampler(), run_.action, problem_.target, options,
                                        run_.config.run.seed);
    keep_draws(certificate, run_.config.output.most_draws(certificate.chains, certificate.sites));
    run_.certificate = std::move(certificate);
    run_.provenance.seconds = before_ + since(start_);
    write_run(file_, run_);
  }

  void save(VariationalState state) {
    run_.action = learner_.action();
    run_.theta_error = learner_.theta_error();
    run_.checkpoint = std::move(state);
    run_.provenance.seconds = before_ + since(start_);
    write_run(file_, run_);
    saved_ = Clock::now();
  }

  LearnRun& run_;
  const Problem& problem_;
  std::filesystem::path file_;
  double max_seconds_;
  const Globals& globals_;
  double before_;
  Clock::time_point start_ = Clock::now(), saved_ = start_;
  VariationalLearner<T> learner_;
  int first_epoch_;
  Progress progress_;
};

void print_summary(const LearnRun& run, const std::filesystem::path& file, const Globals& globals) {
  if (globals.json) {
    auto summary = report_json(run);
    summary["event"] = "summary";
    summary["file"] = file.string();
    fmt::print("{}\n", summary.dump());
  } else if (!globals.quiet) {
    fmt::print("{}written to {}; next: quartic plot {}\n", report(run), file.string(),
               file.string());
  }
}

}  // namespace

LearnRun new_run(const Config& config, const Problem& problem, const Globals& globals) {
  LearnRun run{.config = config,
               .provenance = make_provenance(globals.command, config.run.seed),
               .action = problem.start,
               .freedom = config.action.freedom(),
               .theta_error = {},
               .history = {},
               .reason = StopReason::running,
               .certificate = {},
               .checkpoint = {}};
  for (int k = 0; k < problem.parameters.size(); ++k)
    run.history.parameters.push_back(problem.parameters.label(k));
  run.history.expected = problem.expected;
  return run;
}

ErrorCode learn_run(LearnRun& run, const Problem& problem, const std::filesystem::path& file,
                    bool resumed, double max_hours, const Globals& globals) {
  catch_signals();
  const bool narrow = run.config.sampler.precision == Precision::float32;
  const ErrorCode code = narrow
                             ? Session<float>(run, problem, file, max_hours, globals).go(resumed)
                             : Session<double>(run, problem, file, max_hours, globals).go(resumed);
  if (code == ErrorCode::ok) print_summary(run, file, globals);
  return code;
}

void check_learner(const Config& config, const Problem& problem) {
  if (config.sampler.precision == Precision::float32)
    make_learner<float>(config, problem);
  else
    make_learner<double>(config, problem);
}

}  // namespace quartic::app
