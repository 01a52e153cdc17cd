#include "stats/field_statistics.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "quartic/graph/lattice.hpp"
#include "stats/lattice_fourier.hpp"

namespace quartic {
namespace {

constexpr int L = FieldStatistics::lanes;
static_assert(L == lanes_together);

bool all_zero(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return x == 0; });
}
bool all_equal(const std::vector<double>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}
double largest_of(const std::vector<double>& values) {
  double most = 0;
  for (const double x : values) most = std::max(most, std::abs(x));
  return most;
}

/// out[lane] += f(lane) for all lanes.
template <class F>
void each_lane(double* out, F&& f) {
  for (int lane = 0; lane < L; ++lane) out[lane] += f(lane);
}

}  // namespace

FieldStatistics::FieldStatistics(const Action& action, std::vector<double> centre, Detail detail,
                                 bool with_reference)
    : action_(action), centre_(std::move(centre)) {
  for (const auto kind : all_coupling_kinds) {
    const auto k = static_cast<std::size_t>(kind);
    weight_[k] = action_.couplings(kind);
    const double most = largest_of(weight_[k]);
    unit_[k] = most > 0 ? most : 1;
    for (double& x : weight_[k]) x = most > 0 ? x / most : 1;
  }
  even_ = all_zero(action_.r);
  uniform_ = translation_invariant(action_.graph->lattice()) && all_equal(action_.w) &&
             all_equal(action_.r) && all_equal(action_.a) && all_equal(action_.b);
  if (detail == Detail::all) find_pairs(), find_modes();
  if (uniform_ && detail == Detail::all) find_axes();
  add_exact(detail);
  if (with_reference) add_referenced(detail);
}

void FieldStatistics::add(StatisticFamily family, What what, int count) {
  if (count == 0) return;
  groups_.push_back({family, what, size_, count});
  size_ += count;
}

void FieldStatistics::add_exact(Detail detail) {
  using Family = StatisticFamily;
  const int sites = action_.graph->sites();
  const bool edges = action_.graph->edge_count() > 0;
  add(Family::sd_terms, What::sd_virial, 1);
  if (detail == Detail::virial) return;
  add(Family::sd_terms, What::sd_w, edges);
  add(Family::sd_terms, What::sd_r, 1);
  add(Family::sd_terms, What::sd_a, !all_equal(action_.a));
  add(Family::sd_terms, What::sd_b, 1);
  add(Family::sd_terms, What::sd_m2, sites > 1);
  const int each = detail == Detail::all ? sites : 0;
  for (const auto what : {What::sd_phi, What::sd_phi2, What::sd_phi4})
    add(Family::sd_sites, what, each);
  add(Family::sd_edges, What::sd_edge, static_cast<int>(pairs_.size()));
  add(Family::sd_modes, What::sd_mode, static_cast<int>(modes_.size()));
  if (even_) {
    add(Family::sign_symmetry, What::sign_m, 1);
    add(Family::sign_symmetry, What::odd_phi, each);
    add(Family::sign_symmetry, What::odd_phi3, each);
  }
  if (!uniform_) return;
  add(Family::translations, What::alike_phi2, each);
  add(Family::translations, What::alike_phi4, each);
  add(Family::translations, What::axis, static_cast<int>(axes_.size()));
}

void FieldStatistics::add_referenced(Detail detail) {
  using Family = StatisticFamily;
  const int sites = action_.graph->sites(), each = detail == Detail::all ? sites : 0;
  const auto tie = [&](CouplingKind kind, What what, bool there) {
    if (there) tied_[static_cast<std::size_t>(kind)] = size_;
    add(Family::terms, what, there);
  };
  tie(CouplingKind::w, What::w, action_.graph->edge_count() > 0);
  tie(CouplingKind::r, What::r, true);
  tie(CouplingKind::a, What::a, true);
  tie(CouplingKind::b, What::b, true);
  add(Family::sites, What::phi, even_ ? 0 : each);  // else of the sign symmetry
  add(Family::sites, What::phi2, each);
  add(Family::sites, What::phi4, each);
  add(Family::edges, What::edge, static_cast<int>(pairs_.size()));
  add(Family::modes, What::mode, static_cast<int>(modes_.size()));
  if (sites == 1) return;
  add(Family::magnetisation, What::abs_m, 1);
  add(Family::magnetisation, What::m2, 1);
  add(Family::magnetisation, What::positive_m, !even_);
}

