#include "quartic/runfile/stack_run.hpp"
#include "unit/network_fixtures.hpp"
#include "unit/run_file_fixtures.hpp"

namespace quartic {
namespace {

Config stack_config() {
  return parse_config(
      "[model]\nkind = \"stack\"\nhidden = [\"spin\", \"binary\"]\nhidden_units = [4, 2]\n"
      "noise = 0.5\n[data]\npath = \"x.npy\"\nheld_out = 0.5\n[training]\nlayer_epochs = [7, 9]\n",
      "run.toml");
}

LogLikelihood likelihood(double x) {
  return {{x, 1e-3 / 7}, x - 1.0 / 3, x + 1.0 / 9, 5e-324};
}

NetworkRun layer_sample(const Config& config, int layer, const Network& network) {
  NetworkRun run{.config = layer_config(config, layer),
                 .provenance = make_provenance("quartic fit run.toml", 7),
                 .network = network,
                 .data = {"7 x 3 from x.npy",
                          "7x3:0123",
                          {3},
                          {ScalingMethod::unit, {0.1}, {2.0 / 3}},
                          7,
                          2,
                          0.5,
                          std::vector<float>(2UL * network.visible.size(), 0.5F),
                          std::vector<std::string>(network.visible.size(), "x")},
                 .stop_reason = StopReason::epochs_exhausted,
                 .draws = std::vector<float>(3UL * network.visible.size(), 0.25F)};
  TrainRow row;
  row.epoch = 1, row.updates = 5, row.rate = 1.0 / 3;
  run.history = {row};
  NetworkEvaluation evaluation;
  evaluation.epoch = 1, evaluation.train = likelihood(-1), evaluation.held_out = likelihood(-2);
  evaluation.singular.assign(std::min(network.visible.size(), network.hidden.size()), 0.5);
  run.evaluations = {evaluation};
  TrainingState& state = run.checkpoint;
  state.epoch = 1, state.updates = 5, state.couplings[0] = network.w;
  state.hidden_offset.assign(network.hidden.size(), -0.0), state.hidden_offset[1] = 5e-324;
  state.chains = {std::vector<double>(2UL * network.visible.size(), 0.25),
                  std::vector<double>(2UL * network.hidden.size(), 1),
                  {1, 2, 3, 4, 5, 6, 7, 8}};
  run.warmed_up = true;
  return run;
}

StackRun stack_sample() {
  const Config config = stack_config();
  return {.config = config,
          .provenance = make_provenance("quartic fit run.toml", 7),
          .layers = {layer_sample(config, 0, sample_network(Unit::quartic, Unit::spin, 3, 4)),
                     layer_sample(config, 1, sample_network(Unit::spin, Unit::binary, 4, 2))},
          .bounds = {{likelihood(-3), likelihood(-4)}, {likelihood(-5), likelihood(-6)}},
          .draws = {1, 2, 3, 4, 5, 6}};
}

TEST_F(RunFile, DeepComesBackExactly) {
  const StackRun run = stack_sample();
  write_run(file(), run);
  const StackRun back = read_stack_run(file());
  EXPECT_EQ(to_toml(back.config), to_toml(run.config));
  EXPECT_TRUE(back.finished());
  EXPECT_EQ(back.draws, run.draws);
  ASSERT_EQ(back.layers.size(), 2U);
  for (int l = 0; l < 2; ++l) {
    const NetworkRun &layer = back.layers[l], &wanted = run.layers[l];
    EXPECT_EQ(to_toml(layer.config), to_toml(wanted.config));
    EXPECT_EQ(layer.network.w, wanted.network.w);
    EXPECT_EQ(layer.network.visible.unit, wanted.network.visible.unit);
    EXPECT_EQ(layer.network.hidden.r, wanted.network.hidden.r);
    EXPECT_EQ(layer.data.examples, wanted.data.examples);
    EXPECT_EQ(layer.data.names, wanted.data.names);
    EXPECT_EQ(layer.data.scaling, wanted.data.scaling);
    EXPECT_EQ(layer.data.checksum, wanted.data.checksum);
    EXPECT_EQ(layer.draws, wanted.draws);
    EXPECT_EQ(layer.stop_reason, StopReason::epochs_exhausted);
    EXPECT_EQ(layer.history.at(0).rate, 1.0 / 3);
    EXPECT_EQ(layer.evaluations.at(0).held_out->lower, wanted.evaluations[0].held_out->lower);
    EXPECT_EQ(layer.checkpoint.couplings, wanted.checkpoint.couplings);
    EXPECT_EQ(layer.checkpoint.hidden_offset, wanted.checkpoint.hidden_offset);
    EXPECT_EQ(layer.checkpoint.chains.streams, wanted.checkpoint.chains.streams);
    EXPECT_EQ(back.bounds[l].train.rows_error, run.bounds[l].train.rows_error);
    EXPECT_EQ(back.bounds[l].train.value.value, run.bounds[l].train.value.value);
    EXPECT_EQ(back.bounds[l].held_out->upper, run.bounds[l].held_out->upper);
  }
  EXPECT_EQ(back.stack().layers(), 2);
  EXPECT_EQ(back.stack(1).top().hidden.unit, Unit::spin);
}

TEST_F(RunFile, DeepHoldsWhatTheLayoutLists) {
  write_run(file(), stack_sample());
  EXPECT_EQ(run_kind(file()), RunKind::stack);
  expect_layout(file(), "stack");
}

TEST_F(RunFile, DeepInItsFirstLayerIsNotFinished) {
  StackRun run = stack_sample();
  run.layers.pop_back();
  run.layers[0].draws.clear();
  run.layers[0].stop_reason = StopReason::running;
  run.bounds.clear(), run.draws.clear();
  write_run(file(), run);
  const StackRun back = read_stack_run(file());
  EXPECT_FALSE(back.finished());
  EXPECT_EQ(back.layers.size(), 1U);
  EXPECT_TRUE(back.bounds.empty());
}

TEST(StackConfig, LayersAreNetworksWithSeedsOfTheirOwn) {
  const Config config = stack_config();
  const Config first = layer_config(config, 0), second = layer_config(config, 1);
  EXPECT_EQ(first.model.kind, ModelKind::network);
  EXPECT_EQ(first.model.visible, Unit::quartic);
  EXPECT_EQ(second.model.visible, Unit::spin);
  EXPECT_EQ(second.model.hidden_unit(0), Unit::binary);
  EXPECT_EQ(second.model.hidden_units, std::vector<int>{2});
  EXPECT_EQ(first.model.noise, 0.5);
  EXPECT_EQ(second.model.noise, 0);  // of the data alone
  EXPECT_EQ(first.training.epochs, 7);
  EXPECT_EQ(second.training.epochs, 9);
  EXPECT_EQ(first.run.seed, config.run.seed);
  EXPECT_NE(second.run.seed, config.run.seed);
  require_consistent(first, "first"), require_consistent(second, "second");
  EXPECT_EQ(to_toml(parse_config(to_toml(second), "second")), to_toml(second));
}

TEST(StackConfig, ComesBackFromItsDump) {
  const std::string dump = to_toml(stack_config());
  EXPECT_NE(dump.find("hidden = [\"spin\", \"binary\"]"), std::string::npos);
  EXPECT_NE(dump.find("hidden_units = [4, 2]"), std::string::npos);
  EXPECT_NE(dump.find("layer_epochs = [7, 9]"), std::string::npos);
  EXPECT_EQ(to_toml(parse_config(dump, "run.toml")), dump);
  const std::string network =
      to_toml(parse_config("[model]\nkind = \"network\"\n[data]\npath = \"x.npy\"\n", "run.toml"));
  EXPECT_NE(network.find("hidden = \"binary\""), std::string::npos);
  EXPECT_NE(network.find("hidden_units = \"auto\""), std::string::npos);
  EXPECT_EQ(network.find("layer_epochs"), std::string::npos);
}

}  // namespace
}  // namespace quartic
