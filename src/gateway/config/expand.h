// ${env:NAME} in configuration values, with the Collector's rules (reference: confmap/expand.go).
//
//   ${env:NAME}  ${env:NAME:-default}  ${NAME}     the variable; unset without a default: empty, with a warning
//   $$                                             one dollar sign
//   $NAME                                          left as it is
// A default may itself hold references. Pure function; the environment comes in as a lookup, so tests need none.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nanospan::gateway {

/// The environment seam: the value of a variable, or nothing if it is unset.
using EnvironmentLookup = std::function<std::optional<std::string>(std::string_view name)>;

struct Expansion {
  std::string text;
  bool is_whole_value =
      false;  ///< The value was exactly one reference: its result is read as YAML, as the Collector does.
  bool has_reference = false;      ///< At least one reference was replaced.
  std::vector<std::string> unset;  ///< Variables that were unset and had no default.
};

/// Replaces every reference in `text`. Fails on an unknown scheme, a malformed name, or nesting deeper than 16.
Result<Expansion> expand(std::string_view text, const EnvironmentLookup& environment);

}  // namespace nanospan::gateway
