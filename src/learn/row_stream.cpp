#include "learn/row_stream.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/parallel.hpp"
#include "quartic/core/aligned.hpp"
#include "quartic/core/error.hpp"

namespace quartic {

RowStream::RowStream(const DataSource& source, int sites, int max_groups, const DataPass& pass)
    : source_(source),
      rows_(source.rows()),
      sites_(sites),
      threads_(threads_or_all(pass.threads)),
      team_(pass.team ? *pass.team : alone()) {
  if (source.columns() != static_cast<std::size_t>(sites)) {
    throw BadInput(
        fmt::format("the data have {} columns, the graph has {} sites", source.columns(), sites),
        "a column is a site: give a graph with as many sites as the rows are long");
  }
  if (rows_ == 0) throw BadInput("the data have no rows", "give at least one row");
  groups_ = static_cast<int>(std::min<std::size_t>(rows_, static_cast<std::size_t>(max_groups)));
  const std::size_t piece_bytes = slots * sizeof(float) * static_cast<std::size_t>(sites_);
  piece_ = std::max<std::size_t>(pass.batch_bytes / piece_bytes / lanes, 1) * lanes;
}

std::size_t RowStream::begin(int group) const {
  return rows_ / groups_ * group + rows_ % groups_ * group / groups_;
}

void RowStream::load(std::span<const float> rows, std::size_t first, std::size_t count,
                     FieldBlock<float> block) const {
  for (int i = 0; i < sites_; ++i) {
    float* to = block.site(i);
    bool finite = true;
    for (std::size_t n = 0; n < count; ++n) {
      to[n] = rows[n * sites_ + i];
      finite = finite && std::isfinite(to[n]);
    }
    std::fill(to + count, to + lanes, 0.0F);
    if (finite) continue;
    const auto bad = std::find_if(to, to + count, [](float x) { return !std::isfinite(x); }) - to;
    throw BadInput(fmt::format("the data's row {}, column {} is {}", first + bad, i, to[bad]),
                   "remove or fill what is missing");
  }
}

void RowStream::for_each_block(const Visit& f) const {
  together(team_, [&] { visit_all(f); });
}

void RowStream::share(int count, const std::function<std::span<double>(int)>& values) const {
  if (!team_.several()) return;
  const Shares shares{slots, team_.size()};
  std::vector<double> packed;
  for (int rank = 0; rank < team_.size(); ++rank) {
    for (int slot = static_cast<int>(shares.begin(rank));
         slot < static_cast<int>(shares.begin(rank + 1)); ++slot) {
      packed.clear();
      for (int n = slot; n < count; n += slots)
        packed.insert(packed.end(), values(n).begin(), values(n).end());
      team_.broadcast(std::as_writable_bytes(std::span(packed)), rank);
      auto from = packed.begin();
      for (int n = slot; n < count; n += slots) {
        const auto to = values(n);
        std::copy_n(from, to.size(), to.begin());
        from += static_cast<std::ptrdiff_t>(to.size());
      }
    }
  }
}

void RowStream::visit_all(const Visit& f) const {
  // A batch takes a piece of each of 16 groups or more, so that slots have work whatever its size.
  const std::size_t longest = (rows_ + groups_ - 1) / groups_ + 1;
  const int members =
      slots * static_cast<int>(std::clamp<std::size_t>(piece_ / longest, 1, groups_));
  for (int first = 0; first < groups_; first += members) {
    const int last = std::min(first + members, groups_);
    for (std::size_t offset = 0; offset < longest; offset += piece_) visit(first, last, offset, f);
  }
}

void RowStream::visit(int first_group, int last_group, std::size_t offset, const Visit& f) const {
  struct Piece {
    int group;
    std::size_t first, count, at;  ///< rows, and where the batch has them
  };
  std::vector<Piece> pieces;
  std::vector<std::size_t> wanted;
  const Shares shares{slots, team_.size()};
  const auto own_begin = static_cast<int>(shares.begin(team_.rank())),
             own_end = static_cast<int>(shares.begin(team_.rank() + 1));
  for (int group = first_group; group < last_group; ++group) {
    const std::size_t end = begin(group + 1), first = std::min(begin(group) + offset, end);
    const bool own = own_begin <= group % slots && group % slots < own_end;
    pieces.push_back({group, first, own ? std::min(piece_, end - first) : 0, wanted.size()});
    wanted.resize(wanted.size() + pieces.back().count);
    std::iota(wanted.begin() + static_cast<std::ptrdiff_t>(pieces.back().at), wanted.end(), first);
  }
  if (wanted.empty()) return;
  std::vector<float> batch(wanted.size() * sites_);
  source_.read(wanted, batch);
  const auto run_slot = [&](int slot) {
    AlignedVector<float> data(static_cast<std::size_t>(sites_) * lanes);
    const FieldBlock<float> block{data.data(), sites_, lanes};
    for (std::size_t p = slot; p < pieces.size(); p += slots) {
      const Piece& piece = pieces[p];
      for (std::size_t n = 0; n < piece.count; n += lanes) {
        const std::size_t rows = std::min<std::size_t>(lanes, piece.count - n);
        load(std::span(batch).subspan((piece.at + n) * sites_, rows * sites_), piece.first + n,
             rows, block);
        f(slot, piece.group, block, static_cast<int>(rows));
      }
    }
  };
  // A parallel region costs more than a pass over few numbers.
  const bool worth_it = batch.size() > 50000;
  in_parallel(slots, worth_it ? threads_ : 1, [&](int slot, int) { run_slot(slot); });
}

}  // namespace quartic
