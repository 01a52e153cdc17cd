#include "quartic/stats/jackknife.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/student.hpp"
#include "quartic/core/autocorrelation.hpp"
#include "quartic/core/error.hpp"

namespace quartic {
namespace {

constexpr int min_groups = 64, max_groups = 256;
constexpr int min_samples = 16;  // fewer groups than wanted still give an error, a noisier one

/// Groups of one set from `first` on.
void append_groups(const ChainSet& set, int stratum, double min_bin, JackknifeGroups& out) {
  const auto cut = [&](std::size_t begin, std::size_t length, std::size_t unit, int parts) {
    for (int g = 0; g < parts; ++g) {
      out.first.push_back(begin + length / unit * (g + 1) / parts * unit);
      out.stratum.push_back(stratum);
    }
  };
  const std::size_t begin = out.first.back(), draws = set.draws;
  if (whole_chains(set)) return cut(begin, set.samples(), draws, std::min(set.chains, max_groups));
  const int fewest = (min_groups + set.chains - 1) / set.chains;
  const int most = std::min(set.draws, (max_groups + set.chains - 1) / set.chains);
  const int bins = std::clamp(static_cast<int>(set.draws / min_bin), std::min(fewest, most), most);
  for (int chain = 0; chain < set.chains; ++chain) cut(begin + chain * draws, draws, 1, bins);
  const int bin = set.draws / bins;
  out.shortest_bin = out.shortest_bin == 0 ? bin : std::min(out.shortest_bin, bin);
}

/// Groups of one family have to hold the same chains, over the same draws where they are bins.
void require_joint_groups(const ChainSet& one, const ChainSet& other) {
  const bool whole = whole_chains(one) && whole_chains(other);
  const bool single = std::max(one.chains, other.chains) <= max_groups;
  if (whole ? one.chains == other.chains || single
            : one.chains == other.chains && one.draws == other.draws)
    return;
  throw BadInput(
      fmt::format("sets of {} chains of {} draws and of {} chains of {} draws share their random "
                  "numbers (one seed): the errors of both together cannot be known",
                  one.chains, one.draws, other.chains, other.draws),
      "sample one of them again with another --seed");
}

}  // namespace

bool whole_chains(const ChainSet& set) {
  return set.chains >= min_groups;
}

JackknifeGroups jackknife_groups(std::span<const ChainSet> sets, double min_bin) {
  JackknifeGroups groups;
  groups.first.push_back(0);
  for (std::size_t k = 0; k < sets.size(); ++k) {
    if (sets[k].chains < 1 || sets[k].samples() < min_samples) {
      throw BadInput(fmt::format("errors need at least {} samples of an ensemble, got {} chains of "
                                 "{} draws",
                                 min_samples, sets[k].chains, sets[k].draws),
                     "store more chains or draws");
    }
    append_groups(sets[k], static_cast<int>(k), std::max(min_bin, 1.0), groups);
    groups.family.push_back(sets[k].family);
    for (std::size_t l = 0; l < k; ++l)
      if (sets[k].family != 0 && sets[l].family == sets[k].family)
        require_joint_groups(sets[l], sets[k]);
  }
  return groups;
}

double slowest_autocorrelation(std::span<const ChainSet> sets,
                               const std::vector<std::vector<double>>& series) {
  double tau = 0.5;
  std::size_t first = 0;
  for (const auto& set : sets) {
    for (const auto& x : series)
      if (!whole_chains(set))
        tau = std::max(tau,
                       estimate_series(std::span(x).subspan(first, set.samples()), set.chains).tau);
    first += set.samples();
  }
  return tau;
}

double independent_bin(double tau) {
  return tau > 0.5 ? 20 * (tau - 1 / (4 * tau)) : 0;
}

std::vector<double> jackknife_errors(const JackknifeGroups& groups,
                                     const std::vector<std::vector<double>>& deviation) {
  const int strata = groups.stratum.empty() ? 0 : groups.stratum.back() + 1;
  const std::size_t functions = deviation.empty() ? 0 : deviation.front().size();
  std::vector<std::size_t> length(strata), count(strata);
  for (int g = 0; g < groups.size(); ++g)
    length[groups.stratum[g]] += groups.length(g), ++count[groups.stratum[g]];
  // Groups of one family add up, [family][group of the stratum]; each other stratum is its own.
  const auto family = [&](int stratum) {
    const bool shared = !groups.family.empty() && groups.family[stratum] != 0;
    return shared ? groups.family[stratum] : -stratum - 1;
  };
  std::vector<double> error(functions);
  for (std::size_t k = 0; k < functions; ++k) {
    // Pseudo-values less the full estimate: -(h - 1) * deviation, h = samples of stratum / group.
    const auto h = [&](int g) {
      return static_cast<double>(length[groups.stratum[g]]) / static_cast<double>(groups.length(g));
    };
    std::vector<double> mean(strata);
    for (int g = 0; g < groups.size(); ++g)
      mean[groups.stratum[g]] -=
          (h(g) - 1) * deviation[g][k] / static_cast<double>(count[groups.stratum[g]]);
    std::map<int, std::vector<double>> amplitude;
    for (int g = 0, at = 0; g < groups.size(); ++g, ++at) {
      const int stratum = groups.stratum[g];
      if (g > 0 && stratum != groups.stratum[g - 1]) at = 0;
      auto& sum = amplitude[family(stratum)];
      sum.resize(std::max(sum.size(), count[stratum]));
      sum[at] += (-(h(g) - 1) * deviation[g][k] - mean[stratum]) /
                 std::sqrt((h(g) - 1) * static_cast<double>(count[stratum]));
    }
    double variance = 0, third = 0;
    for (const auto& [number, sum] : amplitude)
      for (const double d : sum) variance += d * d, third += d * d * d;
    error[k] = std::sqrt(variance * skewness_factor(variance, third)) *
               student_factor(static_cast<double>(groups.size() - strata));
  }
  return error;
}

LeaveOneOut::LeaveOneOut(const JackknifeGroups& groups,
                         const std::vector<std::vector<double>>& sums)
    : groups_(&groups),
      sums_(&sums),
      total_(sums.front().size()),
      stratum_total_(groups.stratum.back() + 1, total_),
      stratum_length_(stratum_total_.size()) {
  for (int g = 0; g < groups.size(); ++g) {
    auto& sum = stratum_total_[groups.stratum[g]];
    for (std::size_t q = 0; q < sum.size(); ++q) sum[q] += sums[g][q];
    stratum_length_[groups.stratum[g]] += groups.length(g);
  }
  for (const auto& sum : stratum_total_)
    for (std::size_t q = 0; q < sum.size(); ++q) total_[q] += sum[q];
}

std::vector<double> LeaveOneOut::without(int group) const {
  const int k = groups_->stratum[group];
  const double length = static_cast<double>(stratum_length_[k]);
  const double scale = length / (length - static_cast<double>(groups_->length(group)));
  std::vector<double> out = total_;
  for (std::size_t q = 0; q < out.size(); ++q)
    out[q] += scale * (stratum_total_[k][q] - (*sums_)[group][q]) - stratum_total_[k][q];
  return out;
}

std::vector<Estimate> jackknife(const JackknifeGroups& groups,
                                const std::vector<std::vector<double>>& sums, int functions,
                                const FunctionOfMeans& function, bool correct_bias) {
  const LeaveOneOut leave(groups, sums);
  const auto samples = static_cast<double>(groups.first.back() - groups.first.front());
  const auto evaluate = [&](std::vector<double> sum) {
    for (double& s : sum) s /= samples;
    std::vector<double> values(functions);
    function(sum, values);
    return values;
  };
  const auto all = evaluate(leave.total());
  std::vector<std::vector<double>> deviation;
  std::vector<std::size_t> length(groups.stratum.back() + 1);
  for (int g = 0; g < groups.size(); ++g) {
    deviation.push_back(evaluate(leave.without(g)));
    for (int k = 0; k < functions; ++k) deviation[g][k] -= all[k];
    length[groups.stratum[g]] += groups.length(g);
  }
  const auto error = jackknife_errors(groups, deviation);
  std::vector<Estimate> result(functions);
  for (int k = 0; k < functions; ++k) {
    result[k] = {all[k], error[k]};
    for (int g = 0; correct_bias && g < groups.size(); ++g)
      result[k].value -= (1 - static_cast<double>(groups.length(g)) /
                                  static_cast<double>(length[groups.stratum[g]])) *
                         deviation[g][k];
  }
  return result;
}

}  // namespace quartic
