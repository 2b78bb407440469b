// Http2Connection: one accepted HTTP/2 connection of an HttpServer. Internal to the server.
//
//   a stream:  on_headers() --> kBody --complete: on_request()--> kAnswering --> kAnswered --> gone
//                    |            |                                                ^
//                    +------------+-- refused (limit, too slow, early answer) -----+   its rest is thrown away
//
// Credit. A stream's goes back as its bytes arrive: they are charged to its ticket. The connection's is withheld for
// the bytes of complete requests that nobody has answered yet; they need no more credit to be answered, so nothing can
// deadlock, and a busy handler slows its peers down. While it is used up the peer may send nothing, and its bodies are
// not slow: their clocks stand.
//
// Pace. What all bodies of the connection bring counts for each of them: they share its bandwidth, in whatever order
// the peer likes. Up to the size that a body may have: so one that stands still does not live on its neighbours for
// ever.
//
// Loop thread only. Owned by its shard; may be destroyed at the end of a round, see on_link_round().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/http2_body_reader.h"
#include "net/http2_link.h"
#include "net/http2_server.h"
#include "net/http2_session.h"
#include "net/http_server.h"
#include "net/server_connection.h"

namespace nanospan::net {

class Http2Connection final : public ServerConnection, private Http2Session::Events, private Http2Link::Owner {
 public:
  Http2Connection(HttpShard& shard, std::uint64_t id, std::unique_ptr<ByteStream> stream, std::string peer,
                  std::string received, std::shared_ptr<const Http2ServerOptions> options);
  ~Http2Connection() override;

  void start() override;
  void answer(std::uint32_t stream, Response response) override;
  void answer_missing(std::uint32_t stream) override;
  void drain() override;
  void resume() override {}

 private:
  using StreamId = Http2Session::StreamId;
  struct Stream {
    enum class State : std::uint8_t { kBody, kAnswering, kAnswered };
    State state = State::kBody;
    MessageHead head;
    Http2BodyReader body;
    base::MonotonicNanos body_since = 0;
    std::uint64_t brought_before = 0;   // bytes of bodies on the connection when this one began,
    std::uint64_t withheld_before = 0;  // and nanoseconds without credit
    base::Deadline answer_by;
    std::size_t held = 0;  // bytes with the handler
  };
  enum class Ending : std::uint8_t { kNot, kNoticed, kLast };

  // Http2Session::Events
  void on_headers(StreamId id, const Http2Fields& fields, bool too_large) override;
  void on_data(StreamId id, std::string_view bytes) override;
  void on_end(StreamId id) override;
  void on_closed(StreamId id, Http2Code code) override;
  void on_goaway(StreamId last, Http2Code code, std::string_view debug) override;
  void on_ping(bool is_ack) override;
  std::span<char> room_for(StreamId id) override;
  // Http2Link::Owner
  void on_link_round(Http2Link::State state) override;

  void admit(StreamId id, Stream& stream);
  void dispatch(StreamId id, Stream& stream);
  void refuse(StreamId id, Stream& stream, Http2BodyReader::Verdict verdict);
  void refuse(StreamId id, Stream& stream, int status, std::string_view reason);
  void respond(StreamId id, Stream& stream, Response response);
  void release(Stream& stream);
  void balance_credit();
  void watch_credit();
  std::uint64_t withheld_nanos() const;
  void begin_ending();
  void last_goaway();
  void count_ending(Http2Link::State state);

  // Time.
  void on_timer();
  base::MonotonicNanos check_streams(base::MonotonicNanos now);
  base::MonotonicNanos check_connection(base::MonotonicNanos now);
  base::MonotonicNanos check_ending(base::MonotonicNanos now);
  base::MonotonicNanos check_keepalive(base::MonotonicNanos now);
  void set_deadline(base::MonotonicNanos at);
  base::MonotonicNanos body_deadline(const Stream& stream) const;
  void close(std::uint64_t HttpServerCounters::*reason);
  void break_off(std::uint64_t HttpServerCounters::*reason);

  HttpShard& shard_;
  const std::uint64_t id_;
  const std::string peer_;
  const std::shared_ptr<const Http2ServerOptions> options_;
  std::string first_bytes_;
  std::unique_ptr<ByteStream> byte_stream_;  // until start()
  std::unique_ptr<Http2Session> session_;
  std::unique_ptr<Http2Link> link_;
  std::unordered_map<StreamId, Stream> streams_;
  Timer timer_;

  std::size_t held_ = 0;        // bytes of complete requests that are not answered
  std::size_t unreturned_ = 0;  // received, and no connection credit given back for them
  // The pace of bodies.
  std::uint64_t brought_ = 0;                           // bytes of bodies under way, as they arrived
  base::MonotonicNanos withheld_since_ = base::kNever;  // the peer may send none now
  std::uint64_t withheld_before_ = 0;                   // so many nanoseconds it might not, before that

  Ending ending_ = Ending::kNot;
  bool closing_ = false;  // the reason is counted; the link ends in this or the next round
  base::MonotonicNanos last_request_ = 0;
  base::MonotonicNanos headers_since_ = base::kNever;
  base::MonotonicNanos age_at_ = base::kNever;
  base::MonotonicNanos ending_at_ = base::kNever;  // next step of the ending
  base::MonotonicNanos write_blocked_since_ = base::kNever;
  base::MonotonicNanos grace_until_ = base::kNever;
  std::uint64_t received_counted_ = 0, sent_counted_ = 0;  // bytes
  // Our keepalive.
  base::MonotonicNanos last_received_ = 0;
  base::MonotonicNanos pinged_at_ = base::kNever;
  // The peer's.
  base::MonotonicNanos peer_pinged_at_ = base::kNever;
  int ping_strikes_ = 0;
};

}  // namespace nanospan::net
