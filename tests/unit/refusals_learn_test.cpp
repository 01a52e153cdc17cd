// Every refusal of learn and network about what a user gives has a hint.
#include <cmath>

#include "learn_fixtures.hpp"
#include "quartic/learn/data_moments.hpp"
#include "quartic/learn/likelihood.hpp"
#include "quartic/learn/score_matching.hpp"
#include "quartic/learn/variational.hpp"
#include "quartic/network/conditional_sampler.hpp"
#include "quartic/network/evaluation.hpp"
#include "quartic/network/learner.hpp"
#include "quartic/network/path.hpp"
#include "quartic/network/sampler.hpp"
#include "quartic/network/stack.hpp"
#include "refusals.hpp"

namespace quartic {
namespace {

using enum Freedom;

TEST(Refusals, Learners) {
  const auto graph = testing::lattice_graph("square", 4);
  const Action start = Action::uniform(graph, 0.1, 0, 1, 0.2);
  const std::vector<TermSpec> terms{{"phi2", 1.0, {}, {}, {}}, {"phi4", 0.2, {}, {}, {}}};
  const auto rows = testing::gaussian_data(64, 16, 0, 1, 1);
  SamplerOptions sampler;
  sampler.chains = 16;
  const auto learn = [&](auto change, Freedom freedom = tied) {
    return [=] {
      VariationalOptions options;
      change(options);
      const Parameters parameters(graph, {freedom, freedom, freedom, freedom});
      VariationalLearner<float>(Target(terms, *graph), parameters, start, sampler, options, 1);
    };
  };
  const auto fit = [&](auto change, Freedom freedom = tied) {
    return [=] {
      LikelihoodOptions options;
      change(options);
      const Parameters parameters(graph, {freedom, freedom, freedom, freedom});
      LikelihoodLearner<float>(rows, nullptr, parameters, start, sampler, options, 1);
    };
  };
  expect_refused({
      {"learn: epochs", "learn.epochs", learn([](auto& o) { o.epochs = 0; })},
      {"nothing to learn", "freedom", learn([](auto&) {}, frozen)},
      {"too few for the regression", "learn.draws", learn([](auto& o) { o.draws = 1; }, free)},
      {"fit: epochs", "fit.epochs", fit([](auto& o) { o.epochs = 0; })},
      {"fit: rate", "fit.noise_share", fit([](auto& o) { o.noise_share = 0; })},
      {"nothing to learn", "freedom", fit([](auto&) {}, frozen)},
      {"noise must not be negative", "noise = 0", [&] { DataMoments(rows, graph, {-1}); }},
  });
}

TEST(Refusals, Networks) {
  const Network network(Layer(Unit::binary, 3), Layer(Unit::binary, 2));
  const Network other(Layer(Unit::spin, 3), Layer(Unit::binary, 2));
  const std::vector<float> odd(4);
  NetworkSampler<float> sampler(network, 16, 1);
  expect_refused({
      {"with 0 chains", "at least one", [&] { NetworkSampler<float>(network, 0, 1); }},
      {"4 values for 16 chains of 3", "[chain][visible]",
       [&] { sampler.set_visible(std::vector<double>(4)); }},
      {"of another shape", "same network", [&] { sampler.restore({}); }},
      {"a path of models", "base_network",
       [&] { NetworkPath({std::make_shared<const Network>(network)}); }},
      {"the same units as the network", "same layers", [&] { NetworkPath(network, other); }},
      {"4 values do not fill rows of 3", "whole rows",
       [&] { free_energies(network, std::span<const float>(odd)); }},
  });
}

TEST(Refusals, Training) {
  const auto rows = std::make_shared<ArraySource>(std::vector<float>{0, 1, 1, 0, 1, 1}, 2);
  const ColumnMoments moments = column_moments(*rows);
  const Network start = initial_network(Unit::binary, Unit::binary, 2, moments);
  const auto train = [&](auto change) {
    return [=] {
      TrainingOptions options;
      options.batch = 2;
      change(options);
      NetworkLearner<float>(rows, moments, start, options, 1);
    };
  };
  expect_refused({
      {"training: epochs", "training.epochs", train([](auto& o) { o.epochs = 0; })},
      {"training: 0 rungs", "multiple of 16", train([](auto& o) { o.rungs = 0; })},
      {"training: rate", "training.rate", train([](auto& o) { o.rate = 0; })},
      {"momentum = 1", "momentum = 0", train([](auto& o) { o.momentum = 1; })},
      {"weight_decay = -1", "weight_decay = 0", train([](auto& o) { o.weight_decay = -1; })},
      {"the data have 2 columns, the network 3", "one visible unit a column",
       [&] {
         const Network wide(Layer(Unit::binary, 3), Layer(Unit::binary, 2));
         NetworkLearner<float>(rows, moments, wide, {}, 1);
       }},
  });
}

}  // namespace
}  // namespace quartic