void FieldStatistics::find_pairs() {
  std::set<std::pair<int, int>> known;
  for (const auto& [i, j] : action_.graph->edges())
    if (known.insert(std::minmax(i, j)).second) pairs_.push_back({i, j});
}

void FieldStatistics::find_modes() {
  const Lattice* lattice = action_.graph->lattice();
  has_modes_ = translation_invariant(lattice) && action_.graph->sites() > 1;
  if (!has_modes_) return;
  for (int k = 0; k < lattice->sites(); ++k) {
    auto n = lattice->coordinates(k);
    int opposite = 0;
    for (std::size_t d = 0; d < n.size(); ++d)
      opposite = opposite * lattice->extent[d] + (lattice->extent[d] - n[d]) % lattice->extent[d];
    if (k <= opposite) modes_.push_back(k);
  }
}

void FieldStatistics::find_axes() {
  const Lattice& lattice = *action_.graph->lattice();
  const bool cubic = lattice.name == "square" || lattice.name == "cubic" ||
                     lattice.name == "hypercubic" || lattice.name == "king";
  const auto& extent = lattice.extent;
  if (!cubic || extent.size() < 2 ||
      std::adjacent_find(extent.begin(), extent.end(), std::not_equal_to<>()) != extent.end())
    return;
  for (std::size_t d = 0; d < extent.size(); ++d) {
    std::vector<int> step(extent.size());
    step[d] = 1;
    axes_.push_back(pairs_at(lattice, step));
  }
}

const FieldStatistics::Group& FieldStatistics::group_of(int k) const {
  const auto after = std::upper_bound(groups_.begin(), groups_.end(), k,
                                      [](int at, const Group& group) { return at < group.first; });
  return *(after - 1);
}

bool FieldStatistics::exact(int k) const {
  const Group& group = group_of(k);
  return exactly_known(group.family) || (even_ && group.what == What::r && all_equal(weight_[1]));
}

std::optional<FieldStatistics::Conjugate> FieldStatistics::conjugate(int k) const {
  const Group& group = group_of(k);
  const int index = k - group.first;
  switch (group.what) {
    case What::w:
      return Conjugate{CouplingKind::w, -1};
    case What::r:
      return Conjugate{CouplingKind::r, -1};
    case What::a:
      return Conjugate{CouplingKind::a, -1};
    case What::b:
      return Conjugate{CouplingKind::b, -1};
    case What::phi:
    case What::odd_phi:
      return Conjugate{CouplingKind::r, index};
    case What::phi2:
      return Conjugate{CouplingKind::a, index};
    case What::phi4:
      return Conjugate{CouplingKind::b, index};
    case What::edge: {
      const auto edges = action_.graph->edges();
      const auto found = std::find(edges.begin(), edges.end(), pairs_[index]);
      return Conjugate{CouplingKind::w, static_cast<int>(found - edges.begin())};
    }
    default:
      return {};
  }
}

