#include "network/coupled_layers.hpp"

#include <fmt/format.h>

#include "core/blas.hpp"
#include "core/parallel.hpp"
#include "quartic/core/memory.hpp"

namespace quartic {
namespace {

BlasTranspose how(Transpose as) {
  return as == Transpose::yes ? transposed : as_is;
}

/// Draws by rejection take as many turns as their vector's last chain, so that the padding must not
/// hold what another block left there.
template <class T>
void clear_padding(LayerValues<T> field, int units, int count) {
  const int lanes = (count + 15) / 16 * 16;
  for (int unit = 0; unit < units && count < lanes; ++unit)
    std::fill(field.unit(unit) + count, field.unit(unit) + lanes, T(0));
}

}  // namespace

void multiply(Transpose a_as, Transpose b_as, int m, int n, int k, const float* a,
              std::ptrdiff_t lda, const float* b, std::ptrdiff_t ldb, float beta, float* c,
              std::ptrdiff_t ldc, float alpha) {
  heed_stop();
  blas().sgemm(row_major, how(a_as), how(b_as), m, n, k, alpha, a, static_cast<int>(lda), b,
               static_cast<int>(ldb), beta, c, static_cast<int>(ldc));
}
void multiply(Transpose a_as, Transpose b_as, int m, int n, int k, const double* a,
              std::ptrdiff_t lda, const double* b, std::ptrdiff_t ldb, double beta, double* c,
              std::ptrdiff_t ldc, double alpha) {
  heed_stop();
  blas().dgemm(row_major, how(a_as), how(b_as), m, n, k, alpha, a, static_cast<int>(lda), b,
               static_cast<int>(ldb), beta, c, static_cast<int>(ldc));
}

int thread_count(int wanted, const Network& network) {
  constexpr double least = 5e5;  // products, some tens of microseconds
  const double work = static_cast<double>(network.w.size()) * chains_in_block;
  const int threads = threads_or_all(wanted);
  return work < least ? 1 : threads;
}

template <class T>
std::vector<UnitConstants<T>> unit_constants(const Layer& layer) {
  std::vector<UnitConstants<T>> out;
  for (int i = 0; i < layer.size(); ++i) out.emplace_back(layer.r[i], layer.a[i], layer.b[i]);
  return out;
}

template <class T>
std::shared_ptr<AlignedVector<T>> joint_weights(const Network& network) {
  auto out = std::make_shared<AlignedVector<T>>(network.w.begin(), network.w.end());
  out->insert(out->end(), network.u.begin(), network.u.end());
  return out;
}

template <class T>
CoupledLayers<T>::CoupledLayers(const Network& network)
    : CoupledLayers(joint_weights<T>(network), network.visible, network.hidden) {}

template <class T>
CoupledLayers<T>::CoupledLayers(std::shared_ptr<AlignedVector<T>> weights,
                                const Layer& visible_layer, const Layer& hidden_layer)
    : visible_type(&type_of(visible_layer.unit)),
      hidden_type(&type_of(hidden_layer.unit)),
      w(std::move(weights)),
      visible(unit_constants<T>(visible_layer)),
      hidden(unit_constants<T>(hidden_layer)) {}

template <class T>
void CoupledLayers<T>::set_weights(std::span<const double> weights) {
  w = std::make_shared<AlignedVector<T>>(weights.begin(), weights.end());
}

template <class T>
void CoupledLayers<T>::set_layers(const Layer& visible_layer, const Layer& hidden_layer) {
  visible = unit_constants<T>(visible_layer);
  hidden = unit_constants<T>(hidden_layer);
}

template <class T>
void CoupledLayers<T>::field_of_rows(const T* rows, int count, NetworkScratch<T>& scratch) const {
  const int of_visible = visible_units(), of_hidden = hidden_units();
  const auto to = scratch.values();
  multiply(Transpose::yes, Transpose::yes, of_hidden, count, of_visible, w->data(), of_hidden, rows,
           of_visible, T(0), to.data, to.stride);
  if (gated()) {
    T* squares = scratch.gates.data();
    for (std::ptrdiff_t k = 0; k < std::ptrdiff_t{count} * of_visible; ++k)
      squares[k] = rows[k] * rows[k];
    multiply(Transpose::yes, Transpose::yes, of_hidden, count, of_visible, gates(), of_hidden,
             squares, of_visible, T(1), to.data, to.stride);
  }
  clear_padding(to, of_hidden, count);
}

template <class T>
std::vector<NetworkScratch<T>> make_scratch(int threads, const CoupledLayers<T>& layers) {
  const int units = std::max(layers.visible_units(), layers.hidden_units());
  return std::vector<NetworkScratch<T>>(
      threads, NetworkScratch<T>(units, layers.gated() ? layers.visible_units() : 0));
}

namespace {

/// Chains in whole vectors.
std::ptrdiff_t checked_stride(double visible, double hidden, int chains) {
  require_memory(sizeof(double) * (visible + hidden) * chains,
                 fmt::format("{} chains of {} units", chains, visible + hidden),
                 "fewer chains, rows at a time (batch), ladders or rungs");
  return (std::ptrdiff_t{chains} + 15) / 16 * 16;
}

}  // namespace

template <class T>
Chains<T>::Chains(int visible, int hidden, int chains, std::uint64_t seed, Stream stream)
    : visible_units_(visible),
      hidden_units_(hidden),
      chains_(chains),
      stride_(checked_stride(visible, hidden, chains)),
      visible_(static_cast<std::size_t>(stride_) * visible, T(0)),
      hidden_(static_cast<std::size_t>(stride_) * hidden, T(0)),
      scale_(stride_, T(1)),
      words_(static_cast<std::size_t>(stride_) * 4) {
  for (std::ptrdiff_t chain = 0; chain < stride_; ++chain) {
    const auto words = seed_stream(seed, stream, static_cast<std::uint64_t>(chain));
    for (int k = 0; k < 4; ++k) words_[k * stride_ + chain] = words[k];
  }
}

template <class T>
void Chains<T>::set_scale(T scale) {
  std::fill(scale_.begin(), scale_.end(), scale);
}

template <class T>
void Chains<T>::field_on_hidden(const CoupledLayers<T>& layers, int chain, int count,
                                LayerValues<T> to, LayerValues<T> gates) {
  multiply(Transpose::yes, Transpose::no, hidden_units_, count, visible_units_, layers.w->data(),
           hidden_units_, visible_.data() + chain, stride_, T(0), to.data, to.stride);
  if (layers.gated()) {
    for (int unit = 0; unit < visible_units_; ++unit) {
      const T* phi = visible_.data() + unit * stride_ + chain;
      for (int lane = 0; lane < count; ++lane) gates.unit(unit)[lane] = phi[lane] * phi[lane];
    }
    multiply(Transpose::yes, Transpose::no, hidden_units_, count, visible_units_, layers.gates(),
             hidden_units_, gates.data, gates.stride, T(1), to.data, to.stride);
  }
  clear_padding(to, hidden_units_, count);
}

template <class T>
void Chains<T>::field_on_visible(const CoupledLayers<T>& layers, int chain, int count,
                                 LayerValues<T> to, LayerValues<T> gates) {
  const auto product = [&](const T* matrix, LayerValues<T> out) {
    multiply(Transpose::no, Transpose::no, visible_units_, count, hidden_units_, matrix,
             hidden_units_, hidden_.data() + chain, stride_, T(0), out.data, out.stride);
    clear_padding(out, visible_units_, count);
  };
  product(layers.w->data(), to);
  if (layers.gated()) product(layers.gates(), gates);
}

template <class T>
void Chains<T>::sweep(const CoupledLayers<T>& layers, int block, int count,
                      NetworkScratch<T>& scratch) {
  for (int k = 0; k < count; ++k) {
    heed_stop();
    field_on_visible(layers, block, scratch);
    update_visible(layers, block, scratch);
    field_on_hidden(layers, block, scratch);
    update_hidden(layers, block, scratch);
  }
}

template <class T>
std::vector<double> Chains<T>::rows(const AlignedVector<T>& values, int units) const {
  std::vector<double> out(static_cast<std::size_t>(chains_) * units);
  for (int unit = 0; unit < units; ++unit)
    for (int chain = 0; chain < chains_; ++chain)
      out[static_cast<std::size_t>(chain) * units + unit] =
          static_cast<double>(values[unit * stride_ + chain]);
  return out;
}

template <class T>
void Chains<T>::set_rows(std::span<const double> from, AlignedVector<T>& values, int units) {
  for (int unit = 0; unit < units; ++unit)
    for (int chain = 0; chain < chains_; ++chain)
      values[unit * stride_ + chain] =
          static_cast<T>(from[static_cast<std::size_t>(chain) * units + unit]);
}

template <class T>
void Chains<T>::set_streams(std::span<const std::uint32_t> from) {
  for (int chain = 0; chain < chains_; ++chain)
    for (int k = 0; k < 4; ++k) words_[k * stride_ + chain] = from[chain * 4 + k];
}

template <class T>
NetworkSamplerState Chains<T>::state() const {
  std::vector<std::uint32_t> streams(static_cast<std::size_t>(chains_) * 4);
  for (int chain = 0; chain < chains_; ++chain)
    for (int k = 0; k < 4; ++k) streams[chain * 4 + k] = words_[k * stride_ + chain];
  return {visible_rows(), hidden_rows(), std::move(streams)};
}

template <class T>
bool Chains<T>::fits(const NetworkSamplerState& state) const {
  const auto chains = static_cast<std::size_t>(chains_);
  return state.visible.size() == chains * visible_units_ &&
         state.hidden.size() == chains * hidden_units_ && state.streams.size() == 4 * chains;
}

template <class T>
void Chains<T>::restore(const NetworkSamplerState& state) {
  set_visible_rows(state.visible);
  set_hidden_rows(state.hidden);
  set_streams(state.streams);
}

template std::vector<UnitConstants<float>> unit_constants(const Layer&);
template std::vector<UnitConstants<double>> unit_constants(const Layer&);
template std::shared_ptr<AlignedVector<float>> joint_weights(const Network&);
template std::shared_ptr<AlignedVector<double>> joint_weights(const Network&);
template struct CoupledLayers<float>;
template struct CoupledLayers<double>;
template class Chains<float>;
template class Chains<double>;
template std::vector<NetworkScratch<float>> make_scratch(int, const CoupledLayers<float>&);
template std::vector<NetworkScratch<double>> make_scratch(int, const CoupledLayers<double>&);

}  // namespace quartic
