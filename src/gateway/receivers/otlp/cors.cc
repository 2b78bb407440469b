// The CORS protocol for one resource that takes POST. Pure, any thread.
#include "gateway/receivers/otlp/cors.h"

#include <algorithm>

namespace nanospan::gateway {
namespace {

/// `pattern` is an origin, or one with a single "*" that stands for anything ("https://*.example.com").
bool matches(std::string_view pattern, std::string_view origin) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return net::equals_ignoring_case(pattern, origin);
  const std::string_view before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return origin.size() >= before.size() + after.size() &&
         net::equals_ignoring_case(origin.substr(0, before.size()), before) &&
         net::equals_ignoring_case(origin.substr(origin.size() - after.size()), after);
}

bool is_allowed(const CorsOptions& options, std::string_view origin) {
  return !origin.empty() && std::any_of(options.allowed_origins.begin(), options.allowed_origins.end(),
                                        [&](const std::string& pattern) { return matches(pattern, origin); });
}

/// Not where any origin at all is allowed: "*" and credentials exclude each other (Fetch standard, "CORS protocol and
/// credentials").
bool may_have_credentials(const CorsOptions& options) {
  return std::find(options.allowed_origins.begin(), options.allowed_origins.end(), "*") ==
         options.allowed_origins.end();
}

std::string join(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out.append(out.empty() ? "" : ", ").append(item);
  return out;
}

}  // namespace

std::optional<net::Response> preflight_answer(const CorsOptions& options, const net::MessageHead& head) {
  const std::string_view origin = head.headers.find("Origin").value_or("");
  if (head.method() != "OPTIONS" || !head.headers.find("Access-Control-Request-Method") || !is_allowed(options, origin))
    return std::nullopt;
  net::Response response;
  response.status = 204;
  add_cors_headers(options, origin, response);
  response.headers.push_back({"Access-Control-Allow-Methods", "POST"});
  // "*" in the configuration allows what is asked for: the header's own "*" is not understood by all browsers.
  const bool all =
      std::find(options.allowed_headers.begin(), options.allowed_headers.end(), "*") != options.allowed_headers.end();
  std::string headers = all ? std::string(head.headers.find("Access-Control-Request-Headers").value_or(""))
                            : join(options.allowed_headers);
  if (!all) headers.append(headers.empty() ? "" : ", ").append("Content-Type, Content-Encoding");
  if (!headers.empty()) response.headers.push_back({"Access-Control-Allow-Headers", std::move(headers)});
  if (options.max_age_seconds != 0)
    response.headers.push_back({"Access-Control-Max-Age", std::to_string(options.max_age_seconds)});
  return response;
}

void add_cors_headers(const CorsOptions& options, std::string_view origin, net::Response& response) {
  if (!is_allowed(options, origin)) return;
  response.headers.push_back({"Access-Control-Allow-Origin", std::string(origin)});
  response.headers.push_back({"Vary", "Origin"});
  if (may_have_credentials(options)) response.headers.push_back({"Access-Control-Allow-Credentials", "true"});
  if (!options.exposed_headers.empty())
    response.headers.push_back({"Access-Control-Expose-Headers", join(options.exposed_headers)});
}

}  // namespace nanospan::gateway