std::string FieldStatistics::name(int k) const {
  const Group& group = group_of(k);
  const int i = k - group.first;
  const auto wave = [&] {
    return fmt::format("{}", fmt::join(action_.graph->lattice()->coordinates(modes_[i]), ","));
  };
  const auto pair = [&] { return fmt::format("phi_{} phi_{}", pairs_[i].first, pairs_[i].second); };
  switch (group.what) {
    case What::sd_virial:
      return "virial, sum phi dS/dphi - 1";
    case What::sd_w:
      return "A of sum w phi phi";
    case What::sd_r:
      return even_ ? "sum dS/dphi" : "A of sum r phi";
    case What::sd_a:
      return "A of sum a phi^2";
    case What::sd_b:
      return "A of sum b phi^4";
    case What::sd_m2:
      return "A of m^2";
    case What::sd_phi:
      return fmt::format("dS/dphi_{}", i);
    case What::sd_phi2:
      return fmt::format("A of phi_{}^2", i);
    case What::sd_phi4:
      return fmt::format("A of phi_{}^4", i);
    case What::sd_edge:
      return "A of " + pair();
    case What::sd_mode:
      return fmt::format("A of |phi({})|^2", wave());
    case What::sign_m:
      return "sign of m";
    case What::odd_phi:
    case What::phi:
      return fmt::format("phi_{}", i);
    case What::odd_phi3:
      return fmt::format("phi_{}^3", i);
    case What::alike_phi2:
      return fmt::format("phi_{}^2 - that of all sites", i);
    case What::alike_phi4:
      return fmt::format("phi_{}^4 - that of all sites", i);
    case What::axis:
      return fmt::format("phi phi along axis {} - that of all axes", i);
    case What::w:
      return "sum w phi phi";
    case What::r:
      return even_ ? "sum phi" : "sum r phi";
    case What::a:
      return "sum a phi^2";
    case What::b:
      return "sum b phi^4";
    case What::phi2:
      return fmt::format("phi_{}^2", i);
    case What::phi4:
      return fmt::format("phi_{}^4", i);
    case What::edge:
      return pair();
    case What::mode:
      return fmt::format("|phi({})|^2", wave());
    case What::abs_m:
      return "|m|";
    case What::m2:
      return "m^2";
    case What::positive_m:
      return "share of m > 0";
  }
  return {};
}

FieldStatistics::Scratch FieldStatistics::scratch() const {
  const auto size = static_cast<std::size_t>(action_.graph->sites()) * L;
  Scratch s;
  s.gradient.resize(size), s.centred.resize(size);
  s.pairs.resize(static_cast<std::size_t>(L) * 2);
  if (has_modes_)
    for (auto* values : {&s.power, &s.sum, &s.difference}) values->resize(size);
  return s;
}

void FieldStatistics::fill_gradient(const double* phi, Scratch& s) const {
  const int sites = action_.graph->sites();
  for (int i = 0; i < sites; ++i)
    for (int lane = 0; lane < L; ++lane) {
      const double x = phi[i * L + lane];
      s.centred[i * L + lane] = x - centre_[i];
      s.gradient[i * L + lane] = action_.r[i] + x * (2 * action_.a[i] + 4 * action_.b[i] * x * x);
    }
  const auto edges = action_.graph->edges();
  for (std::size_t e = 0; e < edges.size(); ++e) {
    const double w = action_.w[e];
    const std::ptrdiff_t i = edges[e].first * L, j = edges[e].second * L;
    for (int lane = 0; lane < L; ++lane) {
      s.gradient[i + lane] -= w * phi[j + lane];
      s.gradient[j + lane] -= w * phi[i + lane];
    }
  }
}

