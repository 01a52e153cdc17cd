#include "app/learning.hpp"

#include <fmt/format.h>

#include "app/epoch_loop.hpp"
#include "app/number.hpp"
#include "app/report.hpp"
#include "quartic/learn/certificate.hpp"

namespace quartic::app {
namespace {

template <class T>
VariationalLearner<T> make_learner(const Config& config, const Problem& problem) {
  return VariationalLearner<T>(problem.target, problem.parameters, problem.start,
                               sampler_options(config), config.learn, config.run.seed);
}

template <class T>
class Session : public ActionLoop<LearnRun, VariationalLearner<T>> {
 public:
  Session(LearnRun& run, const Problem& problem, std::filesystem::path file, double max_hours,
          const Globals& globals)
      : Loop(run, make_learner<T>(run.config, problem), std::move(file), max_hours, globals),
        target_(problem.target) {}

 private:
  using Loop = ActionLoop<LearnRun, VariationalLearner<T>>;
  using Loop::learner_, Loop::progress_, Loop::run_;

  Status status() const override {
    const LearnRow& row = this->row();
    return {.unit = "epoch",
            .first = this->first_epoch(),
            .done = row.epoch,
            .total = run_.config.learn.epochs,
            .may_stop_early = true,
            .numbers = fmt::format("|grad| {}  Var(A-S) {}  acc {:.2f}",
                                   with_error(row.gradient_norm, row.gradient_norm_error),
                                   with_error(row.action_variance, row.action_variance_error),
                                   row.acceptance),
            .event = to_json(row)};
  }

  void conclude() override {
    if (!run_.config.certificate.enabled || run_.certificate) return;
    auto options = run_.config.certificate.options;
    options.progress = [this](double done) { progress_.part("certificate", done); };
    // From the saved state, where a run killed during the certificate would begin again.
    learner_.restore(run_.checkpoint);
    auto certificate =
        certify(learner_.sampler(), run_.action, target_, options, run_.config.run.seed);
    certificate.keep_first(
        run_.config.output.max_draws(certificate.draws.chains, certificate.draws.sites));
    run_.certificate = std::move(certificate);
    this->write();
  }

  const Target& target_;
};

}  // namespace

LearnRun new_run(const Config& config, const Problem& problem, const Globals& globals) {
  LearnRun run{.config = config,
               .provenance = make_provenance(globals.command, config.run.seed),
               .action = problem.start,
               .freedom = config.action.freedom(),
               .theta_error = {},
               .history = {},
               .stop_reason = StopReason::running,
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

void require_learnable(const Config& config, const Problem& problem) {
  if (config.sampler.precision == Precision::float32)
    make_learner<float>(config, problem);
  else
    make_learner<double>(config, problem);
}

}  // namespace quartic::app
