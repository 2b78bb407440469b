// Writes the heads of HTTP/1.1 requests and responses. Pure functions; nothing that a caller passes can break the
// framing: invalid header names and values are refused (requests) or left out (responses).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/http_message.h"

namespace nanospan::net {

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
std::string http_date(base::UnixNanos at);

/// Status line and headers, with Date, Content-Length (where the status may have a body) and Connection.
std::string response_head(const Response& response, bool keep_alive, std::string_view date);

/// Request line and headers, with Host and Content-Length. kInvalidArgument if method, target or a header cannot be
/// sent.
Result<std::string> request_head(std::string_view method, std::string_view target, std::string_view authority,
                                 const std::vector<Header>& headers, std::uint64_t body_bytes);

/// False for the statuses whose responses never have a body (RFC 9110, 6.4.1).
bool may_have_body(int status);

}  // namespace nanospan::net
