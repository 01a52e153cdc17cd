// The data that a model learned from, in its run file: `data` and `observed_data`.
#pragma once

#include <fmt/format.h>

#include <utility>

#include "quartic/runfile/fit_data.hpp"
#include "runfile/entries.hpp"

namespace quartic::run_parts {

template <class IO, class Data>
void data(IO& io, Data& data, int columns) {
  dimensions(io, "data", "offset", data.scaling.offset, "scale", data.scaling.scale);
  std::size_t size = static_cast<std::size_t>(columns);
  if (has(io, "data/value", !data.scaling.by_column())) {
    auto& s = data.scaling;
    counts(io, "data", "value", size, "component", size);
    for (auto [name, list] : {std::pair{"power", &s.power},
                              {"low", &s.low},
                              {"high", &s.high},
                              {"edge", &s.edge},
                              {"centre", &s.centre},
                              {"spread", &s.spread}})
      if (has(io, std::string("data/") + name, !list->empty()))
        finite_values(io, std::string("data/") + name, *list, {"value"}, size);
    if (has(io, "data/rotation", !s.rotation.empty())) {
      finite_values(io, "data/rotation", s.rotation, {"value", "component"}, size * size);
      finite_values(io, "data/rotation_back", s.rotation_back, {"component", "value"}, size * size);
    }
  }
  attributes(io, "data", "description", data.description, "checksum", data.checksum, "scaling",
             data.scaling.method, "rows", data.rows, "held_out", data.held_out, "pass_seconds",
             data.pass_seconds);
  if (has(io, "data/column", !data.names.empty())) dimensions(io, "data", "column", data.names);
  if (has(io, "data/remark", !data.remarks.empty())) dimensions(io, "data", "remark", data.remarks);
  if constexpr (writing<IO>) {
    const std::vector<std::int32_t> shape(data.row_shape.begin(), data.row_shape.end());
    io.attributes("data", "row_shape", view(shape));
    io.count("observed_data", "row", data.examples.size() / columns);
    io.count("observed_data", "site", columns);
    io.write("observed_data/phi", view(data.examples), {"row", "site"});
  } else {
    data.scaling.check(columns);
    if (!data.names.empty() && std::cmp_not_equal(data.names.size(), columns))
      io.refuse(fmt::format("it has {} names for {} columns", data.names.size(), columns));
    const auto shape = io.template attributes<std::int32_t>("data", "row_shape");
    data.row_shape.assign(shape.begin(), shape.end());
    data.examples = io.template read<float>("observed_data/phi", {"row", "site"});
    if (data.examples.size() % static_cast<std::size_t>(columns) != 0)
      io.refuse("'observed_data/phi' is not (row, site)");
  }
}

}  // namespace quartic::run_parts
