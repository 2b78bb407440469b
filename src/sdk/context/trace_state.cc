// One reader of members serves parsing, changing and truncating; the header text itself is what is kept. Thread-safe.
#include "sdk/context/trace_state.h"

#include <nanospan/trace_state.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace nanospan {
namespace sdk {
namespace {

constexpr std::size_t kLargeMember = 128;

constexpr bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
constexpr bool is_key_char(char c) {
  return is_lower_or_digit(c) || c == '_' || c == '-' || c == '*' || c == '/' || c == '@';
}
constexpr bool is_value_char(char c) { return c >= 0x20 && c <= 0x7E && c != ',' && c != '='; }

struct Member {
  std::string_view key;
  std::string_view text;  // key=value
};

// The members of a header, at most 32 with distinct keys. No allocation: headers come from strangers.
struct Members {
  std::array<Member, TraceState::kMembersMax> list;
  std::size_t size = 0;

  bool has(std::string_view key) const {
    return std::any_of(list.begin(), list.begin() + size, [&](const Member& member) { return member.key == key; });
  }
};

// False if the header breaks the grammar. "Vendors MAY discard duplicate keys": the first stays.
bool read_members(std::string_view header, Members& members) {
  std::size_t count = 0;
  while (!header.empty()) {
    const std::size_t comma = std::min(header.find(','), header.size());
    const std::string_view text = base::trim_ows(header.substr(0, comma));
    header.remove_prefix(std::min(comma + 1, header.size()));
    if (text.empty()) continue;
    const std::size_t equals = text.find('=');
    if (++count > TraceState::kMembersMax || equals == std::string_view::npos) return false;
    const std::string_view key = text.substr(0, equals);
    if (!is_trace_state_key(key) || !is_trace_state_value(text.substr(equals + 1))) return false;
    if (!members.has(key)) members.list[members.size++] = {key, text};
  }
  return true;
}

void append_member(std::string_view text, std::string& out) {
  if (!out.empty()) out += ',';
  out += text;
}

}  // namespace

bool is_trace_state_key(std::string_view key) {
  return !key.empty() && key.size() <= kTraceStateKeyMax && is_lower_or_digit(key[0]) &&
         std::all_of(key.begin(), key.end(), is_key_char);
}

bool is_trace_state_value(std::string_view value) {
  return !value.empty() && value.size() <= kTraceStateValueMax && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), is_value_char);
}

std::string truncated_trace_state(std::string_view header, std::size_t size_max) {
  if (header.size() <= size_max) return std::string(header);
  Members members;
  read_members(header, members);
  std::size_t size = header.size();
  const auto drop = [&](auto is_candidate) {
    for (std::size_t i = members.size; i-- > 0 && size > size_max;) {
      std::string_view& text = members.list[i].text;
      if (text.empty() || !is_candidate(text)) continue;
      size -= std::min(size, text.size() + 1);  // With its comma; the last one left has none.
      text = {};
    }
  };
  drop([](std::string_view text) { return text.size() > kLargeMember; });
  drop([](std::string_view) { return true; });

  std::string kept;
  for (std::size_t i = 0; i < members.size; ++i) {
    if (!members.list[i].text.empty()) append_member(members.list[i].text, kept);
  }
  return kept;
}

}  // namespace sdk

inline namespace v0 {

TraceState TraceState::parse(std::string_view header) {
  sdk::Members members;
  if (!sdk::read_members(header, members)) return {};
  std::string text;
  for (std::size_t i = 0; i < members.size; ++i) sdk::append_member(members.list[i].text, text);
  return TraceState(std::move(text));
}

// "Modified keys MUST be moved to the beginning (left) of the list", the order of the others stays.
TraceState TraceState::set(std::string_view key, std::string_view value) const {
  if (!sdk::is_trace_state_key(key) || !sdk::is_trace_state_value(value)) return *this;
  sdk::Members members;
  sdk::read_members(header(), members);
  std::string text(key);
  text += '=';
  text += value;
  std::size_t kept = 1;
  for (std::size_t i = 0; i < members.size && kept < kMembersMax; ++i) {
    if (members.list[i].key == key) continue;
    sdk::append_member(members.list[i].text, text);
    ++kept;
  }
  return TraceState(std::move(text));
}

TraceState TraceState::remove(std::string_view key) const {
  sdk::Members members;
  sdk::read_members(header(), members);
  if (!members.has(key)) return *this;
  std::string text;
  for (std::size_t i = 0; i < members.size; ++i) {
    if (members.list[i].key != key) sdk::append_member(members.list[i].text, text);
  }
  return TraceState(std::move(text));
}

}  // namespace v0
}  // namespace nanospan
