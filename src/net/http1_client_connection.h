// ClientConnection: one connection of an Http1Client, from the first address lookup to its close. Internal to the
// client.
//
//   kOpening (see Connector) --> kBusy <--> kIdle --> kClosed
//
// It is opened for one request and, if the peer keeps it alive, serves others later; one at a time. Loop thread only;
// owned by the pool.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/byte_stream.h"
#include "net/connector.h"
#include "net/event_loop.h"
#include "net/http1_client.h"
#include "net/http1_parser.h"

namespace nanospan::net {

struct Exchange;
class Http1ClientPool;

class ClientConnection final : public FdHandler {
 public:
  explicit ClientConnection(Http1ClientPool& pool);

  /// Opens the connection for this request.
  void open(Exchange& exchange);
  /// Sends this request on the idle connection.
  void take(Exchange& exchange);
  bool idle() const { return state_ == State::kIdle; }
  void on_ready(unsigned ready) override;

  /// What a deadline that passes now interrupts.
  HttpFailure timeout_failure() const;
  /// What it is doing while it opens, for a message.
  std::string_view opening_phase() const { return connector_.phase(); }
  /// The peer may have got the whole request.
  bool request_sent() const { return state_ == State::kBusy && sent_ == request_bytes(); }
  /// Closes without a word to the request, which the pool has finished.
  void close();

 private:
  enum class State { kOpening, kBusy, kIdle, kClosed };

  void on_connected(Connector::Outcome outcome);

  void begin_request(Exchange& exchange);
  void send_some();
  std::size_t gather(std::span<iovec> pieces) const;
  void receive_some();
  bool parse(std::string_view input);
  bool on_head();
  void on_end(const IoResult& result);
  void complete(bool reusable);
  void fail(HttpFailure failure, std::string_view what);
  void fail_parse();
  std::uint64_t request_bytes() const;
  void update_interest();

  Http1ClientPool& pool_;
  State state_ = State::kOpening;
  Exchange* exchange_ = nullptr;
  Connector connector_;
  std::unique_ptr<ByteStream> stream_;
  Timer idle_timer_;
  Http1Parser parser_;
  std::uint64_t requests_ = 0;

  // The present request.
  std::uint64_t sent_ = 0;
  bool send_broken_ = false;  // the peer takes no more; its answer may still be on the way
  bool answer_begun_ = false;
  int interim_answers_ = 0;
  Response response_;
};

/// What bytes that are not HTTP/1 look like, for an error message.
std::string describe_foreign_bytes(std::string_view bytes);

}  // namespace nanospan::net
