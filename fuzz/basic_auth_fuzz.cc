// LINK: nanospan_gateway
// An htpasswd file and an Authorization header, which come from outside: nothing may break, and nobody gets in who is
// not there. Hashes are parsed, not checked: they take their time by design.
//
//   input: the header's value, a line feed, the file
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/extensions/basicauth/basic_auth_server.h"
#include "gateway/extensions/basicauth/htpasswd.h"
#include "net/http1_head.h"
#include "net/http_message.h"

namespace {

using namespace nanospan;
using namespace nanospan::gateway;

constexpr std::string_view kUser = "alice:secret";
constexpr std::string_view kHeader = "YWxpY2U6c2VjcmV0";  // of that

void show(std::string_view value) {
  static Log log(base::system_clock(), LogLevel::kError, [](std::string_view) {});
  static const auto server = [] {
    BasicAuthConfig config;
    config.is_server = true;
    config.htpasswd_inline = kUser;
    return BasicAuthServer::create(config, "fuzz", log, base::system_clock()).value();
  }();
  net::HeadReader reader(true, {});
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nAuthorization: " + std::string(value) + "\r\n\r\n";
  reader.feed(head);
  if (!reader.complete() || reader.fault() != net::Http1Fault::kNone) return;
  const net::HeaderBlock headers = reader.take().headers;
  const ServerAuthenticator::Verdict verdict = server->authenticate(headers);
  if (verdict.kind == ServerAuthenticator::Kind::kBusy) std::abort();  // nothing here is slow
  if (verdict.kind != ServerAuthenticator::Kind::kAllowed) return;
  const std::string_view given = headers.find("authorization").value_or("");
  if (!net::equals_ignoring_case(given.substr(0, 6), "Basic ") || !given.substr(6).starts_with(kHeader)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  show(input.substr(0, line));
  Htpasswd users;
  if (!users.add(input.substr(line), "fuzz").ok() || users.size() == 0) return 0;
  if (users.any().empty()) std::abort();  // an empty password would let anybody in
  return 0;
}
