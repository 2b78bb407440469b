// ${scheme:...} in configuration values, with the Collector's rules (reference: confmap/expand.go, confmap/provider).
//
//   ${env:NAME}  ${env:NAME:-default}  ${NAME}     the variable; unset without a default: empty, with a warning
//   ${file:PATH}                                   what is in the file, which may hold references itself
//   ${yaml:TEXT}                                   the text
//   $$                                             one dollar sign
//   $NAME                                          left as it is
// The innermost reference comes first: ${file:${env:DIR}/a.yaml}. Pure function; environment and files come in as
// lookups, so tests need neither.
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
/// The content of a file; the error says why it cannot be read, without the path.
using FileLookup = std::function<Result<std::string>(const std::string& path)>;

/// Where references lead.
struct ConfigProviders {
  EnvironmentLookup environment;
  FileLookup file = nullptr;  ///< Null: references to files are refused.
};

struct Expansion {
  enum class Origin { kNone, kEnvironment, kFile, kYaml };

  std::string text;
  /// The value was exactly one reference, to this: its result is read as YAML, as the Collector does. kNone: it was
  /// not, and the result is a string.
  Origin whole_value = Origin::kNone;
  std::string file;                ///< With kFile: the path.
  bool is_empty_default = false;   ///< A whole value that is the default "": an empty string, where an unset variable
                                   ///< is nothing at all.
  bool has_reference = false;      ///< At least one reference was replaced.
  std::vector<std::string> unset;  ///< Variables that were unset and had no default.
};

inline constexpr int kReferenceNestingMax = 16;

/// Replaces every reference in `text`. Fails on an unknown scheme, a malformed name, a file that cannot be read, or
/// nesting deeper than kReferenceNestingMax.
Result<Expansion> expand(std::string_view text, const ConfigProviders& providers);

}  // namespace nanospan::gateway
