#include "quartic/network/likelihood.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "network/annealing.hpp"
#include "network/ladder_log_z.hpp"
#include "network/mode_log_z.hpp"
#include "quartic/core/error.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/stats/acceptance_ratio.hpp"

namespace quartic {
namespace {

void require_valid(const LogZOptions& options) {
  if (options.chains < 16 || options.steps < 2 || options.equilibration < 0) {
    throw BadInput(fmt::format("annealing with {} chains, {} steps and {} sweeps between ways",
                               options.chains, options.steps, options.equilibration),
                   "use at least 16 chains and 2 steps");
  }
  if (options.sweeps == 0) return;
  if (options.sweeps < 100 || options.ladders < 32 || options.ladders % 16 != 0 ||
      options.rungs < 0 || options.rungs == 1) {
    throw BadInput(fmt::format("tempering with {} ladders of {} rungs and {} sweeps",
                               options.ladders, options.rungs, options.sweeps),
                   "use a multiple of 16 ladders from 32 on, at least 2 rungs and 100 sweeps");
  }
}

/// So many rungs that neighbours reject about every other exchange, where the works between them
/// are Gaussian: each rejects with probability (step of length) / sqrt(pi), 1/2 costs the fewest
/// updates a round trip (Syed et al., J. R. Stat. Soc. B 84 (2022) 321).
int rungs_for(double length) {
  return 2 + static_cast<int>(std::ceil(2 * length / std::sqrt(std::numbers::pi)));
}

/// ln Z of the network from an estimate of F_network - F_base, F = -ln Z.
Estimate log_z_from(double base, const Estimate& difference) {
  return {base - difference.value, difference.error};
}

/// Whether two estimates are further apart than their errors allow; where the one is a bound, only
/// on its wrong side.
constexpr double max_apart = 4;
bool apart(double difference, const Estimate& x, const Estimate& y) {
  return difference > max_apart * std::hypot(x.error, y.error) + 1e-4;
}

/// The reasons that speak against a result, the gravest first.
std::string doubt(const LogZ& z, const WorkEstimate& work, double chains) {
  constexpr double min_effective = 10;
  const auto differ = [](const char* one, const Estimate& x, const char* other, const Estimate& y) {
    return fmt::format("{} gives {:.6g}({:.2g}), {} {:.6g}({:.2g})", one, x.value, x.error, other,
                       y.value, y.error);
  };
  if (z.ladder) {
    const Estimate& ladder = z.ladder->value;
    const double below = ladder.value - z.forward.value, above = z.reverse.value - ladder.value;
    if (!z.ladder->ok) return "parallel tempering: " + z.ladder->reason;
    if (apart(-below, z.forward, ladder))
      return differ("annealing", z.forward, "parallel tempering less:", ladder);
    if (apart(-above, z.reverse, ladder))
      return differ("annealing back", z.reverse, "parallel tempering more:", ladder);
    if (apart(std::abs(z.annealed.value - ladder.value), z.annealed, ladder))
      return differ("annealing both ways", z.annealed, "parallel tempering", ladder);
  }
  if (apart(z.forward.value - z.reverse.value, z.forward, z.reverse)) {
    return differ("annealing", z.forward, "annealing back less:", z.reverse) +
           ", so that it did not start in equilibrium";
  }
  if (!work.ok) return work.reason;
  const double effective = chains * std::min(z.forward_ess.value, z.reverse_ess.value);
  if (effective >= min_effective) return "";
  return fmt::format(
      "the weights of annealing are worth {:.1f} chains only, {:g} is the least to compare with: "
      "use more steps or chains",
      effective, min_effective);
}

/// The mode, if there is one, whose weight matters and that tempering (or annealing) did not see
/// with a quarter of it.
std::optional<std::size_t> missed_mode(const LogZ& z) {
  const ModesLogZ& modes = *z.modes;
  // Of modes that are not known well no more is taken than annealing there proves.
  const double least = modes.ok ? std::max(1e-4, z.value.error) : 0.05;
  for (std::size_t m = 0; m < modes.share.size(); ++m) {
    const double proven =
        std::exp(modes.forward[m].value - 2 * modes.forward[m].error - z.value.value);
    const double share = modes.ok ? modes.share[m] : std::min(proven, modes.share[m]);
    if (share > least && modes.seen[m] < share / 4) return m;
  }
  return std::nullopt;
}

/// Beyond its errors: a proof that it is wrong.
bool below_bound(const LogZ& z) {
  return z.value.value + max_apart * z.value.error < z.bound - 1e-4;
}

Estimate sum_of(std::span<const Estimate> log_z, std::span<const double> share) {
  std::vector<double> values;
  double square = 0;
  for (std::size_t m = 0; m < log_z.size(); ++m) {
    values.push_back(log_z[m].value);
    square += std::pow(share[m] * log_z[m].error, 2);
  }
  return {log_sum_exp(values), std::sqrt(square)};
}

/// Takes the sum over the modes where the rest misses one of them or does not hold by itself, and
/// trusts nothing that contradicts the bound.
void settle(LogZ& z) {
  if (z.modes) {
    const ModesLogZ& modes = *z.modes;
    const auto missed = missed_mode(z);
    const double more = modes.value.value - z.value.value;
    const bool contradicts = apart(std::abs(more), modes.value, z.value);
    if (modes.ok && (!z.ok || missed || below_bound(z)) && !(more < 0 && contradicts)) {
      z.value = modes.value, z.ok = true, z.reason.clear();
      z.forward = sum_of(modes.forward, modes.share);
      z.reverse = sum_of(modes.reverse, modes.share);
    } else if (z.ok && missed) {
      z.ok = false;
      z.reason = fmt::format(
          "a mean-field mode of weight {:.2g} is not among the configurations from {} ({:.2g} of "
          "them), a transition of first order lies between; {}",
          modes.share[*missed], z.ladder ? "tempering" : "annealing", modes.seen[*missed],
          modes.ok ? "what is known of the modes gives less than that" : modes.reason);
    } else if (z.ok && modes.ok && more > 0 && contradicts) {
      z.ok = false;
      z.reason = fmt::format(
          "the sum over {} mean-field modes gives {:.6g}({:.2g}), more than {:.6g}({:.2g})",
          modes.share.size(), modes.value.value, modes.value.error, z.value.value, z.value.error);
    }
  }
  if (!below_bound(z)) return;
  z.ok = false;
  z.reason =
      fmt::format("ln Z is at least {:.6g} by the mean-field bound, {:.6g}({:.2g}) contradicts it",
                  z.bound, z.value.value, z.value.error);
}

/// Works are sums of terms in the precision of the chains, and no error is below their rounding,
/// however well the chains agree: that of the fields on hidden units, of as many differences as
/// there are stops. Units that are alike round alike, hence the factor.
double rounding_error(const Network& network, double epsilon, int stops) {
  constexpr double alike = 4;
  std::vector<double> size;
  for (int i = 0; i < network.visible.size(); ++i)
    size.push_back(network.visible.discrete() ? 1
                                              : std::sqrt(network.visible.moments(i, 0).second));
  double square = 0;
  for (int j = 0; j < network.hidden.size(); ++j) {
    double terms = 1 + std::abs(network.hidden.r[j]);
    for (int i = 0; i < network.visible.size(); ++i)
      terms += std::abs(network.weight(i, j)) * size[i];
    square += terms * terms;
  }
  return alike * epsilon / 2 * std::sqrt(2.0 * stops * square);
}

}  // namespace

template <class T>
LogZ estimate_log_z(const NetworkPath& path, const LogZOptions& options, std::uint64_t seed,
                    std::span<const double> start) {
  require_valid(options);
  const Network& network = path.network();
  LogZ out;
  if (options.exact && exact_method(network).kind != ExactMethod::Kind::none) {
    out.value = out.annealed = out.forward =
        out.reverse = {exact_log_z(network, options.threads), 0};
    out.forward_ess = out.reverse_ess = out.overlap = {1, 0};
    out.bound = out.value.value;
    out.exact = true;
    return out;
  }
  const auto columns = static_cast<std::size_t>(network.visible.size());
  if (start.size() % columns != 0)
    throw BadInput("the chains to anneal back from are of another width than the network",
                   "give [chain][visible] of this network");
  const AnnealingStops plan = plan_stops<T>(path, options.steps, seed, options.threads);
  const auto& stops = plan.t;
  const auto steps = static_cast<double>(stops.size() - 1);
  const auto report = [&](double done) {  // steps, sweeps, and half as much for the modes
    report_progress(options.progress, done / (3 * steps + options.sweeps));
  };
  const auto chains = static_cast<std::size_t>(options.chains);
  std::optional<TemperedRun<T>> ladders;
  if (options.sweeps > 0)
    ladders.emplace(path, stops, options.rungs > 0 ? options.rungs : rungs_for(plan.length),
                    options, seed);
  std::vector<double> forward(chains), reverse(chains);
  Annealing<T> there(path, options.chains, seed, Stream::annealing, options.threads);
  there.start_at_base();
  const std::vector<double> quenched = there.chains().visible_rows();
  for (std::size_t n = 0; n < stops.size(); report(static_cast<double>(n++))) {
    if (n > 0) there.go(stops[n], forward);
    if (ladders && ladders->wants(stops[n]))
      ladders->start_from_base(stops[n], there.chains().visible_rows());
  }
  const std::vector<double> ends = there.chains().visible_rows();

  constexpr int most_modes = 64;
  std::vector<double> seeds(start.begin(), start.end());
  seeds.insert(seeds.end(), ends.begin(), ends.end());
  std::vector<MeanFieldMode> found;
  if (options.modes) {
    found = mean_field_modes(network, seeds, most_modes, seed, options.threads);
    out.bound = found.front().bound;
  }
  std::optional<ModeRun> modes;
  if (found.size() > 1) modes.emplace(network, found, options, seed);
  const auto run_modes = [&](double done) {
    out.modes = modes->run([&](double fraction) { report(done + fraction * steps); });
  };
  if (modes && modes->modes() > 1) run_modes(steps);

  std::vector<double> rows(start.begin(), start.end());
  if (out.modes && out.modes->ok) {
    rows = modes->samples(chains);
  } else if (start.empty()) {
    rows = ladders ? quenched : ends;
  }
  Annealing<T> back(path, options.chains, seed, Stream::reverse, options.threads);
  back.start_at(1);
  if (ladders) {
    ladders->start_from_network(rows);
    out.ladder = ladders->run(options.sweeps, [&](int sweeps) { report(2 * steps + sweeps); });
    back.chains().set_visible_rows(ladders->samples(options.chains));
  } else {
    std::vector<double> all(ends.size());
    for (std::size_t k = 0; k < all.size(); ++k) all[k] = rows[k % rows.size()];
    back.chains().set_visible_rows(all);
    back.sweep(options.equilibration);
  }
  // Without tempering what has been seen is what the way there ends in.
  const std::vector<double> seen = ladders ? back.chains().visible_rows() : ends;
  for (std::size_t n = stops.size() - 1; n-- > 0;) {
    back.go(stops[n], reverse);
    report(3 * steps + options.sweeps - static_cast<double>(n));
  }
  const WorkEstimate work = acceptance_ratio(forward, reverse);
  const double at_base = uncoupled_log_z(path.base());
  out.annealed = log_z_from(at_base, work.difference);
  out.value = out.ladder ? out.ladder->value : out.annealed;
  out.forward = log_z_from(at_base, work.forward);
  out.reverse = log_z_from(at_base, work.reverse);
  out.forward_ess = work.forward_ess, out.reverse_ess = work.reverse_ess;
  out.overlap = work.overlap;
  out.reason = doubt(out, work, static_cast<double>(options.chains));
  out.ok = out.reason.empty();
  if ((!out.ok || below_bound(out)) && options.modes && !out.modes) {
    if (!modes) modes.emplace(network, found, options, seed);
    run_modes(2 * steps + options.sweeps);
  }
  if (out.modes) out.modes->seen = modes->shares().mean_shares(seen);
  const auto with_rounding = [&](Estimate& z, double epsilon, int differences) {
    z.error = std::hypot(z.error, rounding_error(network, epsilon, differences));
  };
  constexpr double epsilon = std::numeric_limits<T>::epsilon();
  with_rounding(out.value, epsilon,
                out.ladder ? static_cast<int>(out.ladder->betas.size()) : options.steps);
  if (out.modes)
    with_rounding(out.modes->value, 16 * std::numeric_limits<double>::epsilon(), options.steps);
  settle(out);
  return out;
}

LogLikelihood log_likelihood(const Estimate& free_energy, const LogZ& log_z) {
  const auto with = [&](const Estimate& z) { return -free_energy.value - z.value; };
  return {{with(log_z.value), log_z.value.error},
          with(log_z.reverse),
          with(log_z.forward),
          free_energy.error};
}

LogLikelihood log_likelihood(const Network& network, std::span<const float> rows, const LogZ& log_z,
                             int threads) {
  if (rows.empty()) throw BadInput("the log-likelihood of no rows", "give at least one row");
  return log_likelihood(mean_of(free_energies(network, rows, threads)), log_z);
}

std::optional<std::string> contradiction(const Network& network, std::span<const float> rows,
                                         const LogZ& log_z, int threads) {
  const Layer& layer = network.visible;
  const auto columns = static_cast<std::size_t>(layer.size());
  if (!layer.discrete() || rows.size() % columns != 0) return std::nullopt;
  std::vector<std::span<const float>> distinct;
  for (std::size_t at = 0; at < rows.size(); at += columns) {
    const auto row = rows.subspan(at, columns);
    if (std::all_of(row.begin(), row.end(), [&](float x) {
          return x == layer.values().front() || x == layer.values().back();
        }))
      distinct.push_back(row);
  }
  const auto less = [](const auto& x, const auto& y) {
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end());
  };
  const auto same = [](const auto& x, const auto& y) {
    return std::equal(x.begin(), x.end(), y.begin());
  };
  std::sort(distinct.begin(), distinct.end(), less);
  distinct.erase(std::unique(distinct.begin(), distinct.end(), same), distinct.end());
  if (distinct.empty()) return std::nullopt;
  std::vector<float> values;
  for (const auto& row : distinct) values.insert(values.end(), row.begin(), row.end());
  auto log_p = free_energies(network, values, threads);
  for (double& x : log_p) x = -x - log_z.value.value;
  const double largest = *std::max_element(log_p.begin(), log_p.end()), sum = log_sum_exp(log_p),
               allowed = max_apart * log_z.value.error + 1e-4;
  if (largest > allowed)
    return fmt::format(
        "a row has ln p = {:.4g}, which cannot be above 0: ln Z = {:.6g}({:.2g}) is too small",
        largest, log_z.value.value, log_z.value.error);
  if (!(sum > allowed)) return std::nullopt;
  return fmt::format(
      "the probabilities of {} different rows add up to {:.4g}, which cannot be above 1: ln Z = "
      "{:.6g}({:.2g}) is too small",
      distinct.size(), std::exp(sum), log_z.value.value, log_z.value.error);
}

template LogZ estimate_log_z<float>(const NetworkPath&, const LogZOptions&, std::uint64_t,
                                    std::span<const double>);
template LogZ estimate_log_z<double>(const NetworkPath&, const LogZOptions&, std::uint64_t,
                                     std::span<const double>);

}  // namespace quartic
