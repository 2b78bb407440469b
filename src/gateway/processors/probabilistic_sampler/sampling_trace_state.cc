// Parsing and writing of tracestate, with the limits and the order that the Collector has (pkg/sampling). Pure.
#include "gateway/processors/probabilistic_sampler/sampling_trace_state.h"

#include <algorithm>

#include "gateway/processors/probabilistic_sampler/sampling_threshold.h"

namespace nanospan::gateway {
namespace {

constexpr std::size_t kStateBytesMax = 1024;
constexpr std::size_t kMembersMax = 31;  // The Collector refuses the 32nd.
constexpr std::size_t kOtBytesMax = 256;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// W3C trace context, 3.3.1.3.1: key = simple-key / tenant@system.
bool is_key(std::string_view key) {
  const auto rest_ok = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
      return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
    });
  };
  if (key.empty() || key.size() > 256) return false;
  const std::size_t at = key.find('@');
  if (at == key.npos) return is_lower(key[0]) && rest_ok(key.substr(1));
  const std::string_view tenant = key.substr(0, at), system = key.substr(at + 1);
  return !tenant.empty() && tenant.size() <= 241 && !system.empty() && system.size() <= 14 &&
         (is_lower(tenant[0]) || is_digit(tenant[0])) && rest_ok(tenant.substr(1)) && is_lower(system[0]) &&
         rest_ok(system.substr(1));
}

bool is_value(std::string_view value) {
  return !value.empty() && value.size() <= 256 && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7E && c != ',' && c != '='; });
}

/// Calls `each` with the parts between separators; false as soon as it says false.
template <class Each>
bool split(std::string_view text, char separator, Each each) {
  for (;;) {
    const std::size_t end = text.find(separator);
    if (!each(text.substr(0, end))) return false;
    if (end == text.npos) return true;
    text.remove_prefix(end + 1);
  }
}

/// trace/tracestate-handling.md: key ":" value, ";" between them.
bool parse_ot(std::string_view text, SamplingTraceState& out) {
  return text.size() <= kOtBytesMax && split(text, ';', [&](std::string_view part) {
           const std::size_t colon = part.find(':');
           if (colon == part.npos || colon == 0 || !is_lower(part[0])) return false;
           const std::string_view key = part.substr(0, colon), value = part.substr(colon + 1);
           if (!std::all_of(key.begin(), key.end(), [](char c) { return is_lower(c) || is_digit(c); })) return false;
           if (!std::all_of(value.begin(), value.end(), [](char c) {
                 return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
               })) {
             return false;
           }
           if (key != "th" && key != "rv") {
             out.other_ot.push_back(part);
             return true;
           }
           const Result<std::uint64_t> number = key == "th" ? parse_threshold(value) : parse_randomness(value);
           if (!number) return false;
           (key == "th" ? out.threshold : out.randomness) = *number;
           return true;
         });
}

}  // namespace

std::optional<SamplingTraceState> parse_sampling_trace_state(std::string_view text) {
  SamplingTraceState out;
  if (text.empty()) return out;
  std::size_t members = 0;
  const bool well_formed = text.size() <= kStateBytesMax && split(text, ',', [&](std::string_view member) {
                             const std::size_t first = member.find_first_not_of(" \t");
                             if (++members > kMembersMax) return false;
                             if (first == member.npos) return true;
                             member = member.substr(first, member.find_last_not_of(" \t") - first + 1);
                             const std::size_t equals = member.find('=');
                             if (equals == member.npos) return false;
                             const std::string_view key = member.substr(0, equals), value = member.substr(equals + 1);
                             if (!is_key(key) || !is_value(value)) return false;
                             if (key == "ot") return parse_ot(value, out);
                             out.others.push_back(member);
                             return true;
                           });
  if (!well_formed) return std::nullopt;
  return out;
}

std::string SamplingTraceState::text() const {
  // False, and nothing added, where `part` does not fit.
  const auto add = [](std::string& to, std::size_t bytes_max, char separator, std::string_view part) {
    if (to.size() + (to.empty() ? 0 : 1) + part.size() > bytes_max) return false;
    if (!to.empty()) to += separator;
    to += part;
    return true;
  };
  std::string ot;
  if (randomness) add(ot, kOtBytesMax, ';', "rv:" + randomness_text(*randomness));
  if (threshold) add(ot, kOtBytesMax, ';', "th:" + threshold_text(*threshold));
  for (const std::string_view part : other_ot) {
    if (!add(ot, kOtBytesMax, ';', part)) break;
  }
  std::string out;
  if (!ot.empty()) out = "ot=" + ot;
  std::size_t members = ot.empty() ? 0 : 1;
  for (const std::string_view member : others) {
    if (++members > kMembersMax || !add(out, kStateBytesMax, ',', member)) break;
  }
  return out;
}

}  // namespace nanospan::gateway
