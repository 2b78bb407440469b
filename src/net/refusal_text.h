// Why the servers refuse a request, in words that name value, limit and remedy: the same over HTTP/1.1 and HTTP/2. Pure
// functions.
#pragma once

#include <cstdint>
#include <string>

#include "net/http1_head.h"

namespace nanospan::net {

/// `nanos` in whole seconds: "10 s".
std::string whole_seconds(std::uint64_t nanos);
std::string head_too_large_text(std::uint64_t bytes_max);
std::string body_too_large_text(std::uint64_t bytes_max);
/// `bytes` of the body came in `nanos`.
std::string body_too_slow_text(std::uint64_t bytes, std::uint64_t nanos, std::uint64_t bytes_per_second_min);
/// A fault of HTTP/1.1.
std::string fault_text(Http1Fault fault, const Http1Limits& limits, std::uint64_t body_bytes_max);

}  // namespace nanospan::net
