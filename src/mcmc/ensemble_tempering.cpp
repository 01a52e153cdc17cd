// Parallel tempering: exchanges between rungs of different strength of w, and where the rungs are.
#include <cmath>
#include <numeric>

#include "mcmc/ensemble.hpp"
#include "quartic/field/features.hpp"

namespace quartic {

/// - sum w phi phi of every chain of every rung.
template <class T>
std::vector<double> Ensemble<T>::coupling_energies() const {
  std::vector<double> energy(static_cast<std::size_t>(options_.rungs) * chains());
  for_all_blocks(all_blocks(), [&](int index) {
    const FieldBlock<const T> block{fields_.data() + block_offset(index), sites_, lanes_};
    evaluate_action(*coupling_part_, block,
                    std::span(energy).subspan(static_cast<std::size_t>(index) * lanes_, lanes_));
  });
  return energy;
}

/// Chain c of a rung and of the next exchange their fields with probability min(1, exp((s - s') (E
/// - E'))), E = - sum w phi phi, s the rungs' scales. Even and odd pairs take turns; the uniform
/// number comes from the lower chain's stream.
template <class T>
void Ensemble<T>::exchange_rungs() {
  const auto energy = coupling_energies();
  const int chains = this->chains();
  for (int rung = static_cast<int>(sweeps_ % 2); rung + 1 < options_.rungs; rung += 2) {
    const double difference = schedule_.scales[rung] - schedule_.scales[rung + 1];
    for (int c = 0; c < chains; ++c) {
      const int lower = rung * chains + c, upper = lower + chains;
      RandomStream random = stream_of(lower);
      const double u = random.uniform();
      set_stream(lower, random);
      tally_.proposed[exchange] += 1;
      if (!(u < std::exp(difference * (energy[lower] - energy[upper])))) continue;
      tally_.accepted[exchange] += 1;
      T *x = field_of(lower), *y = field_of(upper);
      for (std::ptrdiff_t site = 0; site < sites_; ++site)
        std::swap(x[site * lanes_], y[site * lanes_]);
    }
  }
}

/// Rungs at equal steps of the thermodynamic length int sqrt(Var E) ds, so that all neighbours
/// exchange about equally often.
template <class T>
void Ensemble<T>::adapt_rungs() {
  const int rungs = options_.rungs, chains = options_.chains;
  const auto energy = gather_by_chain(coupling_energies(), options_.rungs);
  std::vector<double> deviation(rungs), length{0};
  for (int rung = 0; rung < rungs; ++rung) {
    const std::span e(energy.data() + static_cast<std::ptrdiff_t>(rung) * chains, chains);
    const double mean = std::accumulate(e.begin(), e.end(), 0.0) / chains;
    for (const double x : e) deviation[rung] += (x - mean) * (x - mean) / chains;
    deviation[rung] = std::sqrt(deviation[rung]);
  }
  auto& scales = schedule_.scales;
  for (int rung = 1; rung < rungs; ++rung)
    length.push_back(length.back() + (scales[rung - 1] - scales[rung]) *
                                         (deviation[rung - 1] + deviation[rung]) / 2);
  if (!(length.back() > 0)) return;
  auto next = scales;
  for (int rung = 1, k = 1; rung + 1 < rungs; ++rung) {
    const double wanted = length.back() * rung / (rungs - 1);
    while (length[k] < wanted) ++k;
    const double fraction = (wanted - length[k - 1]) / (length[k] - length[k - 1]);
    next[rung] = scales[k - 1] + fraction * (scales[k] - scales[k - 1]);
  }
  scales = next;
}

template std::vector<double> Ensemble<float>::coupling_energies() const;
template std::vector<double> Ensemble<double>::coupling_energies() const;
template void Ensemble<float>::exchange_rungs();
template void Ensemble<double>::exchange_rungs();
template void Ensemble<float>::adapt_rungs();
template void Ensemble<double>::adapt_rungs();

}  // namespace quartic