/// |y(k)|^2, and Re y(k)* S'(k) by polarisation: (|y + c S'|^2 - |y - c S'|^2) / 4c. The constant c
/// makes both about equally large.
void FieldStatistics::fill_power(const double* phi, Scratch& s) const {
  const auto& extent = action_.graph->lattice()->extent;
  const int sites = action_.graph->sites();
  const auto size = static_cast<std::size_t>(sites) * L;
  double fields = 0, gradients = 0;
  for (std::size_t k = 0; k < size; ++k)
    fields += s.centred[k] * s.centred[k], gradients += s.gradient[k] * s.gradient[k];
  const double c = gradients > 0 && fields > 0 ? std::sqrt(fields / gradients) : 1;
  AlignedVector<double> one(size), other(size);
  for (std::size_t k = 0; k < size; ++k) {
    one[k] = s.centred[k] + c * s.gradient[k];
    other[k] = s.centred[k] - c * s.gradient[k];
  }
  std::fill(s.power.begin(), s.power.end(), 0.0);
  std::fill(s.sum.begin(), s.sum.end(), 0.0);
  std::fill(s.difference.begin(), s.difference.end(), 0.0);
  add_power(extent, FieldBlock<const double>{phi, sites, L}, 1, s.power);
  add_power(extent, FieldBlock<const double>{one.data(), sites, L}, 1, s.sum);
  add_power(extent, FieldBlock<const double>{other.data(), sites, L}, 1, s.difference);
  for (std::size_t k = 0; k < size; ++k) s.sum[k] = (s.sum[k] - s.difference[k]) / (4 * c);
}

void FieldStatistics::evaluate(const double* phi, double* out, Scratch& s) const {
  fill_gradient(phi, s);
  if (has_modes_) fill_power(phi, s);
  std::fill_n(out, static_cast<std::ptrdiff_t>(size_) * L, 0.0);
  for (const Group& group : groups_)
    evaluate_group(group, phi, out + static_cast<std::ptrdiff_t>(group.first) * L, s);
}

