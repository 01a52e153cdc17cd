// From the series of a measurement to values with errors.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "core/parallel.hpp"
#include "quartic/graph/lattice.hpp"
#include "quartic/stats/jackknife.hpp"
#include "quartic/stats/measurement.hpp"
#include "quartic/stats/wells.hpp"
#include "stats/lattice_fourier.hpp"
#include "stats/measurement_data.hpp"
#include "stats/observable_verdict.hpp"

namespace quartic {
namespace {

constexpr double min_bin = 10, good_bin = 20;  // of the jackknife, in tau
constexpr double defined = 3;                  // errors of xi^2 above 0

ObservableResult nothing_measured(ObservableResult result) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  result.estimate = {nan, nan, nan, nan, 0, 0, false, nan};
  result.ok = false, result.reason = "nothing has been measured yet";
  return result;
}

/// The groups over which series of bins are jackknifed; none where the data are too few for them.
std::optional<JackknifeGroups> groups_of(const ChainSet& set, int bin_length, double tau) {
  if (set.samples() < 64) return std::nullopt;
  auto groups = jackknife_groups({&set, 1}, good_bin * tau / bin_length);
  if (groups.shortest_bin > 0 && groups.shortest_bin * bin_length < min_bin * tau)
    return std::nullopt;
  return groups;
}

}  // namespace

ObservableResult Measurement::Data::primary(int k, const std::vector<double>& mean) const {
  if (names[k] == "action2") return combine(square_of_action(), mean);
  ObservableResult result{names[k], meanings[k], false, {}, true, {}};
  if (bin_count == 0) return nothing_measured(result);
  const auto values = series(k);
  const double variance = covariance(mean, k, k);
  result.estimate = estimate_binned_series(values, chains, bin_length, variance);
  result.estimate.mean += reference[k];
  Evidence evidence{chains, static_cast<double>(draws)};
  const bool own = k >= observables() - std::ssize(functions);  // of the user's, maybe constant
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  evidence.frozen = !own && chains * draws > 1 && *least == *most;
  evidence.rounding = rounding(std::abs(result.estimate.mean));
  if (!unvisited.empty()) evidence.unvisited = unvisited[k];
  judge(result, evidence);
  return result;
}

/// S^2 from S and from the square of S less its reference.
Derived Measurement::Data::square_of_action() const {
  const double from = reference[0];
  return {"action2", "S^2", index("action"), index("action2"),
          [=](double x, double y) { return y + from * (2 * x + from); }};
}

