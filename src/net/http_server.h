// HttpServer: an asynchronous HTTP server over one or more EventLoops, built for large request bodies and hostile
// peers. It speaks HTTP/1.1 and, with HttpServerOptions::http2 set, HTTP/2 on the same port, told apart by the first
// bytes.
//
// How a request goes: its head is read and handed to HttpHandler::on_headers(), which admits it (with a cap on the
// body) or answers at once, before a byte of the body is read. The body is received straight into one block
// that grows with it, in steps that are charged; then on_request() gets it with a Responder, which may answer at once
// or later, from any thread, exactly once. Requests of one connection are handled one after the other, in order,
// pipelined ones too; while one is being answered nothing is read: that is the back-pressure.
//
// Threads: each listed loop accepts on its own SO_REUSEPORT socket and hands the connection to the loop that has the
// fewest (unix sockets: all accept on the same, and who wakes first takes one); there it stays. The handler is called
// on the loops' threads, so with several loops it must be thread-safe. The server holds the handler until the last loop
// let go. start(), counters(), begin_drain() and shutdown() may be called from any thread. The loops must outlive the
// server object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/body_block.h"
#include "net/byte_block.h"
#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/http_message.h"
#include "net/server_connection.h"

namespace nanospan::net {

/// What an admitted body is charged to; travels with the request and is destroyed with it, or when the body will never
/// come.
class BodyTicket {
 public:
  virtual ~BodyTicket() = default;
  /// About to hold `body_bytes` in all: asked as bytes arrive, in steps (BodyBlock), whatever length a head declares.
  /// `whole_bytes` is what the body will be at its end, as declared, else `body_bytes`. False: refuse the request
  /// with 503.
  virtual bool grow(std::size_t body_bytes, std::size_t whole_bytes) = 0;
};

/// How a request's body is made up.
enum class BodyFraming : std::uint8_t {
  kPlain,  ///< The body is the body.
  kGrpc,   ///< One gRPC message: "Compressed-Flag Message-Length Message" (gRPC over HTTP2, "Requests"). The five bytes
           ///< in front are checked and taken off.
};

/// on_headers()'s decision.
struct Admission {
  /// Read the body, of at most `body_bytes_max` bytes (413 above), and call on_request().
  static Admission accept(std::size_t body_bytes_max, std::unique_ptr<BodyTicket> ticket = nullptr) {
    Admission admission;
    admission.accepted = true;
    admission.body_bytes_max = body_bytes_max;
    admission.ticket = std::move(ticket);
    return admission;
  }
  /// Answer now; the body is never handed over (it is skipped if short, else the connection closes after the answer).
  static Admission answer(Response response) {
    Admission admission;
    admission.response = std::move(response);
    return admission;
  }

  bool accepted = false;
  std::size_t body_bytes_max = 0;
  std::unique_ptr<BodyTicket> ticket;
  BodyFraming framing = BodyFraming::kPlain;   ///< Anything but kPlain: HTTP/2 only.
  std::uint64_t timeout_nanos = base::kNever;  ///< HTTP/2 only: on_refused(504) answers if nobody did within it.
  Response response;
};

struct Request {
  MessageHead head;
  ByteBlock body;
  std::unique_ptr<BodyTicket> ticket;
  std::string peer;           ///< "address:port" of the other side.
  EventLoop* loop = nullptr;  ///< The loop that this connection lives on.
  bool compressed = false;    ///< BodyFraming::kGrpc: the message's Compressed-Flag.
};

/// Answers one request, from any thread. Destroyed without an answer: 500, and counted. Outliving the server is
/// harmless.
class Responder {
 public:
  Responder() = default;
  Responder(Responder&& other) noexcept;
  Responder& operator=(Responder&& other) noexcept;
  ~Responder();

  /// Sends the response; the Responder is spent afterwards. Never calls the handler back. REQUIRES: valid().
  void respond(Response response);
  /// For an answer that takes long: `gone` is called on Request::loop, at most once, if the peer closes before the
  /// answer. It should bring the answer about at once, as a peer may have closed its sending side only. HTTP/1.1 only.
  /// REQUIRES: valid(), and called on Request::loop.
  void on_peer_gone(Task gone);
  bool valid() const { return connection_ != 0; }

