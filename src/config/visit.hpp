// One function out of several, for std::visit.
#pragma once

namespace quartic::binder {

template <class... Fs>
struct Visit : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Visit(Fs...) -> Visit<Fs...>;

}  // namespace quartic::binder
