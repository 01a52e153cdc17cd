// Owning what only its source file knows.
#pragma once

#include <memory>
#include <utility>

namespace quartic {

template <class T>
struct DeleteHidden {
  void (*destroy)(T*) = nullptr;
  void operator()(T* hidden) const { destroy(hidden); }
};

/// As unique_ptr, but whoever holds it can be moved and destroyed where T is incomplete.
template <class T>
using Hidden = std::unique_ptr<T, DeleteHidden<T>>;

template <class T, class... Args>
Hidden<T> make_hidden(Args&&... args) {
  return {new T(std::forward<Args>(args)...), {[](T* hidden) { delete hidden; }}};
}

}  // namespace quartic
