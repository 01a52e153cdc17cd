#include "quartic/network/exact_learner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "core/limited_memory.hpp"
#include "core/packed_state.hpp"
#include "core/parallel.hpp"
#include "network/coupled_layers.hpp"
#include "quartic/core/error.hpp"
#include "quartic/network/exact.hpp"
#include "quartic/network/start.hpp"

namespace quartic {
namespace {

constexpr double quadrature = 0.01;  // of ln Z by every other point; it is right to 1e-5
constexpr double least_b = 1e-5;     // of b <phi^4>: a quartic unit stays one

/// Means over the rows of what the objective is linear in, and of ln sum_h.
struct DataTerms {
  double log_hidden = 0;
  std::vector<double> w, u, s;  ///< <phi <h>>, <phi^2 <h>>, <<h>>

  void add(const DataTerms& more) {
    log_hidden += more.log_hidden;
    for (auto [to, from] : {std::pair{&w, &more.w}, {&u, &more.u}, {&s, &more.s}})
      for (std::size_t k = 0; k < to->size(); ++k) (*to)[k] += (*from)[k];
  }
};

}  // namespace

struct ExactLearner::Parts {
  std::vector<float> rows;
  ExactOptions options;
  Network now;
  int columns;
  std::size_t count;
  std::vector<double> first, second, fourth, variance;  ///< of the columns
  double log_z = 0, log_likelihood = 0;
  QuadratureBox now_box;
  int iterations = 0, threads;
  std::optional<LimitedMemory> ascent;

  Parts(std::vector<float> values, const Network& start, const ExactOptions& of)
      : rows(std::move(values)),
        options(of),
        now(start),
        columns(start.visible.size()),
        count(rows.size() / static_cast<std::size_t>(columns)),
        threads(threads_or_all(of.threads)) {
    first.assign(columns, 0.0), second = first, fourth = first, variance = first;
    const double share = 1 / static_cast<double>(count);
    for (std::size_t n = 0; n < rows.size(); ++n) {
      const double x = rows[n], square = x * x;
      if (!std::isfinite(x))
        throw BadInput(fmt::format("row {}, column {} is {}", n / columns, n % columns, x),
                       "remove or fill the values that are missing");
      first[n % columns] += share * x, second[n % columns] += share * square,
          fourth[n % columns] += share * square * square;
    }
    for (int i = 0; i < columns; ++i)
      variance[i] = std::max(second[i] - first[i] * first[i], 1e-12 * second[i]);
    ascent.emplace(point_of(now), [this](const auto& x, auto& g) { return evaluate(x, g); });
  }

  /// So that b phi^4 is small wherever the column is: it may lie far from 0.
  double floor_of_b(int i) const {
    return least_b / std::max(variance[i] * variance[i], fourth[i]);
  }

  /// w, u, r, a, ln(b - floor), s: those that the units have.
  template <class NetworkRef, class Visit>
  void for_each_kind(NetworkRef& network, Visit&& visit) const {
    visit(network.w), visit(network.u), visit(network.visible.r);
    if (network.visible.has_a()) visit(network.visible.a);
    if (network.visible.has_b()) visit(network.visible.b);
    visit(network.hidden.r);
  }
  std::vector<double> point_of(const Network& network) const {
    std::vector<double> out;
    for_each_kind(network, [&](const std::vector<double>& kind) {
      for (std::size_t k = 0; k < kind.size(); ++k)
        out.push_back(&kind == &network.visible.b
                          ? std::log(std::max(kind[k] - floor_of_b(static_cast<int>(k)),
                                              0.1 * floor_of_b(static_cast<int>(k))))
                          : kind[k]);
    });
    return out;
  }
  Network network_at(const std::vector<double>& point) const {
    Network out = now;
    auto from = point.begin();
    for_each_kind(out, [&](std::vector<double>& kind) {
      for (std::size_t k = 0; k < kind.size(); ++k, ++from)
        kind[k] =
            &kind == &out.visible.b ? floor_of_b(static_cast<int>(k)) + std::exp(*from) : *from;
    });
    return out;
  }

