// Whether reweighted samples have the single-site conditionals of their target.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "quartic/field/stored_fields.hpp"
#include "quartic/stats/reweighting.hpp"

namespace quartic {

/// Under B the mean of a site given all others is that of its quartic density, so that
///
///     < sum_i D_i > = 0,   < sum_i D_i sum_(j != i) phi_j > = 0,   D_i = phi_i - <phi_i | rest>_B
///
/// (Callen, Phys. Lett. 4 (1963) 161; Dobrushin-Lanford-Ruelle). Weights cannot tell of a well of
/// single sites that no sample is in; these means can, because the conditional knows both.
///
/// Why the point is not to be trusted: a mean more than 6 errors (jackknife over the sample's
/// groups) from 0; or nothing, also where B is no action. Of the real part of B, of up to 5e5
/// numbers of the samples; O(those quadratures). The sample has odd parts, see there.
std::string why_not_conditional(StoredFields fields, const Reweighting& reweighting,
                                std::vector<TermSpec> target,
                                const std::shared_ptr<const Graph>& graph,
                                const ReweightedPoint& point);

}  // namespace quartic
