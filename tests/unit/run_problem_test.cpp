#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "quartic/core/error.hpp"
#include "quartic/run/problem.hpp"

namespace quartic {
namespace {

const std::string a3_target =
    "[[target]]\nterm = \"nn\"\ncoupling = -1.0\n"
    "[[target]]\nterm = \"phi2\"\ncoupling = 1.52425\n"
    "[[target]]\nterm = \"phi4\"\ncoupling = 0.175\n";

TEST(Problem, RandomStartsComeFromTheSeedAlone) {
  auto config = parse_config(a3_target, "run.toml");
  const auto graph = make_graph(config.graph);
  const auto start = make_start(config, graph);
  EXPECT_EQ(start.w, make_start(config, graph).w);
  config.run.seed = 2;
  EXPECT_NE(start.w, make_start(config, graph).w);
  for (const double w : start.w) EXPECT_TRUE(w >= 0.2 && w < 0.6);
  config.action.w.freedom = Freedom::tied;
  const auto one = make_start(config, graph).w;
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
  EXPECT_EQ(problem_refusal("[action]\nb = -0.1\n" + a3_target).substr(0, 26),
            "run.toml:2: 'b' must be a ");
  Config negative = parse_config(a3_target, "run.toml");
  negative.action.b.start = {{-0.1, -0.1}};
  try {
    make_problem(negative);
    ADD_FAILURE() << "accepted";
  } catch (const BadInput& error) {
    EXPECT_NE(std::string(error.what()).find("b of site 0"), std::string::npos);
  }
  EXPECT_NE(problem_refusal("[action]\nb = 0\na = -1\n" + a3_target).find("not positive definite"),
            std::string::npos);
  EXPECT_NE(problem_refusal("[graph]\nlattice = \"complete\"\nextent = [5]\nboundary = \"open\"\n" +
                            a3_target)
                .find("complete"),
            std::string::npos);
  EXPECT_NE(
      problem_refusal("[graph]\nlattice = \"complete\"\nextent = [5]\n[[target]]\nterm = \"nnn\"\n")
          .find("complete"),
      std::string::npos);
}

TEST(Problem, ExpectsTheTargetsOwnCouplingsOnlyInTheSpan) {
  const auto exact = make_problem(parse_config(a3_target, "run.toml"));
  ASSERT_EQ(exact.expected.size(), 64u);
  EXPECT_EQ(exact.expected[0], 1);
  EXPECT_EQ(exact.expected[32], 1.52425);
  EXPECT_EQ(exact.expected[48], 0.175);
  const auto outside = make_problem(
      parse_config(a3_target + "[[target]]\nterm = \"nnn\"\ncoupling = -1\n", "run.toml"));
  EXPECT_TRUE(std::isnan(outside.expected[0]));
  const auto frozen = make_problem(
      parse_config(a3_target + "[[target]]\nterm = \"phi\"\ncoupling = 1\n", "run.toml"));
  EXPECT_TRUE(std::isnan(frozen.expected[0]));
  const auto king =
      make_problem(parse_config("[graph]\nlattice = \"king\"\nextent = [4, 4]\n" + a3_target +
                                    "[[target]]\nterm = \"nnn\"\ncoupling = -0.5\n",
                                "run.toml"));
  EXPECT_EQ(std::count(king.expected.begin(), king.expected.begin() + 64, 1.0), 32);
  EXPECT_EQ(std::count(king.expected.begin(), king.expected.begin() + 64, 0.5), 32);
  const auto small =
      make_problem(parse_config("[graph]\nextent = [2, 2]\n" + a3_target, "run.toml"));
  EXPECT_EQ(small.expected[0], 1);  // parallel edges share
}

}  // namespace
}  // namespace quartic
