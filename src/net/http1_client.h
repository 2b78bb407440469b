// Http1Client: an asynchronous HTTP/1.1 client for one origin, on one EventLoop.
//
// Each connection carries one request at a time; several requests in flight use several connections, at most
// connections_max, kept alive between requests. More requests wait in a bounded queue. Everything is for the loop's
// thread; completions run there too, never from within send() or cancel(), and each exactly once, unless the client is
// destroyed or abandoned first (then never).
//
// One deadline covers a request from send() to the last byte of the answer: name resolution, connecting, sending,
// receiving. A request is sent again only if it is `repeatable`, it went out on a connection that had been kept alive,
// and that connection died before a byte of the answer came (RFC 9112, 9.3.1): the server closed it while we were
// writing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/http_failure.h"
#include "net/http_message.h"
#include "net/proxy.h"
#include "net/resolver.h"
#include "net/url.h"

namespace nanospan::net {

struct HttpError {
  HttpFailure failure = HttpFailure::kSystem;
  Error error;                    ///< One line for people, with the origin and the errno text.
  bool may_have_arrived = false;  ///< False if the peer certainly did not get the whole request.
};

/// A response, or why there is none.
struct HttpResult {
  HttpResult(Response answer) : response(std::move(answer)) {}
  HttpResult(HttpError why) : failed(true), error(std::move(why)) {}
  bool ok() const { return !failed; }

  bool failed = false;
  Response response;  ///< If ok(): any status. Header names as the peer wrote them; use find_header().
  HttpError error;    ///< If !ok().
};

struct HttpRequest {
  std::string method = "POST";
  std::string target = "/";  ///< Path and query.
  std::string authority;     ///< Of Host; empty: the origin's.
  /// Host, Content-Length and Connection are added by the client.
  std::vector<Header> headers;
  /// The body, as a list of slices that are sent as they are, together with the head, in one system call where it fits.
  /// They must stay unchanged until the completion ran; keep them alive yourself or through body_owner.
  std::vector<std::string_view> body;
  std::shared_ptr<const void> body_owner;
  base::Deadline deadline;
  bool repeatable = false;                         ///< Receiving it twice does no harm.
  std::size_t response_body_bytes_max = 4u << 20;  ///< OTLP exporter specification: responses above 4 MiB are errors.
};

struct Http1ClientOptions {
  Url origin;  ///< Path ignored.
  std::size_t connections_max = 8;
  std::size_t queued_requests_max = 64;                   ///< Requests that wait for a connection.
  std::uint64_t idle_nanos = 50 * base::kNanosPerSecond;  ///< Below the 60 s after which common servers close.
  std::size_t response_head_bytes_max = 32u << 10;
  Resolver::Lookup lookup;    ///< Empty: getaddrinfo. Called on a thread of its own.
  StreamFactory make_stream;  ///< Empty: the plain socket. Required for https origins.
  /// https goes through its tunnels; http is sent to it with the whole URL (RFC 9112, 3.2.2). Nothing: directly.
  std::optional<Proxy> proxy;
};

class Http1Client {
 public:
  using RequestId = std::uint64_t;
  using OnDone = UniqueFunction<void(HttpResult)>;

  struct Counters {
    std::uint64_t requests = 0, responses = 0, failures = 0, repeated = 0;
    std::uint64_t connections_opened = 0, connections_reused = 0;
    std::uint64_t bytes_sent = 0, bytes_received = 0;
  };

  /// Fails with kInvalidArgument or kUnsupported (https without a make_stream). `loop` must outlive the client.
  static Result<std::unique_ptr<Http1Client>> create(EventLoop& loop, Http1ClientOptions options);
  ~Http1Client();
  Http1Client(const Http1Client&) = delete;
  Http1Client& operator=(const Http1Client&) = delete;

  /// Starts a request. `done` is called later, once, on the loop's thread.
  RequestId send(HttpRequest request, OnDone done);
  /// Ends a request with kCancelled, soon; nothing happens if it is done already.
  void cancel(RequestId id);
  /// Cancels all requests and closes all connections. The client can be used again.
  void cancel_all();

  std::size_t in_flight() const;  ///< Sent or waiting.
  const Counters& counters() const;

  /// In the child of a fork, after EventLoop::abandon_after_fork(): drops every request and descriptor, calls nothing
  /// back.
  void abandon_after_fork();

 private:
  explicit Http1Client(std::shared_ptr<class Http1ClientPool> pool) : pool_(std::move(pool)) {}
  std::shared_ptr<class Http1ClientPool> pool_;
};

}  // namespace nanospan::net
