// Diagnostics: what is wrong with a configuration, one line each, in the form "file:line: key: what is wrong; remedy".
//
// Readers add to it and carry on, so that a user sees every fault of a file at once. Used by one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nanospan::gateway {

class Diagnostics {
 public:
  static constexpr std::size_t kLinesMax = 50;  ///< More faults than this are not listed: the file is of another kind.

  explicit Diagnostics(std::string file) : file_(std::move(file)) {}

  void error(int line, std::string_view key, std::string_view text) { add(errors_, line, key, text); }
  void warning(int line, std::string_view key, std::string_view text) { add(warnings_, line, key, text); }

  bool ok() const { return errors_.empty(); }
  const std::vector<std::string>& errors() const { return errors_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void add(std::vector<std::string>& lines, int line, std::string_view key, std::string_view text) const {
    if (lines.size() >= kLinesMax) return;
    std::string out = file_ + ":" + std::to_string(line) + ": ";
    if (!key.empty()) out.append(key).append(": ");
    out.append(text);
    // A quoted key or value may hold anything; a complaint stays one line.
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c >= 0 && c < ' '; }, '?');
    lines.push_back(std::move(out));
  }

  std::string file_;
  std::vector<std::string> errors_;
  std::vector<std::string> warnings_;
};

}  // namespace nanospan::gateway
