// Arguments: a small parser for "--name value", "--name=value" and flags. Why not a library: this is all that the
// commands need. A plain value; used by main's thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nanospan::app {

/// What a command understands.
struct Option {
  /// With its dashes: "--config". Without dashes: a word that is given by its place, "FILE"; "FILE..." takes all words
  /// from there on.
  std::string_view name;
  std::string_view value;  ///< What its value is called in the help, "FILE"; empty for a flag. "A B": it takes two.
  std::string_view help;
  bool required = false;  ///< For the help; the command itself says what to give if it is missing.
};

class Arguments {
 public:
  /// The error names the argument and the nearest option.
  static Result<Arguments> parse(const std::vector<std::string_view>& words, const std::vector<Option>& options);

  bool has(std::string_view option) const;
  /// The last value given.
  std::optional<std::string> value(std::string_view option) const;
  /// All values given, in order.
  std::vector<std::string> values(std::string_view option) const;

 private:
  std::vector<std::pair<std::string_view, std::string>> given_;
};

}  // namespace nanospan::app
