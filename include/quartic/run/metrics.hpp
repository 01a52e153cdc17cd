// The numbers of a row of a history, for whoever watches.
#pragma once

#include <string>
#include <type_traits>

#include "quartic/core/estimate.hpp"
#include "quartic/run/session.hpp"

namespace quartic {

/// Every number of a row that has fields(row, visit); "x_error" joins "x".
template <class Row>
Metrics metrics_of(const Row& row) {
  Metrics out;
  fields(row, [&out]<class V>(const std::string& name, const V& value) {
    if constexpr (std::is_same_v<V, Estimate>) {
      out.push_back({name, value.value, value.error});
    } else if constexpr (std::is_arithmetic_v<V>) {
      const auto number = static_cast<double>(value);
      if (!out.empty() && name == out.back().name + "_error")
        out.back().error = number;
      else
        out.push_back({name, number, std::nan("")});
    }
  });
  return out;
}

}  // namespace quartic
