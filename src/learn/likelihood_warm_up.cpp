// How LikelihoodLearner begins: the couplings of a start, chains at the data, equilibrium.
#include <algorithm>
#include <cstdint>

#include "learn/learner_parts.hpp"
#include "learn/likelihood_epoch.hpp"
#include "learn/likelihood_start.hpp"
#include "quartic/core/error.hpp"

namespace quartic {

template <class T>
void LikelihoodLearner<T>::send_chains_to_data() {
  auto state = sampler_.state();
  const auto sites = static_cast<std::size_t>(action_.graph->visible_sites());
  const auto all = static_cast<std::size_t>(sampler_.sites());
  const auto chains = static_cast<std::size_t>(sampler_.chains());
  const auto first = static_cast<std::size_t>(sampler_.first_chain()),
             of_all = static_cast<std::size_t>(sampler_.all_chains());
  // Rows spread over the whole set; each chain gets noise of its own.
  std::vector<std::size_t> rows;
  for (std::size_t chain = 0; chain < chains; ++chain)
    rows.push_back((first + chain) * source_->rows() / of_all);
  std::vector<float> values(chains * sites);
  read_repeated(*source_, rows, values);
  for (std::size_t chain = 0; chain < chains; ++chain) {
    RandomStream random(seed_, Stream::jitter, (std::uint64_t{1} << 40U) + first + chain);
    for (std::size_t i = 0; i < sites; ++i) {
      const double noise = options_.pass.noise > 0 ? options_.pass.noise * random.normal() : 0;
      // Chains of all rungs follow the target's; they begin alike.
      for (std::size_t at = chain; at * all < state.phi.size(); at += chains)
        state.phi[at * all + i] = values[chain * sites + i] + noise;
    }
  }
  sampler_.restore(state);
}

/// Takes the couplings of a start and brings the chains there; not where fields cannot hold it.
template <class T>
bool LikelihoodLearner<T>::begins_at(const FoundStart& start, const ProgressCallback& progress) {
  auto theta = parameters_.gather(start.action);
  for (std::size_t k = 0; k < theta.size(); ++k) theta[k] = std::max(theta[k], lower_[k]);
  action_ = start.action, start_description_ = start.description;
  try {
    this->set_theta(theta);
  } catch (const Diverged&) {
    return false;
  }
  state_.start_theta = theta;
  if (options_.chains_at_data.value_or(options_.start != LikelihoodStart::given))
    send_chains_to_data();
  sampler_.warm_up(options_.warm_up, progress);
  return true;
}

/// Whether ln p is higher at the start than at what else there is.
template <class T>
bool LikelihoodLearner<T>::holds(const LikelihoodStarts& starts, const ProgressCallback& progress) {
  if (!begins_at(starts.first, progress)) return false;
  try {
    return starts.slope + dot(starts.way, sample(progress).gradient) > 0;
  } catch (const Diverged&) {
    return false;
  }
}

template <class T>
void LikelihoodLearner<T>::warm_up(const ProgressCallback& progress) {
  const auto starts =
      find_likelihood_start(*source_, moments_, parameters_, action_, options_, seed_);
  if (starts.fallback && holds(starts, progress)) return;
  const auto& start = starts.fallback ? *starts.fallback : starts.first;
  if (begins_at(start, progress)) return;
  throw Diverged(
      "the couplings of the start, " + start.description +
          ", are beyond the precision of the fields",
      "leave out columns that others determine, scale the data, or add noise to them (0.01)");
}

template void LikelihoodLearner<float>::warm_up(const ProgressCallback&);
template void LikelihoodLearner<double>::warm_up(const ProgressCallback&);

}  // namespace quartic
