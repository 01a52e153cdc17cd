#include "quartic/run/learn.hpp"

#include <algorithm>

#include "quartic/learn/certificate.hpp"
#include "quartic/run/loop.hpp"
#include "run/action_task.hpp"

namespace quartic {
namespace {

template <class T>
VariationalLearner<T> make_learner(const Config& config, const Problem& problem, const Team& team) {
  return VariationalLearner<T>(problem.target, problem.parameters, problem.start,
                               sampler_options(config, team), config.learn, config.run.seed);
}

template <class T>
class LearnTask : public ActionTask<LearnRun, VariationalLearner<T>> {
 public:
  LearnTask(LearnRun& run, const Problem& problem, const Team& team)
      : Base(run, make_learner<T>(run.config, problem, team), run.config.learn.epochs),
        target_(problem.target) {}

  bool conclude(const Session& session) {
    const Config& config = run_.config;
    if (!config.certificate.enabled || run_.certificate) return false;
    auto options = config.certificate.options;
    options.progress = session.progress("certificate");
    this->to_checkpoint();
    auto certificate = certify(learner_.sampler(), run_.action, target_, options, config.run.seed);
    certificate.keep_first(
        config.output.max_draws(certificate.draws.chains, certificate.draws.sites));
    run_.certificate = std::move(certificate);
    return true;
  }

 private:
  using Base = ActionTask<LearnRun, VariationalLearner<T>>;
  using Base::learner_, Base::run_;

  const Target& target_;
};

}  // namespace

LearnRun begin_learning(const Config& config, const Problem& problem, const std::string& command,
                        const Team& team) {
  const bool real = std::all_of(config.target.begin(), config.target.end(),
                                [](const TermSpec& spec) { return spec.coupling.imag() == 0; });
  if (real) require_normalisable(config.target, problem.graph);
  const auto precision = chosen_precision(config.sampler.precision, problem.start);
  with_precision(precision,
                 [&]<class T>() { make_learner<T>(config, problem, team); });  // or it throws
  Provenance provenance = make_provenance(command, config.run.seed);
  const auto freedom = config.action.freedom();
  LearnRun run{.config = config,
               .provenance = std::move(provenance),
               .action = problem.start,
               .freedom = freedom};
  run.config.sampler.precision = precision;
  for (int k = 0; k < problem.parameters.size(); ++k)
    run.history.parameters.push_back(problem.parameters.label(k));
  run.history.expected = problem.expected;
  return run;
}

Outcome learn(LearnRun& run, const Problem& problem, Store<LearnRun>& store,
              const Session& session) {
  const auto& certificate = run.config.certificate;
  if (certificate.enabled)
    require_chains_at_end(session.team, certificate.options.chains, "certificate.chains");
  return with_precision(run.config.sampler.precision, [&]<class T>() {
    const bool resumed = LearnTask<T>::begun(run);
    LearnTask<T> task(run, problem, session.team);
    return run_to_end(task, resumed, store, session);
  });
}

}  // namespace quartic
