// GrpcClient: unary gRPC calls to one origin, over one HTTP/2 connection or, balanced, one to each of its addresses, on
// one EventLoop.
//
// Calls share a connection, as many at a time as both sides allow; more open another one, up to connections_max, or
// wait in a bounded queue. Connections are opened by the first call and again, after a jittered back-off, by the next
// one after one broke. Everything is for the loop's thread; completions run there too, never from within call() or
// cancel(), and each exactly once, unless the client is destroyed or abandoned first (then never).
//
// One deadline covers a call from call() to the last byte of the answer, and goes to the server as grpc-timeout. A call
// is sent again by itself only where the server certainly did not process it (GOAWAY below its stream, REFUSED_STREAM),
// or, if it is `repeatable`, once, where a connection that had served others died before a byte of the answer came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/grpc_framing.h"
#include "net/http2_session.h"
#include "net/http_failure.h"
#include "net/http_message.h"
#include "net/proxy.h"
#include "net/resolver.h"
#include "net/url.h"

namespace nanospan::net {

struct GrpcRequest {
  std::string path;              ///< "/package.Service/Method"
  std::vector<Header> metadata;  ///< Names in lower case; content-type, te and grpc-timeout are added.
  bool compressed = false;       ///< The message is compressed, as a grpc-encoding in `metadata` says.
  /// The message, as slices that are sent as they are. They must stay unchanged for as long as `owner` is held, which
  /// is until the last byte is written or the connection is gone; that may be after the completion.
  std::vector<std::string_view> message;
  std::shared_ptr<const void> owner;
  base::Deadline deadline;
  bool repeatable = false;                    ///< Receiving it twice does no harm.
  std::size_t response_bytes_max = 4u << 20;  ///< Larger answers fail with kResponseTooLarge.
};

/// How a call ended: with the peer's status, or with none and why.
struct GrpcReply {
  bool answered = false;  ///< The peer sent `status` (or an HTTP status that stands for one).
  bool is_http = false;   ///< It is an HTTP status that stands for one: the peer may not speak gRPC.
  GrpcStatus status;      ///< If not answered: what gRPC would call it.
  std::string message;    ///< With kOk: the serialized answer.
  /// Of `message`: empty if it is plain; else the grpc-encoding of the request, in which servers may answer though
  /// nobody asked for it (grpc-go does).
  std::string encoding;
  // If not answered:
  HttpFailure failure = HttpFailure::kSystem;
  bool may_have_arrived = false;  ///< False if the peer certainly did not process the call.
};

/// gRPC's load-balancing policies of these names (grpc doc/load-balancing.md).
enum class GrpcBalancing : std::uint8_t {
  kPickFirst,   ///< All calls go to the first address that answers.
  kRoundRobin,  ///< To all in turn; the name is looked up again when a connection ends or cannot be made.
};

struct GrpcClientOptions {
  Url origin;             ///< Path ignored.
  std::string authority;  ///< The `:authority` of calls; empty: the origin's.
  GrpcBalancing balancing = GrpcBalancing::kPickFirst;
  std::uint32_t streams_max = 100;    ///< Calls at a time on a connection; the peer may allow less.
  std::size_t connections_max = 1;    ///< To one backend; another is opened when all streams of the others are taken.
  std::size_t queued_calls_max = 64;  ///< Calls that wait for the connection or for a stream.
  /// A PING when calls are in flight and nothing came for so long. Servers of gRPC end connections that send more than
  /// one in five minutes ("too_many_pings"); when one does, the time is doubled.
  std::uint64_t keepalive_nanos = base::kNever;
  std::uint64_t keepalive_timeout_nanos = 20 * base::kNanosPerSecond;  ///< Also of the PING after a call's deadline.
  std::uint64_t backoff_initial_nanos = 200 * base::kNanosPerMilli;    ///< Before connecting again; doubled each time,
  std::uint64_t backoff_nanos_max = 5 * base::kNanosPerSecond;         ///< up to this.
  Http2SessionOptions session;
  Resolver::Lookup lookup;                ///< Empty: getaddrinfo. Called on a thread of its own.
  StreamFactory make_stream;              ///< Empty: the plain socket. Required for https origins.
  std::optional<Proxy> proxy;             ///< Asked for a tunnel. Nothing: directly.
  std::function<std::uint64_t()> random;  ///< Bits for jitter; empty: a generator of its own.
};

class GrpcClient {
 public:
  using CallId = std::uint64_t;
  using OnDone = UniqueFunction<void(GrpcReply)>;

  struct Counters {
    std::uint64_t calls = 0, answered = 0, failed = 0, repeated = 0;
    std::uint64_t connections_opened = 0, goaways = 0;
  };

  /// Fails with kInvalidArgument or kUnsupported (https without a make_stream). `loop` must outlive the client.
  static Result<std::unique_ptr<GrpcClient>> create(EventLoop& loop, GrpcClientOptions options);
  ~GrpcClient();
  GrpcClient(const GrpcClient&) = delete;
  GrpcClient& operator=(const GrpcClient&) = delete;

  /// Starts a call. `done` is called later, once, on the loop's thread.
  CallId call(GrpcRequest request, OnDone done);
  /// Ends a call with kCancelled, soon; nothing happens if it is done already.
  void cancel(CallId id);
  /// Cancels all calls and closes the connections. The client can be used again.
  void cancel_all();

  std::size_t in_flight() const;  ///< Sent or waiting.
  const Counters& counters() const;

  /// In the child of a fork, after EventLoop::abandon_after_fork(): drops every call and descriptor, calls nothing
  /// back.
  void abandon_after_fork();

 private:
  explicit GrpcClient(std::shared_ptr<class GrpcChannel> channel) : channel_(std::move(channel)) {}
  std::shared_ptr<class GrpcChannel> channel_;
};

}  // namespace nanospan::net
