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

  static constexpr int kLinesPerSource = 1 << 23;  ///< A source has at most 4 MiB.
  static constexpr std::size_t kSourcesMax = 128;

  Diagnostics() = default;
  explicit Diagnostics(std::string file) : sources_{std::move(file)} {}

  /// One more file (or other source). Lines in it are counted from what this returns, so that a line says which source
  /// it is of. REQUIRES: fewer than kSourcesMax so far.
  int add_source(std::string file) {
    sources_.push_back(std::move(file));
    return static_cast<int>(sources_.size() - 1) * kLinesPerSource;
  }

  void error(int line, std::string_view key, std::string_view text) { add(errors_, line, key, text); }
  void warning(int line, std::string_view key, std::string_view text) { add(warnings_, line, key, text); }

  bool ok() const { return errors_.empty(); }
  const std::vector<std::string>& errors() const { return errors_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void add(std::vector<std::string>& lines, int line, std::string_view key, std::string_view text) const {
    if (lines.size() >= kLinesMax) return;
    const std::string& file = sources_.at(static_cast<std::size_t>(line / kLinesPerSource));
    std::string out = file + ":" + std::to_string(line % kLinesPerSource) + ": ";
    if (!key.empty()) out.append(key).append(": ");
    out.append(text);
    // A quoted key or value may hold anything; a complaint stays one line.
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c >= 0 && c < ' '; }, '?');
    lines.push_back(std::move(out));
  }

  std::vector<std::string> sources_;
  std::vector<std::string> errors_;
  std::vector<std::string> warnings_;
};

}  // namespace nanospan::gateway
