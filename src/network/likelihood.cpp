#include "quartic/network/likelihood.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "network/coupled_layers.hpp"
#include "network/line_of_models.hpp"
#include "quartic/core/error.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/stats/acceptance_ratio.hpp"

namespace quartic {
namespace {

void require_valid(const Network& network, const Network& base, const LogZOptions& options) {
  require_line(network, base);
  if (options.chains < 16 || options.steps < 2 || options.equilibration < 0) {
    throw BadInput(fmt::format("annealing with {} chains, {} steps and {} sweeps between ways",
                               options.chains, options.steps, options.equilibration),
                   "use at least 16 chains and 2 steps");
  }
}

/// Chains on the line of actions (1 - beta) S_base + beta S_network.
template <class T>
class Annealing {
 public:
  Annealing(const Network& network, const Network& base, int chains, std::uint64_t seed,
            Stream stream, int threads)
      : network_(network),
        base_(base),
        now_(network),
        next_(network),
        chains_(network.visible.size(), network.hidden.size(), chains, seed, stream),
        threads_(thread_count(threads, network)),
        scratch_(make_scratch(threads_, now_)) {
    set(now_, 0);
  }

  Chains<T>& chains() { return chains_; }

  /// Exact draws of the base.
  void start_at_base() {
    set(now_, 0);
    beta_ = 0;
    chains_.set_scale(T(0));
    for_each_part(chains_.blocks(), threads_, [&](int block, int thread) {
      chains_.update_visible(now_, block, scratch_[thread], true);
    });
  }
  void start_at_network() {
    set(now_, 1);
    beta_ = 1;
    chains_.set_scale(T(1));
  }

  /// Sweeps where the chains are: hidden units always afresh given the visible ones, because only
  /// the visible ones are known to have the weights.
  void sweep(int count) {
    for_each_part(chains_.blocks(), threads_, [&](int block, int thread) {
      for (int k = 0; k < count; ++k) {
        chains_.field_on_hidden(now_, block, scratch_[thread]);
        transition(now_, block, scratch_[thread]);
      }
    });
  }

  /// Goes on to beta, adding (f_beta - f_before) of every chain to work, with one sweep there.
  void go(double beta, std::vector<double>& work) {
    set(next_, beta);
    const double step = beta - beta_;
    const AlignedVector<T> before(chains_in_block, static_cast<T>(beta_)),
        after(chains_in_block, static_cast<T>(beta));
    chains_.set_scale(static_cast<T>(beta));
    for_each_part(chains_.blocks(), threads_, [&](int block, int thread) {
      auto& scratch = scratch_[thread];
      chains_.field_on_hidden(now_, block, scratch);
      double old_log[chains_in_block] = {}, new_log[chains_in_block] = {};
      const auto& kernels = now_.hidden_type->template kernels<T>();
      auto units = chains_.hidden_block(now_, block, scratch);
      units.scale = before.data();
      kernels.log_normaliser(units, old_log);
      units = chains_.hidden_block(next_, block, scratch);
      units.scale = after.data();
      kernels.log_normaliser(units, new_log);
      double visible[chains_in_block] = {};
      const auto phi = chains_.visible(block);
      add_visible_difference(base_.visible, network_.visible, phi.data, phi.stride,
                             chains_.count(block), visible);
      for (int lane = 0; lane < chains_.count(block); ++lane)
        work[chains_.first(block) + lane] += step * visible[lane] + old_log[lane] - new_log[lane];
      transition(next_, block, scratch);
    });
    std::swap(now_, next_);
    beta_ = beta;
  }

 private:
  void set(CoupledLayers<T>& layers, double beta) {
    layers.set_layers(layer_between(base_.visible, network_.visible, beta),
                      layer_between(base_.hidden, network_.hidden, beta));
  }

  /// With the field on the hidden units in scratch.
  void transition(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& scratch) {
    chains_.update_hidden(layers, block, scratch, true);
    chains_.field_on_visible(layers, block, scratch);
    chains_.update_visible(layers, block, scratch);
  }

