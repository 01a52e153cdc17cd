#include "quartic/stats/measurement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/parallel.hpp"
#include "quartic/core/error.hpp"
#include "quartic/core/suggest.hpp"
#include "quartic/graph/lattice.hpp"
#include "stats/lattice_fourier.hpp"
#include "stats/measurement_data.hpp"

namespace quartic {
namespace {

/// Calls visit(name, meaning, value) for the primary observables in their order; value(s) is that
/// of a lane whose sums are s(quantity). `shift` goes from the sum of the action to what is stored.
template <class Visit>
void for_each_observable(const LocalSums& sums, double shift, Visit&& visit) {
  const double volume = sums.sites, directions = static_cast<double>(sums.waves.size()) / 2;
  const auto m = [=](auto s) { return s(sum_phi) / volume; };
  const auto per_site = [=](int quantity) { return [=](auto s) { return s(quantity) / volume; }; };
  visit("action", "S", [=](auto s) { return s(sum_action) + shift; });
  visit("action_density", "S / V", [=](auto s) { return (s(sum_action) + shift) / volume; });
  visit("action2", "S^2", [=](auto s) { return std::pow(s(sum_action) + shift, 2); });
  visit("m", "sum phi / V", m);
  visit("abs_m", "|sum phi| / V", [=](auto s) { return std::abs(m(s)); });
  visit("m2", "(sum phi / V)^2", [=](auto s) { return m(s) * m(s); });
  visit("m4", "(sum phi / V)^4", [=](auto s) { return (m(s) * m(s)) * (m(s) * m(s)); });
  visit("phi2", "sum phi^2 / V", per_site(sum_phi2));
  visit("phi4", "sum phi^4 / V", per_site(sum_phi4));
  if (!sums.nearest.empty()) visit("nn", "sum over nearest pairs phi phi / V", per_site(sum_nn));
  if (!sums.diagonal.empty())
    visit("nnn", "sum over diagonal pairs phi phi / V", per_site(sum_nnn));
  if (sums.waves.empty()) return;
  visit("structure_factor_min", "|sum phi exp(ikx)|^2 / V at the least k", [&, volume](auto s) {
    double power = 0;
    for (int k = local_sum_count; k < sums.size(); ++k) power += s(k) * s(k);
    return power / (volume * directions);
  });
}

/// The observables of one draw of all lanes from their sums, [observable][lane].
void observe(const LocalSums& sums, double shift, int lanes, const double* sum, double* out) {
  for_each_observable(sums, shift, [&](const char*, const char*, auto&& value) {
    for (int lane = 0; lane < lanes; ++lane)
      out[lane] = value([=](int quantity) { return sum[quantity * lanes + lane]; });
    out += lanes;
  });
}

}  // namespace

Measurement::Data::Data(const Action& measured, ChainPart measured_part, int most,
                        std::vector<NamedFunction> own)
    : functions(std::move(own)),
      action(measured),
      sums(measured),
      part(measured_part),
      chains(part.count),
      max_bins(most),
      threads(threads_or_all(0)) {
  if (chains < 1 || max_bins < 16 || max_bins % 2 != 0) {
    throw BadInput(
        fmt::format("measurement: {} chains with at most {} bins cannot be", chains, max_bins),
        "at least one chain, and an even number of bins from 16 on");
  }
  for_each_observable(sums, 0, [&](const char* name, const char* meaning, auto&&) {
    names.emplace_back(name), meanings.emplace_back(meaning);
  });
  pairs = {{index("action"), index("action2")},
           {index("abs_m"), index("m2")},
           {index("m2"), index("m4")}};
  if (!sums.waves.empty()) pairs.emplace_back(index("m2"), index("structure_factor_min"));
  reference.assign(names.size() + functions.size(), 0);
  for (const auto& function : functions) {
    const auto all = derived();
    const auto named = [&](const Derived& d) { return d.name == function.name; };
    if (index(function.name) >= 0 || function.name == "correlation_length" ||
        std::any_of(all.begin(), all.end(), named))
      throw BadInput(fmt::format("an observable is called '{}' already", function.name),
                     "choose another name for the function");
    names.push_back(function.name), meanings.emplace_back("a function of the user's");
  }
  open_bin.assign(row(), 0);
  squares.assign(row(), 0);
  products.assign(pairs.size() * static_cast<std::size_t>(chains), 0);
  while (chains_per_group < 16 && part.all > 64 * chains_per_group) chains_per_group *= 2;
}

int Measurement::Data::index(const std::string& name) const {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? -1 : static_cast<int>(at - names.begin());
}

constexpr int bins_together = 16;  ///< bins at once: both sides of a transpose stay in cache

std::vector<double> Measurement::Data::series(int observable) const {
  std::vector<double> out(static_cast<std::size_t>(chains) * bin_count);
  const double* from = bins.data() + static_cast<std::size_t>(observable) * chains;
  for (int first = 0; first < bin_count; first += bins_together)
    for (int c = 0; c < chains; ++c)
      for (int bin = first; bin < std::min(first + bins_together, bin_count); ++bin)
        out[static_cast<std::size_t>(c) * bin_count + bin] = from[bin * row() + c];
  return out;
}

std::vector<double> Measurement::Data::means() const {
  std::vector<double> sum(row());
  for (int bin = 0; bin < bin_count; ++bin)
    for (std::size_t k = 0; k < row(); ++k) sum[k] += bins[bin * row() + k];
  std::vector<double> out(names.size());
  for (std::size_t k = 0; k < row(); ++k) out[k / chains] += sum[k] * bin_length + open_bin[k];
  for (double& m : out) m /= static_cast<double>(chains) * static_cast<double>(draws);
  return out;
}

double Measurement::Data::covariance(const std::vector<double>& mean, int first, int second) const {
  const double* sum = squares.data() + static_cast<std::ptrdiff_t>(first) * chains;
  for (std::size_t p = 0; p < pairs.size(); ++p)
    if (pairs[p] == std::pair{first, second})
      sum = products.data() + static_cast<std::ptrdiff_t>(p) * chains;
  double product = 0;
  for (int c = 0; c < chains; ++c) product += sum[c];
  return product / (static_cast<double>(chains) * static_cast<double>(draws)) -
         mean[first] * mean[second];
}

/// The open bin becomes a complete one, or, where there is no room, all bins become twice as long.
void Measurement::Data::close_bin() {
  if (bin_count == max_bins) {
    for (int bin = 0; bin < max_bins / 2; ++bin) {
      const double* from = bins.data() + 2 * bin * row();
      double* to = bins.data() + bin * row();
      for (std::size_t k = 0; k < row(); ++k) to[k] = 0.5 * (from[k] + from[row() + k]);
    }
    bin_count /= 2, bin_length *= 2;
    bins.resize(bin_count * row());
    return;
  }
  for (double& x : open_bin) bins.push_back(x / bin_length), x = 0;
  ++bin_count;
}

std::vector<double> Measurement::Data::spectra_by_group() const {
  std::vector<double> out(spectra.size());
  const std::size_t sites = sums.sites, groups = lanes_together / chains_per_group;
  for (std::size_t k = 0; k < out.size(); ++k)
    out[(k / groups / sites * groups + k % groups) * sites + k / groups % sites] = spectra[k];
  return out;
}

void Measurement::Data::set_spectra(std::span<const double> by_group) {
  spectra.resize(by_group.size());
  const std::size_t sites = sums.sites, groups = lanes_together / chains_per_group;
  for (std::size_t k = 0; k < spectra.size(); ++k)
    spectra[k] = by_group[(k / groups / sites * groups + k % groups) * sites + k / groups % sites];
}

Measurement::Measurement(const Action& action, int chains, int max_bins,
                         std::vector<NamedFunction> functions)
    : data_(make_hidden<Data>(action, ChainPart{0, chains, chains}, max_bins,
                              std::move(functions))) {}

template <class T>
Measurement::Measurement(const Action& action, const Sampler<T>& sampler, int max_bins,
                         std::vector<NamedFunction> functions)
    : data_(make_hidden<Data>(
          action, ChainPart{sampler.first_chain(), sampler.chains(), sampler.all_chains()},
          max_bins, std::move(functions))) {}

/// From the values of the first draw of a block; chain 0 is as good as any.
void Measurement::Data::take_references(const std::vector<double>& values, int lanes) {
  for (std::size_t k = 0; k < names.size() - functions.size(); ++k) {
    const double value = values[k * static_cast<std::size_t>(lanes)];
    reference[k] = std::isfinite(value) ? value : 0;
  }
  reference[index("action2")] = 0;  // the square of what is less its reference already
}

template <class T>
void Measurement::add(const Sampler<T>& sampler) {
  auto& d = *data_;
  if (sampler.chains() != d.chains || sampler.sites() != d.sums.sites) {
    throw BadInput(fmt::format("measurement of {} chains of {} sites given {} chains of {} sites",
                               d.chains, d.sums.sites, sampler.chains(), sampler.sites()),
                   "a measurement belongs to one number of chains on one graph: make another");
  }
  d.threads = sampler.threads();
  const bool spectrum = translation_invariant(d.action.graph->lattice()) &&
                        d.spectrum_interval > 0 && (d.draws + 1) % d.spectrum_interval == 0;
  const auto values_of = [&](const FieldBlock<const T>& phi) {
    std::vector<double> sums(static_cast<std::size_t>(d.sums.size()) * phi.lanes);
    std::vector<double> values(d.names.size() * phi.lanes);
    local_sums(d.sums, phi, sums.data());
    observe(d.sums, d.sums.floor - d.reference[0], phi.lanes, sums.data(), values.data());
    return values;
  };
  const std::size_t own = d.names.size() - d.functions.size();  // the first of the user's
  const bool first_draw = d.draws == 0;
  if (first_draw) {
    d.take_references(values_of(sampler.block(0)), sampler.lanes());
    sampler.team().broadcast(std::as_writable_bytes(std::span(d.reference)));
  }
  if (spectrum && d.spectra.empty())
    d.spectra.assign(static_cast<std::size_t>(d.chains / d.chains_per_group) * d.sums.sites, 0);
  sampler.for_each_block([&](int index) {
    const auto phi = sampler.block(index);
    const int lanes = phi.lanes;
    auto values = values_of(phi);
    for (std::size_t k = 3; k < own; ++k)  // those of the action are less their reference already
      for (int lane = 0; lane < lanes; ++lane) values[k * lanes + lane] -= d.reference[k];
    const auto add_row = [&](std::vector<double>& to, std::size_t row, auto&& value) {
      double* out = to.data() + row * d.chains + static_cast<std::size_t>(index) * lanes;
      for (int lane = 0; lane < lanes; ++lane) out[lane] += value(lane);
    };
    for (std::size_t k = 0; k < own; ++k) {
      const double* x = values.data() + k * lanes;
      add_row(d.open_bin, k, [=](int lane) { return x[lane]; });
      add_row(d.squares, k, [=](int lane) { return x[lane] * x[lane]; });
    }
    for (std::size_t p = 0; p < d.pairs.size(); ++p) {
      const double *x = values.data() + d.pairs[p].first * lanes,
                   *y = values.data() + d.pairs[p].second * lanes;
      add_row(d.products, p, [=](int lane) { return x[lane] * y[lane]; });
    }
    if (!spectrum) return;
    const std::size_t size = static_cast<std::size_t>(lanes / d.chains_per_group) * d.sums.sites;
    add_power(d.action.graph->lattice()->extent, phi, d.chains_per_group,
              std::span(d.spectra).subspan(index * size, size));
  });
  std::vector<double> values(d.functions.empty() ? 0 : d.chains);
  for (std::size_t k = 0; k < d.functions.size(); ++k) {
    evaluate_function<T>(
        d.functions[k].value, sampler.blocks(), [&](int index) { return sampler.block(index); },
        values);
    const std::size_t row = (own + k) * d.chains;
    if (first_draw) {
      d.reference[own + k] = std::isfinite(values[0]) ? values[0] : 0;
      sampler.team().broadcast(std::as_writable_bytes(std::span(&d.reference[own + k], 1)));
    }
    for (int chain = 0; chain < d.chains; ++chain) {
      const double value = values[chain] - d.reference[own + k];
      d.open_bin[row + chain] += value;
      d.squares[row + chain] += value * value;
    }
  }
  ++d.draws;
  if (d.draws - static_cast<std::int64_t>(d.bin_count) * d.bin_length == d.bin_length)
    d.close_bin();
}

void Measurement::set_spectrum_interval(int draws) {
  if (draws < 0 || data_->draws > 0) {
    throw BadInput(
        fmt::format("a spectrum interval of {} draws, set after {} draws", draws, data_->draws),
        "set it before the first draw, and not below 0 (never)");
  }
  data_->spectrum_interval = draws;
}

void Measurement::set_wells(std::vector<std::int32_t> wells, std::vector<double> unvisited) {
  auto& d = *data_;
  if (d.draws > 0 || (!wells.empty() && std::ssize(wells) != d.chains) ||
      (!unvisited.empty() && unvisited.size() != d.names.size()))
    throw BadInput(fmt::format("wells of {} chains and {} observables, set after {} draws of {} "
                               "chains and {} observables",
                               wells.size(), unvisited.size(), d.draws, d.chains, d.names.size()),
                   "set them before the first draw, one number a chain and an observable");
  d.wells = std::move(wells), d.unvisited = std::move(unvisited);
}

int Measurement::chains() const {
  return data_->chains;
}
std::int64_t Measurement::draws() const {
  return data_->draws;
}
std::span<const std::string> Measurement::names() const {
  return data_->names;
}
int Measurement::bin_length() const {
  return data_->bin_length;
}

std::vector<double> Measurement::series(const std::string& name) const {
  const int index = data_->index(name);
  if (index < 0) {
    const std::vector<std::string_view> known(data_->names.begin(), data_->names.end());
    throw BadInput(fmt::format("no observable '{}' is measured", name), suggestion(name, known));
  }
  auto out = data_->series(index);
  if (name == "action2") {
    const auto action = data_->series(data_->index("action"));
    const auto square = data_->square_of_action();
    for (std::size_t t = 0; t < out.size(); ++t) out[t] = square.value(action[t], out[t]);
  }
  for (double& x : out) x += data_->reference[index];
  return out;
}

MeasurementState Measurement::state() const {
  const auto& d = *data_;
  MeasurementState state{d.draws,    d.bin_length,         {},          d.open_bin, d.squares,
                         d.products, d.spectra_by_group(), d.reference, d.wells,    d.unvisited};
  state.bins.reserve(d.bins.size());
  for (int k = 0; k < d.observables(); ++k) {
    const auto series = d.series(k);
    state.bins.insert(state.bins.end(), series.begin(), series.end());
  }
  return state;
}

/// Of what is [row][chain][width], the part of the chains.
MeasurementState Measurement::Data::own_part(const MeasurementState& all) const {
  MeasurementState own = all;
  const auto take = [&](const auto& whole, auto& mine, std::size_t rows) {
    mine.clear();
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t size = whole.size() / rows;
      const auto at = [&](std::size_t chain) {
        return whole.begin() + static_cast<std::ptrdiff_t>(row * size + size * chain / part.all);
      };
      mine.insert(mine.end(), at(part.first), at(part.first + part.count));
    }
  };
  const std::size_t rows = names.size();
  take(all.bins, own.bins, rows);
  take(all.open_bin, own.open_bin, rows);
  take(all.squares, own.squares, rows);
  take(all.products, own.products, pairs.size());
  take(all.spectra, own.spectra, all.spectra.empty() ? 0 : 1);
  take(all.wells, own.wells, all.wells.empty() ? 0 : 1);
  return own;
}

