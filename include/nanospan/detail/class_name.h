// ClassName: the name of an exception's class as people write it ("std::out_of_range", not "St12out_of_range"), for the
// attributes exception.type and error.type (semantic-conventions docs/exceptions/exceptions-spans.md: "its
// fully-qualified class name"). Throws nothing. Without RTTI every exception is a "std::exception".
#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>
#include <typeinfo>

namespace nanospan {
inline namespace v0 {
namespace detail {

class ClassName {
 public:
  /// A longer one stays as the ABI writes it, mangled: few bytes of that may stand for many, as it repeats by number.
  static constexpr std::size_t kMangledMax = 512;
  static constexpr std::size_t kDemangledMax = 1024;

  explicit ClassName(const std::exception& exception) noexcept {
#if defined(__GXX_RTTI)
    text_ = typeid(exception).name();
    if (text_.size() > kMangledMax) return;
    demangled_ = abi::__cxa_demangle(text_.data(), nullptr, nullptr, nullptr);  // null if memory is refused
    if (demangled_ != nullptr && std::strlen(demangled_) <= kDemangledMax) text_ = demangled_;
#else
    static_cast<void>(exception);
#endif
  }
  ClassName(const ClassName&) = delete;
  ClassName& operator=(const ClassName&) = delete;
  ~ClassName() { std::free(demangled_); }

  /// Valid as long as this object.
  std::string_view text() const { return text_; }

 private:
  std::string_view text_ = "std::exception";
  char* demangled_ = nullptr;
};

}  // namespace detail
}  // namespace v0
}  // namespace nanospan
