// Http2Session: one HTTP/2 connection (RFC 9113) without its socket: bytes in, events out; calls in, bytes out.
//
// One wrapper over nghttp2 for both ends. Knows frames, HPACK, flow control and the limits that keep a hostile peer
// cheap; knows nothing of sockets, time and threads, so that tests drive two of them against each other, byte by byte.
//
// Flow control is ours, not nghttp2's: credit for a stream goes back when its bytes were taken (consume_stream), for
// the connection when whoever takes requests says so (consume_connection). That is the back-pressure.
//
// Not thread-safe. Events are called from within receive() and gather(); they may call anything here but those two, and
// must not destroy the session. Bodies to send are not copied: their owner is held until they are written or given up.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "net/http2_fields.h"
#include "net/http2_output.h"
#include "net/http_message.h"

struct nghttp2_session;

namespace nanospan::net {

/// Error codes of RFC 9113, 7, that are used here.
enum class Http2Code : std::uint32_t {
  kNoError = 0,
  kProtocolError = 1,
  kInternalError = 2,
  kRefusedStream = 7,
  kCancel = 8,
  kEnhanceYourCalm = 11,
};

struct Http2SessionOptions {
  std::uint32_t streams_max = 128;                   ///< That the peer may open at a time.
  std::uint32_t stream_window_bytes = 1u << 20;      ///< Received, not taken yet: of one stream,
  std::uint32_t connection_window_bytes = 4u << 20;  ///< and of all together.
  std::uint32_t frame_bytes_max = 256u << 10;        ///< Of one received DATA frame; nghttp2 does not hold them.
  std::uint32_t header_list_bytes_max = 32u << 10;   ///< Fields of one block, as RFC 9113, 6.5.2 counts them.
  std::uint64_t resets_burst_max = 1000;             ///< Rapid reset (CVE-2023-44487): then the connection ends.
  std::uint64_t resets_per_second_max = 33;
  std::size_t continuations_max = 8;       ///< CONTINUATION flood (CVE-2024-28182).
  std::size_t acks_queued_max = 1000;      ///< PING and SETTINGS acknowledgements that the peer does not read.
  std::int32_t first_stream = 1;           ///< Client: tests begin where identifiers end.
  std::uint32_t idle_frames_max = 10'000;  ///< Frames in a row that move no request forward.
};

/// A body to send: slices that stay where they are for as long as `owner` lives, which is held until they are written.
struct Http2Body {
  std::vector<std::string_view> slices;
  std::shared_ptr<const void> owner;  ///< Not null if there are slices.

  static Http2Body of(std::string bytes) {
    auto held = std::make_shared<const std::string>(std::move(bytes));
    const std::string_view slice = *held;
    return {{slice}, std::move(held)};
  }
};

class Http2Session {
 public:
  enum class Role : std::uint8_t { kClient, kServer };
  using StreamId = std::int32_t;

  class Events {
   public:
    virtual ~Events() = default;
    /// A whole header block: of a request (server), of a response, interim or final (client), or trailers. `too_large`:
    /// above header_list_bytes_max; `fields` are those that fitted.
    virtual void on_headers(StreamId stream, const Http2Fields& fields, bool too_large) = 0;
    /// Bytes of a body, in order. consume_stream() and consume_connection() them some time.
    virtual void on_data(StreamId stream, std::string_view bytes) = 0;
    /// The peer's side of the stream is complete.
    virtual void on_end(StreamId stream) = 0;
    /// The stream is gone, in order (kNoError) or not. The last word about it.
    virtual void on_closed(StreamId stream, Http2Code code) = 0;
    /// The peer ends the connection; streams above `last` were not processed, and are closed with kRefusedStream next.
    virtual void on_goaway(StreamId last, Http2Code code, std::string_view debug) = 0;
    virtual void on_ping(bool is_ack) = 0;
    /// Where the next `on_data` of this stream would best be received: the link reads straight to there.
    virtual std::span<char> room_for(StreamId /*stream*/) { return {}; }
  };

  static Result<std::unique_ptr<Http2Session>> create(Role role, const Http2SessionOptions& options, Events& events);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // --- bytes in ---

  /// Takes all of `bytes`. False: the peer broke the protocol beyond repair; write what gather() still gives, then
  /// close.
  bool receive(std::string_view bytes);
  /// In the middle of a DATA frame: how many bytes of it are to come, and where they would best be received.
  std::size_t data_left() const { return data_stream_ != 0 ? data_left_ : 0; }
  std::span<char> room_for_data() { return events_.room_for(data_stream_); }
  /// True within a header block that is not complete.
  bool in_headers() const { return in_headers_; }

  // --- bytes out ---

  /// The next bytes to write; 0: none for now.
  std::size_t gather(std::span<iovec> into);
  void sent(std::size_t bytes) { output_.sent(bytes); }
  /// Nothing more will be read or written: close.
  bool finished() const;
  /// What ended it, if the peer broke the protocol.
  const std::string& failure() const { return failure_; }
  bool flooded() const { return flooded_; }

  // --- messages ---

  /// Client: opens a stream. kUnavailable once the stream identifiers are used up or the peer said GOAWAY.
  Result<StreamId> request(std::span<const Http2Fields::Field> fields, Http2Body body);
  /// Server: answers. A body that is empty and no trailers end the stream with the headers. False if the stream is
  /// gone.
  bool respond(StreamId stream, std::span<const Http2Fields::Field> fields, Http2Body body,
               std::vector<Header> trailers);
  void reset(StreamId stream, Http2Code code);

  // --- flow control, and the connection as a whole ---

  void consume_stream(StreamId stream, std::size_t bytes);
  void consume_connection(std::size_t bytes);
  /// How many bytes of bodies the peer may send before it gets more credit, on all streams together (RFC 9113, 6.9.1).
  std::int64_t connection_credit() const;
  void ping();
  /// Server, first step of a graceful end: GOAWAY(2^31-1), "open no more streams" (RFC 9113, 6.8).
  void announce_shutdown();
  /// GOAWAY with the last stream taken; streams open now go on.
  void goaway(Http2Code code, std::string_view debug);
  /// GOAWAY and the end: finished() when it is written.
  void close(Http2Code code);
  /// Client: how many requests the peer takes at a time, and whether it takes more at all.
  std::uint32_t peer_streams_max() const;
  bool can_request() const;

 private:
  friend struct Http2Callbacks;
  struct Outgoing {
    Http2Body body;
    std::vector<Header> trailers;
    std::size_t slice = 0, offset = 0;
    std::uint64_t left = 0;
  };

  Http2Session(Role role, const Http2SessionOptions& options, Events& events);
  Status open();
  bool idle_frame();
  void on_goaway_sent(std::uint32_t code);
  Outgoing* stage(Http2Body body, std::vector<Header> trailers, std::unique_ptr<Outgoing>& holder);

  const Role role_;
  const Http2SessionOptions options_;
  Events& events_;
  nghttp2_session* session_ = nullptr;
  Http2Fields fields_;
  bool fields_too_large_ = false;
  std::size_t skipped_header_bytes_ = 0;
  bool in_headers_ = false;
  bool flooded_ = false;
  bool failed_ = false;
  bool goaway_received_ = false;
  std::uint32_t idle_frames_ = 0;
  std::uint64_t resets_unwritten_ = 0;
  StreamId data_stream_ = 0;
  std::size_t data_left_ = 0;
  std::string failure_;
  Http2Output output_;
  std::unordered_map<StreamId, std::unique_ptr<Outgoing>> outgoing_;
};

}  // namespace nanospan::net
