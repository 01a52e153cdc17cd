// Every refusal of stats names place and reason, and has a hint.
#include <cmath>

#include "quartic/core/autocorrelation.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/stats/acceptance_ratio.hpp"
#include "quartic/stats/annealing.hpp"
#include "quartic/stats/free_energy.hpp"
#include "quartic/stats/identities.hpp"
#include "quartic/stats/integration.hpp"
#include "quartic/stats/mbar.hpp"
#include "quartic/stats/measurement.hpp"
#include "quartic/stats/overlap.hpp"
#include "quartic/stats/reweighting.hpp"
#include "refusals.hpp"

namespace quartic {
namespace {

using Series = std::vector<double>;

Action coupled_action() {
  return Action::uniform(std::make_shared<Graph>(make_lattice({"square", {4, 4}, {true, true}})), 1,
                         0, 1, 1);
}

SamplerOptions few() {
  SamplerOptions options;
  options.chains = 16;
  return options;
}

TEST(Refusals, Series) {
  const Series work{1, 2, 3}, wrong{1, NAN, 3};
  const std::vector<float> phi(16);
  expect_refused({
      {"at least two forward trajectories, got 1", "more chains",
       [&] { acceptance_ratio(Series{1}, work); }},
      {"a reverse work is not finite", "smaller", [&] { acceptance_ratio(work, wrong); }},
      {"in both directions of every pair", "every pair", [] { ladder_ratio({}, {}, 2); }},
      {"as many samples of every one", "equally often",
       [&] {
         ladder_ratio({work}, {Series{1, 2}}, 1);
       }},
      {"two chains of equal length, got 3 values in 2", "fastest",
       [&] { measure_overlap(work, 2); }},
      {"drift needs two chains", "fastest", [&] { drift(work, 1); }},
      {"the virial needs", "fastest", [&] { virial(coupled_action(), phi, 1); }},
      {"no equally many configurations", "", [&] { virial(coupled_action(), phi, 2); }},
      {"errors need at least", "",
       [] {
         jackknife_groups(std::vector<ChainSet>{{1, 1}});
       }},
  });
}

TEST(Refusals, Reweighting) {
  const auto sample = [](Series action, std::vector<Series> terms) {
    return ReweightingSample{{{4, 64}}, std::move(action), std::move(terms), {}, {}};
  };
  const Series whole(256, 1.0);
  Series broken = whole;
  broken[3] = INFINITY;
  expect_refused({
      {"S has 2 values for 256 samples", "every sample",
       [&] {
         Reweighting(sample({1, 2}, {}));
       }},
      {"a term of sample 3 is inf", "leave that sample out",
       [&] { Reweighting(sample(whole, {broken})); }},
      {"2 couplings for 0 terms", "one coupling for every term",
       [&] {
         Reweighting(sample(whole, {})).at({1.0, 2.0});
       }},
      {"MBAR needs the 1 actions", "all ensembles",
       [&] {
         solve_mbar({{1, 2}}, std::vector<ChainSet>{{4, 64}});
       }},
  });
}

TEST(Refusals, Annealing) {
  const Action action = coupled_action();
  const ActionPath path{action, action};
  const std::vector<float> phi(32);
  const auto anneal = [&](int chains, double ess) {
    return [=] { anneal_sample<float>(path, phi, chains, {few(), ess, 1, 10, {}}, 1); };
  };
  expect_refused({
      {"32 field values do not split into 3 chains", "two chains or more", anneal(3, 0.5)},
      {"ess = 2 is not between", "half", anneal(2, 2)},
      {"annealing from a coupled action", "give fields",
       [&] { plan_annealing<float>(path, few(), 1); }},
      {"the wanted error of a free energy is 0", "standard error",
       [&] {
         integrate_path<float>({path, {}}, {few(), 0, 10, {}}, 1);
       }},
  });
}

TEST(Refusals, Measurement) {
  const Action action = coupled_action();
  const Sampler<float> sampler(action, few(), 1);
  expect_refused({
      {"0 chains with at most 4096 bins", "from 16 on", [&] { Measurement(action, 0); }},
      {"measurement of 32 chains of 16 sites given 16 chains", "make another",
       [&] { Measurement(action, 32).add(sampler); }},
      {"a spectrum interval of -1 draws", "not below 0",
       [&] { Measurement(action, 16).set_spectrum_interval(-1); }},
      {"set after 1 draws", "before the first draw",
       [&] {
         Measurement measurement(action, 16);
         measurement.add(sampler);
         measurement.set_spectrum_interval(4);
       }},
      {"no observable 'abs_n'", "abs_m", [&] { Measurement(action, 16).series("abs_n"); }},
      {"the saved measurement is of another action", "",
       [&] { Measurement(action, 16).restore({}); }},
  });
}

}  // namespace
}  // namespace quartic
