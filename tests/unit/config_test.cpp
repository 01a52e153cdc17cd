#include "quartic/config/config.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "config/reader.hpp"
#include "quartic/core/error.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/run/problem.hpp"

namespace quartic {
namespace {

using namespace std::string_view_literals;

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

struct RangeCase {
  std::string text, message;
};

TEST(Config, RefusesWhatItDoesNotUnderstandWithFileLineAndReason) {
  const RangeCase cases[] = {
      {"[learn]\nepoch = 3\n",
       "run.toml:2: unknown key 'epoch' in [learn]; did you mean 'epochs'?"},
      {"[lern]\n", "run.toml:1: unknown section [lern]; did you mean 'learn'?"},
      {"learn = 3\n", "run.toml:1: 'learn' is a section: write [learn]"},
      {"[learn]\n\nepochs = \"ten\"\n",
       "run.toml:3: 'epochs' must be an integer >= 1, not \"ten\""},
      {"[learn]\nepochs = 2.5\n", "run.toml:2: 'epochs' must be an integer >= 1, not 2.5"},
      {"[learn]\nepochs = 99999999999\n",
       "run.toml:2: 'epochs' must be an integer >= 1, not 99999999999"},
      {"[learn]\nrate = 0\n",
       "run.toml:2: 'rate' must be \"auto\" or a number > 0 and <= 1000000, not 0"},
      {"[learn]\nrate = nan\n",
       "run.toml:2: 'rate' must be \"auto\" or a number > 0 and <= 1000000, not nan"},
      {"[learn]\noptimiser = \"natral\"\n",
       "run.toml:2: 'optimiser' cannot be \"natral\"; did you mean 'natural'?"},
      {"[learn]\nstop_early = 1\n", "run.toml:2: 'stop_early' must be true or false, not 1"},
      {"[sampler]\nchains = 100\n",
       "run.toml:2: 'chains' must be an integer from 16 to 1048576, a multiple of 16, not 100"},
      {"[sampler]\nprecision = \"float\"\n", "run.toml:2: 'precision' cannot be \"float\""},
      {"[graph]\nlattice = \"sqare\"\n",
       "run.toml:2: 'lattice' cannot be \"sqare\"; did you mean 'square'?"},
      {"[graph]\nextent = [4, 0]\n",
       "run.toml:2: 'extent' must be an array of integers >= 1, not 0"},
      {"[graph]\nboundary = \"opn\"\n" + target,
       "run.toml:2: 'boundary' cannot be \"opn\"; did you mean 'open'?"},
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
  EXPECT_EQ(
      refusal(a3, {"sampler.chains=10"}),
      "--set sampler.chains=10: 'chains' must be an integer from 16 to 1048576, a multiple of "
      "16, not 10");
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
coupling = [0.1, -1e30]
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
  EXPECT_EQ(back.target[0].coupling, (std::complex<double>{0.1, -1e30}));
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
  const auto start = make_start(config, make_graph(config.graph));
  EXPECT_DOUBLE_EQ(start.w[3], 1);
  EXPECT_DOUBLE_EQ(start.a[3], 1.52425);
  EXPECT_DOUBLE_EQ(start.b[3], 0.5);
}

TEST(Config, ReferenceNamesEveryKey) {
  const std::string page = config_reference();
  for (const char* key : {"optimiser", "dense_limit", "precision", "displacement", "draws", "seed"})
    EXPECT_NE(page.find(std::string("| `") + key + "`"), std::string::npos) << key;
}

// ---- the table of keys --------------------------------------------------------------------------

/// What reading `value` for a key of a section does: the refusal, or nothing.
std::string reading(std::size_t section, const binder::Key& key, const std::string& value) {
  Config config;
  TermSpec term;
  const auto all = binder::sections(config);
  const auto& keys = section < all.size() ? all[section] : binder::target_section(term);
  const auto table = toml::parse(std::string(key.name) + " = " + value, "run.toml"sv);
  try {
    binder::read(keys, table, {});
  } catch (const BadInput& error) {
    return error.what();
  }
  return {};
}

bool takes_whole_numbers(const binder::Reference& value) {
  return std::holds_alternative<int*>(value) || std::holds_alternative<binder::AutoInt>(value) ||
         std::holds_alternative<std::uint64_t*>(value) ||
         std::holds_alternative<binder::OneOrMore>(value) ||
         std::holds_alternative<std::optional<int>*>(value) ||
         std::holds_alternative<std::vector<int>*>(value);
}

/// The key takes its bounds (the open one's neighbour) and nothing just outside, which it refuses
/// in the words of its range.
void expect_range(std::size_t section, const binder::Key& key) {
  const auto& range = key.range;
  const bool whole = takes_whole_numbers(key.value);
  const auto spelled = [&](double x) {
    return whole ? fmt::format("{:.0f}", x) : fmt::format("{:.17e}", x);
  };
  const auto refused = [&](double x) {
    const std::string message = reading(section, key, spelled(x));
    EXPECT_NE(message.find(fmt::format("'{}' must be {}", key.name, binder::type_name(key))),
              std::string::npos)
        << key.name << " = " << spelled(x) << ": " << message;
  };
  const auto taken = [&](double x) {
    EXPECT_EQ(reading(section, key, spelled(x)), "") << key.name;
  };
  const auto beyond = [&](double x, double sign) {
    return whole ? x + sign : std::nextafter(x, sign * std::numeric_limits<double>::infinity());
  };
  // What is no plain number, or an integer, has no bound but its own.
  const bool any = std::holds_alternative<double*>(key.value) ||
                   std::holds_alternative<std::optional<double>*>(key.value);
  if (any || range.low > -binder::largest_number) {
    taken(range.low_excluded ? beyond(range.low, 1) : range.low);
    refused(range.low_excluded ? range.low : beyond(range.low, -1));
  }
  if (any || range.high < binder::largest_number) {
    taken(range.high);
    refused(beyond(range.high, 1));
  }
  if (range.multiple > 1) refused(range.low + 1);
  if (!whole) refused(std::numeric_limits<double>::infinity());
}

TEST(ConfigTable, EveryNumberIsTakenUpToItsBoundsAndRefusedBeyondThem) {
  Config config;
  TermSpec term;
  auto all = binder::sections(config);
  all.push_back(binder::target_section(term));
  int bounded = 0;
  for (std::size_t s = 0; s < all.size(); ++s)
    for (const auto& key : all[s].keys) {
      const bool has_range = std::isfinite(key.range.low) || std::isfinite(key.range.high);
      if (takes_whole_numbers(key.value) && key.name != "displacement") {
        EXPECT_TRUE(has_range) << all[s].name << "." << key.name << ": a count has a least value";
      }
      if (!has_range) continue;
      expect_range(s, key);
      ++bounded;
    }
  EXPECT_GT(bounded, 60);
}

TEST(ConfigTable, EveryWordIsTakenAndNoOther) {
  Config config;
  const auto all = binder::sections(config);
  for (std::size_t s = 0; s < all.size(); ++s)
    for (const auto& key : all[s].keys)
      if (const auto* choice = std::get_if<binder::Choice>(&key.value)) {
        for (const auto word : choice->names)
          EXPECT_EQ(reading(s, key, fmt::format("\"{}\"", word)), "") << key.name;
        EXPECT_NE(reading(s, key, "\"no such word\""), "") << key.name;
      }
}

// ---- evaluation ---------------------------------------------------------------------------------

const std::string data = "[data]\npath = \"x.npy\"\n";

TEST(ConfigEvaluation, LeavesWhatIsNotGivenToFieldAndNetwork) {
  const EvaluationConfig none;
  const CertificateOptions field;
  const LogZOptions network;
  EXPECT_EQ(none.of_field().chains, field.chains);
  EXPECT_EQ(none.of_field().steps, field.steps);
  EXPECT_EQ(none.of_field().error, field.error);
  EXPECT_EQ(none.of_field().draws, field.draws);
  EXPECT_EQ(none.of_field().sweeps, field.sweeps);
  EXPECT_EQ(none.of_network().chains, network.chains);
  EXPECT_EQ(none.of_network().steps, network.steps);
  EXPECT_EQ(none.of_network().ladders, network.ladders);
  EXPECT_EQ(none.of_network().sweeps, network.sweeps);
  EXPECT_EQ(none.of_network().rungs, network.rungs);
  EXPECT_EQ(none.of_network().exact, network.exact);
  const auto given = parse_config(
      data + "[evaluation]\nchains = 48\nsteps = 300\nsweeps = 120\nerror = 0.5\ndraws = 3\n",
      "run.toml");
  EXPECT_EQ(given.evaluation.of_field().chains, 48);
  EXPECT_EQ(given.evaluation.of_field().sweeps, 120);
  EXPECT_EQ(given.evaluation.of_field().error, 0.5);
  EXPECT_EQ(given.evaluation.of_network().steps, 300);
}

TEST(ConfigEvaluation, RefusesWhatOneOfTheModelsCannotDo) {
  const std::string field = data + "[evaluation]\n",
                    network = "[model]\nkind = \"network\"\n" + field;
  EXPECT_EQ(refusal(network + "chains = 20\n"), "accepted");
  EXPECT_EQ(refusal(field + "chains = 20\n"),
            "run.toml: 'chains' in [evaluation] must be a multiple of 16 for a field");
  EXPECT_EQ(refusal(network + "sweeps = 0\n"), "accepted");
  EXPECT_EQ(refusal(field + "sweeps = 0\n"),
            "run.toml: 'sweeps' in [evaluation] must be at least 1 for a field");
  EXPECT_EQ(refusal(field + "sweeps = 8\n"), "accepted");
  EXPECT_EQ(refusal(network + "sweeps = 8\n"),
            "run.toml: 'sweeps' in [evaluation] must be 0 or at least 100 for a network");
  EXPECT_EQ(refusal(network + "steps = 1\n"),
            "run.toml: 'steps' in [evaluation] must be at least 2 for a network");
}

// ---- names of before ----------------------------------------------------------------------------

struct Renamed {
  std::string text;
  std::vector<std::string> settings;
  std::string message, hint;
};

TEST(ConfigRenames, FormerNamesAreRefusedWithTheLineToWrite) {
  const Renamed cases[] = {
      {"[learn]\n\nregularisation = 0.25\n",
       {},
       "run.toml:3: 'regularisation' in [learn] was renamed to 'ridge'",
       "write ridge = 0.25"},
      {"[fit]\nmost_draws = 64\n",
       {},
       "run.toml:2: 'most_draws' in [fit] was renamed to 'max_draws'",
       "write max_draws = 64"},
      {"[fit]\nleast_b = \"auto\"\n",
       {},
       "run.toml:2: 'least_b' in [fit] was renamed to 'min_b'",
       "write min_b = \"auto\""},
      {"\n[judging]\nrows = 5\n",
       {},
       "run.toml:2: [judging] was renamed to [evaluation]",
       "write [evaluation]"},
      {"[model]\nkind = \"deep\"\n",
       {},
       "run.toml:2: \"deep\" of 'kind' in [model] was renamed to \"stack\"",
       "write kind = \"stack\""},
      {"[sample]\nuntil = \"xi\"\n",
       {},
       "run.toml:2: \"xi\" of 'until' in [sample] was renamed to \"correlation_length\"",
       "write until = \"correlation_length\""},
      {"[certificate]\nsteps = 5\n" + data,
       {},
       "run.toml:1: [certificate] of a fit was renamed to [evaluation]",
       "write [evaluation]"},
      {data,
       {"certificate.steps=5"},
       "--set certificate.steps=5: [certificate] of a fit was renamed to [evaluation]",
       "write --set evaluation.steps=5"},
      {"",
       {"judging.rows=5"},
       "--set judging.rows=5: [judging] was renamed to [evaluation]",
       "write --set evaluation.rows=5"},
      {"",
       {"learn.regularisation=0.5"},
       "--set learn.regularisation=0.5: 'regularisation' in [learn] was renamed to 'ridge'",
       "write --set learn.ridge=0.5"},
  };
  for (const auto& expected : cases) {
    try {
      parse_config(expected.text, "run.toml", expected.settings);
      ADD_FAILURE() << expected.text << " accepted";
    } catch (const BadInput& error) {
      EXPECT_EQ(error.what(), expected.message);
      EXPECT_EQ(error.hint(), expected.hint);
    }
  }
  EXPECT_EQ(refusal("[certificate]\nsteps = 5\n" + data + target), "accepted");
}

TEST(ConfigRenames, StoredConfigsAreTranslated) {
  const auto earlier = [](const std::string& text) {
    return parse_earlier_config(text, "old.h5: config");
  };
  const auto fit =
      earlier(data +
              "[fit]\nmost_draws = 64\nleast_b = 0.5\n[certificate]\nenabled = false\nsteps = 7\n"
              "[judging]\nrows = 7\n");
  EXPECT_EQ(fit.fit.max_draws, 64);
  EXPECT_EQ(fit.fit.restraint.min_b, 0.5);
  EXPECT_FALSE(fit.evaluation.enabled);
  EXPECT_EQ(fit.evaluation.of_field().steps, 7);
  EXPECT_EQ(fit.evaluation.rows, EvaluationConfig{}.rows);
  const auto stack = earlier("[model]\nkind = \"deep\"\n" + data +
                             "[judging]\nrows = 7\n[certificate]\nsteps = 9\n");
  EXPECT_EQ(stack.model.kind, ModelKind::stack);
  EXPECT_EQ(stack.evaluation.rows, 7);
  EXPECT_EQ(stack.evaluation.of_network().steps, LogZOptions{}.steps);
  const auto learn = earlier(target + R"([learn]
regularisation = 0.5
[certificate]
steps = 9
[sample]
until = "heat"
)");
  EXPECT_EQ(learn.learn.ridge, 0.5);
  EXPECT_EQ(learn.certificate.options.steps, 9);
  EXPECT_EQ(learn.sample.until, "specific_heat");
}

TEST(Config, GivenCouplingsAndEdgesComeBackFromTheDump) {
  const auto config = parse_config(
      "[graph]\nedges = [[0, 1], [1, 2]]\nsites = 4\n[action]\nw = { values = [0.5, -0.25], "
      "freedom "
      "= \"frozen\" }\nr = 0.1\na = { values = [1.0, 2.0, 3.0, 4.0] }\nb = \"/b.npy\"\n",
      "run.toml");
  EXPECT_EQ(config.graph.pairs, (std::vector<Edge>{{0, 1}, {1, 2}}));
  EXPECT_EQ(make_graph(config.graph)->sites(), 4);
  const auto again = parse_config(to_toml(config), "again.toml");
  EXPECT_EQ(again.action.w, config.action.w);
  EXPECT_EQ(again.action.a.values, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(again.action.b.file, "/b.npy");
  EXPECT_EQ(again.graph.pairs, config.graph.pairs);
  EXPECT_EQ(again.graph.sites, 4);
}

}  // namespace
}  // namespace quartic