template <class T>
Measurement Measurement::gathered(const Sampler<T>& sampler, bool everywhere) const {
  const auto& d = *data_;
  if (!sampler.team().several()) return Measurement(make_hidden<Data>(d));
  Measurement out(
      make_hidden<Data>(d.action, ChainPart{0, d.part.all, d.part.all}, d.max_bins, d.functions));
  out.data_->spectrum_interval = d.spectrum_interval;
  out.data_->threads = d.threads;
  MeasurementState all = state();
  const bool here = everywhere || sampler.team().root();
  const auto collect = [&](auto& values, std::size_t rows) {
    using V = typename std::decay_t<decltype(values)>::value_type;
    const auto own = std::move(values);
    const std::size_t size = rows > 0 ? own.size() / rows : 0,
                      whole = size * d.part.all / d.part.count;  // spectra: of groups of chains
    values.assign(here ? rows * whole : 0, V{});
    for (std::size_t row = 0; row < rows; ++row)
      gather(sampler.team(), sampler.shares(), std::span<const V>(own).subspan(row * size, size),
             here ? std::span<V>(values).subspan(row * whole, whole) : std::span<V>(),
             size / sampler.blocks(), everywhere);
  };
  const std::size_t rows = d.names.size();
  collect(all.bins, rows);
  collect(all.open_bin, rows);
  collect(all.squares, rows);
  collect(all.products, d.pairs.size());
  collect(all.spectra, all.spectra.empty() ? 0 : 1);
  collect(all.wells, all.wells.empty() ? 0 : 1);
  if (here) out.restore(all);
  return out;
}

