// Diagnostics: what is wrong with a configuration, one line each, in the form "file:line: key: what is wrong; remedy".
//
// Readers add to it and carry on, so that a user sees every fault of a file at once; they also note here how
// values were taken. Used by one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/config/node.h"

namespace nanospan::gateway {

class Diagnostics {
 public:
  static constexpr std::size_t kLinesMax = 50;  ///< More faults than this are not listed: the file is of another kind.

  static constexpr int kLinesPerSource = 1 << 23;  ///< A source has at most 4 MiB.
  static constexpr std::size_t kSourcesMax = 128;

  Diagnostics() = default;
  explicit Diagnostics(std::string file) : sources_{std::move(file)} {}

  bool has_room_for_source() const { return sources_.size() < kSourcesMax; }
  /// One more file (or other source). Lines in it are counted from what this returns, so that a line says which source
  /// it is of. REQUIRES: has_room_for_source().
  int add_source(std::string file) {
    sources_.push_back(std::move(file));
    return static_cast<int>(sources_.size() - 1) * kLinesPerSource;
  }

  void error(int line, std::string_view key, std::string_view text) { add(errors_, line, key, text); }
  void warning(int line, std::string_view key, std::string_view text) { add(warnings_, line, key, text); }

  /// A value that no output may show: a password, a token, a header. The node must stay where it is.
  void mark_secret(const ConfigNode& value) { secrets_.insert(&value); }
  /// A value that was taken as text, whatever it looks like. The same.
  void mark_text(const ConfigNode& value) { texts_.insert(&value); }
  bool is_secret(const ConfigNode& value) const { return secrets_.contains(&value); }
  bool is_text(const ConfigNode& value) const { return texts_.contains(&value); }

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
  std::set<const ConfigNode*> secrets_, texts_;
};

}  // namespace nanospan::gateway
