#include "quartic/field/field_function.hpp"

#include <algorithm>

#include "quartic/core/aligned.hpp"

namespace quartic {

template <class T>
void evaluate_function(const FieldFunction& function, int blocks,
                       const std::function<FieldBlock<const T>(int)>& block,
                       std::span<double> out) {
  if (blocks == 0) return;
  const int sites = block(0).sites, lanes = block(0).lanes;
  constexpr std::ptrdiff_t max_values = 1 << 17;
  const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(sites) * lanes;
  const int together = static_cast<int>(std::clamp<std::ptrdiff_t>(max_values / size, 1, blocks));
  AlignedVector<double> wide;
  for (int first = 0; first < blocks; first += together) {
    const int count = std::min(together, blocks - first), row = count * lanes;
    wide.resize(static_cast<std::size_t>(sites) * row);
    for (int k = 0; k < count; ++k) {
      const auto from = block(first + k);
      for (int i = 0; i < sites; ++i)
        std::copy_n(from.site(i), lanes,
                    wide.data() + static_cast<std::ptrdiff_t>(i) * row +
                        static_cast<std::ptrdiff_t>(k) * lanes);
    }
    function({wide.data(), sites, row},
             out.subspan(static_cast<std::size_t>(first) * lanes, static_cast<std::size_t>(row)));
  }
}

template void evaluate_function(const FieldFunction&, int,
                                const std::function<FieldBlock<const float>(int)>&,
                                std::span<double>);
template void evaluate_function(const FieldFunction&, int,
                                const std::function<FieldBlock<const double>(int)>&,
                                std::span<double>);

}  // namespace quartic
