#include "network/model_chains.hpp"

#include "network/training_kernels.hpp"

namespace quartic {

template <class T>
ModelChains<T>::ModelChains(const CoupledLayers<T>& layers, HigherMoments higher,
                            const TrainingOptions& options, std::uint64_t seed,
                            std::vector<NetworkScratch<T>>& scratch)
    : options_(options),
      higher_(higher),
      seed_(seed),
      chains_(layers.visible_units(), layers.hidden_units(), options.chains, seed, Stream::fields) {
  term_.visible.resize(blocks()), term_.hidden.resize(blocks());
  term_.hidden_mean.resize(static_cast<std::size_t>(layers.hidden_units()) * chains_.stride());
  chains_.set_scale(T(0));
  for_each_part(blocks(), static_cast<int>(scratch.size()), [&](int block, int thread) {
    chains_.update_visible(layers, block, scratch[thread], true);
    chains_.update_hidden(layers, block, scratch[thread], true);
  });
  chains_.set_scale(T(1));
}

template <class T>
void ModelChains<T>::temper(const Network& start, const Layer& typical,
                            const std::vector<double>& offset) {
  ladder_.emplace(start, typical, offset, options_, seed_);
}

template <class T>
void ModelChains<T>::follow_ladder() {
  chains_.set_visible_rows(ladder_->visible());
  chains_.set_hidden_rows(ladder_->hidden());
}

template <class T>
void ModelChains<T>::sweep_ladder(const Network& now, const std::vector<double>& offset,
                                  const std::vector<TrainingSnapshot>& snapshots) {
  ladder_->sweep(now, offset, snapshots);
  follow_ladder();
}

template <class T>
void ModelChains<T>::start_at(const T* rows, const CoupledLayers<T>& layers, int block,
                              NetworkScratch<T>& work) {
  const int visible = layers.visible_units();
  const auto phi = chains_.visible(block);
  const T* from = rows + static_cast<std::ptrdiff_t>(chains_.first(block)) * visible;
  for (int lane = 0; lane < chains_.count(block); ++lane)
    for (int i = 0; i < visible; ++i)
      phi.unit(i)[lane] = from[static_cast<std::ptrdiff_t>(lane) * visible + i];
  chains_.update_hidden(layers, block, work, true);
}

template <class T>
void ModelChains<T>::gather_block(const CoupledLayers<T>& layers, int block,
                                  NetworkScratch<T>& work) {
  if (ladder_) {
    chains_.field_on_hidden(layers, block, work);
  } else {
    chains_.sweep(layers, block, options_.steps, work);
  }
  auto& sums = term_.hidden[block];
  sums.assign(3 * static_cast<std::size_t>(layers.hidden_units()), 0.0);
  layers.hidden_type->template kernels<T>().moments(
      chains_.hidden_block(layers, block, work),
      {term_.hidden_mean.data() + chains_.first(block), chains_.stride(), chains_.count(block),
       sums.data(), higher_.hidden});
  auto& powers = term_.visible[block];
  powers.assign(3 * static_cast<std::size_t>(layers.visible_units()), 0.0);
  const auto phi = chains_.visible(block);
  add_power_sums(phi.data, phi.stride, layers.visible_units(), chains_.count(block),
                 higher_.visible, powers.data());
}

template <class T>
void ModelChains<T>::subtract_products(int first, int units, T* from) {
  const int hidden = chains_.hidden_units();
  multiply(Transpose::no, Transpose::yes, units, hidden, size(), chains_.visible().unit(first),
           chains_.stride(), term_.hidden_mean.data(), chains_.stride(), T(1), from, hidden,
           T(-1) / static_cast<T>(size()));
}

template <class T>
Estimate ModelChains<T>::log_z(const Network& now, const std::vector<double>& offset,
                               const std::vector<TrainingSnapshot>& snapshots) {
  constexpr int sweeps = 32;
  ladder_->sweep(now, offset, snapshots);  // works have to be of the network as it is now
  const Estimate log_z = ladder_->log_z(sweeps);
  follow_ladder();
  ladder_->adapt();  // after it nothing is counted, as after a restart
  return log_z;
}

template <class T>
void ModelChains<T>::store(TrainingState& state) const {
  state.chains = chains_.state();
  if (ladder_) state.ladder = ladder_->state();
}

template <class T>
bool ModelChains<T>::fits(const TrainingState& state) const {
  return chains_.fits(state.chains) && state.ladder.has_value() == tempered();
}

template <class T>
void ModelChains<T>::restore(const TrainingState& state) {
  if (ladder_) ladder_->restore(*state.ladder, state.snapshots.size());
  chains_.restore(state.chains);
}

template class ModelChains<float>;
template class ModelChains<double>;

}  // namespace quartic
