// Environment carriers: hand a Context to a child process in its environment, and take the one that a parent left.
//
//   // the parent                                        // the child
//   nanospan::EnvironmentSetter child(environ);          const nanospan::EnvironmentGetter parent(environ);
//   nanospan::inject(child);                             const auto context = nanospan::extract(parent);
//   posix_spawn(&pid, file, nullptr, nullptr, argv, child.envp());
//
// Names are the headers' as environment variables: traceparent is TRACEPARENT. Neither class reads or changes this
// process's environment by itself, or starts a process. Needs nanospan::sdk. A value each: one thread at a time.
// Source: context/env-carriers.md.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanospan/propagation.h>

namespace nanospan {
inline namespace v0 {

/// `key` as the name of a variable: upper case; what is neither a letter, a digit nor `_` becomes `_`, and a digit in
/// front gets one. Source: context/env-carriers.md "Key name normalization".
std::string environment_name(std::string_view key);

/// Reads what a parent process left.
class EnvironmentGetter final : public TextMapGetter {
 public:
  /// Copies the variables of `environment`, which is as `environ` is: "NAME=value", ended by null. Null: there are
  /// none.
  explicit EnvironmentGetter(const char* const* environment);

  std::string_view get(std::string_view key) const override;
  /// Only names that are normalised: no key leads to others.
  std::vector<std::string> keys() const override;

 private:
  std::vector<std::pair<std::string, std::string>> variables_;
};

/// Builds the environment of a child process.
class EnvironmentSetter final : public TextMapSetter {
 public:
  /// Begins with a copy of `base` (as `environ`; null: nothing), without what the process's propagator may set: the
  /// child must not mix this process's parent with this process's span.
  explicit EnvironmentSetter(const char* const* base = nullptr);

  /// An empty key, and a value with a zero byte, are left out.
  void set(std::string_view key, std::string_view value) override;

  /// All variables, "NAME=value".
  const std::vector<std::string>& variables() const { return variables_; }
  /// The same for posix_spawn() and execve(). Valid until this object changes or goes.
  char* const* envp();

 private:
  std::vector<std::string> variables_;
  std::vector<char*> pointers_;
};

}  // namespace v0
}  // namespace nanospan
