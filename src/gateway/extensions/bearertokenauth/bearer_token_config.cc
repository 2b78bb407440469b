// Reads the `bearertokenauth` extension's keys. One thread.
#include "gateway/extensions/bearertokenauth/bearer_token_config.h"

#include "net/http_message.h"

namespace nanospan::gateway {

BearerTokenConfig read_bearer_token_config(MapReader& reader) {
  BearerTokenConfig config;
  reader.read("header", config.header);
  if (!net::is_token(config.header)) reader.fail("header", "\"" + config.header + "\" is no name of a header");
  for (char& c : config.header) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  reader.read("scheme", config.scheme);
  if (!net::is_header_value(config.scheme)) reader.fail("scheme", "cannot be sent in a header");
  std::string token;
  reader.read_secret("token", token);
  reader.read_secret_list("tokens", config.tokens);
  reader.read("filename", config.file);
  if (!token.empty() && !config.tokens.empty()) reader.fail("tokens", "is given next to token; remove one of them");
  if (!token.empty()) config.tokens = {token};
  for (const std::string& each : config.tokens) {
    if (each.empty()) reader.fail("tokens", "has an empty token, which would let anybody in; remove it");
    if (!net::is_header_value(each)) reader.fail("tokens", "has a token that cannot be sent in a header");
  }
  if (config.tokens.empty() && config.file.empty()) {
    reader.fail("token", "is missing; give token, tokens or filename");
  }
  if (!config.file.empty() && !config.tokens.empty()) {
    reader.warn("filename", "is what counts; token and tokens are ignored, as in the Collector");
    config.tokens.clear();
  }
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
