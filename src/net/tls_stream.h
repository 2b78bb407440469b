// TlsStream: a ByteStream whose bytes travel encrypted over another ByteStream. Internal to TLS.
//
//   protocol  -- write() --> SSL_write --> out_ (records) ------- flush() ----> under_ (the socket)
//             <-- read() --- SSL_read  <-------- SSL's own buffer <------------ under_
//
// OpenSSL never sees a descriptor: it reads and writes through a BIO of ours. What it writes gathers in out_, so that a
// round's records leave in one system call; more is taken only when they have left, so out_ is bounded by one write().
// It reads as much as its buffer holds, and may then have bytes when the socket has none: so the stream is the socket's
// handler itself, and tells the protocol of readiness.
//
// Loop thread only. The protocol's on_ready() is the last thing that an event does, as it may destroy the stream.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/byte_stream.h"
#include "net/event_loop.h"
#include "net/tls_context.h"
#include "net/tls_failure.h"

namespace nanospan::net {

class TlsStream final : public ByteStream, private FdHandler {
 public:
  /// `host` is the client's peer; empty for a server. Null without memory.
  static std::unique_ptr<ByteStream> create(std::shared_ptr<TlsContext> context, const std::string& host,
                                            std::unique_ptr<ByteStream> under);
  ~TlsStream() override;

  int fd() const override { return under_->fd(); }
  IoResult read(std::span<const iovec> into) override;
  IoResult write(std::span<const iovec> from) override;
  void finish_writing() override;
  Status watch(EventLoop& loop, unsigned interest, FdHandler& handler) override;
  void set_interest(EventLoop& loop, unsigned interest) override;
  void unwatch(EventLoop& loop) override;
  void establish(EventLoop& loop, OnEstablished done) override;
  std::string describe(int error) const override;

 private:
  enum class State : std::uint8_t {
    kHandshake,
    kOpen,
    kEnded,    ///< The peer said that it will send nothing more; we may.
    kRefused,  ///< A server's alert is out, or on its way; see linger().
    kBroken,   ///< See failure_ or error_.
  };
  static constexpr std::size_t kFirstBytes = 8;

  TlsStream(std::shared_ptr<TlsContext> context, std::string host, std::unique_ptr<ByteStream> under);
  bool prepare();
  Status start_watching(EventLoop& loop);
  void on_ready(unsigned ready) override;

  void shake_hands();
  void after_handshake();
  void handshake_failed(std::string why);
  void linger();
  void read_away();
  void check(int outcome);
  std::string why_closed(std::string what) const;
  bool read_piece(std::span<char> into, std::size_t& got);
  bool seal(std::string_view bytes);
  bool can_read();
  void flush();
  void break_with(int error, std::string failure);
  void update_interest();
  void wake_if_pending();

  // The BIO's two operations.
  static int bio_read(BIO* bio, char* into, std::size_t size, std::size_t* got);
  static int bio_write(BIO* bio, const char* from, std::size_t size, std::size_t* took);
  static long bio_control(BIO* bio, int command, long number, void* pointer);
  static BIO_METHOD* bio_method();

  const std::shared_ptr<TlsContext> context_;
  const std::string host_;
  const std::unique_ptr<ByteStream> under_;
  Openssl<SSL> ssl_;
  const int process_;  // after a fork, the child must not say goodbye for its parent
  State state_ = State::kHandshake;
  bool finishing_ = false;  // close_notify is on its way; under_->finish_writing() follows it
  std::string out_;
  std::size_t out_sent_ = 0;
  std::string first_bytes_;
  TlsNotes notes_;
  bool heard_ = false;                                      // the peer has sent something of the protocol above
  IoResult under_end_{IoResult::State::kWouldBlock, 0, 0};  // why under_ has no more bytes
  int error_ = 0;
  std::string failure_;

  EventLoop* loop_ = nullptr;  // while somebody watches
  FdHandler* handler_ = nullptr;
  unsigned interest_ = 0;
  OnEstablished established_;
  std::optional<Timer> wake_;      // due at once: there is something to read that the socket does not tell of
  std::optional<Timer> too_slow_;  // a server's limit on the handshake, or on lingering
};

}  // namespace nanospan::net
