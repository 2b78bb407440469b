// cpp-httplib adapter: traces the requests that an httplib::Server answers and an httplib::Client sends.
//
//   httplib::Server server;
//   nanospan::adapters::trace(server);
//   server.Get(R"(/orders/(\d+))", nanospan::adapters::route("/orders/{id}", find_order));
//
//   nanospan::adapters::TracedClient payments("http://127.0.0.1:9000");
//   httplib::Result result = payments.send(request, "/charges");   // a client span, its context in the headers
//
// Every request that reaches the server's routing gets one server span, from before routing until the response has been
// written, with the W3C context of the caller as its parent. While the handler runs, the span is current on its thread:
// spans started there are its children, and nanospan::current_span() adds to it. Names, attributes and status follow
// the stable semantic conventions for HTTP spans (semantic-conventions docs/http/http-spans.md).
//
// Header only, optional, and links nothing: without an SDK in the process it only passes requests on. Written for
// cpp-httplib 0.11, and only with its public interface. Thread-safety: that of the httplib object. One worker thread
// handles one request from start to end, so the request's span lives in a thread-local and needs no lock.
#pragma once

#include <httplib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanospan/nanospan.h>
#include <nanospan/propagation.h>

namespace nanospan {
inline namespace v0 {
namespace adapters {

/// httplib::Server has one pre-routing handler and one logger, and trace() takes both: give yours here.
struct HttplibServerOptions {
  std::string scheme = "http";  ///< "https" for an httplib::SSLServer, or behind a proxy that ends TLS.
  httplib::Server::HandlerWithResponse pre_routing = nullptr;  ///< Runs within the span.
  httplib::Logger logger = nullptr;                            ///< Runs after the span has ended.
};

/// Traces all requests of `server` from now on. Call it once, before listen().
void trace(httplib::Server& server, HttplibServerOptions options = {});

/// A handler that runs `handler` and tells the request's span which route it is: `path_template` as people write it
/// ("/orders/{id}"), of which there are few, while there are many paths. Works for every method. An exception that
/// leaves the handler is recorded and goes on to cpp-httplib. Does no harm on a server that is not traced.
httplib::Server::Handler route(std::string path_template, httplib::Server::Handler handler);

/// An httplib::Client that makes a client span of each request and injects the span's context into its headers.
class TracedClient {
 public:
  /// `scheme_host_port` as httplib::Client takes it: "http://host:port".
  explicit TracedClient(const std::string& scheme_host_port);

  /// Sends the request. `url_template` ("/charges/{id}"), if there is one, becomes part of the span's name.
  httplib::Result send(httplib::Request request, std::string_view url_template = {});
  /// For timeouts, keep-alive and the like.
  httplib::Client& client() { return client_; }

 private:
  httplib::Client client_;
  std::string origin_;  // "http://host:port"
  std::string host_;
  int port_;  // 0 = not known
};

// -- Implementation ---------------------------------------------------------------------------------------------------

namespace detail_httplib {

inline constexpr std::string_view kNoMethod = "HTTP";  // the name's method where http.request.method is "_OTHER"

inline Tracer& tracer() {
  static Tracer tracer({.name = "nanospan.adapters.httplib"});
  return tracer;
}

/// http-spans.md "http.request.method": known methods as they are, any other is "_OTHER", so that a peer cannot make up
/// endless names.
inline std::string_view known_method(std::string_view method) {
  constexpr std::array<std::string_view, 9> known = {"GET",     "HEAD",  "POST",  "PUT",    "DELETE",
                                                     "CONNECT", "TRACE", "PATCH", "OPTIONS"};
  const auto* const found = std::find(known.begin(), known.end(), method);
  return found == known.end() ? std::string_view("_OTHER") : *found;
}

/// "{method} {route}", or "{method}" where no route is known (http-spans.md "Name").
inline std::string span_name(std::string_view method, std::string_view route) {
  std::string name(method == "_OTHER" ? kNoMethod : method);
  if (!route.empty()) name.append(" ").append(route);
  return name;
}

struct HostPort {
  std::string_view host;
  int port = 0;  // 0 = not given
};
/// "host", "host:port", "[v6]:port"; brackets do not belong to the host.
inline HostPort split_authority(std::string_view authority) {
  HostPort parts{authority};
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    parts.host = authority.substr(0, colon);
    std::uint16_t port = 0;
    const std::string_view digits = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error == std::errc() && end == digits.data() + digits.size()) parts.port = port;
  }
  if (bracket != std::string_view::npos && parts.host.starts_with('[')) parts.host = parts.host.substr(1, bracket - 1);
  return parts;
}

/// attributes registry "url.query": values of known signatures and keys are secrets; the parameter's name stays.
inline std::string redact_query(std::string_view query) {
  constexpr std::array<std::string_view, 4> secrets = {"AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature"};
  std::string safe;
  for (std::size_t at = 0; at <= query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string_view parameter = query.substr(at, end - at);
    const std::string_view name = parameter.substr(0, parameter.find('='));
    if (at != 0) safe += '&';
    if (name.size() != parameter.size() && std::find(secrets.begin(), secrets.end(), name) != secrets.end()) {
      safe.append(name).append("=REDACTED");
    } else {
      safe.append(parameter);
    }
    at = end + 1;
  }
  return safe;
}

inline std::string_view first_header(const httplib::Headers& headers, const char* name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

/// cpp-httplib percent-decodes header values before anybody sees them, and W3C Baggage carries its values encoded. This
/// encodes again what cannot stand in that header as it is: controls, quotes, backslashes, all beyond ASCII, and blanks
/// within a value. A decoded "," or ";" cannot be told from one that separates, so it does (docs/interop.md).
inline std::string encoded_baggage(std::string_view header) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view blanks = " \t";
  constexpr std::string_view separators = ",;=";
  std::string encoded;
  bool in_value = false;  // Something other than a separator stands before.
  for (std::size_t at = 0; at < header.size(); ++at) {
    const auto byte = static_cast<unsigned char>(header[at]);
    bool keep = byte > 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
    if (blanks.find(header[at]) != std::string_view::npos) {
      const std::size_t next = header.find_first_not_of(blanks, at);
      keep = !in_value || next == std::string_view::npos || separators.find(header[next]) != std::string_view::npos;
    } else {
      in_value = separators.find(header[at]) == std::string_view::npos;
    }
    if (keep) {
      encoded += header[at];
    } else {
      encoded.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
  }
  return encoded;
}

class HeaderGetter final : public TextMapGetter {
 public:
  explicit HeaderGetter(const httplib::Headers& headers) : headers_(headers) {}
  std::string_view get(std::string_view key) const override {
    const auto found = headers_.find(std::string(key));
    return found == headers_.end() ? std::string_view() : std::string_view(found->second);
  }
  std::vector<std::string> get_all(std::string_view key) const override {
    std::vector<std::string> values;
    const auto [begin, end] = headers_.equal_range(std::string(key));
    for (auto at = begin; at != end; ++at) {
      values.push_back(key == "baggage" ? encoded_baggage(at->second) : at->second);
    }
    return values;
  }

 private:
  const httplib::Headers& headers_;
};

class HeaderSetter final : public TextMapSetter {
 public:
  explicit HeaderSetter(httplib::Headers& headers) : headers_(headers) {}
  void set(std::string_view key, std::string_view value) override {
    headers_.erase(std::string(key));
    headers_.emplace(key, value);
  }

 private:
  httplib::Headers& headers_;
};

/// Attributes that are known at the start, for the sampler to see, in an array on the stack.
class StartAttributes {
 public:
  void add(std::string_view key, const AttributeValue& value) { attributes_[count_++] = {key, value}; }
  void add_text(std::string_view key, std::string_view value) {
    if (!value.empty()) add(key, value);
  }
  operator Attributes() const { return std::span<const Attribute>(attributes_.data(), count_); }

 private:
  std::array<Attribute, 16> attributes_;
  std::size_t count_ = 0;
};

/// The request that this worker thread is answering.
class ServerRequest {
 public:
  static ServerRequest& of_this_thread() {
    thread_local ServerRequest request;
    return request;
  }

  void begin(const httplib::Request& request, const std::string& scheme) {
    finish();  // One that never reached the logger, because a handler of the user's threw outside of routing.
    const std::string_view method = known_method(request.method);
    const HostPort server = split_authority(first_header(request.headers, "Host"));
    const std::size_t question = request.target.find('?');
    std::string query;
    if (question != std::string::npos) query = redact_query(std::string_view(request.target).substr(question + 1));

    StartAttributes attributes;
    attributes.add("http.request.method", method);
    if (method == "_OTHER") attributes.add("http.request.method_original", std::string_view(request.method));
    attributes.add("url.path", std::string_view(request.target).substr(0, question));
    attributes.add_text("url.query", query);
    attributes.add("url.scheme", std::string_view(scheme));
    attributes.add_text("server.address", server.host);
    if (server.port != 0) attributes.add("server.port", server.port);
    attributes.add_text("client.address", request.remote_addr);
    attributes.add_text("network.peer.address", request.remote_addr);
    if (request.remote_port > 0) attributes.add("network.peer.port", request.remote_port);
    if (request.version.starts_with("HTTP/")) {
      attributes.add("network.protocol.version", std::string_view(request.version).substr(5));
    }
    attributes.add_text("user_agent.original", first_header(request.headers, "User-Agent"));

    remote_.emplace(extract(HeaderGetter(request.headers), Context::root()));  // with the caller's baggage
    method_ = method;
    span_ = tracer().start_span(span_name(method, {}), {.kind = SpanKind::kServer, .attributes = attributes});
    active_.emplace(span_);
  }

  void set_route(const std::string& path_template) {
    if (!span_.is_recording()) return;
    span_.set("http.route", path_template);
    span_.update_name(span_name(method_, path_template));
  }

  void record(const std::exception& exception) {
    failed_ = true;
    if (!span_.is_recording()) return;
    span_.record_exception(exception).set("error.type", nanospan::detail::ClassName(exception).text());
    span_.set_status(StatusCode::kError, exception.what());
  }

  /// Something was thrown that is no std::exception: its type is not known here.
  void record_unknown() {
    failed_ = true;
    span_.set("error.type", "_OTHER");
    span_.set_status(StatusCode::kError, "the handler threw something that is no std::exception");
  }

  /// http-spans.md "Status": of a server, only 5xx is an error; 4xx is the client's.
  void respond(int status) {
    span_.set("http.response.status_code", status);
    if (status < 500 || failed_) return;
    span_.set("error.type", std::to_string(status));
    span_.set_status(StatusCode::kError);
  }

  void finish() {
    active_.reset();
    remote_.reset();
    span_.end();
    failed_ = false;
  }

 private:
  Span span_;
  std::optional<Scope> remote_;
  std::optional<Scope> active_;
  std::string_view method_;  // a literal of known_method()
  bool failed_ = false;
};

}  // namespace detail_httplib

inline void trace(httplib::Server& server, HttplibServerOptions options) {
  using detail_httplib::ServerRequest;
  server.set_pre_routing_handler([scheme = std::move(options.scheme), inner = std::move(options.pre_routing)](
                                     const httplib::Request& request, httplib::Response& response) {
    ServerRequest::of_this_thread().begin(request, scheme);
    return inner ? inner(request, response) : httplib::Server::HandlerResponse::Unhandled;
  });
  // The logger is the one hook that every routed request reaches, after its last byte was handed to the socket.
  server.set_logger(
      [inner = std::move(options.logger)](const httplib::Request& request, const httplib::Response& response) {
        ServerRequest::of_this_thread().respond(response.status);
        ServerRequest::of_this_thread().finish();
        if (inner) inner(request, response);
      });
}

inline httplib::Server::Handler route(std::string path_template, httplib::Server::Handler handler) {
  return [path_template = std::move(path_template), handler = std::move(handler)](const httplib::Request& request,
                                                                                  httplib::Response& response) {
    detail_httplib::ServerRequest::of_this_thread().set_route(path_template);
    try {
      handler(request, response);
    } catch (const std::exception& exception) {
      detail_httplib::ServerRequest::of_this_thread().record(exception);
      throw;
    } catch (...) {
      detail_httplib::ServerRequest::of_this_thread().record_unknown();
      throw;
    }
  };
}

inline TracedClient::TracedClient(const std::string& scheme_host_port)
    : client_(scheme_host_port), origin_(scheme_host_port) {
  const std::size_t scheme = origin_.find("://");
  const detail_httplib::HostPort server =
      detail_httplib::split_authority(std::string_view(origin_).substr(scheme == std::string::npos ? 0 : scheme + 3));
  host_ = server.host;
  port_ = server.port != 0 ? server.port : origin_.starts_with("https:") ? 443 : 80;
}

inline httplib::Result TracedClient::send(httplib::Request request, std::string_view url_template) {
  const std::string_view method = detail_httplib::known_method(request.method);
  const std::size_t question = request.path.find('?');
  std::string url = origin_ + request.path.substr(0, question);
  if (question != std::string::npos) {
    url += "?" + detail_httplib::redact_query(std::string_view(request.path).substr(question + 1));
  }
  detail_httplib::StartAttributes attributes;
  attributes.add("http.request.method", method);
  if (method == "_OTHER") attributes.add("http.request.method_original", std::string_view(request.method));
  attributes.add("server.address", std::string_view(host_));
  attributes.add("server.port", port_);
  attributes.add("url.full", std::string_view(url));

  Span span = detail_httplib::tracer().start_span(detail_httplib::span_name(method, url_template),
                                                  {.kind = SpanKind::kClient, .attributes = attributes});
  {
    const Scope scope(span);
    detail_httplib::HeaderSetter headers(request.headers);
    inject(headers);
  }
  httplib::Result result = client_.send(request);
  if (!result) {
    span.set("error.type", httplib::to_string(result.error()));
    span.set_status(StatusCode::kError, httplib::to_string(result.error()));
    return result;
  }
  span.set("http.response.status_code", result->status);
  if (result->version.starts_with("HTTP/")) {
    span.set("network.protocol.version", std::string_view(result->version).substr(5));
  }
  // http-spans.md "Status": of a client, 4xx and 5xx are errors.
  if (result->status >= 400) {
    span.set("error.type", std::to_string(result->status));
    span.set_status(StatusCode::kError);
  }
  return result;
}

}  // namespace adapters
}  // namespace v0
}  // namespace nanospan
