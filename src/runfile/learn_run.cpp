#include "quartic/runfile/learn_run.hpp"

#include <utility>

#include "runfile/run_history.hpp"

namespace quartic {

using namespace run_parts;  // NOLINT: its vocabulary

namespace {

/// Of the checkpoint, what only learners of a target have.
template <class IO, class Run>
void target_learner(IO& io, Run& run) {
  auto& s = run.checkpoint;
  later_dimension(io, "last_move", s.last_move);
  if constexpr (!writing<IO>)
    if (!s.last_move.empty() && s.last_move.size() != run.theta_error.size())
      io.refuse("the checkpoint's last move does not fit its parameters");
  later_attributes(io, "checkpoint", "patch_radius", s.radius, "significance", s.significance,
                   "stalled", s.stalled, "last_slope", s.last_slope, "last_length", s.last_length,
                   "longest", s.longest);
}

}  // namespace

void write_run(OutputFile& file, const LearnRun& run) {
  replace_run(file, [&](hdf5::Writer& out) {
    write_head(out, RunKind::learn, run.config, run.provenance);
    write_action(out, run.action);
    learner(out, run);
    target_learner(out, run);
    if (!run.certificate) return;
    scalars(out, "results", *run.certificate);
    write_posterior(out, run.certificate->draws);
    out.write("posterior/target", view(run.certificate->target_value), {"chain", "draw"});
  });
}

LearnRun read_learn_run(const std::filesystem::path& file) {
  const RunReader in(file, RunKind::learn);
  Config config = in.config();
  Provenance provenance = read_provenance(in);
  Action action = read_action(in);
  LearnRun run{.config = std::move(config),
               .provenance = std::move(provenance),
               .action = std::move(action)};
  learner(in, run);
  target_learner(in, run);
  if (!in.has("results/free_energy")) return run;
  Certificate& c = run.certificate.emplace();
  scalars(in, "results", c);
  c.draws = read_posterior(in, run.action.graph->sites());
  c.target_value =
      in.read<double>("posterior/target", {"chain", "draw"}, c.draws.action_value.size());
  return run;
}

}  // namespace quartic
