// Authenticators: who may send here, and how exporters say who they are. Extensions give them, receivers and exporters
// take them by the extension's name (`auth: {authenticator: NAME}`); so neither includes the other.
//
// The registry is filled and read by the service's thread while components are made, and outlives them. The
// authenticators themselves are called from all loops at once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/config/map_reader.h"
#include "net/http_message.h"

namespace nanospan::gateway {

/// For receivers.
class ServerAuthenticator {
 public:
  enum class Kind {
    kAllowed,
    kDenied,  ///< 401, UNAUTHENTICATED
    kBusy,    ///< It cannot be told now; the sender may come back.
  };
  struct Verdict {
    Kind kind = Kind::kAllowed;
    std::string message = {};  ///< If not allowed, for the sender and for the log: so without any secret.
  };

  virtual ~ServerAuthenticator() = default;
  virtual Verdict authenticate(const net::HeaderBlock& headers) = 0;
  /// Of WWW-Authenticate (RFC 9110, 11.6.1).
  virtual std::string_view challenge() const = 0;
};

/// For exporters.
class ClientAuthenticator {
 public:
  virtual ~ClientAuthenticator() = default;
  /// A header that every request carries, as it is now; its name in lower case, as gRPC wants it.
  virtual net::Header credential() = 0;
};

class Authenticators {
 public:
  /// What the extension `name` can do; one of them may be null.
  void add(const std::string& name, std::shared_ptr<ServerAuthenticator> server,
           std::shared_ptr<ClientAuthenticator> client);
  void remove(const std::string& name) { by_name_.erase(name); }
  /// Null for no name. Fails if there is no such extension, or if it is for the other side.
  Result<std::shared_ptr<ServerAuthenticator>> server(const std::string& name) const;
  Result<std::shared_ptr<ClientAuthenticator>> client(const std::string& name) const;

 private:
  struct Pair {
    std::shared_ptr<ServerAuthenticator> server;
    std::shared_ptr<ClientAuthenticator> client;
  };
  Result<Pair> find(const std::string& name) const;

  std::map<std::string, Pair> by_name_;
};

/// The name under `auth.authenticator`; empty if there is no `auth`.
std::string read_authenticator(MapReader& reader);

/// Puts `credential` in place of what the user configured under its name.
void set_credential(std::vector<net::Header>& headers, net::Header credential);

}  // namespace nanospan::gateway
