// The run file of reweighting: exactly what was written, in the documented layout.
#include "quartic/runfile/reweight_run.hpp"
#include "quartic/runfile/sample_file.hpp"
#include "unit/run_file_fixtures.hpp"

namespace quartic {
namespace {

ReweightedPoint point(double x) {
  ReweightedPoint p;
  p.couplings = {{-1, 0}, {x, 1.0 / 3}};
  for (int k = 0; k < 3; ++k)
    p.observables.push_back({{std::sin(x + k), -0.0}, 1e-3 / (k + 1), 5e-324});
  p.log_ratio = {{1 / x, -2}, 0.1, 0.2};
  p.ess = {x / 7, 1e-4}, p.effective_samples = 1e4 / 3, p.phase = {0.5, x}, p.tail_weight = 0.02;
  p.pareto_shape = -INFINITY, p.error_samples = 77;
  p.ok = x > 1, p.reason = p.ok ? "" : "the overlap is lost: \"1 %\"";
  return p;
}

AnnealedSample annealed(int sites) {
  AnnealedSample a;
  a.chains = 3, a.draws = 2, a.sites = sites, a.steps = 12;
  for (int k = 0; k < 6 * sites; ++k) a.phi.push_back(static_cast<float>(k) / 7);
  a.log_weight = {0, -1, 0.5, 1e-3, -30, 2};
  a.weight_ess = {0.8, 0.01};
  a.ok = false, a.reason = "too far";
  return a;
}

TEST_F(RunFile, ReweightingComesBackExactly) {
  LearnRun source = learn_sample();
  ReweightRun run{.config = source.config,
                  .provenance = source.provenance,
                  .action = source.action,
                  .sources = {"a.h5", "ä/b.h5"},
                  .free_energy = {{0, 0}, {-1.0 / 3, 0.01}},
                  .samples = 1ull << 40,
                  .annealed = annealed(source.action.graph->sites()),
                  .annealed_action = {1, 2, 3, 4, 5, 6},
                  .terms = {"nn", "phi2"},
                  .scanned = "phi2",
                  .observables = {"m2", "phi2", "action_density"},
                  .points = {point(0.7), point(1.3)}};
  write_run(file(), run);
  EXPECT_EQ(run_kind(file()), RunKind::reweight);
  expect_layout(file(), "reweight");
  const auto back = read_reweight_run(file());
  EXPECT_EQ(to_toml(back.config), to_toml(run.config));
  EXPECT_EQ(back.action.w, run.action.w);
  EXPECT_EQ(back.sources, run.sources);
  EXPECT_EQ(back.free_energy[1].value, run.free_energy[1].value);
  EXPECT_EQ(back.samples, run.samples);
  EXPECT_EQ(back.terms, run.terms);
  ASSERT_TRUE(back.annealed);
  EXPECT_EQ(back.annealed->phi, run.annealed->phi);
  EXPECT_EQ(back.annealed->log_weight, run.annealed->log_weight);
  EXPECT_EQ(back.annealed->steps, 12);
  EXPECT_EQ(back.annealed->weight_ess.error, 0.01);
  EXPECT_EQ(back.annealed->reason, "too far");
  EXPECT_FALSE(back.annealed->ok);
  EXPECT_EQ(back.annealed_action, run.annealed_action);
  const auto sample = read_sample(file());
  EXPECT_EQ(sample.log_weight, run.annealed->log_weight);
  EXPECT_EQ(sample.draws, 2);
  EXPECT_EQ(back.scanned, run.scanned);
  EXPECT_EQ(back.scanned_term(), 1u);
  EXPECT_TRUE(back.complex());
  EXPECT_EQ(back.observables, run.observables);
  ASSERT_EQ(back.points.size(), 2u);
  for (int k = 0; k < 2; ++k) {
    const auto &x = back.points[k], &y = run.points[k];
    EXPECT_EQ(x.couplings, y.couplings);
    for (int j = 0; j < 3; ++j) {
      EXPECT_EQ(x.observables[j].value, y.observables[j].value);
      EXPECT_EQ(x.observables[j].real_error, y.observables[j].real_error);
      EXPECT_EQ(x.observables[j].imag_error, y.observables[j].imag_error);
    }
    EXPECT_EQ(x.log_ratio.value, y.log_ratio.value);
    EXPECT_EQ(x.log_ratio.imag_error, y.log_ratio.imag_error);
    EXPECT_EQ(x.ess.value, y.ess.value);
    EXPECT_EQ(x.effective_samples, y.effective_samples);
    EXPECT_EQ(x.phase.error, y.phase.error);
    EXPECT_EQ(x.pareto_shape, y.pareto_shape);
    EXPECT_EQ(x.error_samples, y.error_samples);
    EXPECT_EQ(x.ok, y.ok);
    EXPECT_EQ(x.reason, y.reason);
  }
  EXPECT_THROW(read_learn_run(file()), BadInput);
}

}  // namespace
}  // namespace quartic
