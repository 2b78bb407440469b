// GrpcConnection: one HTTP/2 connection of a GrpcClient, and the calls on it. Internal to the client.
//
// Loop thread only; owned by the channel, which destroys it when it is over (GrpcChannel::discard()).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/grpc_framing.h"
#include "net/http2_body_reader.h"
#include "net/http2_link.h"
#include "net/http2_session.h"
#include "net/http_failure.h"

namespace nanospan::net {

struct GrpcCall;
class GrpcChannel;

class GrpcConnection final : private Http2Session::Events, private Http2Link::Owner {
 public:
  explicit GrpcConnection(GrpcChannel& channel);
  ~GrpcConnection() override;

  Status open(std::unique_ptr<ByteStream> stream);
  /// It takes another call now.
  bool has_room() const;
  /// It will never take another one.
  bool spent() const { return !session_->can_request(); }
  /// False if the call could not be started; it is untouched then.
  bool start(GrpcCall& call);
  /// Takes the call off the connection.
  void forget(GrpcCall& call);
  bool answer_begun(const GrpcCall& call) const;
  /// A call's deadline passed without a byte from the peer: is it there at all?
  void probe(base::MonotonicNanos silent_since);
  /// Takes no more calls, and ends when those that it has are done.
  void retire();

 private:
  using StreamId = Http2Session::StreamId;
  struct Exchange {
    GrpcCall* call = nullptr;  // null: cancelled, its stream is not gone yet
    bool head_seen = false;
    bool ended = false;
    int http_status = 0;
    bool is_grpc = false;
    bool has_status = false;
    GrpcStatus status;
    std::string encoding;  // of the answer: empty, or that of the request
    Http2BodyReader body;
    HttpFailure failure = HttpFailure::kMalformedResponse;
    std::string failed;  // what was wrong with the answer, if anything
  };

  // Http2Session::Events
  void on_headers(StreamId id, const Http2Fields& fields, bool too_large) override;
  void on_data(StreamId id, std::string_view bytes) override;
  void on_end(StreamId id) override;
  void on_closed(StreamId id, Http2Code code) override;
  void on_goaway(StreamId last, Http2Code code, std::string_view debug) override;
  void on_ping(bool is_ack) override;
  // Http2Link::Owner
  void on_link_round(Http2Link::State state) override;

  void finish(Exchange& exchange, Http2Code code);
  void fail_answer(StreamId id, Exchange& exchange, HttpFailure failure, std::string what);
  void fail_all(Http2Link::State state);
  void close_when_done();
  void on_timer();
  void send_ping(base::MonotonicNanos now);
  void set_deadline(base::MonotonicNanos at);

  GrpcChannel& channel_;
  std::unique_ptr<Http2Session> session_;
  std::unique_ptr<Http2Link> link_;
  std::unordered_map<StreamId, Exchange> exchanges_;
  std::size_t calls_ = 0;  // exchanges with a call
  std::uint64_t calls_answered_ = 0;
  Timer timer_;
  std::uint64_t received_counted_ = 0;
  base::MonotonicNanos last_received_ = 0;
  base::MonotonicNanos pinged_at_ = base::kNever;
  bool ping_timed_out_ = false;
  bool retired_ = false;
  bool closing_ = false;
};

}  // namespace nanospan::net
