// (Quick: tests/python/test_judge.py, tests/cli/test_referee.py.) The referee on fields of its own
// sampler, right and wrong: exact ones pass as often as they must, faults of known size are seen
// about as well as anything can see them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/run/judge.hpp"

namespace quartic {
namespace {

std::shared_ptr<const Graph> square(int extent) {
  return std::make_shared<Graph>(make_lattice({"square", {extent, extent}, {true, true}}));
}

/// On an edge list, couplings of both signs, r on every site.
Action rugged() {
  Action action(std::make_shared<Graph>(
      7,
      std::vector<Edge>{{0, 1}, {1, 2}, {2, 0}, {2, 3}, {3, 4}, {4, 5}, {5, 6}, {6, 3}, {1, 5}}));
  RandomStream random(3, Stream::start, 0);
  for (double& w : action.w) w = 2 * random.uniform() - 0.8;
  for (double& r : action.r) r = random.uniform() - 0.5;
  for (double& a : action.a) a = 2 * random.uniform() - 0.5;
  for (double& b : action.b) b = 0.1 + random.uniform();
  return action;
}

Config config() {
  Config c;
  c.sampler.options.chains = 512, c.run.seed = 5;
  return c;
}

/// [chain][draw][site]: `sweeps` of local moves alone between draws.
std::vector<double> draws_of(const Action& action, int chains, int draws, int sweeps,
                             std::uint64_t seed, bool clusters = true) {
  SamplerOptions options;
  options.chains = (chains + 15) / 16 * 16;
  if (!clusters) options.cluster = ClusterMove::none, options.flips = false;
  options.reflections = clusters ? 2 : 0;
  if (!clusters) options.metropolis_hits = 1;
  Sampler<double> sampler(action, options, seed, Stream::check);
  sampler.warm_up(80);
  const auto sites = static_cast<std::size_t>(sampler.sites());
  std::vector<double> phi(static_cast<std::size_t>(chains) * draws * sites);
  for (int draw = 0; draw < draws; ++draw) {
    sampler.sweep(sweeps);
    for (int chain = 0; chain < chains; ++chain)
      sampler.configuration(
          chain,
          std::span(phi).subspan((static_cast<std::size_t>(chain) * draws + draw) * sites, sites));
  }
  return phi;
}

JudgedFields rows(std::vector<double> phi, int sites) {
  JudgedFields fields{"rows"};
  fields.sites = sites, fields.draws = 1;
  fields.chains = static_cast<int>(phi.size()) / sites;
  fields.phi = std::move(phi);
  return fields;
}

Judgement judge(Referee& referee, const JudgedFields& fields) {
  Unattended nobody;
  return referee.judge(fields, nobody.session);
}

/// Kolmogorov and Smirnov's p-value of uniform numbers (Stephens' form).
double uniformity(std::vector<double> p) {
  std::sort(p.begin(), p.end());
  const auto n = static_cast<double>(p.size());
  double d = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    const auto x = static_cast<double>(k);
    d = std::max({d, (x + 1) / n - p[k], p[k] - x / n});
  }
  const double t = d * (std::sqrt(n) + 0.12 + 0.11 / std::sqrt(n));
  double sum = 0;
  for (int k = 1; k < 100; ++k) sum += (k % 2 ? 2 : -2) * std::exp(-2.0 * k * k * t * t);
  return std::clamp(sum, 0.0, 1.0);
}

/// Of 200 sets of `chains` chains each: all at once from one sampler.
void expect_uniform(const Action& action, int chains, int draws, int sweeps, bool clusters) {
  constexpr int sets = 200;
  const int sites = action.graph->sites();
  const auto phi = draws_of(action, sets * chains, draws, sweeps, 11, clusters);
  Referee referee(config(), action);
  std::vector<double> p;
  int wrong = 0;
  const std::size_t size = phi.size() / sets;
  for (int set = 0; set < sets; ++set) {
    JudgedFields fields{"fields"};
    fields.sites = sites, fields.chains = chains, fields.draws = draws;
    fields.phi.assign(phi.begin() + static_cast<std::ptrdiff_t>(set * size),
                      phi.begin() + static_cast<std::ptrdiff_t>((set + 1) * size));
    const Judgement found = judge(referee, fields);
    p.push_back(found.p_value);
    wrong += found.verdict == Verdict::wrong;
    EXPECT_TRUE(found.reference.ok) << found.reference.reason;
  }
  EXPECT_GT(uniformity(p), 1e-4);
  EXPECT_LE(wrong, 3);  // 0.2 expected
}

TEST(Judge, IndependentRowsHaveUniformP) {
  expect_uniform(Action::uniform(square(4), 1, 0, 1.52425, 0.175), 300, 1, 20, true);
}

TEST(Judge, FewSlowChainsHaveUniformP) {
  expect_uniform(Action::uniform(square(3), 0.5, 0, 1.2, 0.3), 4, 1000, 1, false);
}

TEST(Judge, InhomogeneousFieldsOnAnEdgeListHaveUniformP) {
  expect_uniform(rugged(), 300, 1, 20, true);
}

class JudgeFaults : public ::testing::Test {
 protected:
  static constexpr int extent = 8, sites = 64, count = 10000;
  static Action right() { return Action::uniform(square(extent), 1, 0, 1.52425, 0.175); }
  static Referee& referee() {
    static Referee one(config(), right());
    return one;
  }
  static std::vector<double> sample(const Action& action) {
    return draws_of(action, count, 1, 30, 7);
  }
  static std::vector<double> exact() {
    static const std::vector<double> phi = sample(right());
    return phi;
  }
  /// What an error of the couplings does at best: |change| sqrt(N Var f).
  static double best(CouplingKind kind, double change) {
    const auto phi = exact();
    const Action one = right();
    double sum = 0, square_sum = 0;
    for (int n = 0; n < count; ++n) {
      double f = 0;
      const double* x = phi.data() + static_cast<std::ptrdiff_t>(n) * sites;
      if (kind == CouplingKind::w)
        for (const auto& [i, j] : one.graph->edges()) f += x[i] * x[j];
      else
        for (int i = 0; i < sites; ++i) f += std::pow(x[i], kind == CouplingKind::a ? 2 : 4);
      sum += f / count, square_sum += f * f / count;
    }
    return std::abs(change) * std::sqrt(count * (square_sum - sum * sum));
  }
  static double z_of_terms(const Judgement& found) {
    double most = 0;
    for (const auto& test : found.families) most = std::max(most, std::abs(test.worst[0].z));
    return most;
  }
};

TEST_F(JudgeFaults, OnePercentInAllOfAKind) {
  const struct {
    CouplingKind kind;
    double factor;
  } faults[] = {{CouplingKind::w, 1.01}, {CouplingKind::a, 1.01}, {CouplingKind::b, 1.03}};
  for (const auto& fault : faults) {
    Action wrong = right();
    for (double& x : wrong.couplings(fault.kind)) x *= fault.factor;
    const Judgement found = judge(referee(), rows(sample(wrong), sites));
    EXPECT_EQ(found.verdict, Verdict::wrong);
    const double change = (fault.factor - 1) * right().couplings(fault.kind)[0];
    EXPECT_GT(z_of_terms(found), 0.5 * best(fault.kind, change)) << name(fault.kind);
    bool named = false;
    for (const auto& c : found.couplings) {
      if (c.name != "all " + std::string(name(fault.kind))) continue;
      named = true;
      EXPECT_NEAR(c.change.value, fault.factor - 1,
                  5 * c.change.error + 0.15 * (fault.factor - 1));  // to first order
      EXPECT_TRUE(c.sufficient) << c.name;
    }
    EXPECT_TRUE(named);
  }
}

TEST_F(JudgeFaults, OneEdge) {
  Action wrong = right();
  wrong.w[37] *= 1.15;
  const auto [i, j] = wrong.graph->edges()[37];
  const Judgement found = judge(referee(), rows(sample(wrong), sites));
  EXPECT_EQ(found.verdict, Verdict::wrong);
  const auto cause = "w[" + std::to_string(i) + "," + std::to_string(j) + "]";
  EXPECT_NE(found.findings.at(0).find(cause), std::string::npos) << found.findings.at(0);
}

TEST_F(JudgeFaults, OneDeadMode) {
  auto phi = exact();
  for (int n = 0; n < count; ++n) {  // k = (1, 2) projected out
    double* x = phi.data() + static_cast<std::ptrdiff_t>(n) * sites;
    for (const bool sine : {false, true}) {
      const auto wave = [&](int s) {
        const double angle = 2 * M_PI * (s / extent + 2.0 * (s % extent)) / extent;
        return (sine ? std::sin(angle) : std::cos(angle)) / std::sqrt(sites / 2.0);
      };
      double amplitude = 0;
      for (int s = 0; s < sites; ++s) amplitude += x[s] * wave(s);
      for (int s = 0; s < sites; ++s) x[s] -= amplitude * wave(s);
    }
  }
  const Judgement found = judge(referee(), rows(std::move(phi), sites));
  EXPECT_EQ(found.verdict, Verdict::wrong);
  EXPECT_NE(found.findings.at(0).find("dead"), std::string::npos) << found.findings.at(0);
}

TEST_F(JudgeFaults, OneWellAlone) {
  auto phi = exact();
  for (int n = 0; n < count; ++n) {
    const auto row = phi.begin() + static_cast<std::ptrdiff_t>(n) * sites;
    double m = 0;
    for (int s = 0; s < sites; ++s) m += row[s];
    if (m < 0) std::transform(row, row + sites, row, std::negate<>());
  }
  const Judgement found = judge(referee(), rows(std::move(phi), sites));
  EXPECT_EQ(found.verdict, Verdict::wrong);
  EXPECT_LT(found.p_value, 1e-100);
}

TEST_F(JudgeFaults, RepeatsOfRowsByName) {
  for (const bool changed : {false, true}) {
    auto phi = exact();
    for (int s = 0; s < sites; ++s)  // mirrored, of turned sign
      phi[4321 * sites + s] = changed ? -phi[99 * sites + sites - 1 - s] : phi[99 * sites + s];
    const Judgement found = judge(referee(), rows(std::move(phi), sites));
    EXPECT_EQ(found.verdict, Verdict::wrong);
    EXPECT_NE(found.findings.at(0).find("row 4321"), std::string::npos) << found.findings.at(0);
    EXPECT_NE(found.findings.at(0).find("row 99"), std::string::npos) << found.findings.at(0);
  }
}

TEST_F(JudgeFaults, AChainIsNoSetOfIndependentRows) {
  const auto phi = draws_of(right(), 1, count, 1, 3, false);
  const Judgement found = judge(referee(), rows(phi, sites));
  EXPECT_EQ(found.verdict, Verdict::wrong);
  const auto said = std::find_if(found.findings.begin(), found.findings.end(), [](const auto& f) {
    return f.find("--one-chain") != std::string::npos;
  });
  EXPECT_NE(said, found.findings.end());
}

TEST(JudgeWeights, CureAWrongGaussian) {
  const Action action = Action::uniform(square(3), 0.2, 0, 1, 0.1);
  constexpr int count = 4000, sites = 9;
  RandomStream random(2, Stream::check, 0);
  JudgedFields fields = rows(std::vector<double>(static_cast<std::size_t>(count) * sites), sites);
  const double sd = 0.75;
  for (int n = 0; n < count; ++n) {
    double log_q = 0;
    for (int s = 0; s < sites; ++s) {
      const double z = random.normal();
      fields.phi[static_cast<std::size_t>(n) * sites + s] = sd * z;
      log_q += -0.5 * z * z - std::log(sd * std::sqrt(2 * M_PI));
    }
    fields.log_q.push_back(log_q);
  }
  Referee referee(config(), action);
  const Judgement with = judge(referee, fields);
  EXPECT_EQ(with.verdict, Verdict::passed) << (with.findings.empty() ? "" : with.findings[0]);
  ASSERT_TRUE(with.weights);
  EXPECT_LT(with.weights->p_value_as_they_are, 1e-6);
  EXPECT_GT(with.weights->kl.value, 5 * with.weights->kl.error);
  for (double& q : fields.log_q) q *= 1.2;  // a wrong density
  EXPECT_EQ(judge(referee, fields).verdict, Verdict::wrong);
}

TEST(JudgeInput, RefusesWhatCannotBeJudged) {
  const Action action = Action::uniform(square(3), 0.2, 0, 1, 0.1);
  Referee referee(config(), action);
  EXPECT_THROW(judge(referee, rows(std::vector<double>(9 * 20, 0.1), 9)), BadInput);
  EXPECT_THROW(judge(referee, rows(std::vector<double>(8 * 200, 0.1), 8)), BadInput);
  auto broken = rows(std::vector<double>(9 * 200, 0.1), 9);
  broken.phi[9 * 17 + 3] = NAN;
  try {
    judge(referee, broken);
    FAIL();
  } catch (const BadInput& error) {
    EXPECT_NE(std::string(error.what()).find("row 17, site 3"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace quartic