  DataTerms data_terms(const Network& network) const {
    const CoupledLayers<double> layers(network);
    const int blocks = static_cast<int>((count + chains_in_block - 1) / chains_in_block);
    constexpr int blocks_in_part = 8;
    const int parts = (blocks + blocks_in_part - 1) / blocks_in_part;
    std::vector<DataTerms> sums(parts);  // in order: the bits do not depend on threads
    for_each_part(parts, threads, [&](int part, int) {
      sums[part] = empty_terms(network);
      NetworkScratch<double> scratch(std::max(columns, layers.hidden_units()),
                                     network.gated() ? columns : 0);
      const int end = std::min(blocks, (part + 1) * blocks_in_part);
      for (int block = part * blocks_in_part; block < end; ++block)
        add_block(layers, block, scratch, sums[part]);
    });
    DataTerms out = empty_terms(network);
    for (const auto& part : sums) out.add(part);
    const double share = 1 / static_cast<double>(count);
    out.log_hidden *= share;
    for (auto* kind : {&out.w, &out.u, &out.s})
      for (double& x : *kind) x *= share;
    return out;
  }
  static DataTerms empty_terms(const Network& network) {
    return {0, std::vector<double>(network.w.size()), std::vector<double>(network.u.size()),
            std::vector<double>(network.hidden.r.size())};
  }
  void add_block(const CoupledLayers<double>& layers, int block, NetworkScratch<double>& scratch,
                 DataTerms& sums) const {
    const std::size_t begin = static_cast<std::size_t>(block) * chains_in_block;
    const int lanes = static_cast<int>(std::min<std::size_t>(chains_in_block, count - begin));
    const auto at = rows.begin() + static_cast<std::ptrdiff_t>(begin) * columns;
    const AlignedVector<double> phi(at, at + static_cast<std::ptrdiff_t>(lanes) * columns);
    const int hidden = layers.hidden_units();
    layers.field_of_rows(phi.data(), lanes, scratch);
    const std::size_t room = static_cast<std::size_t>(hidden) * chains_in_block;
    AlignedVector<double> mean(room), second(room), fourth(room);
    double log_hidden[chains_in_block] = {};
    static constexpr auto ones = [] {
      std::array<double, chains_in_block> one{};
      one.fill(1);
      return one;
    }();
    const AlignedVector<double> scale(ones.begin(), ones.end());
    layers.hidden_type->kernels<double>().summary(
        {layers.hidden.data(), hidden, (lanes + 15) / 16 * 16, scratch.field.data(),
         chains_in_block, scale.data()},
        {log_hidden, mean.data(), second.data(), fourth.data(), chains_in_block});
    for (int lane = 0; lane < lanes; ++lane) sums.log_hidden += log_hidden[lane];
    for (int j = 0; j < hidden; ++j)
      for (int lane = 0; lane < lanes; ++lane)
        sums.s[j] += mean[static_cast<std::size_t>(j) * chains_in_block + lane];
    const auto product = [&](const double* values, std::vector<double>& to) {
      multiply(Transpose::yes, Transpose::yes, columns, hidden, lanes, values, columns, mean.data(),
               chains_in_block, 1.0, to.data(), hidden);
    };
    product(phi.data(), sums.w);
    if (layers.gated()) product(scratch.gates.data(), sums.u);  // the rows' squares
  }

