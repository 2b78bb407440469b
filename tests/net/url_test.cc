#include "net/url.h"

#include <gtest/gtest.h>

namespace nanospan::net {
namespace {

TEST(Url, Accepted) {
  struct Case {
    const char* text;
    bool https;
    const char* host;
    std::uint16_t port;
    const char* path;
    const char* authority;
  };
  const Case cases[] = {
      {"http://localhost:4318", false, "localhost", 4318, "/", "localhost:4318"},
      {"http://collector.example/", false, "collector.example", 80, "/", "collector.example"},
      {"https://Collector.Example/v1/traces?x=1", true, "collector.example", 443, "/v1/traces?x=1",
       "collector.example"},
      {"HTTPS://a:80", true, "a", 80, "/", "a:80"},
      {"http://[::1]:4318/x", false, "::1", 4318, "/x", "[::1]:4318"},
      {"http://[2001:DB8::1]", false, "2001:db8::1", 80, "/", "[2001:db8::1]"},
      {"http://10.0.0.1?x", false, "10.0.0.1", 80, "/?x", "10.0.0.1"},
      {"http://my_service-1.ns.svc:4318/a//b/", false, "my_service-1.ns.svc", 4318, "/a//b/",
       "my_service-1.ns.svc:4318"},
  };
  for (const Case& c : cases) {
    const Result<Url> url = parse_url(c.text);
    ASSERT_TRUE(url.ok()) << url.error().message;
    EXPECT_EQ(url->https, c.https) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->port, c.port) << c.text;
    EXPECT_EQ(url->path, c.path) << c.text;
    EXPECT_EQ(url->authority(), c.authority) << c.text;
  }
  EXPECT_EQ(parse_url("http://[::1]/x")->origin(), "http://[::1]:80");
}

TEST(Url, RefusedWithAReason) {
  static const std::string kLongSocket = "unix:/" + std::string(107, 'x');
  const std::pair<const char*, const char*> cases[] = {
      {"localhost:4318", "has no scheme"},
      {"", "has no scheme"},
      {"grpc://a:4317", "other than http and https"},
      {"http://", "has no host"},
      {"http://:4318", "has no host"},
      {"http:///v1/traces", "has no host"},
      {"http://a:0", "number from 1 to 65535"},
      {"http://a:65536", "number from 1 to 65535"},
      {"http://a:", "number from 1 to 65535"},
      {"http://a:4318x", "number from 1 to 65535"},
      {"http://a:-1", "number from 1 to 65535"},
      {"http://::1:4318", "in brackets"},
      {"http://[::1", "without a ']'"},
      {"http://[nonsense]", "no valid IPv6"},
      {"http://[127.0.0.1]", "no valid IPv6"},
      {"http://[::1]4318", "between ']' and the port"},
      {"http://a b", "a space"},
      {"http://a/\x01", "a space"},
      {"http://\xc3\xa9", "non-ASCII"},
      {"http://a%20b", "host names do not have"},
      {"http://a/#x", "fragment"},
      {"unix:", "no name of a socket"},
      {"unix-abstract::/v1/traces", "no name of a socket"},
      {"unix://run/otlp.sock", "has a host where a unix socket has none"},
      {"unix:/run/a b", "a space"},
      {"unix:/run/a?b", "has a '?' or '#' in its socket's name"},
      {"unix:/run/a/v1/traces?key=x:/b", "has a '?' or '#' in its socket's name"},
      {"unix:/run/a:/b#c", "fragment"},
      {kLongSocket.c_str(), "has a name of 108 bytes; that of a unix socket has at most 107"},
  };
  for (const auto& [text, why] : cases) {
    const Result<Url> url = parse_url(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(url.error().message.find(why), std::string::npos) << url.error().message;
  }
}

TEST(Url, UnixSocketsAsGrpcNamesThem) {
  struct Case {
    const char* text;
    const char* socket;
    const char* path;
    const char* shown;
  };
  const Case cases[] = {
      {"unix:/run/otlp.sock", "/run/otlp.sock", "/", "unix:/run/otlp.sock:/"},
      {"unix:///run/otlp.sock", "/run/otlp.sock", "/", "unix:/run/otlp.sock:/"},
      {"unix:////run/otlp.sock", "/run/otlp.sock", "/", "unix:/run/otlp.sock:/"},
      {"unix:otlp.sock", "./otlp.sock", "/", "unix:./otlp.sock:/"},
      {"unix:run/otlp.sock", "run/otlp.sock", "/", "unix:run/otlp.sock:/"},
      {"unix-abstract:otlp", "@otlp", "/", "unix-abstract:otlp:/"},
      {"unix:/run/otlp.sock:/v1/traces?x=1", "/run/otlp.sock", "/v1/traces?x=1", "unix:/run/otlp.sock:/v1/traces"},
      {"unix-abstract:otlp:/v1/traces", "@otlp", "/v1/traces", "unix-abstract:otlp:/v1/traces"},
  };
  for (const Case& c : cases) {
    const Result<Url> url = parse_url(c.text);
    ASSERT_TRUE(url.ok()) << url.error().message;
    EXPECT_EQ(url->socket, c.socket) << c.text;
    EXPECT_EQ(url->peer(), c.socket) << c.text;
    EXPECT_EQ(url->path, c.path) << c.text;
    EXPECT_EQ(url->shown(), c.shown) << c.text;
    EXPECT_EQ(url->authority(), "localhost") << c.text;
    EXPECT_FALSE(url->https) << c.text;
  }
  EXPECT_EQ(parse_url("http://a:1")->peer(), "a");
  EXPECT_EQ(before_path("unix:/run/otlp.sock"), "unix:/run/otlp.sock:");
  EXPECT_EQ(before_path("unix:/run/otlp.sock:/base"), "unix:/run/otlp.sock:/base");
  EXPECT_EQ(before_path("http://a:1"), "http://a:1");
}

TEST(Url, MessagesShowItWithoutTheQuery) {
  const Url url = parse_url("https://a:1/v1/traces?key=secret").value();
  EXPECT_EQ(url.shown(), "https://a:1/v1/traces");
  EXPECT_EQ(url.path, "/v1/traces?key=secret");
}

TEST(Url, APasswordIsRefusedAndNotRepeated) {
  for (const char* text : {"http://user:secret@a:4318", "user:secret@a:4318", "http://user:sec ret@a"}) {
    const Result<Url> url = parse_url(text);
    ASSERT_FALSE(url.ok());
    EXPECT_EQ(url.error().message.find("sec"), std::string::npos) << url.error().message;
  }
  EXPECT_TRUE(parse_url("http://a/x@y").ok());
}

}  // namespace
}  // namespace nanospan::net
