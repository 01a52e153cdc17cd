#include "quartic/learn/data_moments.hpp"

#include <cmath>

#include "learn/feature_statistics.hpp"
#include "learn/row_stream.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/error.hpp"
#include "quartic/field/features.hpp"
#include "quartic/field/hidden_sites.hpp"

namespace quartic {
namespace {

constexpr int max_groups = 256;

/// From all kinds free to the kinds as they are: copies, sums, or nothing.
std::vector<double> gather_moments(const Parameters& all, const Parameters& wanted,
                                   const std::vector<double>& values) {
  std::vector<double> out(wanted.size());
  for (const auto kind : all_coupling_kinds) {
    for (int index = 0; index < all.end(kind) - all.begin(kind); ++index) {
      const int k = wanted.number(kind, index);
      if (k >= 0) out[k] += values[all.begin(kind) + index];
    }
  }
  return out;
}

void require_noiseless(const Graph& graph, double noise) {
  if (!(noise >= 0)) throw BadInput("data: the noise must not be negative", "noise = 0 adds none");
  if (noise > 0 && graph.hidden_sites() > 0)
    throw BadInput("data: noise and hidden units of a field exclude each other",
                   "noise = 0, or add noise to the data themselves");
}

}  // namespace

DataMoments::DataMoments(const DataSource& data, std::shared_ptr<const Graph> graph,
                         const DataPass& pass)
    : DataMoments(data, Action(std::move(graph)), pass) {}

DataMoments::DataMoments(const DataSource& data, const Action& action, const DataPass& pass)
    : graph_(action.graph),
      all_(every_coupling(graph_)),
      rows_(data.rows()),
      noise_(pass.noise),
      mean_(all_.size()) {
  require_noiseless(*graph_, noise_);
  const int columns = graph_->visible_sites();
  const RowStream stream(data, columns, max_groups, pass);
  const int size = all_.size(), lanes = RowStream::lanes;
  group_.assign(stream.groups(), std::vector<double>(size));
  entropy_.assign(stream.groups(), 0.0);
  std::vector<std::vector<double>> features(RowStream::slots);
  std::vector<AlignedVector<float>> completed(RowStream::slots);
  const auto complete = [&](int slot, int group, FieldBlock<const float>& block, int count) {
    auto& values = completed[slot];
    values.assign(block.data, block.data + static_cast<std::ptrdiff_t>(columns) * lanes);
    values.resize(static_cast<std::size_t>(graph_->sites()) * lanes);
    const FieldBlock<float> whole{values.data(), graph_->sites(), lanes};
    std::vector<double> entropy(lanes);
    expect_hidden(action, whole, std::span(entropy));
    for (int lane = 0; lane < count; ++lane) entropy_[group] += entropy[lane];
    block = whole;
  };
  stream.for_each_block([&](int slot, int group, FieldBlock<const float> block, int count) {
    if (columns < graph_->sites()) complete(slot, group, block, count);
    auto& f = features[slot];
    f.resize(static_cast<std::size_t>(size) * lanes);
    evaluate_features(all_, block, f.data(), lanes);
    for (int k = 0; k < size; ++k) {
      const double* row = f.data() + static_cast<std::ptrdiff_t>(k) * lanes;
      double sum = 0;
      for (int lane = 0; lane < count; ++lane) sum += row[lane];
      group_[group][k] += sum;
    }
  });
  stream.share(stream.groups(), [&](int g) { return std::span(group_[g]); });
  if (columns < graph_->sites())
    stream.share(stream.groups(), [&](int g) { return std::span(&entropy_[g], 1); });
  const double s2 = noise_ * noise_;
  for (int g = 0; g < stream.groups(); ++g) {
    auto& values = group_[g];
    for (double& x : values) x /= stream.size(g);
    entropy_[g] /= stream.size(g);
    for (int i = 0; i < columns; ++i) {
      double& square = values[all_.begin(CouplingKind::a) + i];
      values[all_.begin(CouplingKind::b) + i] += 6 * s2 * square + 3 * s2 * s2;
      square += s2;
    }
    weight_.push_back(stream.size(g) / static_cast<double>(rows_));
    for (int k = 0; k < size; ++k) mean_[k] += weight_[g] * values[k];
  }
}

std::vector<double> DataMoments::mean(const Parameters& parameters) const {
  return gather_moments(all_, parameters, mean_);
}

std::vector<std::vector<double>> DataMoments::deviations(const Parameters& parameters) const {
  std::vector<std::vector<double>> out;
  const auto groups = static_cast<double>(group_.size());
  if (groups < 2) return out;
  const auto centre = mean(parameters);
  for (std::size_t g = 0; g < group_.size(); ++g) {
    auto deviation = gather_moments(all_, parameters, group_[g]);
    const double scale = weight_[g] * std::sqrt(groups / (groups - 1));
    for (std::size_t k = 0; k < deviation.size(); ++k)
      deviation[k] = scale * (deviation[k] - centre[k]);
    out.push_back(std::move(deviation));
  }
  return out;
}

std::vector<double> DataMoments::error(const Parameters& parameters) const {
  const auto scatter = deviations(parameters);
  std::vector<double> error(parameters.size(), scatter.empty() ? INFINITY : 0.0);
  for (const auto& deviation : scatter)
    for (std::size_t k = 0; k < error.size(); ++k) error[k] += deviation[k] * deviation[k];
  for (double& e : error) e = std::sqrt(e);
  return error;
}

double DataMoments::marginal_action(const Action& action) const {
  double out = dot(all_.gather(action), mean_);
  for (std::size_t g = 0; g < entropy_.size(); ++g) out -= weight_[g] * entropy_[g];
  return out;
}

std::vector<double> DataMoments::marginal_deviations(const Action& action) const {
  const auto theta = all_.gather(action);
  double entropy = 0;
  for (std::size_t g = 0; g < entropy_.size(); ++g) entropy += weight_[g] * entropy_[g];
  std::vector<double> out;
  const auto groups = static_cast<double>(group_.size());
  for (const auto& deviation : deviations(all_)) {
    const std::size_t g = out.size();
    const double scale = weight_[g] * std::sqrt(groups / (groups - 1));
    out.push_back(dot(theta, deviation) - scale * (entropy_[g] - entropy));
  }
  return out;
}

double DataMoments::field(int site) const {
  return mean_[all_.begin(CouplingKind::r) + site];
}
double DataMoments::square(int site) const {
  return mean_[all_.begin(CouplingKind::a) + site];
}
double DataMoments::fourth(int site) const {
  return mean_[all_.begin(CouplingKind::b) + site];
}

}  // namespace quartic
