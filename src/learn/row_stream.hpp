// One pass over a DataSource in blocks of 64 rows, a lane being a row.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "quartic/core/data_source.hpp"
#include "quartic/core/team.hpp"
#include "quartic/field/field_block.hpp"
#include "quartic/learn/data_moments.hpp"

namespace quartic {

/// Rows in consecutive groups of equal size (to one row): the scatter between the groups' means
/// gives errors that know of autocorrelation shorter than a group. Where ranks share the rows, each
/// visits those of its own slots.
class RowStream {
 public:
  static constexpr int lanes = 64, slots = 16;
  /// `sites`: wanted columns. Throws BadInput where the source has another number of columns, or no
  /// rows.
  RowStream(const DataSource& source, int sites, int max_groups, const DataPass& pass);

  std::size_t rows() const { return rows_; }
  int groups() const { return groups_; }
  int threads() const { return threads_; }
  std::size_t begin(int group) const;  ///< first row of a group
  double size(int group) const { return static_cast<double>(begin(group + 1) - begin(group)); }

  /// f(slot, group, block, count): `count` rows in the block's first lanes, zeros in the others.
  /// Calls of one slot (of `slots`) follow each other in a fixed order, different slots run in
  /// parallel; a group belongs to the slot group % slots. Memory: the batch. Throws BadInput for a
  /// value that is not finite, naming row and column; exceptions of f come out, on all ranks.
  using Visit = std::function<void(int slot, int group, FieldBlock<const float> block, int count)>;
  void for_each_block(const Visit& f) const;
  /// What visits of own groups have found, values(group) of `count` groups, or of slots, to all
  /// ranks. 16 messages.
  void share(int count, const std::function<std::span<double>(int)>& values) const;

 private:
  void visit_all(const Visit& f) const;
  void visit(int first_group, int last_group, std::size_t offset, const Visit& f) const;
  void load(std::span<const float> rows, std::size_t first, std::size_t count,
            FieldBlock<float> block) const;

  const DataSource& source_;
  std::size_t rows_, piece_;  ///< rows of one group in a batch
  int sites_, groups_, threads_;
  const Team& team_;
};

}  // namespace quartic
