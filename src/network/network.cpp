#include "quartic/network/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "network/coupled_layers.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/linear_algebra.hpp"
#include "quartic/core/memory.hpp"

namespace quartic {
namespace {

/// The units of a layer that nothing but a quadratic coupling holds.
std::vector<int> harmonic_units(const Layer& layer) {
  std::vector<int> units;
  for (int i = 0; i < layer.size() && !layer.discrete(); ++i)
    if (layer.b[i] == 0) units.push_back(i);
  return units;
}

/// By the Cholesky factor of 1 - A A^T, which is cheaper than the values. May say no within
/// rounding of one.
bool all_singular_values_below_one(std::span<const double> matrix, int rows, int columns) {
  std::vector<double> gram(static_cast<std::size_t>(rows) * rows, 0.0);
  accumulate_gram(matrix, rows, columns, columns, gram, 1);
  for (double& x : gram) x = -x;
  for (std::size_t i = 0; i < gram.size(); i += rows + std::size_t{1}) gram[i] += 1 - 1e-11;
  return Cholesky::factor(std::move(gram), rows).has_value();
}

std::size_t max_entry(std::span<const double> x) {
  const auto smaller = [](double a, double b) { return std::abs(a) < std::abs(b); };
  return static_cast<std::size_t>(std::max_element(x.begin(), x.end(), smaller) - x.begin());
}

/// The quadratic form sum a phi^2 + sum m h^2 - sum w phi h of the harmonic units, rescaled to
/// a = m = 1, is positive definite where the largest singular value of half its w is below 1.
std::optional<std::string> why_not_definite(const Network& network) {
  const auto visible = harmonic_units(network.visible), hidden = harmonic_units(network.hidden);
  if (visible.empty() || hidden.empty()) return std::nullopt;
  std::vector<double> form;
  for (const int i : visible)
    for (const int j : hidden)
      form.push_back(network.weight(i, j) /
                     (2 * std::sqrt(network.visible.a[i] * network.hidden.a[j])));
  const int rows = static_cast<int>(visible.size()), columns = static_cast<int>(hidden.size());
  if (all_singular_values_below_one(form, rows, columns)) return std::nullopt;
  const SingularValues singular = singular_values(std::move(form), rows, columns, true);
  const double largest = singular.values.front();
  if (largest < 1 - 1e-12) return std::nullopt;
  const std::size_t i = max_entry(singular.left), j = max_entry(singular.right);
  return fmt::format(
      "w: the quadratic form of the units without quartic coupling is not positive definite (the "
      "largest singular value of w_ij / (2 sqrt(a_i m_j)) is {:.4g} and must be below 1; visible "
      "unit {} with a = {:g} and hidden unit {} with m = {:g} contribute most)",
      largest, visible[i], network.visible.a[visible[i]], hidden[j], network.hidden.a[hidden[j]]);
}

/// The largest sum_j u_ij h_j, infinite where h has no bound.
double strongest_gates(const Network& network, int i) {
  double sum = 0;
  for (int j = 0; j < network.hidden.size(); ++j) {
    const double u = network.gate(i, j);
    if (u == 0) continue;
    if (!network.hidden.discrete()) return std::numeric_limits<double>::infinity();
    const auto values = network.hidden.values();
    sum += std::max(u * values.front(), u * values.back());
  }
  return sum;
}

/// Gaussian hidden units, integrated out, leave sum_ik phi_i^2 phi_k^2 (b_i delta_ik - sum_j u_ij
/// u_kj / 4 m_j) of the fourth order.
bool squares_definite(const Network& network) {
  const int n = network.visible.size();
  std::vector<double> form(static_cast<std::size_t>(n) * n, 0.0);
  for (int i = 0; i < n; ++i) {
    form[static_cast<std::size_t>(i) * (n + 1)] = network.visible.b[i];
    for (int k = 0; k <= i; ++k)
      for (int j = 0; j < network.hidden.size(); ++j)
        if (network.hidden.b[j] == 0)
          form[static_cast<std::size_t>(k) * n + i] -=
              network.gate(i, j) * network.gate(k, j) / (4 * network.hidden.a[j]);
  }
  return Cholesky::factor(std::move(form), n).has_value();
}

std::optional<std::string> why_not_gated(const Network& network) {
  if (!network.gated()) return std::nullopt;
  if (network.visible.discrete())
    return fmt::format("gates u change the width of visible units, and {} units have none",
                       name(network.visible.unit));
  for (int i = 0; i < network.visible.size(); ++i) {
    if (network.visible.b[i] > 0) continue;
    const double most = strongest_gates(network, i);
    if (!(network.visible.a[i] > most))
      return fmt::format(
          "u: visible unit {} without quartic coupling has a = {:g}, and its gates take up to {:g} "
          "from it",
          i, network.visible.a[i], most);
  }
  if (!network.hidden.discrete() && !squares_definite(network))
    return "u: gates of Gaussian hidden units outgrow the quartic couplings of the visible ones "
           "(b_i delta_ik - sum_j u_ij u_kj / 4 m_j is not positive definite)";
  return std::nullopt;
}

/// Products of two such numbers and of some thousands of them still are float32.
constexpr double most_energy = 1e30;

/// Where a unit is at most, in a field of that strength that also takes `softened` from its a.
double farthest(const Layer& layer, int i, double field, double softened) {
  if (layer.discrete()) return 1;
  const double inf = std::numeric_limits<double>::infinity();
  const double a = layer.a[i] - softened, b = layer.b[i];
  const double width =
      std::min(a > 0 ? 1 / std::sqrt(2 * a) : inf, b > 0 ? 1 / std::sqrt(std::sqrt(b)) : inf);
  const double harmonic = a > 0 ? field / (2 * a) : inf;
  if (b == 0) return harmonic + width;
  return width +
         std::min(harmonic, std::cbrt(field / (4 * b)) + std::sqrt(std::max(0.0, -a / (2 * b))));
}

/// What every unit of the layer feels of the other at most, where all of that are at `other`.
struct Coupled {
  std::vector<double> w, u, softened;  ///< sums of |w| and |u| by unit; what gates take from a
};

std::array<Coupled, 2> sums_of(const Network& network) {
  const std::size_t visible = network.visible.r.size(), hidden = network.hidden.r.size();
  std::array<Coupled, 2> out;
  const auto add = [&](const std::vector<double>& matrix, auto part) {
    (out[0].*part).assign(visible, 0.0), (out[1].*part).assign(hidden, 0.0);
    for (std::size_t k = 0; k < matrix.size(); ++k)
      (out[0].*part)[k / hidden] += std::abs(matrix[k]),
          (out[1].*part)[k % hidden] += std::abs(matrix[k]);
  };
  add(network.w, &Coupled::w), add(network.u, &Coupled::u);
  out[0].softened.assign(visible, 0.0), out[1].softened.assign(hidden, 0.0);
  for (std::size_t i = 0; i < visible && network.gated(); ++i)
    out[0].softened[i] = strongest_gates(network, static_cast<int>(i));
  return out;
}

/// Whether units without bound feel each other linearly: how far they go is a matter of
/// normalisation, and no bound by strengths.
bool bounded_by_strengths(const Network& network) {
  const bool harmonic =
      !harmonic_units(network.visible).empty() && !harmonic_units(network.hidden).empty();
  return !harmonic && !(network.gated() && !network.hidden.discrete());
}

/// A mean field of strengths alone: energies of units that all others push as far as they can.
std::optional<std::string> why_out_of_reach(const Network& network) {
  if (!bounded_by_strengths(network)) return std::nullopt;
  const auto sums = sums_of(network);
  std::array<double, 2> most = {0, 0};
  for (int j = 0; j < network.hidden.size(); ++j)
    most[1] = std::max(most[1], farthest(network.hidden, j, std::abs(network.hidden.r[j]), 0));
  constexpr int rounds = 20;
  for (int k = 0; k < 2 * rounds; ++k) {
    const int side = k % 2;
    const Layer& layer = side == 0 ? network.visible : network.hidden;
    const double other = most[1 - side];
    double next = 0;
    for (int i = 0; i < layer.size(); ++i) {
      const double gates = sums[side].u[i] * other;
      const double field =
          std::abs(layer.r[i]) + sums[side].w[i] * other + (side == 0 ? 0 : gates * other);
      const double x = farthest(layer, i, field, sums[side].softened[i]), square = x * x;
      const double energy =
          (std::abs(layer.a[i]) + gates) * square + layer.b[i] * square * square + field * x;
      if (!(energy <= most_energy))
        return fmt::format("{} unit {} has energies of about {:.2g}, beyond {:g}",
                           side == 0 ? "visible" : "hidden", i, energy, most_energy);
      next = std::max(next, x);
    }
    most[side] = next;
  }
  return std::nullopt;
}

}  // namespace

Network::Network(Layer visible_layer, Layer hidden_layer)
    : visible(std::move(visible_layer)), hidden(std::move(hidden_layer)) {
  constexpr double copies = 4;  // of the weights, with their gradient and its moments
  const double weights = static_cast<double>(visible.size()) * hidden.size();
  require_memory(
      copies * sizeof(double) * weights,
      fmt::format("the weights of {} visible and {} hidden units", visible.size(), hidden.size()),
      "fewer hidden units (model.hidden_units)");
  w.assign(static_cast<std::size_t>(weights), 0.0);
}

std::vector<double> Network::field_on_hidden(std::span<const double> phi) const {
  std::vector<double> field(hidden.size());
  for (int i = 0; i < visible.size(); ++i)
    for (int j = 0; j < hidden.size(); ++j)
      field[j] += phi[i] * (weight(i, j) + gate(i, j) * phi[i]);
  return field;
}

double Network::action(std::span<const double> phi, std::span<const double> h) const {
  const auto field = field_on_hidden(phi);
  double sum = 0;
  for (int i = 0; i < visible.size(); ++i) sum += visible.energy(i, phi[i]);
  for (int j = 0; j < hidden.size(); ++j) sum += hidden.energy(j, h[j]) - field[j] * h[j];
  return sum;
}

double Network::free_energy(std::span<const double> phi) const {
  const auto field = field_on_hidden(phi);
  double sum = 0;
  for (int i = 0; i < visible.size(); ++i) sum += visible.energy(i, phi[i]);
  for (int j = 0; j < hidden.size(); ++j) sum -= hidden.moments(j, field[j]).log_normaliser;
  return sum;
}

Network Network::transposed() const {
  if (gated())
    throw BadInput("the layers of a network with gates cannot be exchanged",
                   "gates act on the visible units alone");
  Network other(hidden, visible);
  for (int i = 0; i < visible.size(); ++i)
    for (int j = 0; j < hidden.size(); ++j)
      other.w[static_cast<std::size_t>(j) * visible.size() + i] = weight(i, j);
  return other;
}

std::optional<std::string> why_not_normalisable(const Network& network) {
  const auto layer = [](const Layer& units, const char* side, const char* letters) {
    std::optional<std::string> reason;
    for (int i = 0; i < units.size() && !reason; ++i)
      if (const auto why = units.why_not(i, letters))
        reason = fmt::format("{} unit {}: {}", side, i, *why);
    return reason;
  };
  if (auto reason = layer(network.visible, "visible", "rab")) return reason;
  if (auto reason = layer(network.hidden, "hidden", "smn")) return reason;
  const std::size_t hidden = network.hidden.r.size();
  for (const auto& [letter, matrix] : {std::pair{'w', &network.w}, {'u', &network.u}})
    for (std::size_t k = 0; k < matrix->size(); ++k)
      if (!std::isfinite((*matrix)[k]))
        return fmt::format("{} of visible unit {} and hidden unit {} is {}", letter, k / hidden,
                           k % hidden, (*matrix)[k]);
  if (auto reason = why_not_gated(network)) return reason;
  return why_not_definite(network);
}

void require_normalisable(const Network& network) {
  if (const auto reason = why_not_normalisable(network)) {
    throw BadInput("the network is not normalisable: " + *reason,
                   "keep quartic couplings positive, quadratic ones positive where there is no "
                   "quartic one, and w small between Gaussian units");
  }
  if (const auto reason = why_out_of_reach(network))
    throw BadInput("couplings out of float32's reach: " + *reason, "smaller ones");
}

namespace {

/// Of values so large that energies and ln Z of the hidden units overflow: they are never likely.
double infinite_if_lost(double free_energy, const double* row, int visible) {
  const bool lost = std::isnan(free_energy) &&
                    std::none_of(row, row + visible, [](double x) { return std::isnan(x); });
  return lost ? std::numeric_limits<double>::infinity() : free_energy;
}

template <class T>
std::vector<double> free_energies_of(const Network& network, std::span<const T> rows, int threads) {
  const int visible = network.visible.size();
  if (rows.size() % static_cast<std::size_t>(visible) != 0) {
    throw BadInput(
        fmt::format("{} values do not fill rows of {} visible units", rows.size(), visible),
        "give whole rows, one value a visible unit");
  }
  const CoupledLayers<double> layers(network);
  std::vector<double> out(rows.size() / visible);
  const int count = static_cast<int>(out.size()), used = thread_count(threads, network);
  auto scratch = make_scratch(used, layers);
  const AlignedVector<double> ones(chains_in_block, 1.0);
  const int blocks = (count + chains_in_block - 1) / chains_in_block;
  for_each_part(blocks, used, [&](int block, int thread) {
    const int first = block * chains_in_block, lanes = std::min(chains_in_block, count - first);
    const std::vector<double> phi(
        rows.begin() + static_cast<std::ptrdiff_t>(first) * visible,
        rows.begin() + static_cast<std::ptrdiff_t>(first + lanes) * visible);
    const auto field = scratch[thread].values();
    const int hidden = layers.hidden_units();
    layers.field_of_rows(phi.data(), lanes, scratch[thread]);
    double log_hidden[chains_in_block] = {};
    layers.hidden_type->kernels<double>().log_normaliser(
        {layers.hidden.data(), hidden, (lanes + 15) / 16 * 16, field.data, field.stride,
         ones.data()},
        log_hidden);
    for (int lane = 0; lane < lanes; ++lane) {
      const double* row = phi.data() + static_cast<std::ptrdiff_t>(lane) * visible;
      double energy = 0;
      for (int i = 0; i < visible; ++i) energy += network.visible.energy(i, row[i]);
      out[first + lane] = infinite_if_lost(energy - log_hidden[lane], row, visible);
    }
  });
  return out;
}

}  // namespace

std::vector<double> free_energies(const Network& network, std::span<const float> rows,
                                  int threads) {
  return free_energies_of(network, rows, threads);
}
std::vector<double> free_energies(const Network& network, std::span<const double> rows,
                                  int threads) {
  return free_energies_of(network, rows, threads);
}

}  // namespace quartic
