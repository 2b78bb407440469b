// UniqueFunction: std::function for callables that can only be moved (a Responder, a ByteBlock, a unique_ptr captured
// by value). C++23 has std::move_only_function; this is the part of it that the event loop needs. Not thread-safe; one
// owner.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace nanospan::net {

template <class Signature>
class UniqueFunction;

template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> && std::is_invocable_r_v<R, F&, Args...>)
      UniqueFunction(F&& callable)  // implicit, as a lambda argument should be
      : held_(std::make_unique<Holder<std::decay_t<F>>>(std::forward<F>(callable))) {}

  explicit operator bool() const { return held_ != nullptr; }
  R operator()(Args... args) const { return held_->call(std::forward<Args>(args)...); }

 private:
  struct Callable {
    virtual ~Callable() = default;
    virtual R call(Args... args) = 0;
  };
  template <class F>
  struct Holder final : Callable {
    explicit Holder(F callable) : callable_(std::move(callable)) {}
    R call(Args... args) override { return callable_(std::forward<Args>(args)...); }
    F callable_;
  };
  std::unique_ptr<Callable> held_;
};

}  // namespace nanospan::net
