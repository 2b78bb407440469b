// The registry, and the `auth` key. Threads: see the header.
#include "gateway/auth/authenticator.h"

#include <algorithm>
#include <utility>

namespace nanospan::gateway {
namespace {

Error refused(const std::string& name, std::string_view why) {
  return Error{ErrorCode::kInvalidArgument, "auth.authenticator: \"" + name + "\" " + std::string(why)};
}

}  // namespace

void Authenticators::add(const std::string& name, std::shared_ptr<ServerAuthenticator> server,
                         std::shared_ptr<ClientAuthenticator> client) {
  by_name_[name] = {std::move(server), std::move(client)};
}

Result<Authenticators::Pair> Authenticators::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) return found->second;
  return refused(name, "is no authenticator in service.extensions; declare it under extensions and list it there");
}

Result<std::shared_ptr<ServerAuthenticator>> Authenticators::server(const std::string& name) const {
  if (name.empty()) return std::shared_ptr<ServerAuthenticator>();
  Result<Pair> found = find(name);
  if (!found) return found.error();
  if (!found->server) return refused(name, "is for exporters; give the receiver one that checks, such as htpasswd");
  return found->server;
}

Result<std::shared_ptr<ClientAuthenticator>> Authenticators::client(const std::string& name) const {
  if (name.empty()) return std::shared_ptr<ClientAuthenticator>();
  Result<Pair> found = find(name);
  if (!found) return found.error();
  if (!found->client) return refused(name, "is for receivers; give the exporter one with client_auth or a token");
  return found->client;
}

std::string read_authenticator(MapReader& reader) {
  std::string name;
  if (reader.node("auth") == nullptr) return name;
  MapReader auth = *reader.child("auth");
  auth.read("authenticator", name);
  if (name.empty()) auth.fail("authenticator", "is missing; write the name of an extension, such as bearertokenauth");
  auth.refuse("request_params", "send the credential in a header");
  auth.finish();
  return name;
}

void set_credential(std::vector<net::Header>& headers, net::Header credential) {
  std::erase_if(headers,
                [&](const net::Header& header) { return net::equals_ignoring_case(header.name, credential.name); });
  headers.push_back(std::move(credential));
}

}  // namespace nanospan::gateway
