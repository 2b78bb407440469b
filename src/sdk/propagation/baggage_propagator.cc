// W3C Baggage:  baggage: key1=value%201;property=1, key2=value2
//
//   key = token (RFC 9110)   value = *baggage-octet, percent-encoded UTF-8   properties = opaque, kept as written
//
// Reading: all header lines together; a member that breaks the grammar is skipped, the others stay; of equal keys the
// last wins; "+" is not a space; bytes that are no UTF-8 after decoding become U+FFFD. Writing: a name that is no token
// cannot travel (the format has no encoding for keys) and is left out. Both sides take whole members up to kMembersMax
// and kBytesMax; what does not fit is left out and reported. Source: W3C Baggage 3.2, 3.3 "Limits"; baggage/api.md
// "Propagation".
#include <nanospan/baggage.h>
#include <nanospan/propagation.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "sdk/context/trace_state.h"
#include "sdk/diagnostics.h"
#include "wire/utf8.h"

namespace nanospan {
namespace sdk {
namespace {

constexpr std::string_view kHeader = "baggage";

// W3C: everything up to 64 members and 8192 bytes must travel. As many members of the shortest useful length as fill
// the bytes are taken too; the bound keeps the search for equal keys in a hostile header short.
constexpr std::size_t kMembersMax = 512;
constexpr std::size_t kBytesMax = 8192;

using Entries = std::vector<Baggage::Entry>;

constexpr bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
constexpr bool is_token_char(char c) {
  return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
// Printable ASCII without space, '"', ',', ';' and '\'.
constexpr bool is_baggage_octet(char c) {
  return c > 0x20 && c < 0x7F && c != '"' && c != ',' && c != ';' && c != '\\';
}
constexpr bool is_metadata_char(char c) { return is_baggage_octet(c) || c == ';' || c == ' ' || c == '\t'; }

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

std::string percent_decoded(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? detail::hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? detail::hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      bytes += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      bytes += text[i];
    }
  }
  return wire::is_valid_utf8(bytes) ? bytes : wire::repair_utf8(bytes);
}

template <class Allowed>
void append_percent_encoded(std::string_view text, Allowed is_allowed, std::string& out) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_allowed(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

bool read_member(std::string_view member, Baggage::Entry& entry) {
  const std::size_t semicolon = member.find(';');
  const std::string_view pair = member.substr(0, semicolon);
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = base::trim_ows(pair.substr(0, equals));
  const std::string_view value = base::trim_ows(pair.substr(equals + 1));
  if (!is_token(key) || !std::all_of(value.begin(), value.end(), is_baggage_octet)) return false;
  entry.name = key;
  entry.value = percent_decoded(value);
  if (semicolon != std::string_view::npos) {
    const std::string_view metadata = base::trim_ows(member.substr(semicolon + 1));
    if (!std::all_of(metadata.begin(), metadata.end(), is_metadata_char)) return false;
    entry.metadata = metadata;
  }
  return true;
}

// As Baggage::set: a name that is there already is replaced and moves to the end.
void set_entry(Entries& entries, Baggage::Entry entry) {
  const auto same = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.name == entry.name; });
  if (same != entries.end()) entries.erase(same);
  entries.push_back(std::move(entry));
}

// False if there was more than the limits allow.
bool read_line(std::string_view line, std::size_t& bytes_left, std::size_t& members_left, Entries& entries) {
  while (!line.empty()) {
    const std::size_t comma = std::min(line.find(','), line.size());
    const std::string_view member = base::trim_ows(line.substr(0, comma));
    line.remove_prefix(std::min(comma + 1, line.size()));
    if (member.empty()) continue;
    if (members_left == 0 || member.size() > bytes_left) return false;
    --members_left;
    bytes_left -= std::min(bytes_left, member.size() + 1);
    Baggage::Entry entry;
    if (read_member(member, entry)) set_entry(entries, std::move(entry));
  }
  return true;
}

class BaggagePropagator final : public TextMapPropagator {
 public:
  void inject(const Context& context, TextMapSetter& carrier) const override {
    const Baggage baggage = Baggage::from(context);
    std::string header, member;
    std::size_t members = 0, left_out = 0;
    for (const Baggage::Entry& entry : baggage.entries()) {
      member.clear();
      if (may_travel(entry)) write_member(entry, member);
      const std::size_t size = header.size() + member.size() + (header.empty() ? 0 : 1);
      if (member.empty() || members == kMembersMax || size > kBytesMax) {
        ++left_out;
        continue;
      }
      if (!header.empty()) header += ',';
      header += member;
      ++members;
    }
    if (!header.empty()) carrier.set(kHeader, header);
    if (left_out > 0) {
      report("baggage", "left out",
             std::to_string(left_out) +
                 " entries of a baggage were not sent: at most 512 entries and "
                 "8192 bytes travel, and names must be HTTP tokens");
    }
  }

  Context extract(const Context& context, const TextMapGetter& carrier) const override {
    Entries entries;
    std::size_t bytes_left = kBytesMax, members_left = kMembersMax;
    for (const std::string& line : carrier.get_all(kHeader)) {
      if (read_line(line, bytes_left, members_left, entries)) continue;
      report("baggage", "a baggage header was cut off: at most 512 entries and 8192 bytes are read");
      break;
    }
    if (entries.empty()) return context;
    return Baggage::of(std::move(entries)).in(context);
  }

  std::vector<std::string> fields() const override { return {std::string(kHeader)}; }

 private:
  // Encoding never makes an entry shorter: one that is too long already is not encoded to find that out.
  static bool may_travel(const Baggage::Entry& entry) {
    return is_token(entry.name) && entry.name.size() + entry.value.size() + entry.metadata.size() < kBytesMax;
  }
  static void write_member(const Baggage::Entry& entry, std::string& out) {
    out += entry.name;
    out += '=';
    append_percent_encoded(
        entry.value, [](char c) { return is_baggage_octet(c) && c != '%'; }, out);
    if (entry.metadata.empty()) return;
    // Already in the form of the header, if it came from one; whatever else the user gave must not break out of it.
    out += ';';
    append_percent_encoded(entry.metadata, is_metadata_char, out);
  }
};

}  // namespace
}  // namespace sdk

inline namespace v0 {

PropagatorPtr baggage_propagator() { return std::make_shared<sdk::BaggagePropagator>(); }

}  // namespace v0
}  // namespace nanospan
