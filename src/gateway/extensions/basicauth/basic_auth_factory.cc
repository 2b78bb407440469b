// Ties the `basicauth` extension together. Called by the service's thread.
#include "gateway/extensions/basicauth/basic_auth_factory.h"

#include "gateway/component/auth_extension.h"
#include "gateway/extensions/basicauth/basic_auth_client.h"
#include "gateway/extensions/basicauth/basic_auth_server.h"

namespace nanospan::gateway {
namespace {

Result<std::unique_ptr<Component>> make(const std::string& name, const BasicAuthConfig& config, Host& host) {
  const std::string subject = "extension " + name;
  if (config.is_server) {
    Result<std::shared_ptr<BasicAuthServer>> made = BasicAuthServer::create(config, subject, host.log(), host.clock());
    if (!made) return made.error();
    host.authenticators().add(name, *made, nullptr);
    return std::unique_ptr<Component>(
        std::make_unique<AuthExtension>("lets in, users " + std::to_string((*made)->users())));
  }
  Result<std::shared_ptr<BasicAuthClient>> made = BasicAuthClient::create(config, subject, host.log(), host.clock());
  if (!made) return made.error();
  host.authenticators().add(name, nullptr, std::move(made).value());
  return std::unique_ptr<Component>(std::make_unique<AuthExtension>(
      "sends " + (config.username_file.empty() ? "user " + config.username : "the user in " + config.username_file)));
}

}  // namespace

ExtensionFactory basic_auth_factory() {
  return {"basicauth",
          {},
          "checks and sends user names and passwords",
          [](const ComponentId& id, MapReader& reader) -> Maker<Component> {
            return [name = id.text(), config = read_basic_auth_config(reader)](Host& host) {
              return make(name, config, host);
            };
          }};
}

}  // namespace nanospan::gateway