 private:
  friend class Http1Connection;
  friend class Http2Connection;
  void deliver(Response response, bool unanswered);
  Responder(std::shared_ptr<LoopHandle> loop, std::weak_ptr<class HttpShard> shard, std::uint64_t connection,
            std::uint32_t stream)
      : loop_(std::move(loop)), shard_(std::move(shard)), connection_(connection), stream_(stream) {}
  std::shared_ptr<LoopHandle> loop_;
  std::weak_ptr<class HttpShard> shard_;
  std::uint64_t connection_ = 0;
  std::uint32_t stream_ = 0;  // 0 in HTTP/1.1
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// The head is complete, nothing of the body has been kept. Called for every well-formed request, also those without
  /// a body.
  virtual Admission on_headers(const MessageHead& head) = 0;
  /// Input of later requests came along with this one's (pipelining), and is kept until it is their turn: `ticket` may
  /// get what it is charged to, and lives as long. False: no memory; the requests in it are refused with 503.
  virtual bool on_input_kept(std::size_t bytes, std::unique_ptr<BodyTicket>& ticket);
  /// The whole request is here.
  virtual void on_request(Request request, Responder responder) = 0;
  /// The server itself refuses: 400, 408, 413, 414, 431, 500, 501, 503 (no memory), 505. `head` is null if
  /// it was never completed. The answer's form is the handler's; its status stays. Default: the reason as plain text.
  virtual Response on_refused(int status, std::string_view reason, const MessageHead* head);
};

struct HttpServerOptions {
  /// An IP address, "localhost", "" for all addresses, or a unix socket as SocketAddress::parse() takes it. The
  /// socket's file is removed when the server listens no more.
  std::string host = "127.0.0.1";
  std::uint16_t port = 4318;  ///< 0: any free one; see HttpServer::port().
  std::size_t connections_max =
      10'000;  ///< In all; of TCP shared evenly by the loops. Above: accepted and closed at once, counted.
  std::size_t start_line_bytes_max = 8u << 10;
  std::size_t head_bytes_max = 32u << 10;
  std::size_t head_fields_max = 100;
  std::uint64_t head_nanos =
      10 * base::kNanosPerSecond;  ///< From a request's first byte to the end of its head (slow-loris).
  std::uint64_t idle_nanos = 60 * base::kNanosPerSecond;  ///< Between requests, and before the first.
  /// A body must have come at this pace, after the grace time; so a slow peer holds its admitted bytes for a bounded
  /// time.
  std::uint64_t body_bytes_per_second_min = 16u << 10;
  std::uint64_t body_grace_nanos = 10 * base::kNanosPerSecond;
  std::uint64_t write_nanos = 30 * base::kNanosPerSecond;  ///< For the peer to take a response.
  /// After an answer that ends the connection, for the peer to read it and close. Before that, who still sends a
  /// refused body may finish it, up to linger_bytes_max and within linger_nanos_max, no slower than above, and with no
  /// pause of body_grace_nanos; in a drain it may not.
  std::uint64_t linger_nanos = 2 * base::kNanosPerSecond;
  std::uint64_t linger_nanos_max = 60 * base::kNanosPerSecond;
  std::uint64_t linger_bytes_max = 64u << 20;
  /// What is still to come of a refused request's body is read away to keep the connection, up to this.
  std::size_t skip_body_bytes_max = 1u << 20;
  std::function<void()> on_over_limit;  ///< A connection was closed for connections_max. On a loop; may be empty.
  StreamFactory make_stream;            ///< Empty: the plain socket.
  Http2Protocol http2;                  ///< Takes connections that begin with the HTTP/2 preface. Empty: HTTP/1.1 only.
};

/// Everything that was refused or closed, by reason. Sums over all loops.
struct HttpServerCounters {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t connections_over_limit = 0;     ///< Closed at once: connections_max.
  std::uint64_t accept_failures = 0;            ///< EMFILE and alike; accepting pauses for a moment.
  std::uint64_t requests = 0;                   ///< Complete heads.
  std::uint64_t answered = 0;                   ///< Responses written to the end.
  std::uint64_t answered_by_handler_early = 0;  ///< on_headers() answered.
  std::uint64_t refused_malformed = 0;          ///< 400, 501, 505
  std::uint64_t refused_head_too_large = 0;     ///< 414, 431
  std::uint64_t refused_body_too_large = 0;     ///< 413
  std::uint64_t refused_ticket = 0;             ///< 503: a ticket or kept input was refused, or memory ran out.
  std::uint64_t closed_idle = 0;
  std::uint64_t closed_head_slow = 0;  ///< 408
  std::uint64_t closed_body_slow = 0;  ///< 408
  std::uint64_t closed_write_slow = 0;
  std::uint64_t closed_linger = 0;  ///< After its last answer, the peer did not close in time or sent without end.
  std::uint64_t closed_by_peer_in_head = 0;
  std::uint64_t closed_by_peer_in_body = 0;
  std::uint64_t closed_by_peer_in_response = 0;
  std::uint64_t closed_by_drain = 0;   ///< Still busy when the drain's deadline came.
  std::uint64_t unanswered = 0;        ///< Responders destroyed without an answer: 500 sent.
  std::uint64_t answers_too_late = 0;  ///< The connection was gone when the answer came.
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t http2_connections = 0;
  std::uint64_t http2_reset_by_peer = 0;    ///< Streams that the peer gave up before they were answered.
  std::uint64_t http2_protocol_errors = 0;  ///< Connections closed: the peer broke RFC 9113.
  std::uint64_t http2_floods = 0;           ///< Connections closed: resets, pings, settings, header fields without end.
  std::uint64_t http2_too_many_pings = 0;   ///< Connections closed: keepalive more often than allowed.
  std::uint64_t closed_ping_timeout = 0;    ///< The peer no longer answers.
  std::uint64_t closed_by_age = 0;
  std::uint64_t answer_deadlines = 0;  ///< 504, DEADLINE_EXCEEDED.
};

class HttpServer {
 public:
  /// Listens on every loop; when this returns, connections are accepted as soon as the loops run. The error names
  /// address and cause.
  static Result<std::unique_ptr<HttpServer>> start(std::vector<EventLoop*> loops, HttpServerOptions options,
                                                   std::shared_ptr<HttpHandler> handler);
  /// Closes everything at once (on the loops' threads). For a graceful end call shutdown() first.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  HttpServerCounters counters() const;

  /// Stops accepting, closes idle connections, lets requests in flight finish (answers carry Connection: close), and at
  /// the deadline closes what is left. `drained` runs once, on one of the loops, when the last connection is gone.
  /// Idempotent: a later call only tightens the deadline and its `drained` runs as well.
  void begin_drain(base::Deadline deadline, Task drained);
  /// begin_drain() and wait. True if all is closed; false at the deadline (loops that do not run). Not from a loop's
  /// thread.
  bool shutdown(base::Deadline deadline);

 private:
  struct State;
  explicit HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace nanospan::net
