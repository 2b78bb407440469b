// Http1Connection: one accepted connection of an HttpServer, from its first byte to its close. Internal to the server.
//
//            +---------------------------- keep-alive -----------------------------+
//            v                                                                     |
//        kReading --head: on_headers()--> body: on_request()--> kAnswering --> kWriting --> kLingering --> kClosed
//            |                                                                   ^   |
//            +--- refused (fault, limit, no memory, too slow, early answer) -----+   +--> kSkipping --> kReading
//            +--- the HTTP/2 preface --> kIsHttp2: an Http2Connection takes over
//
// Of a refused body nothing is kept, and what is still to come is read away: if that is little, to keep the connection;
// else after "Connection: close", so that the close does not destroy the answer (kLingering; RFC 9112, 9.6).
//
// Loop thread only. Owned by its shard; every entry point may end with the connection being destroyed (settle()).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/byte_block.h"
#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/http1_parser.h"
#include "net/http_server.h"
#include "net/server_connection.h"

namespace nanospan::net {

class Http1Connection final : public ServerConnection, public FdHandler {
 public:
  Http1Connection(HttpShard& shard, std::uint64_t id, std::unique_ptr<ByteStream> stream, std::string peer);
  ~Http1Connection() override;

  void start() override;
  void on_ready(unsigned ready) override;
  void answer(std::uint32_t stream, Response response) override;
  void answer_missing(std::uint32_t stream) override;
  void watch_peer(Task gone) override;
  void drain() override;
  void resume() override;

 private:
  enum class State { kReading, kAnswering, kWriting, kSkipping, kLingering, kClosed, kIsHttp2 };

  void on_timer();
  void run();
  void settle();

  // Reading. These return false when there is nothing more to do until the poller reports again.
  bool read_some();
  void sniff(std::string_view input);
  bool read_into_body(std::uint64_t left);
  bool handle_end(const IoResult& result);
  void parse(std::string_view input);
  void on_head(bool body_follows_in_input);
  void accept_body(bool body_follows_in_input);
  bool make_room(std::size_t more);
  void keep_body(std::string_view piece);
  void keep_rest(std::string_view input);
  void dispatch();

  // Answering.
  void refuse(int status, std::string_view reason);
  void refuse(Http1Fault fault);
  void refuse_body(int status, std::string_view reason, bool keep_connection);
  std::uint64_t body_to_come() const;
  bool rest_is_short() const;
  void start_writing(Response response);
  bool write_some();
  void after_answer();
  void next_request();
  void linger();
  void lingered(std::string_view input);
  bool chunks_end_in(std::string_view input);
  void close(std::uint64_t HttpServerCounters::*reason);

  Http1Limits limits() const;
  void set_deadline(base::MonotonicNanos at);
  base::MonotonicNanos body_deadline() const;

  HttpShard& shard_;
  const std::uint64_t id_;
  std::unique_ptr<ByteStream> stream_;
  std::string peer_;
  bool sniffing_;  // nothing was parsed yet: these may turn out to be the first bytes of HTTP/2
  Http1Parser parser_;
  Timer timer_;
  base::MonotonicNanos deadline_ = base::kNever;

  State state_ = State::kReading;
  bool drained_ = false;     // the last read was short: the socket is empty until the poller says otherwise
  bool in_handler_ = false;  // on_request() is on the stack: its answer is only stored
  std::string pending_;      // received, not parsed (pipelined requests), from pending_at_ on
  std::size_t pending_at_ = 0;
  std::unique_ptr<BodyTicket> pending_ticket_;
  bool input_lost_ = false;  // there was no memory to keep it: the next request is refused and the connection closed

  // The request being read or answered.
  bool keep_alive_ = true;
  bool head_only_ = false;    // HEAD: the answer has no body
  bool body_unread_ = false;  // refused, and the end of its body has not been seen
  base::MonotonicNanos body_since_ = 0;
  std::uint64_t body_received_ = 0;
  BodyBlock::Length body_length_;
  std::uint64_t linger_bytes_ = 0;  // what a refused body still had to come when the answer was written
  BodyBlock body_;
  std::unique_ptr<BodyTicket> ticket_;
  Task peer_gone_;  // whom to tell while the request is being answered

  // The answer being written.
  std::string out_head_;
  std::string out_body_;
  std::size_t out_sent_ = 0;
};

}  // namespace nanospan::net
