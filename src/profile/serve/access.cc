// A token; or, where none is set, a Host header that is an address or localhost, as a web page that rebinds its own
// name has neither. A request without Host is let in: no browser sends one. Pure.
#include "profile/serve/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <optional>

#include "base/constant_time.h"

namespace nanospan::profile {
namespace {

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

}  // namespace

bool is_loopback(std::string_view host) { return host == "localhost" || host.starts_with("127.") || host == "::1"; }

bool may_look(const net::MessageHead& head, const std::string& token) {
  if (!token.empty()) {
    constexpr std::string_view scheme = "Bearer ";
    const std::string_view given = head.headers.find("authorization").value_or("");
    return given.starts_with(scheme) && base::equals_in_constant_time(given.substr(scheme.size()), token);
  }
  const std::optional<std::string_view> host = head.headers.find("host");
  if (!host) return true;
  const std::string name = host_of(*host);
  return net::equals_ignoring_case(name, "localhost") || is_address(name);
}

}  // namespace nanospan::profile
