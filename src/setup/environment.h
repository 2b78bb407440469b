// Environment: the OTEL_* variables, read by the specification's rules; the only place in the product that asks for
// them.
//
// Source: configuration/common.md and configuration/sdk-environment-variables.md "Parsing empty value", "Boolean",
// "Numeric", "Enum". An empty value counts as unset; what cannot be understood is ignored after a warning that shows
// the user's own text. Values are read when asked for; the lookup is a function, so that tests bring their own. As
// thread-safe as the lookup: getenv() is, as long as nobody calls setenv().
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nanospan::setup {

/// One name in any letter case, and what it stands for.
template <class T>
using Choices = std::initializer_list<std::pair<std::string_view, T>>;

/// One part of a list.
struct ListEntry {
  std::string name;  ///< In lower case, to compare.
  std::string text;  ///< As the user wrote it, to show.
};

/// A range of whole numbers, both ends included.
struct Range {
  std::uint64_t least = 0;
  std::uint64_t most = 2'147'483'647;  ///< What every implementation must support (common.md "Integer").
};

class Environment {
 public:
  using Lookup = std::function<std::optional<std::string>(const char* name)>;
  using Warn = std::function<void(const std::string& line)>;

  Environment(Lookup lookup, Warn warn) : lookup_(std::move(lookup)), warn_(std::move(warn)) {}
  /// The process's own; warnings go to the diagnostics.
  static Environment of_process();
  /// One in which nothing is set.
  static Environment none();

  /// The value without surrounding white space; nothing if it is unset or empty.
  std::optional<std::string> text(const char* name) const;
  /// True only for "true"; any other value but "false" is warned about.
  bool boolean(const char* name) const;
  std::optional<std::uint64_t> number(const char* name, Range range = {}) const;
  /// A number from 0 to 1.
  std::optional<double> ratio(const char* name) const;
  /// The parts of a comma-separated list, empty ones and (in any letter case) repeated ones left out.
  std::vector<ListEntry> list(const char* name) const;
  template <class T>
  std::optional<T> choice(const char* name, Choices<T> choices) const {
    const std::optional<std::string> value = text(name);
    if (!value) return std::nullopt;
    const std::string lowered = lower(*value);
    std::string known;
    for (const auto& [choice_name, meaning] : choices) {
      if (choice_name == lowered) return meaning;
      known.append(known.empty() ? "" : ", ").append(choice_name);
    }
    warn_unknown(name, *value, known);
    return std::nullopt;
  }

  /// "NAME: why".
  void warn(const char* name, std::string_view why) const;
  /// "NAME: "value" is not known and is ignored; write one of: KNOWN".
  void warn_unknown(const char* name, std::string_view value, std::string_view known) const;

  static std::string lower(std::string_view text);

 private:
  Lookup lookup_;
  Warn warn_;
};

}  // namespace nanospan::setup
