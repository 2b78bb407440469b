// Reads the `basicauth` extension's keys. One thread.
#include "gateway/extensions/basicauth/basic_auth_config.h"

namespace nanospan::gateway {
namespace {

void read_htpasswd(MapReader& reader, BasicAuthConfig& out) {
  reader.read("file", out.htpasswd_file);
  reader.read_secret("inline", out.htpasswd_inline);
  if (out.htpasswd_file.empty() && out.htpasswd_inline.empty()) {
    reader.fail("", "has no users; give file or inline, with user:password a line");
  }
  reader.finish();
}

void read_client_auth(MapReader& reader, BasicAuthConfig& out) {
  reader.read("username", out.username);
  reader.read("username_file", out.username_file);
  reader.read_secret("password", out.password);
  reader.read("password_file", out.password_file);
  // RFC 7617, 2: the first colon ends the name.
  if (out.username.find(':') != std::string::npos)
    reader.fail("username", "has a colon, which a user's name cannot have");
  if (out.username.empty() && out.username_file.empty())
    reader.fail("username", "is missing; give it or username_file");
  reader.refuse("aws_secrets_manager", "let something write the password to a file, and give password_file");
  reader.finish();
}

}  // namespace

BasicAuthConfig read_basic_auth_config(MapReader& reader) {
  BasicAuthConfig config;
  std::optional<MapReader> server = reader.child("htpasswd"), client = reader.child("client_auth");
  config.is_server = server.has_value();
  if (server && client) {
    reader.fail("client_auth",
                "is given next to htpasswd; make two extensions of them, basicauth/in and basicauth/out");
  }
  if (!server && !client) {
    reader.fail("", "needs htpasswd, to check what receivers get, or client_auth, to send a user name");
  }
  if (server) read_htpasswd(*server, config);
  if (client) read_client_auth(*client, config);
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
