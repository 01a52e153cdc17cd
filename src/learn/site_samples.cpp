#include "learn/site_samples.hpp"

#include <algorithm>

#include "core/parallel.hpp"
#include "quartic/field/features.hpp"

namespace quartic {

template <class T>
SiteSamples action_difference(SitePart part, const Target& target, const Action& action,
                              const FieldSamples<T>& samples) {
  const int lanes = samples.lanes, sites = samples.sites;
  SiteSamples out;
  out.count = samples.count();
  out.values.resize(out.count * sites);
  // A user's function is called by one thread at a time.
  const int threads = target.functions().size() > 0 ? 1 : samples.threads;
  in_parallel(samples.blocks, threads, [&](int block, int) {
    AlignedVector<double> values(static_cast<std::size_t>(sites) * lanes);
    const FieldBlock<double> into{values.data(), sites, lanes};
    for (int draw = 0; draw < samples.draws; ++draw) {
      const auto phi = samples.block(draw, block);
      std::fill(values.begin(), values.end(), 0.0);
      target.add(part, phi, into);
      add_action(part, action, -1, phi, into);
      const auto at = (static_cast<std::size_t>(block) * samples.draws + draw) *
                      static_cast<std::size_t>(lanes);
      for (int i = 0; i < sites; ++i)
        std::copy_n(into.site(i), lanes, out.values.data() + i * out.count + at);
    }
  });
  return out;
}

template SiteSamples action_difference(SitePart, const Target&, const Action&,
                                       const FieldSamples<float>&);
template SiteSamples action_difference(SitePart, const Target&, const Action&,
                                       const FieldSamples<double>&);

}  // namespace quartic
