// Who may look: profiles tell function names, routes and ids of traces.
//
// A token, if one is set, must be shown: as "Authorization: Bearer TOKEN", or as the password of any user ("Basic"), as
// browsers and `go tool pprof http://user:TOKEN@...` can send nothing else. Without one only this machine reaches the
// port (profile_server.h), and a request must name the host as an address or as localhost: a page in a browser that
// had its own name rebound to 127.0.0.1 does not. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace nanospan::profile {

bool is_loopback(std::string_view host);

/// Why a request is not let in, and what to do about it.
struct Refusal {
  int status = 0;  ///< 401: the token is missing or wrong; 403: the Host header is.
  std::string message;
};
std::optional<Refusal> refusal_of(const net::MessageHead& head, const std::string& token);
/// What a 401 goes with (RFC 9110 15.5.2, RFC 7617), a header field each: Chromium takes a field for one challenge, and
/// asks for no password if it finds two in it.
inline constexpr std::string_view kChallenges[] = {"Basic realm=\"profiles\", charset=\"UTF-8\"", "Bearer"};

}  // namespace nanospan::profile