ObservableResult Measurement::Data::combine(const Derived& quantity,
                                            const std::vector<double>& mean) const {
  ObservableResult result{quantity.name, quantity.meaning, index(quantity.name) < 0, {}, true, {}};
  if (bin_count == 0) return nothing_measured(result);
  const auto x = series(quantity.first), y = series(quantity.second);
  const double count = static_cast<double>(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / count;
  const double mean_y = std::accumulate(y.begin(), y.end(), 0.0) / count;
  const double xx = covariance(mean, quantity.first, quantity.first),
               yy = covariance(mean, quantity.second, quantity.second),
               xy = covariance(mean, quantity.first, quantity.second);

  // The linear part of the function near the means carries tau, ESS, R-hat.
  const double all = static_cast<double>(chains) * static_cast<double>(draws);
  const auto step = [&](double variance, double of) {
    return std::sqrt(std::max(variance, 0.0) / all) + 1e-9 * std::abs(of);
  };
  const double step_x = step(xx, mean_x + reference[quantity.first]),
               step_y = step(yy, mean_y + reference[quantity.second]);
  const double slope_x = (quantity.value(mean_x + step_x, mean_y) -
                          quantity.value(mean_x - step_x, mean_y)) /
                         (2 * step_x),
               slope_y = (quantity.value(mean_x, mean_y + step_y) -
                          quantity.value(mean_x, mean_y - step_y)) /
                         (2 * step_y);
  std::vector<double> linear(x.size());
  for (std::size_t t = 0; t < x.size(); ++t)
    linear[t] = slope_x * (x[t] - mean_x) + slope_y * (y[t] - mean_y);
  const double variance =
      slope_x * slope_x * xx + slope_y * slope_y * yy + 2 * slope_x * slope_y * xy;
  result.estimate = estimate_binned_series(linear, chains, bin_length, std::max(variance, 0.0));
  auto& estimate = result.estimate;
  estimate.mean = quantity.value(mean_x, mean_y);

  const ChainSet set{chains, bin_count};
  const auto groups =
      std::isfinite(estimate.tau) ? groups_of(set, bin_length, estimate.tau) : std::nullopt;
  if (groups && std::isfinite(estimate.mean)) {
    std::vector<std::vector<double>> group_sums(groups->size(), std::vector<double>(2));
    for (int g = 0; g < groups->size(); ++g)
      for (std::size_t t = groups->first[g]; t < groups->first[g + 1]; ++t)
        group_sums[g][0] += x[t], group_sums[g][1] += y[t];
    const auto jackknifed = jackknife(*groups, group_sums, 1, [&](auto means, auto values) {
      values[0] = quantity.value(means[0], means[1]);
    });
    estimate.error = jackknifed[0].error;
  }
  Evidence evidence{chains, static_cast<double>(draws)};
  evidence.frozen = chains * draws > 1 && xx == 0 && yy == 0;
  evidence.rounding = rounding(std::abs(slope_x * (mean_x + reference[quantity.first]))) +
                      rounding(std::abs(slope_y * (mean_y + reference[quantity.second])));
  evidence.negative = quantity.variance && estimate.mean < 0;
  if (!unvisited.empty())
    evidence.unvisited = std::abs(slope_x) * unvisited[quantity.first] +
                         std::abs(slope_y) * unvisited[quantity.second];
  judge(result, evidence);
  return result;
}

std::vector<Derived> Measurement::Data::derived() const {
  const double volume = sums.sites;
  const int m2 = index("m2"), abs_m = index("abs_m"), m4 = index("m4");
  const double of_m2 = reference[m2], of_abs = reference[abs_m], of_m4 = reference[m4];
  std::vector<Derived> list = {
      {"susceptibility", "V <m2>", abs_m, m2,
       [=](double, double y) { return volume * (of_m2 + y); }},
      {"susceptibility_connected", "V (<m2> - <abs_m>^2)", abs_m, m2,
       [=](double x, double y) {
         // <m2> - <abs_m>^2, where the references, of one field, cancel
         return volume * (of_m2 - of_abs * of_abs + y - x * (2 * of_abs + x));
       },
       true},
      {"binder_cumulant", "1 - <m4> / (3 <m2>^2)", m2, m4,
       [=](double x, double y) { return 1 - (of_m4 + y) / (3 * (of_m2 + x) * (of_m2 + x)); }},
      {"specific_heat", "(<S^2> - <S>^2) / V", index("action"), index("action2"),
       [=](double x, double y) { return (y - x * x) / volume; }, true}};
  if (sums.waves.empty()) return list;
  const double of_factor = reference[index("structure_factor_min")];
  const double k = 2 * std::sin(std::numbers::pi / sums.longest_extent);
  list.push_back({"correlation_length2", "xi^2, (V <m2> / <structure_factor_min> - 1) / k^2", m2,
                  index("structure_factor_min"), [=](double x, double y) {
                    return (volume * (of_m2 + x) / (of_factor + y) - 1) / (k * k);
                  }});
  return list;
}

namespace {

/// xi where its square is clearly positive: the root of a noisy number about 0 has no mean that
/// means anything.
ObservableResult correlation_length(const ObservableResult& square) {
  ObservableResult xi = square;
  xi.name = "correlation_length", xi.meaning = "second-moment correlation length";
  auto& e = xi.estimate;
  if (!(e.mean > defined * e.error)) {
    if (std::isfinite(e.mean) && std::isfinite(e.error)) {
      xi.ok = false;
      xi.reason = fmt::format("undefined: its square {:.3g} +- {:.1g} is not {:g} errors above 0",
                              e.mean, e.error, defined);
    }
    e.mean = e.error = std::numeric_limits<double>::quiet_NaN();
    return xi;
  }
  e.mean = std::sqrt(e.mean);
  e.error /= 2 * e.mean;
  return xi;
}

}  // namespace

/// How one primary observable shows that chains are in populations which do not exchange; or
/// nothing.
std::string Measurement::Data::populations(int k, const SeriesEstimate& estimate) const {
  // Under an even action wells come in pairs that the sign alone tells apart.
  if (even() && (names[k] == "m" || k >= observables() - std::ssize(functions))) return {};
  const auto values = series(k);
  if (values.empty()) return {};
  if (!wells.empty() && groups_differ(values, chains, wells))
    return fmt::format(
        "chains that began in different wells go on to differ in {}: the moves do not join the "
        "wells; try parallel tempering, sampler.rungs = 8",
        names[k]);
  if (const auto visits = rare_visits(values, chains, estimate.error))
    return fmt::format(
        "{} went to a second population {} times in all, too seldom to know its share: a longer "
        "run, or parallel tempering, sampler.rungs = 8",
        names[k], *visits);
  if (falls_apart(values, chains, estimate.r_hat))
    return fmt::format(
        "the chains are in populations that hardly exchange, as {} shows: try parallel "
        "tempering, sampler.rungs = 8, or more rungs and draws",
        names[k]);
  return {};
}

/// Why no observable may be trusted, or nothing: the first that shows such populations.
std::string Measurement::Data::populations(std::span<const ObservableResult> results) const {
  std::vector<std::string> found(observables());
  in_parallel(
      observables(), threads, [&](int k, int) { found[k] = populations(k, results[k].estimate); },
      Share::as_free);
  const auto first =
      std::find_if(found.begin(), found.end(), [](const auto& reason) { return !reason.empty(); });
  return first == found.end() ? "" : *first;
}

bool Measurement::Data::even() const {
  return std::all_of(action.r.begin(), action.r.end(), [](double r) { return r == 0; });
}

std::vector<ObservableResult> Measurement::results() const {
  const auto& d = *data_;
  const auto derived = d.derived();
  const auto mean = d.means();
  std::vector<ObservableResult> results(d.names.size() + derived.size());
  in_parallel(
      static_cast<int>(results.size()), d.threads,
      [&](int k, int) {
        results[k] = k < d.observables() ? d.primary(k, mean)
                                         : d.combine(derived[k - d.observables()], mean);
      },
      Share::as_free);
  if (derived.back().name == "correlation_length2")
    results.push_back(correlation_length(results.back()));
  if (const auto reason = d.populations(results); !reason.empty())
    for (auto& result : results) result.ok = false, result.reason = reason;
  return results;
}

std::optional<TwoPoint> Measurement::two_point() const {
  const auto& d = *data_;
  if (d.spectra.empty()) return std::nullopt;
  const auto& extent = d.action.graph->lattice()->extent;
  const std::size_t sites = d.sums.sites;
  const auto spectra = d.spectra_by_group();
  const int count = static_cast<int>(spectra.size() / sites);
  JackknifeGroups groups;
  std::vector<std::vector<double>> sums(count);
  groups.first.push_back(0);
  for (int g = 0; g < count; ++g) {
    groups.first.push_back(static_cast<std::size_t>(g + 1) * d.chains_per_group);
    groups.stratum.push_back(0);
    sums[g].assign(spectra.begin() + g * sites, spectra.begin() + (g + 1) * sites);
  }
  const double taken = static_cast<double>(d.draws / d.spectrum_interval);
  const auto estimates =
      jackknife(groups, sums, static_cast<int>(2 * sites), [&](auto means, auto values) {
        for (std::size_t k = 0; k < sites; ++k)
          values[k] = means[k] / (taken * static_cast<double>(sites));
        const auto correlation = inverse_transform(extent, values.first(sites));
        std::copy(correlation.begin(), correlation.end(), values.begin() + sites);
      });
  TwoPoint result{extent, {}, {}, {}, {}};
  for (std::size_t k = 0; k < sites; ++k) {
    result.structure_factor.push_back(estimates[k].value);
    result.structure_factor_error.push_back(estimates[k].error);
    result.correlation.push_back(estimates[sites + k].value);
    result.correlation_error.push_back(estimates[sites + k].error);
  }
  return result;
}

}  // namespace quartic
