// A token; or, where none is set, a Host header that is an address or localhost, as a web page that rebinds its own
// name has neither. A request without Host is let in: no browser sends one. Pure.
#include "profile/serve/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/base64.h"
#include "base/constant_time.h"

namespace nanospan::profile {
namespace {

constexpr std::size_t kShownMax = 100;  // of what was sent

/// "host", "host:port", "[v6]:port" without port and brackets.
std::string host_of(std::string_view authority) {
  if (authority.starts_with('[')) return std::string(authority.substr(1, authority.find(']') - 1));
  return std::string(authority.substr(0, authority.find(':')));
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return ::inet_pton(AF_INET, host.c_str(), parsed.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), parsed.data()) == 1;
}

/// The credentials of an Authorization header (RFC 9110 11.6.2): Bearer, or Basic with the token as the password.
bool shows(std::string_view authorization, const std::string& token) {
  const std::size_t scheme_end = std::min(authorization.find(' '), authorization.size());
  const std::string_view scheme = authorization.substr(0, scheme_end);
  std::string_view credentials = authorization.substr(scheme_end);
  while (credentials.starts_with(' ')) credentials.remove_prefix(1);
  if (net::equals_ignoring_case(scheme, "Bearer")) return base::equals_in_constant_time(credentials, token);
  if (!net::equals_ignoring_case(scheme, "Basic")) return false;
  std::string user_and_password;
  if (!base::append_from_base64(credentials, user_and_password)) return false;
  const std::size_t colon = user_and_password.find(':');
  if (colon == std::string::npos) return false;
  return base::equals_in_constant_time(std::string_view(user_and_password).substr(colon + 1), token);
}

}  // namespace

bool is_loopback(std::string_view host) { return host == "localhost" || host.starts_with("127.") || host == "::1"; }

std::optional<Refusal> refusal_of(const net::MessageHead& head, const std::string& token) {
  if (!token.empty()) {
    const std::optional<std::string_view> given = head.headers.find("authorization");
    if (given && shows(*given, token)) return {};
    return Refusal{401, std::string(given ? "the token is wrong" : "a token is needed") +
                            ": send it as \"Authorization: Bearer TOKEN\", or as the password of any user: "
                            "http://user:TOKEN@host:port" +
                            std::string(head.path().substr(0, kShownMax))};
  }
  const std::optional<std::string_view> host = head.headers.find("host");
  if (!host) return {};
  const std::string name = host_of(*host);
  if (net::equals_ignoring_case(name, "localhost") || is_address(name)) return {};
  return Refusal{403, "the host is \"" + std::string(host->substr(0, kShownMax)) +
                          "\"; without a token it may be an address or localhost: ask for 127.0.0.1, or set a token"};
}

}  // namespace nanospan::profile
