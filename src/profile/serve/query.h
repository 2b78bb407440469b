// The query of a request's target: "?seconds=5&format=collapsed", percent-decoded. Hostile input is cut, not refused.
// A plain value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nanospan::profile {

/// What somebody gave, for a message: as far as it is short.
std::string quoted(std::string_view given);

class Query {
 public:
  static constexpr std::size_t kParametersMax = 32;

  /// Of a target as sent: what follows the first '?'.
  explicit Query(std::string_view target);

  /// "" if it is not there.
  std::string_view text(std::string_view name) const;
  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  /// A whole number from `least` to `most`, `otherwise` if it is not there; kInvalidArgument names what is wrong.
  Result<std::uint64_t> number(std::string_view name, std::uint64_t otherwise, std::uint64_t least,
                               std::uint64_t most) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace nanospan::profile
