// Http2Link: moves bytes between a ByteStream and a Http2Session, for servers and clients alike.
//
// Reads up to 16 times a turn ("drain a socket before turning to the next"), straight into the body that the bytes are
// for where the session knows it, and gathers all that is to be sent in a round into as few writes as possible: what is
// submitted between two rounds of the loop goes out together.
//
// Loop thread only. The owner has the session; it may destroy both from within on_link_round(), nowhere else.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/http2_session.h"

namespace nanospan::net {

class Http2Link final : public FdHandler {
 public:
  enum class State : std::uint8_t {
    kOpen,
    kFinished,    ///< The session is done: GOAWAY sent or received, nothing left.
    kPeerClosed,  ///< The peer closed the connection in order.
    kBroken,      ///< Reset, or another failure of the socket; see error().
  };
  class Owner {
   public:
    virtual ~Owner() = default;
    /// Something was read or written, or the link ended. The last thing that a round does.
    virtual void on_link_round(State state) = 0;
  };

  /// `scratch` is where bytes are received that have no better place; shared by all links of a loop. When the session
  /// is done, what the peer still sends is read away for `linger_nanos`: closing a socket with unread bytes resets it,
  /// and the reset may overtake the last words (RFC 9112, 9.6).
  Http2Link(EventLoop& loop, std::unique_ptr<ByteStream> stream, Http2Session& session, std::span<char> scratch,
            std::uint64_t linger_nanos, Owner& owner);
  ~Http2Link() override;

  /// Registers with the loop. `received` was read from the stream already.
  Status start(std::string_view received);
  void on_ready(unsigned ready) override;
  /// Writes what is submitted by the end of this round of the loop.
  void flush_soon();

  /// Ends it as if the peer had reset the connection, at the end of this round.
  void break_off();

  std::string error() const { return stream_->describe(error_); }
  bool wants_write() const { return blocked_; }
  std::uint64_t bytes_received() const { return bytes_received_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  void read_some();
  bool read_once();
  void read_away();
  void flush();
  void on_timer();
  void round_over();

  EventLoop& loop_;
  const std::unique_ptr<ByteStream> stream_;
  Http2Session& session_;
  const std::span<char> scratch_;
  const std::uint64_t linger_nanos_;
  Owner& owner_;
  Timer flush_timer_;  // while lingering: its end
  State state_ = State::kOpen;
  bool reading_ = true;  // false once the session takes no more
  bool lingering_ = false;
  bool blocked_ = false;  // the socket takes no more for now
  int error_ = 0;
  std::uint64_t bytes_received_ = 0, bytes_sent_ = 0;
};

}  // namespace nanospan::net
