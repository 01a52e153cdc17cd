// Exact identities that every sample of exp(-S) obeys, whoever made it, and the referee's list of
// what it must obey besides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "quartic/core/check.hpp"
#include "quartic/core/estimate.hpp"
#include "quartic/core/words.hpp"
#include "quartic/field/action.hpp"

namespace quartic {

/// A view of configurations [chain][draw][site], float32 or float64. Chains are independent of each
/// other; rows that are all independent are chains of one draw.
class FieldSample {
 public:
  /// Throws BadInput where they are ragged.
  FieldSample(std::span<const float> phi, int sites, int chains);
  FieldSample(std::span<const double> phi, int sites, int chains);

  int sites() const { return sites_; }
  int chains() const { return chains_; }
  int draws() const { return draws_; }  ///< of a chain
  std::size_t count() const { return static_cast<std::size_t>(chains_) * draws_; }
  bool independent() const { return draws_ == 1; }
  double at(std::size_t configuration, int site) const {
    const std::size_t k = configuration * sites_ + site;
    return wide_.empty() ? static_cast<double>(narrow_[k]) : wide_[k];
  }
  /// Whether every value is one of float32: its rounding is then that of float32.
  bool rounded_to_float() const;

 private:
  void set_shape(std::size_t values, int sites, int chains);

  std::span<const float> narrow_;
  std::span<const double> wide_;
  int sites_ = 0, chains_ = 0, draws_ = 0;
};

/// Families of statistics whose means are known: exactly, or from a reference run. The generator
/// of the Langevin equation, (A f)(phi) = grad S . grad f - lap f, has mean 0 for every f that
/// grows slower than exp(S) (Schwinger-Dyson; Stein). Its functions f are those of the last five
/// families.
enum class StatisticFamily {
  sd_terms,       ///< A of phi_i^2 (the virial), and of what each kind of coupling multiplies
  sd_sites,       ///< A of phi_i, phi_i^2, phi_i^4
  sd_edges,       ///< A of phi_i phi_j
  sd_modes,       ///< A of |phi(k)|^2, on periodic lattices
  sign_symmetry,  ///< where all r are 0: phi_i, phi_i^3, the sign of m
  translations,   ///< where couplings are uniform on a periodic lattice: sites and axes are alike
  terms,          ///< sum w phi phi, r phi, a phi^2, b phi^4
  sites,          ///< phi_i, phi_i^2, phi_i^4
  edges,          ///< phi_i phi_j
  modes,          ///< structure factor |phi(k)|^2 / V
  magnetisation,  ///< |m|, m^2, how often m > 0
  independence    ///< of rows said to be independent: correlation of neighbours
};
template <>
inline constexpr auto words_of<StatisticFamily> =
    word_list("Schwinger-Dyson, terms", "Schwinger-Dyson, sites", "Schwinger-Dyson, edges",
              "Schwinger-Dyson, modes", "sign symmetry", "translations", "terms", "sites", "edges",
              "modes", "magnetisation", "independence");
inline constexpr int statistic_families = words_of<StatisticFamily>.size();
/// Whether a family's means are known without a reference run.
constexpr bool exactly_known(StatisticFamily family) {
  return family < StatisticFamily::terms;
}

/// A mean held against what it must be.
struct TestedStatistic {
  std::string name;   ///< "phi_3^2"
  Estimate value;     ///< with its error, autocorrelation included
  Estimate expected;  ///< error 0: exact
  double z = 0;       ///< N(0, 1) under exp(-S), also where errors rest on few chains
  int index = -1;     ///< among all statistics
  double excess() const { return value.value - expected.value; }
};

/// All statistics of a family, and how likely its largest |z| is.
struct FamilyTest {
  StatisticFamily family{};
  int count = 0;                       ///< statistics
  std::vector<TestedStatistic> worst;  ///< at most three, the largest |z| first
  double p_value = 1;                  ///< of the largest |z| among the family's
  double adjusted = 1;  ///< and among all families (Westfall & Young 1993: single-step minP)
};

struct IdentityOptions {
  bool by_site = true;  ///< false: the tied sums alone, O(V + E) a configuration and no memory
  int threads = 0;      ///< 0: all cores; never changes the results
};

/// Holds a sample against all that is exactly known of exp(-S). Errors: of 64 chains or more from
/// the scatter of their means, of fewer by the Gamma method (core/autocorrelation.hpp); z-scores
/// are converted from Student's t where the error itself is uncertain. p-values of the largest of
/// many correlated |z| by resampling the standardised sample 1000 times, beyond its reach by
/// Sidak's formula with the effective number of independent tests that the resampling shows.
/// O(configurations (V + E + V log V)) and 1000 x (at most 2048) x statistics for the p-values.
/// Throws BadInput for another number of sites or fewer than 64 configurations.
std::vector<FamilyTest> test_identities(const Action& action, const FieldSample& sample,
                                        const IdentityOptions& options = {});

/// The same as checks, one a family with its worst statistic, ok where adjusted p >= level.
std::vector<Check> identity_checks(const std::vector<FamilyTest>& tests, double level = 1e-5);

/// (1/V) sum_i <phi_i dS/dphi_i>, which is 1 for every normalisable action: the Schwinger-Dyson
/// equation int d/dphi_i (phi_i e^-S) = 0, averaged over sites. phi[chain][draw][site], error as
/// above. Throws BadInput for fewer than two chains or a ragged sample.
Estimate virial(const Action& action, std::span<const float> phi, int chains);

}  // namespace quartic
