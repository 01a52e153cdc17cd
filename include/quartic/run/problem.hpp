// From a config to what the learner takes: graph, starting action, parameters, target.
#pragma once

#include <memory>
#include <vector>

#include "quartic/config/config.hpp"
#include "quartic/field/action.hpp"
#include "quartic/field/parameters.hpp"
#include "quartic/field/target.hpp"

namespace quartic {

struct Problem {
  std::shared_ptr<const Graph> graph;
  Action start;
  Parameters parameters;
  Target target;
  std::vector<double> expected;  ///< by parameter, see expected_parameters
};

/// The graph of a [graph] section.
std::shared_ptr<const Graph> make_graph(const GraphConfig& config);

/// The starting couplings: as they are given (an array, a file, the third column of an edge list),
/// or random from the seed's own stream, one a coupling (one in all where tied), the same on every
/// machine. Throws BadInput where there are not as many values as edges or sites, or tied couplings
/// are given unequal ones.
Action make_start(const Config& config, std::shared_ptr<const Graph> graph);

/// Everything of a config, checked: the start is normalisable and the target's terms exist on the
/// graph. A graph that is given (a run file's) is taken instead of the config's.
Problem make_problem(const Config& config, std::shared_ptr<const Graph> graph = nullptr);
/// The same from couplings at hand, those of a run.
Problem make_problem(const Config& config, Action start);

/// The values that learning must reach where the target lies in the span of the action's
/// parameters: nn and the like give w, phi r, phi2 a, phi4 b. NaN everywhere where it does not lie
/// in it, because then every coupling is renormalised.
std::vector<double> expected_parameters(const std::vector<TermSpec>& target,
                                        const Parameters& parameters, const Action& start);

}  // namespace quartic
