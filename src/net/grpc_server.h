// GrpcHandler: unary gRPC (grpc doc/PROTOCOL-HTTP2.md) on HttpServer, next to whatever else the port serves.
//
// A request whose content-type is application/grpc is a call and goes to the GrpcService; all others go to another
// handler, if there is one. The service sees whole messages, in blocks of their exact size, as they came: inflating is
// its affair, where its limits are. Failures go out as "trailers-only" answers.
//
// Called on all loops of the server at once; the handler itself is constant. Shared ownership, as for HttpHandler.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "net/grpc_framing.h"
#include "net/http_server.h"

namespace nanospan::net {

/// Answers one call, from any thread, once. Destroyed without an answer: UNKNOWN.
class GrpcResponder {
 public:
  explicit GrpcResponder(Responder responder) : responder_(std::move(responder)) {}
  /// `message` is the serialized answer; it goes out uncompressed.
  void succeed(std::string_view message);
  void fail(const GrpcStatus& status);

 private:
  Responder responder_;
};

class GrpcService {
 public:
  virtual ~GrpcService() = default;

  struct Decision {
    GrpcStatus status;                   ///< Not OK: the call is answered with it, and its message is not read.
    std::size_t message_bytes_max = 0;   ///< As sent, compressed or not. Above: RESOURCE_EXHAUSTED.
    std::unique_ptr<BodyTicket> ticket;  ///< Is asked to grow to the message's size before it is received.
  };
  /// A call begins. head.path() is "/package.Service/Method".
  virtual Decision on_call(const MessageHead& head) = 0;
  /// Its message is here: request.body, compressed with grpc-encoding if request.compressed.
  virtual void on_message(Request request, GrpcResponder responder) = 0;
  /// The transport refuses a call, for what HTTP calls `http_status`: 400 malformed, 405, 408 too slow, 413 message and
  /// 431 headers too large, 415 encoding, 500 not answered, 503 no memory, 504 deadline. status.message says it in
  /// words. What is sent is what this returns.
  virtual GrpcStatus on_refused(int /*http_status*/, GrpcStatus status, const MessageHead& /*head*/) { return status; }
  /// A request that is no call came, and there is no other handler for it; or one that would be a call, but over
  /// HTTP/1.1. What it is told, or nothing: a plain 415 or 505.
  virtual std::optional<Response> on_no_call(const MessageHead& /*head*/) { return std::nullopt; }
};

class GrpcHandler final : public HttpHandler {
 public:
  /// `encodings` are those of grpc-encoding that the service can read, next to "identity". `other` may be null: what is
  /// no call is then answered 415.
  GrpcHandler(std::shared_ptr<GrpcService> service, std::vector<std::string> encodings,
              std::shared_ptr<HttpHandler> other);

  Admission on_headers(const MessageHead& head) override;
  void on_request(Request request, Responder responder) override;
  Response on_refused(int status, std::string_view reason, const MessageHead* head) override;
  bool on_input_kept(std::size_t bytes, std::unique_ptr<BodyTicket>& ticket) override;

 private:
  struct Fault {
    int http_status = 0;  // 0: none
    GrpcStatus status;
  };
  Fault check(const MessageHead& head) const;

  const std::shared_ptr<GrpcService> service_;
  const std::vector<std::string> encodings_;
  const std::string accepted_;  // of grpc-accept-encoding
  const std::shared_ptr<HttpHandler> other_;
};

/// A "trailers-only" answer.
Response grpc_failure(const GrpcStatus& status);

}  // namespace nanospan::net
