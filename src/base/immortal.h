// Immortal<T>: a static object that is never destroyed, so that late static destructors and threads may still use it.
#pragma once

#include <new>
#include <utility>

namespace nanospan::base {

template <class T>
class Immortal {
 public:
  template <class... Arguments>
  explicit Immortal(Arguments&&... arguments) {
    ::new (static_cast<void*>(storage_)) T(std::forward<Arguments>(arguments)...);
  }
  T& operator*() { return *std::launder(reinterpret_cast<T*>(storage_)); }

 private:
  alignas(T) unsigned char storage_[sizeof(T)];
};

}  // namespace nanospan::base
