// The statistics of one configuration whose means an exact sample of exp(-S) is held against.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quartic/core/aligned.hpp"
#include "quartic/core/team.hpp"
#include "quartic/stats/identities.hpp"

namespace quartic {

/// Statistics as rows of 16 lanes, a lane being a configuration. Identities are taken about a
/// centre (y = phi - c), where fields far from zero would cancel.
class FieldStatistics {
 public:
  static constexpr int lanes = 16;

  enum class Detail {
    virial,  ///< the virial alone
    terms,   ///< tied sums alone
    all
  };
  /// centre: one value a site.
  FieldStatistics(const Action& action, std::vector<double> centre, Detail detail,
                  bool with_reference);

  int size() const { return size_; }
  const Action& action() const { return action_; }
  StatisticFamily family(int k) const { return group_of(k).family; }
  /// Whether its mean is exactly known, 0.
  bool exact(int k) const;
  std::string name(int k) const;
  /// The coupling that multiplies it in S: the kind, and the edge or site; -1: all of the kind.
  struct Conjugate {
    CouplingKind kind;
    int index;
  };
  std::optional<Conjugate> conjugate(int k) const;
  /// The statistics of the tied sums w, r, a, b, in this order; -1: there is none.
  std::array<int, coupling_kinds> tied() const { return tied_; }
  /// What a tied sum weights its couplings by: their values over the largest |value|, or 1 each
  /// where all are 0.
  double unit(CouplingKind kind) const { return unit_[static_cast<int>(kind)]; }

  /// Room for one thread.
  struct Scratch {
    AlignedVector<double> gradient, centred, pairs;
    AlignedVector<double> power, sum, difference;
  };
  Scratch scratch() const;
  /// phi[site][16]; out[k][16]. O(16 (V + E + V log V)).
  void evaluate(const double* phi, double* out, Scratch& scratch) const;

 private:
  enum class What {
    sd_virial,
    sd_w,
    sd_r,
    sd_a,
    sd_b,
    sd_m2,
    sd_phi,
    sd_phi2,
    sd_phi4,
    sd_edge,
    sd_mode,
    sign_m,
    odd_phi,
    odd_phi3,
    alike_phi2,
    alike_phi4,
    axis,
    w,
    r,
    a,
    b,
    phi,
    phi2,
    phi4,
    edge,
    mode,
    abs_m,
    m2,
    positive_m
  };
  struct Group {
    StatisticFamily family;
    What what;
    int first, count;
  };
  void add(StatisticFamily family, What what, int count);
  void add_exact(Detail detail);
  void add_referenced(Detail detail);
  void find_pairs();
  void find_modes();
  void find_axes();
  const Group& group_of(int k) const;
  void evaluate_group(const Group& group, const double* phi, double* out, Scratch& s) const;
  void fill_gradient(const double* phi, Scratch& s) const;
  void fill_power(const double* phi, Scratch& s) const;
  double mode_value(const Scratch& s, What what, int mode, int lane) const;

  Action action_;
  std::vector<double> centre_;
  std::array<std::vector<double>, coupling_kinds> weight_;
  std::array<double, coupling_kinds> unit_{};
  std::array<int, coupling_kinds> tied_{-1, -1, -1, -1};
  std::vector<Edge> pairs_;              ///< distinct
  std::vector<int> modes_;               ///< one of k and -k
  std::vector<std::vector<Edge>> axes_;  ///< pairs along each axis, where these are alike
  bool even_ = false, uniform_ = false, has_modes_ = false;
  std::vector<Group> groups_;
  int size_ = 0;
};

/// A centre for identities: the mean of a site where it is further from zero than three standard
/// deviations, else 0.
std::vector<double> centre_of(const FieldSample& sample);

/// Means of statistics over a sample, chain by chain independent.
struct StatisticMeans {
  std::vector<double> mean, error;
  std::vector<double> variance;  ///< of a single configuration
  std::vector<double> freedom;   ///< of the error, as of Student's t
  std::vector<double> tau;       ///< of draws; 1/2 where chains are many
  std::size_t count = 0;         ///< configurations
  bool resolved = true;          ///< false: too short a chain for its tau, errors are lower bounds
};

/// Accumulates them, in parallel and in fixed order. Where chains are 64 or more, further draws of
/// all of them may be added. Ranks that share the work evaluate bins of their own, each; all have
/// the whole sample.
class StatisticSums {
 public:
  StatisticSums(const FieldStatistics& statistics, const FieldSample& like, int threads,
                const Team& team = alone());
  void add(const FieldSample& sample);
  /// Of all ranks: a message a bin and share.
  StatisticMeans means();

 private:
  struct Share;
  int first_bin(int share) const;
  void share_sums();
  std::vector<std::pair<std::size_t, std::size_t>> bins_of(const FieldSample& sample) const;

  const FieldStatistics& statistics_;
  int threads_, chains_, bins_, bin_length_ = 0;  ///< 0: bins are groups of whole chains
  bool independent_;
  const Team& team_;
  std::vector<double> shift_;                ///< near the mean, so that squares do not cancel
  std::vector<std::vector<double>> sum_;     ///< [bin][k], of the deviations from the shift
  std::vector<std::vector<double>> square_;  ///< [share][k]
  std::vector<std::size_t> length_;          ///< of the bins
};

/// Statistics of chosen configurations, standardised: (x - mean) / sd, [row][k].
std::vector<float> standardised(const FieldStatistics& statistics, const FieldSample& sample,
                                const std::vector<std::size_t>& rows, const StatisticMeans& means,
                                int threads);

}  // namespace quartic
