// From the series of a measurement to values with errors.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "quartic/graph/lattice.hpp"
#include "quartic/stats/jackknife.hpp"
#include "quartic/stats/measurement.hpp"
#include "stats/lattice_fourier.hpp"
#include "stats/measurement_data.hpp"

namespace quartic {
namespace {

constexpr double min_ess = 100, max_r_hat = 1.05;
constexpr double min_bin = 10, good_bin = 20;  // of the jackknife, in tau

/// Fills ok and reason. Two halves of each chain agree to R-hat - 1 = 0.05 once a chain is about 40
/// tau long, so that is asked for.
void judge(ObservableResult& result, int chains, double draws) {
  const auto& e = result.estimate;
  result.ok = false;
  if (!std::isfinite(e.mean)) {
    result.reason = "the value is not finite";
    return;
  }
  const double wanted = std::ceil(
      std::max({40 * e.tau, min_ess * 2 * e.tau / chains, e.window_found ? 4 : 2 * draws}));
  const auto advice =
      fmt::format("it needs about {:.0f} draws a chain", std::max(wanted, draws + 1));
  if (e.r_hat > max_r_hat && wanted <= draws) {
    result.reason = fmt::format(
        "the chains disagree (R-hat {:.2f}): longer warm-up, or moves that "
        "mix better",
        e.r_hat);
  } else if (!e.window_found) {
    result.reason = fmt::format(
        "{:.0f} draws a chain are too short to see how long tau is (at least "
        "{:.2g}); {}",
        draws, e.tau, advice);
  } else if (!(e.r_hat <= max_r_hat)) {
    result.reason = fmt::format(
        "{:.0f} draws a chain are too short for tau = {:.2g} (R-hat {:.2f}); "
        "{}",
        draws, e.tau, e.r_hat, advice);
  } else if (e.ess < min_ess) {
    result.reason = fmt::format("only {:.0f} effective draws; {}", e.ess, advice);
  } else {
    result.ok = true;
  }
}

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
  ObservableResult result{names[k], meanings[k], false, {}, true, {}};
  if (bin_count == 0) return nothing_measured(result);
  result.estimate = estimate_binned_series(series(k), chains, bin_length, covariance(mean, k, k));
  judge(result, chains, static_cast<double>(draws));
  return result;
}

ObservableResult Measurement::Data::combine(const Derived& quantity,
                                            const std::vector<double>& mean) const {
  ObservableResult result{quantity.name, quantity.meaning, true, {}, true, {}};
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
  const double step_x = std::sqrt(std::max(xx, 0.0) / all) + 1e-9 * std::abs(mean_x),
               step_y = std::sqrt(std::max(yy, 0.0) / all) + 1e-9 * std::abs(mean_y);
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
  judge(result, chains, static_cast<double>(draws));
  return result;
}

std::vector<Derived> Measurement::Data::derived() const {
  const double volume = sums.sites;
  const int m2 = index("m2"), abs_m = index("abs_m"), m4 = index("m4");
  std::vector<Derived> list = {
      {"susceptibility", "V <m2>", abs_m, m2, [=](double, double y) { return volume * y; }},
      {"susceptibility_connected", "V (<m2> - <abs_m>^2)", abs_m, m2,
       [=](double x, double y) { return volume * (y - x * x); }},
      {"binder_cumulant", "1 - <m4> / (3 <m2>^2)", m2, m4,
       [](double x, double y) { return 1 - y / (3 * x * x); }},
      {"specific_heat", "(<S^2> - <S>^2) / V", index("action"), index("action2"),
       [=](double x, double y) { return (y - x * x) / volume; }}};
  if (sums.waves.empty()) return list;
  const double k = 2 * std::sin(std::numbers::pi / sums.longest_extent);
  list.push_back({"correlation_length", "second-moment correlation length", m2,
                  index("structure_factor_min"),
                  [=](double x, double y) { return std::sqrt(volume * x / y - 1) / k; }});
  return list;
}

std::vector<ObservableResult> Measurement::results() const {
  const auto& d = *data_;
  const auto derived = d.derived();
  const auto mean = d.means();
  std::vector<ObservableResult> results(d.names.size() + derived.size());
#pragma omp parallel for schedule(dynamic) num_threads(d.threads)
  for (int k = 0; k < static_cast<int>(results.size()); ++k)
    results[k] =
        k < d.observables() ? d.primary(k, mean) : d.combine(derived[k - d.observables()], mean);
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