  const Network &network_, &base_;
  CoupledLayers<T> now_, next_;
  Chains<T> chains_;
  int threads_;
  std::vector<NetworkScratch<T>> scratch_;
  double beta_ = 0;
};

/// Stops at equal steps of int sqrt(Var df/dbeta) dbeta, from a short run of few chains; a tenth of
/// them evenly spaced, where the pilot saw nothing.
template <class T>
std::vector<double> plan_stops(const Network& network, const Network& base,
                               const LogZOptions& options, std::uint64_t seed) {
  constexpr int knots = 40, chains = 128;
  Annealing<T> pilot(network, base, chains, seed, Stream::pilot, options.threads);
  pilot.start_at_base();
  std::vector<double> length{0};
  double total = 0;
  for (int k = 1; k <= knots; ++k) {
    std::vector<double> work(chains);
    pilot.go(static_cast<double>(k) / knots, work);
    pilot.sweep(2);
    double mean = 0, square = 0;
    for (const double w : work) mean += w / chains;
    for (const double w : work) square += (w - mean) * (w - mean) / chains;
    total += std::sqrt(square);
    length.push_back(total);
  }
  for (int k = 0; k <= knots; ++k) {
    const double even = static_cast<double>(k) / knots;
    length[k] = total > 0 ? 0.9 * length[k] / total + 0.1 * even : even;
  }
  std::vector<double> stops{0};
  int knot = 0;
  for (int n = 1; n < options.steps; ++n) {
    const double wanted = static_cast<double>(n) / options.steps;
    while (knot < knots - 1 && length[knot + 1] < wanted) ++knot;
    const double within = (wanted - length[knot]) / (length[knot + 1] - length[knot]);
    stops.push_back((knot + within) / knots);
  }
  stops.push_back(1);
  return stops;
}

/// ln Z of the network from an estimate of F_network - F_base, F = -ln Z.
Estimate log_z_from(double base, const Estimate& difference) {
  return {base - difference.value, difference.error};
}

}  // namespace

template <class T>
LogZ estimate_log_z(const Network& network, const Network& base, const LogZOptions& options,
                    std::uint64_t seed, std::span<const double> start) {
  require_valid(network, base, options);
  LogZ out;
  if (options.exact && exact_method(network).kind != ExactMethod::Kind::none) {
    out.value = out.forward = out.reverse = {exact_log_z(network, options.threads), 0};
    out.forward_ess = out.reverse_ess = out.overlap = {1, 0};
    out.exact = true;
    return out;
  }
  const auto columns = static_cast<std::size_t>(network.visible.size());
  if (start.size() % columns != 0)
    throw BadInput("the chains to anneal back from are of another width than the network");
  const auto stops = plan_stops<T>(network, base, options, seed);
  const auto report = [&](std::size_t done) {
    if (options.progress)
      options.progress(static_cast<double>(done) / static_cast<double>(2 * stops.size()));
  };
  const auto chains = static_cast<std::size_t>(options.chains);
  std::vector<double> forward(chains), reverse(chains);
  Annealing<T> there(network, base, options.chains, seed, Stream::annealing, options.threads);
  there.start_at_base();
  for (std::size_t n = 1; n < stops.size(); ++n) there.go(stops[n], forward), report(n);
  Annealing<T> back(network, base, options.chains, seed, Stream::reverse, options.threads);
  std::vector<double> rows = there.chains().visible_rows();
  for (std::size_t k = 0; k < rows.size() && !start.empty(); ++k) rows[k] = start[k % start.size()];
  back.chains().set_visible_rows(rows);
  back.start_at_network();
  back.sweep(options.equilibration);
  for (std::size_t n = stops.size() - 1; n-- > 0;)
    back.go(stops[n], reverse), report(2 * stops.size() - 1 - n);
  const WorkEstimate work = acceptance_ratio(forward, reverse);
  const double at_base = uncoupled_log_z(base);
  out.value = log_z_from(at_base, work.difference);
  out.forward = log_z_from(at_base, work.forward);
  out.reverse = log_z_from(at_base, work.reverse);
  out.forward_ess = work.forward_ess, out.reverse_ess = work.reverse_ess;
  out.overlap = work.overlap;
  out.ok = work.ok, out.reason = work.reason;
  return out;
}

Likelihood log_likelihood(const Network& network, std::span<const float> rows, const LogZ& log_z,
                          int threads) {
  if (rows.empty()) throw BadInput("the log-likelihood of no rows");
  const Estimate energy = mean_of(free_energies(network, rows, threads));
  return {{-energy.value - log_z.value.value, log_z.value.error},
          -energy.value - log_z.reverse.value,
          -energy.value - log_z.forward.value,
          energy.error};
}

template LogZ estimate_log_z<float>(const Network&, const Network&, const LogZOptions&,
                                    std::uint64_t, std::span<const double>);
template LogZ estimate_log_z<double>(const Network&, const Network&, const LogZOptions&,
                                     std::uint64_t, std::span<const double>);

}  // namespace quartic
