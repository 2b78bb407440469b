// TraceState: the W3C tracestate list of vendor key-value pairs, carried with a SpanContext.
//
// An immutable value; copies share one block and may be used from any thread. The empty state costs nothing. Reading
// (get, header, empty) needs no library; making one (parse, set, remove) links nanospan::sdk.
// Source: W3C Trace Context Level 2, section 3.3; trace/api.md "TraceState".
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace nanospan {
inline namespace v0 {

/// An ordered list of at most 32 members `key=value`, most recently changed first.
class TraceState {
 public:
  static constexpr std::size_t kMembersMax = 32;

  /// The empty state.
  constexpr TraceState() = default;
  TraceState(const TraceState& other) : block_(other.block_) {
    if (block_ != nullptr) block_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  TraceState(TraceState&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  TraceState& operator=(TraceState other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  constexpr ~TraceState() {
    if (block_ != nullptr) release();
  }

  /// Reads a tracestate header (several header lines joined by ','). Empty members and white space around members are
  /// allowed; more than 32 members or one malformed member makes the whole header invalid, which gives the empty state.
  /// Of duplicate keys the first is kept.
  static TraceState parse(std::string_view header);

  /// A state with `key` set to `value` and moved to the front; a 33rd member removes the last. An invalid key or value
  /// returns this state unchanged.
  TraceState set(std::string_view key, std::string_view value) const;

  /// A state without `key`.
  TraceState remove(std::string_view key) const;

  /// The value of `key`, or nothing. The view lives as long as this object.
  std::string_view get(std::string_view key) const {
    std::string_view rest = header();
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view member = rest.substr(0, comma);
      const std::size_t equals = member.find('=');
      if (equals != std::string_view::npos && member.substr(0, equals) == key) return member.substr(equals + 1);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
    return {};
  }

  /// The canonical header: members joined by ',' without white space.
  std::string_view header() const { return block_ == nullptr ? std::string_view() : std::string_view(block_->text); }
  bool empty() const { return block_ == nullptr; }

  friend bool operator==(const TraceState& a, const TraceState& b) { return a.header() == b.header(); }

 private:
  struct Block {
    std::atomic<std::uint32_t> owners{1};
    std::string text;
  };

  explicit TraceState(std::string text) : block_(text.empty() ? nullptr : new Block) {
    if (block_ != nullptr) block_->text = std::move(text);
  }
  [[gnu::noinline, gnu::cold]] void release() {
    if (block_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete block_;
  }

  Block* block_ = nullptr;
};

}  // namespace v0
}  // namespace nanospan