void FieldStatistics::evaluate_group(const Group& group, const double* phi, double* out,
                                     Scratch& s) const {
  const int sites = action_.graph->sites();
  const auto edges = action_.graph->edges();
  const double* y = s.centred.data();
  const double* g = s.gradient.data();
  const auto &ww = weight_[0], &rw = weight_[1], &aw = weight_[2], &bw = weight_[3];
  const auto square = [](double x) { return x * x; };
  /// Sums term(i, k) over sites, k = i * 16 + lane.
  const auto over_sites = [&](auto&& term) {
    for (int i = 0; i < sites; ++i) each_lane(out, [&](int lane) { return term(i, i * L + lane); });
  };
  /// Gives each site its own.
  const auto by_site = [&](auto&& term) {
    for (int i = 0; i < sites; ++i)
      for (int lane = 0; lane < L; ++lane) out[i * L + lane] = term(i * L + lane);
  };
  /// The deviation from the sites' mean.
  const auto alike = [&](auto&& term) {
    by_site(term);
    double mean[L] = {};
    for (int i = 0; i < sites; ++i)
      each_lane(mean, [&](int lane) { return out[i * L + lane] / sites; });
    for (int i = 0; i < sites; ++i)
      for (int lane = 0; lane < L; ++lane) out[i * L + lane] -= mean[lane];
  };
  const auto magnetisation = [&](const double* of) {
    for (int i = 0; i < sites; ++i)
      each_lane(out, [&](int lane) { return of[i * L + lane] / sites; });
  };
  const auto map = [&](auto&& f) {
    for (int lane = 0; lane < L; ++lane) out[lane] = f(out[lane]);
  };
  switch (group.what) {
    case What::sd_virial:
      over_sites([&](int, int k) { return (y[k] * g[k] - 1) / sites; });
      break;
    case What::sd_w:
      for (std::size_t e = 0; e < edges.size(); ++e) {
        const int i = edges[e].first * L, j = edges[e].second * L;
        each_lane(out, [&](int l) { return ww[e] * (y[i + l] * g[j + l] + y[j + l] * g[i + l]); });
      }
      break;
    case What::sd_r:
      over_sites([&](int i, int k) { return rw[i] * g[k]; });
      break;
    case What::sd_a:
      over_sites([&](int i, int k) { return aw[i] * (y[k] * g[k] - 1); });
      break;
    case What::sd_b:
      over_sites([&](int i, int k) { return bw[i] * square(y[k]) * (y[k] * g[k] - 3); });
      break;
    case What::sd_m2: {
      magnetisation(y);
      double force[L] = {};
      for (int i = 0; i < sites; ++i) each_lane(force, [&](int lane) { return g[i * L + lane]; });
      for (int lane = 0; lane < L; ++lane) out[lane] = out[lane] * force[lane] - 1;
      break;
    }
    case What::sd_phi:
      by_site([&](int k) { return g[k]; });
      break;
    case What::sd_phi2:
      by_site([&](int k) { return y[k] * g[k] - 1; });
      break;
    case What::sd_phi4:
      by_site([&](int k) { return square(y[k]) * (y[k] * g[k] - 3); });
      break;
    case What::sd_edge:
    case What::edge:
      for (std::size_t e = 0; e < pairs_.size(); ++e) {
        const int i = pairs_[e].first * L, j = pairs_[e].second * L;
        double* to = out + e * L;
        for (int l = 0; l < L; ++l)
          to[l] = group.what == What::edge ? phi[i + l] * phi[j + l]
                                           : y[i + l] * g[j + l] + y[j + l] * g[i + l];
      }
      break;
    case What::sd_mode:
    case What::mode:
      for (std::size_t n = 0; n < modes_.size(); ++n)
        for (int lane = 0; lane < L; ++lane)
          out[n * L + lane] = mode_value(s, group.what, modes_[n], lane);
      break;
    case What::sign_m:
      magnetisation(phi);
      map([](double m) { return static_cast<double>((m > 0) - (m < 0)); });
      break;
    case What::odd_phi:
    case What::phi:
      by_site([&](int k) { return phi[k]; });
      break;
    case What::odd_phi3:
      by_site([&](int k) { return phi[k] * square(phi[k]); });
      break;
    case What::alike_phi2:
      alike([&](int k) { return square(phi[k]); });
      break;
    case What::alike_phi4:
      alike([&](int k) { return square(square(phi[k])); });
      break;
    case What::axis:
      for (std::size_t d = 0; d < axes_.size(); ++d)
        for (const auto& [i, j] : axes_[d])
          each_lane(out + d * L,
                    [&, i = i, j = j](int l) { return phi[i * L + l] * phi[j * L + l]; });
      for (int lane = 0; lane < L; ++lane) {
        double mean = 0;
        for (std::size_t d = 0; d < axes_.size(); ++d)
          mean += out[d * L + lane] / static_cast<double>(axes_.size());
        for (std::size_t d = 0; d < axes_.size(); ++d) out[d * L + lane] -= mean;
      }
      break;
    case What::w:
      for (std::size_t e = 0; e < edges.size(); ++e) {
        const int i = edges[e].first * L, j = edges[e].second * L;
        each_lane(out, [&](int lane) { return ww[e] * phi[i + lane] * phi[j + lane]; });
      }
      break;
    case What::r:
      over_sites([&](int i, int k) { return rw[i] * phi[k]; });
      break;
    case What::a:
      over_sites([&](int i, int k) { return aw[i] * square(phi[k]); });
      break;
    case What::b:
      over_sites([&](int i, int k) { return bw[i] * square(square(phi[k])); });
      break;
    case What::phi2:
      by_site([&](int k) { return square(phi[k]); });
      break;
    case What::phi4:
      by_site([&](int k) { return square(square(phi[k])); });
      break;
    case What::abs_m:
      magnetisation(phi), map([](double m) { return std::abs(m); });
      break;
    case What::m2:
      magnetisation(phi), map(square);
      break;
    case What::positive_m:
      magnetisation(phi), map([](double m) { return static_cast<double>(m > 0); });
      break;
  }
}

double FieldStatistics::mode_value(const Scratch& s, What what, int mode, int lane) const {
  const auto at = static_cast<std::size_t>(mode) * L + lane;
  const double sites = action_.graph->sites();
  return what == What::mode ? s.power[at] / sites : s.sum[at] / sites - 1;
}

}  // namespace quartic
