// Readers take what peers send, writers give the canonical form only. Pure.
#include "net/grpc_framing.h"

#include <algorithm>
#include <charconv>

namespace nanospan::net {
namespace {

constexpr std::array<std::string_view, 17> kCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

struct TimeoutUnit {
  char letter;
  std::uint64_t nanos;
};
constexpr std::array<TimeoutUnit, 6> kUnits = {{{'n', 1},
                                                {'u', base::kNanosPerMicro},
                                                {'m', base::kNanosPerMilli},
                                                {'S', base::kNanosPerSecond},
                                                {'M', 60 * base::kNanosPerSecond},
                                                {'H', 3600 * base::kNanosPerSecond}}};
constexpr std::uint64_t kTimeoutDigitsMax = 99'999'999;

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string_view to_string(GrpcCode code) {
  const auto index = static_cast<std::size_t>(code);
  return index < kCodeNames.size() ? kCodeNames[index] : "UNKNOWN";
}

GrpcCode read_grpc_code(std::string_view text) {
  unsigned code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  const bool known = error == std::errc() && end == text.data() + text.size() && code < kCodeNames.size();
  return known ? static_cast<GrpcCode>(code) : GrpcCode::kUnknown;
}

GrpcCode grpc_code_for_http(int status) {
  switch (status) {
    case 400:
      return GrpcCode::kInternal;
    case 401:
      return GrpcCode::kUnauthenticated;
    case 403:
      return GrpcCode::kPermissionDenied;
    case 404:
      return GrpcCode::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return GrpcCode::kUnavailable;
    default:
      return GrpcCode::kUnknown;
  }
}

bool is_otlp_retryable(GrpcCode code, bool has_retry_info) {
  switch (code) {
    case GrpcCode::kCancelled:
    case GrpcCode::kDeadlineExceeded:
    case GrpcCode::kAborted:
    case GrpcCode::kOutOfRange:
    case GrpcCode::kUnavailable:
    case GrpcCode::kDataLoss:
      return true;
    case GrpcCode::kResourceExhausted:
      return has_retry_info;
    default:
      return false;
  }
}

GrpcPrefix read_grpc_prefix(std::span<const char, 5> bytes) {
  GrpcPrefix prefix;
  prefix.valid = bytes[0] == 0 || bytes[0] == 1;
  prefix.compressed = bytes[0] == 1;
  for (std::size_t i = 1; i < bytes.size(); ++i) prefix.size = prefix.size << 8 | static_cast<unsigned char>(bytes[i]);
  return prefix;
}

std::array<char, 5> grpc_prefix(std::size_t message_bytes, bool compressed) {
  std::array<char, 5> prefix{static_cast<char>(compressed ? 1 : 0)};
  for (std::size_t i = 1; i < prefix.size(); ++i) prefix[i] = static_cast<char>(message_bytes >> (8 * (4 - i)) & 0xff);
  return prefix;
}

std::optional<std::uint64_t> read_grpc_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  const auto* const unit =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const TimeoutUnit& known) { return known.letter == text.back(); });
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size() - 1, count);
  if (unit == kUnits.end() || error != std::errc() || end != text.data() + text.size() - 1) return std::nullopt;
  // 99,999,999 hours do not fit into 64 bits; nobody waits for them.
  return count > base::kNever / unit->nanos ? base::kNever : count * unit->nanos;
}

std::string grpc_timeout(std::uint64_t nanos) {
  for (const TimeoutUnit& unit : kUnits) {
    const std::uint64_t count = nanos / unit.nanos + (nanos % unit.nanos != 0 ? 1 : 0);
    if (count <= kTimeoutDigitsMax) return std::to_string(count) + unit.letter;
  }
  return std::to_string(kTimeoutDigitsMax) + 'H';
}

std::string escape_grpc_message(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 15];
    }
  }
  return out;
}

std::string unescape_grpc_message(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

bool is_grpc_content_type(std::string_view value) {
  constexpr std::string_view kType = "application/grpc";
  if (!value.starts_with(kType)) return false;
  value.remove_prefix(kType.size());
  return value.empty() || value.front() == ';' || value.starts_with("+proto");
}

}  // namespace nanospan::net
