// LINK: nanospan_setup nanospan_net
// Texts of OTEL_* variables and of those of proxies, which others than the program's author write: endpoints and
// key=value lists. What is accepted is whole, and what is read once reads the same when it is written again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/proxy.h"
#include "net/url.h"
#include "setup/key_values.h"

namespace {

using namespace nanospan;

void check_url(std::string_view text) {
  const Result<net::Url> url = net::parse_url(text);
  if (!url) return;
  if (url->host.empty() || !url->path.starts_with('/')) std::abort();
  if (url->shown().find('?') != std::string::npos) std::abort();  // what follows may be a key, and is not for messages
  const Result<net::Url> again = net::parse_url(net::before_path(url->origin()) + url->path);
  if (!again || again->host != url->host || again->port != url->port || again->path != url->path) std::abort();
  if (again->socket != url->socket) std::abort();
}

void check_proxy(std::string_view text) {
  if (const Result<net::Proxy> proxy = net::parse_proxy(text); proxy.ok()) {
    if (proxy->url.host.empty() || !proxy->url.socket.empty() || proxy->url.port == 0) std::abort();
    const net::Route route = net::route_to(net::parse_url("https://a").value(), &*proxy, true);
    if (route.connect_head.find("\r\n\r\n") + 4 != route.connect_head.size())
      std::abort();  // one head, whatever it has
  }
  // A password is in no message, whatever it is: it is one of the three of any other. (In user://... user is a scheme.)
  for (const std::string scheme : {"", "http://"}) {
    const auto refusal = [&](std::string_view password) {
      return net::parse_proxy(scheme + "user:" + std::string(password) + "@proxy:0").error().message;
    };
    const std::string said = refusal(text);
    if (said != refusal("x") && said != refusal("/") && said != refusal("//")) std::abort();
  }
  for (const char* origin : {"http://a.b.example:80", "http://10.1.2.3", "https://[fd00::1]"}) {
    const net::Url url = net::parse_url(origin).value();
    const auto proxied = [&](const std::string& no_proxy) {
      return !net::choose_proxy({"http://p", "http://p", no_proxy}, url, false).url.empty();
    };
    const std::string list(text);
    if (proxied(list + ",") != proxied(list) || proxied("," + list) != proxied(list)) std::abort();
    if (proxied(list + ",*")) std::abort();
  }
}

void check_key_values(std::string_view text) {
  const Result<setup::KeyValues> pairs = setup::parse_key_values(text);
  if (!pairs) return;
  const auto commas = static_cast<std::size_t>(std::count(text.begin(), text.end(), ','));
  if (pairs->size() > commas + 1) std::abort();
  for (const auto& [key, value] : *pairs) {
    if (key.empty() || key.size() + value.size() > text.size()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_url(text);
  check_proxy(text);
  check_key_values(text);
  return 0;
}
