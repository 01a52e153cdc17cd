// A block of fields: many chains side by side, chain innermost.
#pragma once

#include <cstddef>

namespace quartic {

/// A view of `sites` x `lanes` field values stored [site][lane]; a lane is a Markov chain. Lanes
/// are a multiple of 16, rows are 64-byte aligned. T is float or double (const for reading).
template <class T>
struct FieldBlock {
  T* data;
  int sites;
  int lanes;
  T* site(std::ptrdiff_t i) const { return data + i * lanes; }
  operator FieldBlock<const T>() const { return {data, sites, lanes}; }
};

}  // namespace quartic
