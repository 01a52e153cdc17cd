#include "quartic/config/config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "quartic/core/error.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/run/problem.hpp"

namespace quartic {
namespace {

const std::string target = "[[target]]\nterm = \"nn\"\ncoupling = -1.0\n";
const std::string a3 = target +
                       "[[target]]\nterm = \"phi2\"\ncoupling = 1.52425\n"
                       "[[target]]\nterm = \"phi4\"\ncoupling = 0.175\n";

std::string refusal(const std::string& text, const std::vector<std::string>& settings = {}) {
  try {
    parse_config(text, "run.toml", settings);
  } catch (const BadInput& error) {
    return error.what();
  }
  return "accepted";
}

struct Case {
  std::string text, message;
};

TEST(Config, RefusesWhatItDoesNotUnderstandWithFileLineAndReason) {
  const Case cases[] = {
      {"[learn]\nepoch = 3\n",
       "run.toml:2: unknown key 'epoch' in [learn]; did you mean 'epochs'?"},
      {"[lern]\n", "run.toml:1: unknown section [lern]; did you mean 'learn'?"},
      {"learn = 3\n", "run.toml:1: 'learn' is a section: write [learn]"},
      {"[learn]\n\nepochs = \"ten\"\n",
       "run.toml:3: 'epochs' must be an integer >= 1, not \"ten\""},
      {"[learn]\nepochs = 2.5\n", "run.toml:2: 'epochs' must be an integer >= 1, not 2.5"},
      {"[learn]\nepochs = 99999999999\n",
       "run.toml:2: 'epochs' must be an integer >= 1, not 99999999999"},
      {"[learn]\nrate = 0\n", "run.toml:2: 'rate' must be \"auto\" or a number > 0, not 0"},
      {"[learn]\nrate = nan\n", "run.toml:2: 'rate' must be \"auto\" or a number > 0, not nan"},
      {"[learn]\noptimiser = \"natral\"\n",
       "run.toml:2: 'optimiser' cannot be \"natral\"; did you mean 'natural'?"},
      {"[learn]\nstop_early = 1\n", "run.toml:2: 'stop_early' must be true or false, not 1"},
      {"[sampler]\nchains = 100\n",
       "run.toml:2: 'chains' must be an integer >= 16, a multiple of 16, not 100"},
      {"[sampler]\nprecision = \"float\"\n", "run.toml:2: 'precision' cannot be \"float\""},
      {"[graph]\nlattice = \"sqare\"\n",
       "run.toml:2: 'lattice' cannot be \"sqare\"; did you mean 'square'?"},
      {"[graph]\nextent = [4, 0]\n",
       "run.toml:2: 'extent' must be an array of integers >= 1, not 0"},
      {"[graph]\nboundary = \"opn\"\n" + target,
       "run.toml: a boundary is periodic or open, not \"opn\"; did you mean 'open'?"},
      {"[run]\nseed = -1\n", "run.toml:2: 'seed' must be an integer >= 0, not -1"},
      {"[action]\nw = { strt = 1 }\n",
       "run.toml:2: unknown key 'strt' in 'w'; did you mean 'start'?"},
      {"[action]\nw = { start = [2, 1] }\n",
       "run.toml:2: a start [low, high] needs low <= high, not [2, 1]"},
      {"[action]\nb = { freedom = \"fre\" }\n",
       "run.toml:2: 'freedom' cannot be \"fre\"; did you mean 'free'?"},
      {"[action]\nkappa = 1\n" + target,
       "run.toml: a homogeneous start needs kappa, mu2 and lambda together in [action]"},
      {"[[target]]\nterm = \"nnnn\"\n",
       "run.toml:2: 'term' cannot be \"nnnn\"; did you mean 'nnn'?"},
      {"[[target]]\ncoupling = 1\n", "run.toml:1: this [[target]] has no 'term'"},
      {"[target]\nterm = \"nn\"\n", "run.toml:1: the target is a list of terms"},
      {"[[target]]\nterm = \"nn\"\ncupling = 1\n",
       "run.toml:3: unknown key 'cupling' in [[target]]; did you mean 'coupling'?"},
      {"[learn]\nepochs = \n", "run.toml:2: "},
      {"[sample]\nuntil = \"m2\"\nrelative_error = 0\n",
       "run.toml:3: 'relative_error' must be a number > 0, not 0"},
      {"[sample]\nrelative_error = 0.1\n", "run.toml: relative_error in [sample] needs until"},
      {"[sample]\ndraw = 3\n", "run.toml:2: unknown key 'draw' in [sample]; did you mean 'draws'?"},
  };
  for (const auto& [text, message] : cases)
    EXPECT_EQ(refusal(text).substr(0, message.size()), message) << text;
}

TEST(Config, OnlyLearningNeedsATarget) {
  EXPECT_EQ(refusal(""), "accepted");
  EXPECT_THROW(require_target(parse_config("", "run.toml"), "run.toml"), BadInput);
  EXPECT_NO_THROW(require_target(parse_config(target, "run.toml"), "run.toml"));
}

TEST(Config, StoredDrawsStayBelow64MiB) {
  const OutputConfig automatic;
  EXPECT_EQ(automatic.max_draws(1024, 4096), 4);
  EXPECT_EQ(automatic.max_draws(1 << 14, 1 << 20), 1);
  EXPECT_EQ((OutputConfig{.file = "", .draws = 7}.max_draws(1024, 4096)), 7);
}

TEST(Config, SettingsGoThroughTheSameChecks) {
  const auto config = parse_config(a3, "run.toml",
                                   {"learn.epochs=7", "learn.optimiser=adam", "graph.extent=[8, 8]",
                                    "action.w.freedom=tied", "run.seed=11"});
  EXPECT_EQ(config.learn.epochs, 7);
  EXPECT_EQ(config.learn.optimiser, Optimiser::adam);
  EXPECT_EQ(config.graph.extent, (std::vector<int>{8, 8}));
  EXPECT_EQ(config.action.w.freedom, Freedom::tied);
  EXPECT_EQ(config.run.seed, 11u);
  EXPECT_EQ(refusal(a3, {"learn.epoch=3"}),
            "--set learn.epoch=3: unknown key 'epoch' in [learn]; did you mean 'epochs'?");
  EXPECT_EQ(refusal(a3, {"sampler.chains=10"}),
            "--set sampler.chains=10: 'chains' must be an integer >= 16, a multiple of 16, not 10");
  EXPECT_THROW(parse_config(a3, "run.toml", {"epochs=3"}), Error);
}

TEST(Config, EffectiveConfigComesBackExactly) {
  const std::string text = R"(
[graph]
lattice = "king"
extent = [3, 5]
boundary = ["periodic", "open"]
[action]
w = { start = [0.1, 0.30000000000000004], freedom = "tied" }
r = 1e-17
[learn]
rate = 0.3333333333333333
[sampler]
reflections = 4
precision = "float64"
[certificate]
steps = 100
[output]
draws = 3
[sample]
until = "m2"
relative_error = 0.1
draws = 50
[[target]]
term = "pairs"
coupling = [0.1, -1e300]
displacement = [2, -1]
[[target]]
term = "phi2"
coupling = 2
weights = [1, 2.5e-310]
)";
  const std::string once = to_toml(parse_config(text, "run.toml"));
  EXPECT_EQ(to_toml(parse_config(once, "effective")), once);
  const Config back = parse_config(once, "effective");
  EXPECT_EQ(back.action.w.start->at(1), 0.30000000000000004);
  EXPECT_EQ(back.action.r.start->at(0), 1e-17);
  EXPECT_EQ(back.action.r.freedom, Freedom::frozen);
  EXPECT_EQ(*back.learn.rate, 0.3333333333333333);
  EXPECT_EQ(back.target[0].coupling, (std::complex<double>{0.1, -1e300}));
  EXPECT_EQ(back.target[0].displacement, (std::vector<int>{2, -1}));
  EXPECT_EQ(back.target[1].weights, (std::vector<double>{1, 2.5e-310}));
  const std::string plain = to_toml(parse_config(a3, "run.toml"));
  EXPECT_EQ(to_toml(parse_config(plain, "effective")), plain);
  EXPECT_NE(plain.find("epochs = 200  # default"), std::string::npos);
}

TEST(Config, FileNamesAreTakenFromTheConfigsDirectory) {
  const auto config =
      parse_config("[graph]\nedges = \"e.txt\"\n" + target, "run.toml", {}, "/some/where");
  EXPECT_EQ(config.graph.edges, "/some/where/e.txt");
}

TEST(Config, HomogeneousStartIsOverriddenByKind) {
  const auto config =
      parse_config("[action]\nkappa = 1\nmu2 = -0.9515\nlambda = 0.7\nb = 0.5\n" + a3, "run.toml");
  const auto start = make_start(config.action, make_graph(config.graph), 1);
  EXPECT_DOUBLE_EQ(start.w[3], 1);
  EXPECT_DOUBLE_EQ(start.a[3], 1.52425);
  EXPECT_DOUBLE_EQ(start.b[3], 0.5);
}

TEST(Config, ReferenceNamesEveryKey) {
  const std::string page = config_reference();
  for (const char* key : {"optimiser", "dense_limit", "precision", "displacement", "draws", "seed"})
    EXPECT_NE(page.find(std::string("| `") + key + "`"), std::string::npos) << key;
}

TEST(Problem, RandomStartsComeFromTheSeedAlone) {
  const auto config = parse_config(a3, "run.toml");
  const auto graph = make_graph(config.graph);
  const auto start = make_start(config.action, graph, 1);
  EXPECT_EQ(start.w, make_start(config.action, graph, 1).w);
  EXPECT_NE(start.w, make_start(config.action, graph, 2).w);
  for (const double w : start.w) EXPECT_TRUE(w >= 0.2 && w < 0.6);
  auto tied = config.action;
  tied.w.freedom = Freedom::tied;
  const auto one = make_start(tied, graph, 1).w;
  for (const double w : one) EXPECT_EQ(w, one[0]);
}

std::string problem_refusal(const std::string& text) {
  try {
    make_problem(parse_config(text, "run.toml"));
  } catch (const BadInput& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Problem, RefusesPhysicsThatCannotBe) {
  EXPECT_NE(problem_refusal("[action]\nb = -0.1\n" + a3).find("b of site 0"), std::string::npos);
  EXPECT_NE(problem_refusal("[action]\nb = 0\na = -1\n" + a3).find("not positive definite"),
            std::string::npos);
  EXPECT_NE(
      problem_refusal("[graph]\nlattice = \"complete\"\nextent = [5]\nboundary = \"open\"\n" + a3)
          .find("complete"),
      std::string::npos);
  EXPECT_NE(
      problem_refusal("[graph]\nlattice = \"complete\"\nextent = [5]\n[[target]]\nterm = \"nnn\"\n")
          .find("complete"),
      std::string::npos);
}

TEST(Problem, ExpectsTheTargetsOwnCouplingsOnlyInTheSpan) {
  const auto exact = make_problem(parse_config(a3, "run.toml"));
  ASSERT_EQ(exact.expected.size(), 64u);
  EXPECT_EQ(exact.expected[0], 1);
  EXPECT_EQ(exact.expected[32], 1.52425);
  EXPECT_EQ(exact.expected[48], 0.175);
  const auto outside =
      make_problem(parse_config(a3 + "[[target]]\nterm = \"nnn\"\ncoupling = -1\n", "run.toml"));
  EXPECT_TRUE(std::isnan(outside.expected[0]));
  const auto frozen =
      make_problem(parse_config(a3 + "[[target]]\nterm = \"phi\"\ncoupling = 1\n", "run.toml"));
  EXPECT_TRUE(std::isnan(frozen.expected[0]));
  const auto king =
      make_problem(parse_config("[graph]\nlattice = \"king\"\nextent = [4, 4]\n" + a3 +
                                    "[[target]]\nterm = \"nnn\"\ncoupling = -0.5\n",
                                "run.toml"));
  EXPECT_EQ(std::count(king.expected.begin(), king.expected.begin() + 64, 1.0), 32);
  EXPECT_EQ(std::count(king.expected.begin(), king.expected.begin() + 64, 0.5), 32);
  const auto small = make_problem(parse_config("[graph]\nextent = [2, 2]\n" + a3, "run.toml"));
  EXPECT_EQ(small.expected[0], 1);  // parallel edges share
}

}  // namespace
}  // namespace quartic