  /// What the ascent makes small: - ln p + prior.
  double evaluate(const std::vector<double>& point, std::vector<double>& gradient) {
    const Network at = network_at(point);
    constexpr double forbidden = std::numeric_limits<double>::infinity();
    if (why_not_normalisable(at)) return forbidden;
    QuadratureBox box = now_box;  // that of a step too far would be no place to begin
    const ExactNetwork model = solve_exactly(at, threads, quadrature, &box);
    if (!std::isfinite(model.log_z)) return forbidden;
    const DataTerms data = data_terms(at);
    double likelihood = data.log_hidden - model.log_z;
    for (int i = 0; i < columns; ++i)
      likelihood -=
          at.visible.r[i] * first[i] + at.visible.a[i] * second[i] + at.visible.b[i] * fourth[i];
    if (!std::isfinite(likelihood)) return forbidden;
    const double prior = options.ridge / static_cast<double>(count);
    double cost = 0;
    auto to = gradient.begin();
    const std::size_t hidden = at.hidden.r.size();
    const auto coupled = [&](const std::vector<double>& kind, const std::vector<double>& of_data,
                             const std::vector<double>& of_model, int power) {
      for (std::size_t k = 0; k < kind.size(); ++k, ++to) {
        const double weight = prior * std::pow(variance[k / hidden], power);
        cost += weight * kind[k] * kind[k] / 2;
        *to = of_model[k] - of_data[k] + weight * kind[k];
      }
    };
    coupled(at.w, data.w, model.moments.w, 1), coupled(at.u, data.u, model.moments.u, 2);
    const auto alone = [&](const std::vector<double>& of_data,
                           const std::vector<double>& of_model) {
      for (std::size_t k = 0; k < of_data.size(); ++k, ++to) *to = of_data[k] - of_model[k];
    };
    alone(first, model.moments.r);
    if (at.visible.has_a()) alone(second, model.moments.a);
    for (int i = 0; i < columns && at.visible.has_b(); ++i, ++to)
      *to = (fourth[i] - model.moments.b[i]) * (at.visible.b[i] - floor_of_b(i));
    alone(data.s, model.moments.s);
    tried_ = {at, model.log_z, likelihood, std::move(box)};
    return cost - likelihood;
  }

  void take() {
    now = tried_->network, log_z = tried_->log_z, log_likelihood = tried_->log_likelihood;
    now_box = tried_->box;
  }

  template <class Archive>
  void archive(Archive& state) {
    ascent->archive(state);
    state(log_z, log_likelihood, iterations, now_box.low, now_box.high, now_box.points);
  }