void Measurement::restore(const MeasurementState& state) {
  auto& d = *data_;
  if (d.part.count < d.part.all && state.open_bin.size() == d.names.size() * d.part.all)
    return restore(d.own_part(state));
  const std::size_t count = state.bins.size() / d.row();
  const auto open = state.draws - static_cast<std::int64_t>(count) * state.bin_length;
  const std::size_t spectra =
      static_cast<std::size_t>(d.chains / d.chains_per_group) * d.sums.sites;
  if (state.bins.size() != count * d.row() || count > static_cast<std::size_t>(d.max_bins) ||
      state.bin_length < 1 || open < 0 || open >= state.bin_length ||
      state.open_bin.size() != d.row() || state.squares.size() != d.row() ||
      state.products.size() != d.products.size() ||
      (!state.reference.empty() && state.reference.size() != d.names.size()) ||
      (!state.wells.empty() && std::ssize(state.wells) != d.chains) ||
      (!state.unvisited.empty() && state.unvisited.size() != d.names.size()) ||
      (!state.spectra.empty() && state.spectra.size() != spectra)) {
    throw BadInput("the saved measurement is of another action, number of chains or max_bins",
                   "resume with the configuration that the run file holds");
  }
  d.draws = state.draws, d.bin_length = state.bin_length, d.bin_count = static_cast<int>(count);
  d.open_bin = state.open_bin, d.squares = state.squares, d.products = state.products;
  d.reference = state.reference, d.wells = state.wells, d.unvisited = state.unvisited;
  d.reference.resize(d.names.size());
  d.set_spectra(state.spectra);
  d.bins.resize(state.bins.size());
  for (std::size_t first = 0; first < count; first += bins_together)
    for (std::size_t k = 0; k < d.row(); ++k)
      for (std::size_t bin = first; bin < std::min(first + bins_together, count); ++bin)
        d.bins[bin * d.row() + k] = state.bins[k * count + bin];
}

#define QUARTIC_INSTANTIATE(T)                                               \
  template Measurement::Measurement(const Action&, const Sampler<T>&, int,   \
                                    std::vector<NamedFunction>);             \
  template Measurement Measurement::gathered(const Sampler<T>&, bool) const; \
  template void Measurement::add(const Sampler<T>&);
QUARTIC_INSTANTIATE(float)
QUARTIC_INSTANTIATE(double)
#undef QUARTIC_INSTANTIATE

}  // namespace quartic
