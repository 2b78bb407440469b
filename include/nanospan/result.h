// Result<T>: a value or an Error. Nothing is thrown through Nanospan's interfaces; what can fail returns one of these.
//
// A Result is a value: it may be copied if T may, and is as thread-safe as an int. Reading value() of a failed Result
// is a bug in the caller (asserted); check ok() first, or use value_or().
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nanospan {
inline namespace v0 {

/// Stable reasons. Numbers are permanent: a removed one is never given to another meaning.
enum class ErrorCode : std::uint16_t {
  kUnknown = 1,
  kInvalidArgument = 2,    ///< A value that the caller gave is outside its allowed range or form.
  kAlreadyExists = 3,      ///< Something that may exist once exists already (for example a second start()).
  kNotFound = 4,           ///< A named thing does not exist.
  kResourceExhausted = 5,  ///< A bound (bytes, items, connections) was reached.
  kUnavailable = 6,        ///< A peer cannot be reached or refused; trying later may help.
  kDeadlineExceeded = 7,   ///< The caller's deadline passed first.
  kCancelled = 8,          ///< Stopped by shutdown or by the caller.
  kMalformed = 9,          ///< Bytes from outside that do not follow their format.
  kUnsupported = 10,       ///< Well formed, but not something that this build does.
  kSystem = 11,            ///< An operating-system call failed; the message has its name and errno text.
};

/// Why something failed: a stable code for programs, and one line for people that names the value, the limit and the
/// remedy.
struct Error {
  ErrorCode code = ErrorCode::kUnknown;
  std::string message;

  /// The same error with "prefix: " before its message, to say where it happened.
  [[nodiscard]] Error with_prefix(std::string_view prefix) const {
    std::string text(prefix);
    text += ": ";
    text += message;
    return Error{code, std::move(text)};
  }
};

/// Either a T or an Error.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::move(error)) {}

  /// True if there is a value.
  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }

  /// The value. REQUIRES: ok().
  T& value() & {
    assert(ok());
    return *value_;
  }
  const T& value() const& {
    assert(ok());
    return *value_;
  }
  T&& value() && {
    assert(ok());
    return std::move(*value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  template <class U>
  T value_or(U&& other) const& {
    return ok() ? *value_ : static_cast<T>(std::forward<U>(other));
  }

  /// The error. REQUIRES: !ok().
  const Error& error() const {
    assert(!ok());
    return error_;
  }

 private:
  std::optional<T> value_;
  Error error_;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    assert(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace v0
}  // namespace nanospan
