// How well a model meets its data: moments side by side, and the log-likelihood.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/estimate.hpp"
#include "quartic/core/log_likelihood.hpp"
#include "quartic/learn/data_moments.hpp"
#include "quartic/mcmc/sampler.hpp"
#include "quartic/stats/free_energy.hpp"

namespace quartic {

/// Moments of every edge and site: <phi_i phi_j> by edge, then <phi_i>, <phi_i^2>, <phi_i^4> by
/// site, whatever is learned.
struct ModelMoments {
  std::shared_ptr<const Graph> graph;
  std::vector<Estimate> moment;   ///< errors from the scatter between chains
  std::vector<double> deviation;  ///< standard deviation of a single configuration's
};

struct MomentMatch {
  struct Summary {
    int count = 0;    ///< moments that vary
    double chi2 = 0;  ///< mean of z^2: about 1 where only chance differs, on data not learned from
    int worst = -1;   ///< index of the largest |z|
    double worst_z = 0;
  };
  std::vector<Estimate> data, model;  ///< in the order of ModelMoments
  std::vector<double> z;  ///< (data - model) / error of the difference; NaN where neither varies,
                          ///< and where the coupling is held at a bound
  std::array<Summary, coupling_kinds>
      by_kind;  ///< w: products over edges, r: phi, a: phi^2, b: phi^4
  Summary all;
  /// "<phi_3 phi_4>", "<phi_7^2>", "<phi_3 h_0>".
  std::string label(int index) const;
  void summarise();  ///< by_kind and all, from z

  std::shared_ptr<const Graph> graph;
};

/// Of data that the model learned from, chi2 is below 1, as the learned moments were made to agree;
/// of held-out data it judges. A single row has no error of its own: the model's standard deviation
/// takes its place, so that z says whether the row is typical of the model. `b_at_bound`: sites
/// whose b the data would have below its bound, so that their <phi^4> was not made to agree.
MomentMatch match_moments(const DataMoments& data, const ModelMoments& model,
                          std::span<const int> b_at_bound = {});

/// <ln p> of data, per row, = F(theta) - theta.<f>, and the entropy of h given phi where sites are
/// hidden: then the data's moments are to be of this action. From a known F = -ln Z. O(V + E).
LogLikelihood log_likelihood(const DataMoments& data, const Action& action,
                             const Estimate& free_energy);
/// The same with the F that annealing gives (stats/free_energy.hpp).
LogLikelihood log_likelihood(const DataMoments& data, const Action& action,
                             const WorkFreeEnergy& free_energy);

}  // namespace quartic