  struct Tried {
    Network network;
    double log_z, log_likelihood;
    QuadratureBox box;
  };
  std::optional<Tried> tried_;
};

std::optional<std::string> why_not_exactly(const Network& network) {
  constexpr int most_discrete = 14, most_continuous = 2;
  const Layer &visible = network.visible, &hidden = network.hidden;
  const auto few = [](const Layer& layer, int continuous) {
    return layer.size() <= (layer.discrete() ? most_discrete : continuous);
  };
  const ExactMethod method = exact_method(network);
  if (method.kind == ExactMethod::Kind::none) return method.reason;
  if (method.kind == ExactMethod::Kind::determinant || few(visible, most_continuous) ||
      few(hidden, 0))
    return std::nullopt;
  return fmt::format(
      "{} {} and {} {} units; one side has to have at most {} two-valued units, or "
      "the visible one at most {} columns",
      visible.size(), name(visible.unit), hidden.size(), name(hidden.unit), most_discrete,
      most_continuous);
}

/// Quartic units have no place but 0: what lies many of its widths from there is lost in rounding.
static void require_near_zero(std::span<const float> rows, const Layer& visible) {
  constexpr double farthest = 20;  // spreads
  if (visible.unit != Unit::quartic) return;
  const auto columns = static_cast<std::size_t>(visible.size());
  const double share = static_cast<double>(columns) / static_cast<double>(rows.size());
  for (std::size_t c = 0; c < columns; ++c) {
    double mean = 0, square = 0;
    for (std::size_t k = c; k < rows.size(); k += columns) mean += share * rows[k];
    for (std::size_t k = c; k < rows.size(); k += columns)
      square += share * (rows[k] - mean) * (rows[k] - mean);
    const double far = std::abs(mean) / std::sqrt(square);
    if (square > 0 && far > farthest)
      throw BadInput(fmt::format("column {} lies {:.3g} of its standard deviations from 0, too far "
                                 "for quartic units",
                                 c, far),
                     "standardise the columns, or subtract an offset");
  }
}

ExactLearner::ExactLearner(std::vector<float> rows, const Network& start,
                           const ExactOptions& options) {
  require_normalisable(start);
  const auto columns = static_cast<std::size_t>(start.visible.size());
  if (rows.empty() || rows.size() % columns != 0)
    throw BadInput(fmt::format("{} values for rows of {} visible units", rows.size(), columns),
                   "give whole rows, one value a visible unit");
  if (const auto reason = why_not_exactly(start))
    throw BadInput("the network cannot be learned exactly: " + *reason,
                   "take fewer hidden units, or train with chains");
  if (!(options.ridge >= 0 && std::isfinite(options.ridge)))
    throw BadInput(fmt::format("ridge = {:g}", options.ridge), "it is finite and not negative");
  require_near_zero(rows, start.visible);
  parts_ = make_hidden<Parts>(std::move(rows), start, options);
  if (!std::isfinite(parts_->ascent->value))
    throw BadInput("ln p of the network to begin with is not finite on these rows",
                   "columns of few values want noise or binary units, others standardising");
  parts_->take();
}

void ExactLearner::step(int count, const ProgressCallback& going_on) {
  auto& p = *parts_;
  for (int k = 0; k < count && !p.ascent->converged; ++k) {
    if (going_on && !going_on(static_cast<double>(k) / count)) return;
    if (!p.ascent->step([&p](const auto& x, auto& g) { return p.evaluate(x, g); })) continue;
    p.take();  // the last one tried is the one accepted
    ++p.iterations;
  }
}

bool ExactLearner::converged() const {
  return parts_->ascent->converged;
}
int ExactLearner::iterations() const {
  return parts_->iterations;
}
const Network& ExactLearner::network() const {
  return parts_->now;
}
double ExactLearner::log_z() const {
  return parts_->log_z;
}
double ExactLearner::log_likelihood() const {
  return parts_->log_likelihood;
}
std::vector<double> ExactLearner::state() const {
  StatePacker packer;
  parts_->archive(packer);
  return std::move(packer.values);
}
void ExactLearner::restore(std::span<const double> state) {
  StateUnpacker unpacker(state, "checkpoint/density");
  parts_->archive(unpacker);
  parts_->now = parts_->network_at(parts_->ascent->x);
}

Network exact_start(Unit visible, Unit hidden, int hidden_units, bool gates,
                    std::span<const float> rows, int columns, std::uint64_t seed,
                    double deviation) {
  const ArraySource source(std::vector<float>(rows.begin(), rows.end()),
                           static_cast<std::size_t>(columns));
  const ColumnMoments moments = column_moments(source);
  Network out(fit_layer(visible, moments), Layer(hidden, hidden_units));
  RandomStream random(seed, Stream::start, 0);
  const double size = deviation * std::min(1.0, 2 / std::sqrt(static_cast<double>(columns)));
  if (gates) out.u.resize(out.w.size());
  for (std::size_t k = 0; k < out.w.size(); ++k) {
    const std::size_t column = k / out.hidden.r.size();
    const double spread = std::sqrt(std::max(moments.variance(column), 1e-12));
    out.w[k] = size * random.normal() / spread;
    if (gates) out.u[k] = -size / 2 * std::abs(random.normal()) / (spread * spread);
  }
  while (why_not_normalisable(out))
    for (auto* couplings : {&out.w, &out.u})
      for (double& x : *couplings) x /= 2;
  if (!out.hidden.discrete()) return out;
  // s where the mean row leaves the unit between its values.
  for (int i = 0; i < columns; ++i)
    for (int j = 0; j < hidden_units; ++j)
      out.hidden.r[j] += out.weight(i, j) * moments.first[i] + out.gate(i, j) * moments.second[i];
  return out;
}

int exact_units(int columns, std::size_t rows) {
  constexpr std::size_t many = 1000;
  constexpr int most = 14, least = 4, by_quadrature = 16;
  if (columns <= 2) return by_quadrature;
  const int conditionals = rows < many ? 1 << 13 : 1 << 15;
  int units = most;
  while (units > least && columns << units > conditionals) --units;
  return units;
}

}  // namespace quartic
