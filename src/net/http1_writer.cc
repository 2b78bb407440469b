// The headers that say where a message ends are the writer's own, whatever the caller passes. Pure.
#include "net/http1_writer.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace nanospan::net {
namespace {

/// The headers that say where a message ends and where it goes: the writer's own, whatever the caller passes.
bool is_framing(std::string_view name) {
  constexpr std::array<std::string_view, 4> kFraming = {"content-length", "transfer-encoding", "connection", "host"};
  return std::any_of(kFraming.begin(), kFraming.end(),
                     [name](std::string_view own) { return equals_ignoring_case(own, name); });
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string http_date(base::UnixNanos at) {
  // Not strftime: its names follow the locale.
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(at / base::kNanosPerSecond);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[parts.tm_wday],
                                 parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                                 parts.tm_min, parts.tm_sec);
  return {text.data(), static_cast<std::size_t>(size)};
}

bool may_have_body(int status) { return status / 100 != 1 && status != 204 && status != 304; }

std::string response_head(const Response& response, bool keep_alive, std::string_view date) {
  std::string out;
  out.reserve(256);
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason_phrase(response.status)).append("\r\n");
  for (const Header& header : response.headers) {
    if (is_token(header.name) && is_header_value(header.value) && !is_framing(header.name)) {
      append_header(out, header.name, header.value);
    }
  }
  append_header(out, "Date", date);
  if (may_have_body(response.status)) append_header(out, "Content-Length", std::to_string(response.body.size()));
  append_header(out, "Connection", keep_alive ? "keep-alive" : "close");
  out.append("\r\n");
  return out;
}

Result<std::string> request_head(std::string_view method, std::string_view target, std::string_view authority,
                                 const std::vector<Header>& headers, std::uint64_t body_bytes) {
  const bool target_ok = target.starts_with('/') && std::all_of(target.begin(), target.end(), [](char c) {
                           return c > 0x20 && c < 0x7f && c != '#';
                         });
  if (!is_token(method)) return Error{ErrorCode::kInvalidArgument, "request method is not a token"};
  if (!target_ok) {
    return Error{ErrorCode::kInvalidArgument, "request target must begin with '/' and be visible ASCII without '#'"};
  }
  std::string out;
  out.reserve(512);
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  append_header(out, "Host", authority);
  for (const Header& header : headers) {
    if (!is_token(header.name) || !is_header_value(header.value)) {
      return Error{ErrorCode::kInvalidArgument, "header \"" + header.name + "\" has a character that cannot be sent"};
    }
    if (is_framing(header.name)) {
      return Error{ErrorCode::kInvalidArgument, "header \"" + header.name + "\" is the transport's own"};
    }
    append_header(out, header.name, header.value);
  }
  append_header(out, "Content-Length", std::to_string(body_bytes));
  out.append("\r\n");
  return out;
}

}  // namespace nanospan::net
