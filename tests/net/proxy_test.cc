// The rules of Go's httpproxy package, and what is sent to a proxy.
#include "net/proxy.h"

#include <gtest/gtest.h>

#include <map>

namespace nanospan::net {
namespace {

std::string chosen(const ProxySettings& settings, std::string_view origin, bool is_grpc = false) {
  return choose_proxy(settings, parse_url(origin).value(), is_grpc).url;
}
bool is_direct(const std::string& no_proxy, std::string_view origin) {
  return chosen({"http://p:1", "http://p:2", no_proxy}, origin).empty();
}

TEST(Proxy, EachSchemeHasItsVariableAndGrpcThatOfHttps) {
  const ProxySettings settings{"http://p:1", "http://p:2", ""};
  EXPECT_EQ(chosen(settings, "http://a:4318"), "http://p:1");
  EXPECT_EQ(chosen(settings, "https://a:4318"), "http://p:2");
  EXPECT_EQ(chosen(settings, "http://a:4317", true), "http://p:2");
  EXPECT_EQ(chosen({"http://p:1", "", ""}, "https://a:4318"), "");
  EXPECT_STREQ(choose_proxy(settings, parse_url("http://a").value(), true).variable, "HTTPS_PROXY");
  EXPECT_STREQ(choose_proxy(settings, parse_url("http://a").value(), false).variable, "HTTP_PROXY");
}

TEST(Proxy, LoopbackAndUnixSocketsAreNeverProxied) {
  for (const char* origin : {"http://localhost:1", "http://127.0.0.1", "http://127.9.9.9", "http://[::1]:4318",
                             "unix:/run/otlp.sock", "unix-abstract:otlp"}) {
    EXPECT_TRUE(is_direct("", origin)) << origin;
  }
  for (const char* origin : {"http://localhost.example", "http://128.0.0.1", "http://[::2]"}) {
    EXPECT_FALSE(is_direct("", origin)) << origin;
  }
}

TEST(Proxy, NoProxyAsGoReadsIt) {
  struct Case {
    const char* no_proxy;
    const char* origin;
    bool direct;
  };
  const Case cases[] = {
      {"*", "http://a", true},
      {"b, *", "http://a", true},
      {"example.com", "http://example.com", true},
      {"example.com", "http://www.example.com", true},
      {"example.com", "http://anexample.com", false},
      {" EXAMPLE.com ,b", "http://Example.com", true},
      {".example.com", "http://www.example.com", true},
      {".example.com", "http://example.com", false},
      {"*.example.com", "http://www.example.com", true},
      {"*.example.com", "http://example.com", false},
      {"example.com:4318", "http://example.com:4318", true},
      {"example.com:4318", "http://example.com:4319", false},
      {"example.com:443", "https://example.com", true},
      {".example.com:80", "http://a.example.com", true},
      {":80", "http://a", false},
      {"", "http://a", false},
      {",,", "http://a", false},
      {"10.0.0.1", "http://10.0.0.1", true},
      {"10.0.0.1", "http://10.0.0.10", false},
      {"10.0.0.1:80", "http://10.0.0.1", true},
      {"10.0.0.1:81", "http://10.0.0.1", false},
      {"10.0.0.0/8", "http://10.255.0.1", true},
      {"10.0.0.0/8", "http://11.0.0.1", false},
      {"10.0.0.0/9", "http://10.128.0.1", false},
      {"0.0.0.0/0", "http://8.8.8.8", true},
      {"0.0.0.0/0", "http://[fd00::1]", false},
      {"10.0.0.0/33", "http://10.0.0.0", false},
      {"10.0.0.0/8", "http://a", false},
      {"10.0.0.0/4294967200", "http://8.8.8.8", false},  // 2^32 - 96
      {"fd00::/129", "http://[fd00::]", false},
      {"fd00::/8", "http://[fd12::1]:4318", true},
      {"fd00::/8", "http://[fe00::1]:4318", false},
      {"fd00::1", "http://[fd00::1]", true},
      {"[fd00::1]:4318", "http://[fd00::1]:4318", true},
      {"[fd00::1]:4318", "http://[fd00::1]:4319", false},
  };
  for (const Case& c : cases) EXPECT_EQ(is_direct(c.no_proxy, c.origin), c.direct) << c.no_proxy << " " << c.origin;
}

TEST(Proxy, VariablesInUpperCaseThenInLower) {
  std::map<std::string, std::string> variables = {
      {"HTTP_PROXY", "a"}, {"http_proxy", "b"}, {"https_proxy", "c"}, {"NO_PROXY", ""}, {"no_proxy", "d"}};
  const auto read = [&] {
    return read_proxy_settings([&](const char* name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
  };
  EXPECT_EQ(read().http, "a");
  EXPECT_EQ(read().https, "c");
  EXPECT_EQ(read().no_proxy, "d");
  variables["REQUEST_METHOD"] = "GET";  // CGI: HTTP_PROXY is what a client sent as the header "Proxy"
  EXPECT_EQ(read().http, "b");
}

TEST(Proxy, UrlsWithAndWithoutCredentials) {
  const Proxy plain = parse_proxy("http://proxy:3128/").value();
  EXPECT_EQ(plain.url.origin(), "http://proxy:3128");
  EXPECT_EQ(plain.authorization, "");
  EXPECT_EQ(parse_proxy("proxy:3128")->url.origin(), "http://proxy:3128");
  EXPECT_EQ(parse_proxy("proxy")->url.port, 80);
  // RFC 7617, 2: the examples.
  EXPECT_EQ(parse_proxy("http://Aladdin:open%20sesame@proxy:3128")->authorization,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(parse_proxy("http://test:123%C2%A3@proxy")->authorization, "Basic dGVzdDoxMjPCow==");
  EXPECT_EQ(parse_proxy("http://user@proxy")->authorization, "Basic dXNlcjo=");
  EXPECT_EQ(parse_proxy("http://user:a%2Fb@proxy:3128/")->authorization, "Basic dXNlcjphL2I=");
}

TEST(Proxy, WrongUrlsAreRefusedAndNoPasswordIsShown) {
  const std::pair<const char*, const char*> cases[] = {
      {"https://user:secret@proxy:3129", "a proxy is spoken to in plain HTTP, not https; write http://"},
      {"socks5://user:secret@proxy:1080", "not socks5"},
      {"http://user:secret@", "has no host"},
      {"http://user:secret@proxy:99999", "number from 1 to 65535"},
      {"", "has no host"},
      {"http://user:sec/secret@proxy:3128", "a '/', '?' or '#' before its '@'; in a user name or password write %2F"},
      {"http://user:12/secret@proxy:3128", "before its '@'"},
      {"http://user:12?secret@proxy:3128", "before its '@'"},
      {"user:secret://x@proxy:3128", "before its '@'"},
      {"user:secret://@proxy:3128", "before its '@'"},
      {"http://user:x@secret@proxy:99999", "number from 1 to 65535"},
  };
  for (const auto& [text, why] : cases) {
    const Result<Proxy> proxy = parse_proxy(text);
    ASSERT_FALSE(proxy.ok()) << text;
    EXPECT_NE(proxy.error().message.find(why), std::string::npos) << proxy.error().message;
    EXPECT_EQ(proxy.error().message.find("secret"), std::string::npos) << proxy.error().message;
  }
}

TEST(Proxy, ARouteLeadsThereOrToTheProxy) {
  const Url origin = parse_url("https://collector:4317/x").value();
  EXPECT_EQ(route_to(origin, nullptr, true).host, "collector");
  EXPECT_EQ(route_to(parse_url("unix:/run/otlp.sock").value(), nullptr, true).host, "/run/otlp.sock");
  const Proxy proxy = parse_proxy("http://user@proxy:3128").value();
  const Route tunnel = route_to(origin, &proxy, true);
  EXPECT_EQ(tunnel.host + ":" + std::to_string(tunnel.port), "proxy:3128");
  EXPECT_EQ(tunnel.connect_head,
            "CONNECT collector:4317 HTTP/1.1\r\nHost: collector:4317\r\nUser-Agent: nanospan\r\n"
            "Proxy-Authorization: Basic dXNlcjo=\r\n\r\n");
  EXPECT_EQ(tunnel.via, " through the proxy http://proxy:3128");
  EXPECT_EQ(route_to(parse_url("http://[fd00::1]").value(), &proxy, true).connect_head.substr(0, 31),
            "CONNECT [fd00::1]:80 HTTP/1.1\r\n");
  EXPECT_EQ(route_to(parse_url("http://a").value(), &proxy, false).connect_head, "");
  const Route socket = route_to(parse_url("unix:/run/otlp.sock").value(), &proxy, true);
  EXPECT_EQ(socket.host + socket.connect_head + socket.via, "/run/otlp.sock") << "a proxy cannot reach it";
}

}  // namespace
}  // namespace nanospan::net
