#include "network/gradient.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "network/training_kernels.hpp"

namespace quartic {
namespace {

std::vector<double> mean_over(const BlockSums& blocks, double count) {
  std::vector<double> sum(blocks.front().size());
  for (const auto& block : blocks)
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += block[k];
  for (double& x : sum) x /= count;
  return sum;
}

}  // namespace

MomentDifference difference(const BlockSums& data, double rows, const BlockSums& model,
                            double chains) {
  MomentDifference out;
  out.data = mean_over(data, rows);
  const auto of_model = mean_over(model, chains);
  out.difference = out.data;
  for (std::size_t k = 0; k < of_model.size(); ++k) {
    out.difference[k] -= of_model[k];
    if (k % 3 == 1) out.model_square += of_model[k];
    if (!std::isfinite(of_model[k])) out.model_square = std::numeric_limits<double>::infinity();
  }
  return out;
}

namespace {

/// `width` numbers of every block.
void share_sums(const Team& team, BlockSums& sums, std::size_t width) {
  const Shares shares{sums.size(), team.size()};
  const std::size_t bytes = width * sizeof(double);
  std::vector<std::size_t> sizes;
  for (int rank = 0; rank < team.size(); ++rank) sizes.push_back(shares.size(rank) * bytes);
  const auto each = [&](int rank, auto&& f) {
    for (std::size_t n = 0; n < shares.size(rank); ++n) f(sums[shares.begin(rank) + n], n * bytes);
  };
  team.exchange(
      sizes,
      [&](std::byte* to) {
        each(team.rank(),
             [&](auto& block, std::size_t at) { std::memcpy(to + at, block.data(), bytes); });
      },
      [&](int rank, const std::byte* from) {
        each(rank, [&](auto& block, std::size_t at) {
          block.resize(width);
          std::memcpy(block.data(), from + at, bytes);
        });
      });
}

}  // namespace

template <class T>
void GradientTerm<T>::share(const Team& team, const Units& units, std::size_t stride) {
  if (!team.several()) return;
  const Shares shares{visible.size(), team.size()};
  share_blocks(team, shares, hidden_mean.data(), units.hidden, stride);
  share_sums(team, visible, 3 * units.visible);
  share_sums(team, hidden, 3 * units.hidden);
}

template <class T>
void DataTerm<T>::share(const Team& team) {
  term_.share(team, {static_cast<std::size_t>(visible_), static_cast<std::size_t>(hidden_)},
              stride());
}

template <class T>
DataTerm<T>::DataTerm(const CoupledLayers<T>& layers, HigherMoments higher)
    : visible_(layers.visible_units()),
      hidden_(layers.hidden_units()),
      higher_(higher),
      ones_(chains_in_block, T(1)) {}

template <class T>
std::span<float> DataTerm<T>::resize(int rows) {
  rows_ = rows;
  batch_.resize(static_cast<std::size_t>(rows) * visible_);
  return batch_;
}

template <class T>
const T* DataTerm<T>::values() const {
  if constexpr (sizeof(T) == sizeof(float)) {
    return batch_.data();
  } else {
    return converted_.data();
  }
}

template <class T>
void DataTerm<T>::begin() {
  if constexpr (sizeof(T) != sizeof(float)) converted_.assign(batch_.begin(), batch_.end());
  term_.visible.resize(blocks()), term_.hidden.resize(blocks());
  term_.hidden_mean.resize(static_cast<std::size_t>(hidden_) * stride());
}

template <class T>
void DataTerm<T>::gather_block(const CoupledLayers<T>& layers, int block, NetworkScratch<T>& work) {
  const int from = block * chains_in_block, count = std::min(chains_in_block, rows_ - from);
  const auto offset = static_cast<std::ptrdiff_t>(from) * visible_;
  const auto field = work.values();
  multiply(Transpose::yes, Transpose::yes, hidden_, count, visible_, layers.w->data(), hidden_,
           values() + offset, visible_, T(0), field.data, field.stride);
  const int lanes = (count + 15) / 16 * 16;
  for (int j = 0; j < hidden_ && count < lanes; ++j)
    std::fill(field.unit(j) + count, field.unit(j) + lanes, T(0));
  auto& sums = term_.hidden[block];
  sums.assign(3 * static_cast<std::size_t>(hidden_), 0.0);
  layers.hidden_type->template kernels<T>().moments(
      {layers.hidden.data(), hidden_, lanes, field.data, field.stride, ones_.data()},
      {term_.hidden_mean.data() + from, stride(), count, sums.data(), higher_.hidden});
  auto& powers = term_.visible[block];
  powers.assign(3 * static_cast<std::size_t>(visible_), 0.0);
  add_row_power_sums(batch_.data() + offset, count, visible_, higher_.visible, powers.data());
}

template <class T>
void DataTerm<T>::products(int first, int units, T* out) const {
  multiply(Transpose::yes, Transpose::yes, units, hidden_, rows_, values() + first, visible_,
           term_.hidden_mean.data(), stride(), T(0), out, hidden_, T(1) / static_cast<T>(rows_));
}

template struct GradientTerm<float>;
template struct GradientTerm<double>;
template class DataTerm<float>;
template class DataTerm<double>;

}  // namespace quartic
