// Ties the `bearertokenauth` extension together. Called by the service's thread.
#include "gateway/extensions/bearertokenauth/bearer_token_factory.h"

#include "gateway/component/auth_extension.h"
#include "gateway/extensions/bearertokenauth/bearer_token.h"

namespace nanospan::gateway {
namespace {

Result<std::unique_ptr<Component>> make(const std::string& name, const BearerTokenConfig& config, Host& host) {
  Result<std::shared_ptr<BearerToken>> made =
      BearerToken::create(config, "extension " + name, host.log(), host.clock());
  if (!made) return made.error();
  host.authenticators().add(name, *made, *made);
  return std::unique_ptr<Component>(std::make_unique<AuthExtension>(
      config.header + ": " + config.scheme +
      (config.file.empty() ? ", tokens " + std::to_string(config.tokens.size()) : ", tokens in " + config.file)));
}

}  // namespace

ExtensionFactory bearer_token_factory() {
  return {"bearertokenauth",
          {},
          "checks and sends bearer tokens",
          [](const ComponentId& id, MapReader& reader) -> Maker<Component> {
            return [name = id.text(), config = read_bearer_token_config(reader)](Host& host) {
              return make(name, config, host);
            };
          }};
}

}  // namespace nanospan::gateway
