// Means of many statistics over a sample, with errors that know of its chains.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/parallel.hpp"
#include "quartic/core/autocorrelation.hpp"
#include "stats/field_statistics.hpp"

namespace quartic {
namespace {

constexpr int many_chains = 64;
constexpr int most_shares = 64;
constexpr std::size_t most_sums = 1 << 23;  // of all bins and statistics together

/// How many bins a sample has; in few chains as many in each.
int bins_for(const FieldSample& sample, int statistics) {
  const int room = static_cast<int>(most_sums / static_cast<std::size_t>(statistics));
  if (sample.chains() >= many_chains)
    return std::min(sample.chains(), std::clamp(room, many_chains, 256));
  const int each = std::clamp(room, 256, 4096) / sample.chains();
  return std::min(each, sample.draws()) * sample.chains();
}

/// Configurations gathered into lanes; lanes beyond the last repeat it.
void gather_rows(const FieldSample& sample, std::span<const std::size_t> rows,
                 AlignedVector<double>& phi) {
  constexpr int lanes = FieldStatistics::lanes;
  for (int lane = 0; lane < lanes; ++lane) {
    const std::size_t row = rows[std::min<std::size_t>(lane, rows.size() - 1)];
    for (int i = 0; i < sample.sites(); ++i)
      phi[static_cast<std::size_t>(i) * lanes + lane] = sample.at(row, i);
  }
}

}  // namespace

StatisticSums::StatisticSums(const FieldStatistics& statistics, const FieldSample& like,
                             int threads, const Team& team)
    : statistics_(statistics),
      threads_(threads_or_all(threads)),
      chains_(like.chains()),
      bins_(bins_for(like, statistics.size())),
      independent_(like.independent()),
      team_(team) {
  if (chains_ < many_chains) bin_length_ = like.draws() / (bins_ / chains_);
  const auto size = static_cast<std::size_t>(statistics.size());
  sum_.assign(bins_, std::vector<double>(size));
  square_.assign(std::min(bins_, most_shares), std::vector<double>(size));
  length_.assign(bins_, 0);
}

/// First configuration of each bin and the one after its last. In few chains the draws that fill no
/// bin, fewer than there are bins, are left out.
std::vector<std::pair<std::size_t, std::size_t>> StatisticSums::bins_of(
    const FieldSample& sample) const {
  std::vector<std::pair<std::size_t, std::size_t>> bins;
  const std::size_t draws = sample.draws();
  for (int b = 0; b < bins_; ++b) {
    if (bin_length_ == 0) {
      const auto cut = [&](std::size_t at) { return at * chains_ / bins_ * draws; };
      bins.emplace_back(cut(b), cut(b + 1));
    } else {
      const int each = bins_ / chains_;
      const std::size_t first = static_cast<std::size_t>(b / each) * draws +
                                static_cast<std::size_t>(b % each) * bin_length_;
      bins.emplace_back(first, first + bin_length_);
    }
  }
  return bins;
}

void StatisticSums::add(const FieldSample& sample) {
  constexpr int lanes = FieldStatistics::lanes;
  const auto size = static_cast<std::size_t>(statistics_.size());
  const auto bins = bins_of(sample);
  const auto field = static_cast<std::size_t>(sample.sites()) * lanes;
  if (shift_.empty()) {
    AlignedVector<double> phi(field), out(size * lanes);
    auto scratch = statistics_.scratch();
    std::vector<std::size_t> rows(lanes);
    for (int lane = 0; lane < lanes; ++lane) rows[lane] = sample.count() * lane / lanes;
    gather_rows(sample, rows, phi);
    statistics_.evaluate(phi.data(), out.data(), scratch);
    shift_.resize(size);
    for (std::size_t k = 0; k < size; ++k)
      for (int lane = 0; lane < lanes; ++lane) shift_[k] += out[k * lanes + lane] / lanes;
  }
  for (int b = 0; b < bins_; ++b) length_[b] += bins[b].second - bins[b].first;
  const Shares ranks{square_.size(), team_.size()};
  const int begin = static_cast<int>(ranks.begin(team_.rank()));
  in_parallel(static_cast<int>(ranks.size(team_.rank())), threads_, [&](int own, int) {
    AlignedVector<double> phi(field), out(size * lanes);
    auto scratch = statistics_.scratch();
    const int share = begin + own;
    auto& square = square_[share];
    std::vector<std::size_t> rows;
    std::vector<int> to;
    const auto flush = [&] {
      if (rows.empty()) return;
      gather_rows(sample, rows, phi);
      statistics_.evaluate(phi.data(), out.data(), scratch);
      const bool one_bin = to.front() == to.back();
      for (std::size_t k = 0; k < size; ++k) {
        double sum = 0;
        for (std::size_t lane = 0; lane < rows.size(); ++lane) {
          const double x = out[k * lanes + lane] - shift_[k];
          square[k] += x * x;
          if (one_bin)
            sum += x;
          else
            sum_[to[lane]][k] += x;
        }
        if (one_bin) sum_[to.front()][k] += sum;
      }
      rows.clear(), to.clear();
    };
    for (int b = first_bin(share); b < first_bin(share + 1); ++b) {
      for (std::size_t row = bins[b].first; row < bins[b].second; ++row) {
        rows.push_back(row), to.push_back(b);
        if (rows.size() == lanes) flush();
      }
    }
    flush();
  });
}

int StatisticSums::first_bin(int share) const {
  return static_cast<int>(std::int64_t{bins_} * share / static_cast<std::int64_t>(square_.size()));
}

void StatisticSums::share_sums() {
  const Shares ranks{square_.size(), team_.size()};
  for (int rank = 0; rank < team_.size(); ++rank) {
    const int begin = static_cast<int>(ranks.begin(rank)),
              end = static_cast<int>(ranks.begin(rank + 1));
    const auto tell = [&](std::vector<double>& values) {
      team_.broadcast(std::as_writable_bytes(std::span(values)), rank);
    };
    for (int b = first_bin(begin); b < first_bin(end); ++b) tell(sum_[b]);
    for (int share = begin; share < end; ++share) tell(square_[share]);
  }
}

StatisticMeans StatisticSums::means() {
  if (team_.several()) share_sums();
  const auto size = static_cast<std::size_t>(statistics_.size());
  StatisticMeans out;
  for (const std::size_t n : length_) out.count += n;
  const auto count = static_cast<double>(out.count);
  for (auto* values : {&out.mean, &out.error, &out.variance, &out.freedom}) values->resize(size);
  out.tau.assign(size, 0.5);
  std::vector<char> found(size, 1);
  in_parallel(static_cast<int>(size), threads_, [&](int k, int) {
    double sum = 0, square = 0;
    for (const auto& bin : sum_) sum += bin[k];
    for (const auto& share : square_) square += share[k];
    const double mean = sum / count;
    out.mean[k] = shift_[k] + mean;
    out.variance[k] = std::max(square / count - mean * mean, 0.0) * count / (count - 1);
    if (bin_length_ > 0) {
      std::vector<double> means;
      for (const auto& bin : sum_) means.push_back(bin[k] / bin_length_);
      const auto series = estimate_binned_series(means, chains_, bin_length_, out.variance[k]);
      const double chains = chains_ - 1;
      out.error[k] = series.error, out.tau[k] = series.tau;
      if (series.window_found) {
        const double relative = series.tau > 0 ? series.tau_error / series.tau : 0;
        out.freedom[k] = relative > 0 ? std::max(2 / (relative * relative), 1.0) : count;
      } else if (chains_ > 1) {  // the error is Student's already: undo it
        const double v = 1 / chains;
        out.error[k] /= 1 + v / 2 + v * v / 4 + v * v * v / 16;
        out.freedom[k] = chains;
      } else {
        found[k] = 0;
      }
      return;
    }
    if (independent_) {
      out.error[k] = std::sqrt(out.variance[k] / count), out.freedom[k] = count - 1;
      return;
    }
    double scatter = 0;  // of the bins' means, each by its length
    for (int b = 0; b < bins_; ++b) {
      const double d = sum_[b][k] - mean * static_cast<double>(length_[b]);
      scatter += d * d;
    }
    out.freedom[k] = bins_ - 1;
    out.error[k] = std::sqrt(scatter * bins_ / (bins_ - 1.0)) / count;
    if (out.variance[k] > 0)
      out.tau[k] = 0.5 * out.error[k] * out.error[k] * count / out.variance[k];
  });
  out.resolved = std::all_of(found.begin(), found.end(), [](char c) { return c != 0; });
  return out;
}

std::vector<float> standardised(const FieldStatistics& statistics, const FieldSample& sample,
                                const std::vector<std::size_t>& rows, const StatisticMeans& means,
                                int threads) {
  constexpr int lanes = FieldStatistics::lanes;
  const auto size = static_cast<std::size_t>(statistics.size());
  std::vector<float> out(rows.size() * size);
  const int blocks = static_cast<int>((rows.size() + lanes - 1) / lanes);
  in_parallel(blocks, threads_or_all(threads), [&](int block, int) {
    AlignedVector<double> phi(static_cast<std::size_t>(sample.sites()) * lanes),
        values(size * lanes);
    auto scratch = statistics.scratch();
    const std::size_t first = static_cast<std::size_t>(block) * lanes;
    const std::size_t here = std::min<std::size_t>(lanes, rows.size() - first);
    gather_rows(sample, std::span(rows).subspan(first, here), phi);
    statistics.evaluate(phi.data(), values.data(), scratch);
    for (std::size_t lane = 0; lane < here; ++lane)
      for (std::size_t k = 0; k < size; ++k) {
        const double sd = std::sqrt(means.variance[k]);
        out[(first + lane) * size + k] =
            sd > 0 ? static_cast<float>((values[k * lanes + lane] - means.mean[k]) / sd) : 0;
      }
  });
  return out;
}

std::vector<double> centre_of(const FieldSample& sample) {
  std::vector<double> centre(sample.sites());
  const auto count = static_cast<double>(sample.count());
  for (int i = 0; i < sample.sites(); ++i) {
    const double first = sample.at(0, i);
    double sum = 0, square = 0;
    for (std::size_t n = 0; n < sample.count(); ++n) {
      const double x = sample.at(n, i) - first;
      sum += x, square += x * x;
    }
    const double mean = sum / count, sd = std::sqrt(std::max(square / count - mean * mean, 0.0));
    if (std::abs(first + mean) > 3 * sd) centre[i] = first + mean;
  }
  return centre;
}

}  // namespace quartic
