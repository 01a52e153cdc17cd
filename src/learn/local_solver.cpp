#include "learn/local_solver.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "quartic/core/error.hpp"

namespace quartic {
namespace {

constexpr int longest_reach = 6;
/// Couplings at a time than in all: then patches are cheaper and less noisy.
constexpr double fewer = 4;

/// Why a problem has no patches; null where it has.
const char* why_not_local(const Target& target, const Parameters& parameters) {
  if (parameters.graph().hidden_sites() > 0) return "the graph has hidden sites";
  for (const Freedom freedom : parameters.freedoms())
    if (freedom == Freedom::tied) return "couplings are tied over the whole graph";
  if (!target.has(SitePart::density)) return "the target is a function without densities";
  if (target.reach(parameters.graph(), longest_reach) > longest_reach)
    return "the densities of the target feel fields far away from their site";
  return nullptr;
}

}  // namespace

int first_radius(const VariationalOptions& options, const Target& target,
                 const Parameters& parameters) {
  return options.radius.value_or(std::max(2, target.reach(parameters.graph(), longest_reach) + 1));
}

double most_couplings(double samples) {
  return samples / 4;
}

std::optional<double> samples_for_local(const VariationalOptions& options, const Target& target,
                                        const Parameters& parameters) {
  if (why_not_local(target, parameters) != nullptr) return std::nullopt;
  const int radius = first_radius(options, target, parameters);
  const int couplings = make_patches(parameters, radius).most_couplings;
  if (couplings > parameters.size() / fewer) return std::nullopt;
  return 4.0 * couplings;
}

void require_local(const VariationalOptions& options, const Target& target,
                   const Parameters& parameters, double samples) {
  if (const char* reason = why_not_local(target, parameters))
    throw BadInput(fmt::format("learn.solver = \"local\" cannot be: {}", reason),
                   "leave learn.solver at \"auto\"");
  const double most = most_couplings(samples);
  const auto patches = make_patches(parameters, first_radius(options, target, parameters), most);
  if (patches.most_couplings > most)
    throw BadInput(
        fmt::format("learn: {:.0f} samples an epoch are too few for patches of {} "
                    "couplings",
                    samples, patches.most_couplings),
        fmt::format("draw {} or more, or lower learn.radius", 4 * patches.most_couplings));
}

Solver chosen_solver(const VariationalOptions& options, const Target& target,
                     const Parameters& parameters, double samples) {
  if (options.solver != Solver::automatic) return options.solver;
  if (why_not_local(target, parameters) == nullptr) {
    const double most = std::min(most_couplings(samples), parameters.size() / fewer);
    const int radius = first_radius(options, target, parameters);
    if (make_patches(parameters, radius, most).most_couplings <= most) return Solver::local;
  }
  return parameters.size() <= options.dense_limit ? Solver::dense : Solver::matrix_free;
}

}  // namespace quartic
