// The referee: whether configurations from anywhere follow p = exp(-S) / Z. What `quartic judge`
// does.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "quartic/config/config.hpp"
#include "quartic/core/check.hpp"
#include "quartic/core/hidden.hpp"
#include "quartic/field/action.hpp"
#include "quartic/run/session.hpp"
#include "quartic/stats/identities.hpp"

namespace quartic {

/// Configurations that are judged.
struct JudgedFields {
  std::string place;          ///< how messages name them: "'fields.npy'"
  std::vector<double> phi{};  ///< [chain][draw][site]; independent rows are chains of one draw
  int chains = 0, draws = 0, sites = 0;
  std::vector<double> log_q{};  ///< ln density of each row under what made it; empty: none
};

struct FieldsSource {
  std::filesystem::path file;   ///< npy, npz, HDF5, or a run of quartic
  std::string dataset;          ///< member of an npz, dataset of an HDF5 file
  std::filesystem::path log_q;  ///< empty: none
  std::string log_q_dataset;
  bool one_chain = false;  ///< rows are draws of one Markov chain, in order
};

/// Reads (row, site), (chain, draw, site), or the lattice's extents in the place of the sites.
/// Float64 of an npy file in C order is kept, all else is read as float32. Throws BadInput for any
/// other shape, and where logq has not one value a row.
JudgedFields read_fields(const FieldsSource& source, const Graph& graph);

/// Throws BadInput where values are not finite, naming the row and the site, or where rows are
/// fewer than 64.
void require_judgeable(const JudgedFields& fields, const Graph& graph);

struct JudgeOptions {
  double level = 1e-3;  ///< of the overall p-value: so often exact fields are called wrong
  /// Effective configurations of the reference run over those that are judged, where that is no
  /// more than half a million: the error that it adds is then 1/20 of theirs.
  double reference_ratio = 10;
};

enum class Verdict {
  passed,     ///< nothing speaks against exp(-S)
  wrong,      ///< they do not follow it
  undecided,  ///< too short a chain, too coarse a type, or no reference run to be trusted
};
template <>
inline constexpr auto words_of<Verdict> = word_list("passed", "WRONG", "undecided");

/// The coupling that the fields follow instead, if it alone differs: theta + Var(f)^-1 (difference
/// of <f>), first order in the difference.
struct FollowedCoupling {
  std::string name;      ///< "all w", "w[3,4]", "a[7]"
  bool relative = true;  ///< change over the coupling; else (where it is 0) the change itself
  Estimate change;
  bool sufficient = false;  ///< of tied ones: it explains the other tied sums, too (p > 0.01)
};

struct ReferenceSummary {
  int chains = 0, draws = 0;
  double effective = 0;  ///< configurations, by the slowest observable
  bool ok = true;
  std::string reason;  ///< why not
};

/// With logq: rows with weights w = exp(-S) / q.
struct WeightSummary {
  Estimate ess;             ///< (sum w)^2 / (N sum w^2), with error
  double pareto_shape = 0;  ///< of the largest weights, stats/reweighting.hpp; above 0.7 none holds
  Estimate log_z;           ///< ln Z = ln <w>, where q is normalised
  Estimate kl;              ///< KL(q||p) = <ln q + S> + ln Z; a constant in logq cancels
  double p_value_as_they_are = 1;  ///< without weights, for comparison
};

struct Judgement {
  int chains = 0, draws = 0, sites = 0;
  double effective = 0;  ///< configurations
  Verdict verdict = Verdict::passed;
  double p_value = 1;  ///< of all together, corrected for their number
  double level = 0;
  std::vector<FamilyTest> families;
  std::vector<Check> checks;  ///< one a family, then repeats, resolution, weights, reference
  std::vector<std::string> findings;        ///< what is wrong, in words, the gravest first
  std::vector<FollowedCoupling> couplings;  ///< those that all tied sums name; empty: none is wrong
  ReferenceSummary reference;
  std::optional<WeightSummary> weights;

  bool ok() const { return verdict == Verdict::passed; }
};

/// Judges fields against an action, any number of times by one reference run of quartic's own
/// sampler (the config's, at least 64 chains), which grows where later fields are more.
///
/// Exact identities and symmetries (stats/identities.hpp) need no reference; moments, structure
/// factor and shares are held against it by z-scores, of independent rows with the variance that
/// the reference knows. p-values: JointTest in src/stats. With logq the weighted rows are judged.
/// Copies of rows (of draws in different chains) are a proof by themselves. O(configurations
/// statistics), statistics about 14 V + 2 E.
class Referee {
 public:
  /// Throws BadInput where the action cannot be sampled.
  Referee(const Config& config, const Action& action, const JudgeOptions& options = {});

  /// Throws BadInput as require_judgeable, Interrupted.
  Judgement judge(const JudgedFields& fields, const Session& session);

 private:
  struct State;
  Hidden<State> state_;
};

}  // namespace quartic
