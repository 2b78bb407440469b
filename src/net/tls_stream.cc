// OpenSSL reads from and writes to a BIO of ours, which is the stream underneath. Threads: see the header.
#include "net/tls_stream.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace nanospan::net {
namespace {

// A record's content at most (RFC 8446, 5.1).
constexpr std::size_t kRecordBytes = 16u << 10;
// What one write() takes; out_ is never much larger.
constexpr std::size_t kWriteBytesMax = 64u << 10;
// A peer that asks for answers of TLS itself (key updates) and reads none ends here.
constexpr std::size_t kOutBytesMax = 256u << 10;
// Above, out_ gives its memory back once it is empty: there may be ten thousand idle streams.
constexpr std::size_t kKeptBytes = 4u << 10;
// For a client that was refused to read why.
constexpr std::uint64_t kLingerNanos = 2 * base::kNanosPerSecond;

// What people see who send HTTP to a port that speaks TLS; as Go's servers say it.
constexpr std::string_view kPlainHttpAnswer =
    "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    "This port speaks TLS; use https.\n";

bool looks_like_http(std::string_view first_bytes) {
  return first_bytes.size() >= 3 &&
         std::all_of(first_bytes.begin(), first_bytes.begin() + 3, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

std::unique_ptr<ByteStream> TlsStream::create(std::shared_ptr<TlsContext> context, const std::string& host,
                                              std::unique_ptr<ByteStream> under) {
  if (!under) return nullptr;
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(context), host, std::move(under)));
  if (!stream->prepare()) return nullptr;
  return stream;
}

TlsStream::TlsStream(std::shared_ptr<TlsContext> context, std::string host, std::unique_ptr<ByteStream> under)
    : context_(std::move(context)),
      host_(std::move(host)),
      under_(std::move(under)),
      ssl_(context_->new_connection()),
      process_(::getpid()) {}

bool TlsStream::prepare() {
  BIO* const bio = ssl_ ? BIO_new(bio_method()) : nullptr;
  if (bio == nullptr) return false;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);  // owns it
  SSL_set_app_data(ssl_.get(), &notes_);
  if (host_.empty()) {
    SSL_set_accept_state(ssl_.get());
    return true;
  }
  SSL_set_connect_state(ssl_.get());
  const std::string& asked = context_->client_options().server_name;
  const std::string& name = asked.empty() ? host_ : asked;
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), name.c_str()) == 1) return true;  // RFC 6066, 3
  SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set_tlsext_host_name(ssl_.get(), name.c_str()) == 1 && SSL_set1_host(ssl_.get(), name.c_str()) == 1;
}

TlsStream::~TlsStream() {
  const bool open = state_ == State::kOpen || state_ == State::kEnded;
  if (open && process_ == ::getpid() && out_.empty()) finish_writing();
  if (loop_ != nullptr) under_->unwatch(*loop_);
}

// --- Between OpenSSL and the stream underneath ---

int TlsStream::bio_read(BIO* bio, char* into, std::size_t size, std::size_t* got) {
  TlsStream& self = *static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const iovec piece{into, size};
  self.under_end_ = self.under_->read({&piece, 1});
  *got = self.under_end_.bytes;
  if (self.under_end_.state == IoResult::State::kWouldBlock) BIO_set_retry_read(bio);
  if (self.under_end_.state != IoResult::State::kDone) return 0;
  if (self.first_bytes_.size() < kFirstBytes) {
    self.first_bytes_.append(into, std::min(*got, kFirstBytes - self.first_bytes_.size()));
  }
  return 1;
}

int TlsStream::bio_write(BIO* bio, const char* from, std::size_t size, std::size_t* took) {
  std::string& out = static_cast<TlsStream*>(BIO_get_data(bio))->out_;
  if (out.size() + size > kOutBytesMax) return 0;
  out.append(from, size);
  *took = size;
  return 1;
}

long TlsStream::bio_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* TlsStream::bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "nanospan stream");
    BIO_meth_set_read_ex(made, &bio_read);
    BIO_meth_set_write_ex(made, &bio_write);
    BIO_meth_set_ctrl(made, &bio_control);
    return made;
  }();
  return method;
}

void TlsStream::flush() {
  while (out_sent_ < out_.size()) {
    const iovec piece{out_.data() + out_sent_, out_.size() - out_sent_};
    const IoResult result = under_->write({&piece, 1});
    if (result.state == IoResult::State::kWouldBlock) return;
    if (result.state != IoResult::State::kDone) {
      // Nobody takes it any more; what the peer said before it went is still to be read.
      error_ = result.error;
      break;
    }
    out_sent_ += result.bytes;
  }
  out_sent_ = 0;
  out_.capacity() > kKeptBytes ? std::string().swap(out_) : out_.clear();
  if (std::exchange(finishing_, false)) under_->finish_writing();
}

// --- The handshake ---

void TlsStream::establish(EventLoop& loop, OnEstablished done) {
  established_ = std::move(done);
  if (const Status watched = start_watching(loop); !watched.ok()) {
    const OnEstablished told = std::move(established_);
    return told(watched);
  }
  on_ready(0);
}

void TlsStream::shake_hands() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  if (outcome == 1) return after_handshake();
  const int why = SSL_get_error(ssl_.get(), outcome);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return flush();
  if (why == SSL_ERROR_SSL) {
    const bool http = host_.empty() && looks_like_http(first_bytes_);
    std::string failure = tls_failure(ssl_.get(), first_bytes_, host_);
    if (http) out_ = kPlainHttpAnswer;  // instead of an alert that it could not read
    return handshake_failed(std::move(failure));
  }
  if (host_.empty() && first_bytes_.empty()) {  // a probe of the port, which has nothing to say
    if (too_slow_) too_slow_->cancel();
    return break_with(EPROTO, "TLS: the peer closed the connection without a byte");
  }
  handshake_failed(under_end_.state == IoResult::State::kBroken
                       ? "the connection broke in the TLS handshake: " + under_->describe(under_end_.error)
                       : "the peer closed the connection in the TLS handshake; does it speak TLS there?");
}

void TlsStream::after_handshake() {
  if (too_slow_) too_slow_->cancel();
  state_ = State::kOpen;
  if (!host_.empty()) {
    const unsigned char* chosen = nullptr;
    unsigned bytes = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &bytes);
    // RFC 9113, 3.2. For HTTP/1.1 nobody has to say so.
    if (bytes == 0 && context_->protocol() == "h2") {
      return handshake_failed("the server does not offer HTTP/2 by ALPN, which gRPC needs; is it a gRPC port (4317)?");
    }
  }
  flush();
}

void TlsStream::handshake_failed(std::string why) {
  if (too_slow_) too_slow_->cancel();  // it may be what called
  break_with(EPROTO, "TLS: " + std::move(why));
  host_.empty() && !out_.empty() ? linger() : flush();
  if (host_.empty() && context_->server_options().on_handshake_failed) {
    const Result<SocketAddress> peer = peer_address(fd());
    context_->server_options().on_handshake_failed(failure_ + (peer ? " (" + peer->text() + ")" : ""));
  }
}

/// Closing a socket with unread bytes resets it, and the reset may overtake the alert: in TLS 1.3 a client may have
/// sent its first request when we refuse its certificate. So it is told that nothing more comes, and what it sends is
/// read away, until it closes or the time is over.
void TlsStream::linger() {
  state_ = State::kRefused;
  finishing_ = true;
  flush();
  if (too_slow_) too_slow_->arm(base::later(loop_->now(), kLingerNanos));
}

void TlsStream::read_away() {
  std::array<char, kRecordBytes> nowhere;
  const iovec piece{nowhere.data(), nowhere.size()};
  const IoResult::State result = under_->read({&piece, 1}).state;
  if (result == IoResult::State::kEnd || result == IoResult::State::kBroken) state_ = State::kBroken;
}

void TlsStream::break_with(int error, std::string failure) {
  state_ = State::kBroken;
  error_ = error;
  failure_ = std::move(failure);
}

std::string TlsStream::describe(int error) const { return failure_.empty() ? under_->describe(error) : failure_; }

// --- Reading ---

/// What an operation of OpenSSL that moved nothing says.
void TlsStream::check(int outcome) {
  const int why = SSL_get_error(ssl_.get(), outcome);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
  if (why == SSL_ERROR_ZERO_RETURN) {
    if (state_ == State::kOpen) state_ = State::kEnded;
  } else if (why == SSL_ERROR_SSL && under_end_.state != IoResult::State::kEnd) {
    break_with(EPROTO, "TLS: " + tls_failure(ssl_.get(), {}, host_));
  } else if (under_end_.state == IoResult::State::kBroken) {
    break_with(under_end_.error, notes_.certificate_wanted ? why_closed(under_->describe(under_end_.error)) : "");
  } else {
    ERR_clear_error();
    break_with(EPROTO, why_closed("the peer closed the connection without saying so (no close_notify)"));
  }
}

/// In TLS 1.3 a server refuses a client's certificate, or that it has none, after the client's handshake is over; some
/// do so without an alert, or one that is lost with the connection.
std::string TlsStream::why_closed(std::string what) const {
  if (notes_.certificate_wanted && !heard_) {
    what += SSL_get_certificate(ssl_.get()) == nullptr
                ? "; it asked for a client certificate and got none, give one, with its key"
                : "; it asked for a client certificate and may not accept ours, see whether it trusts its authority";
  }
  return "TLS: " + std::move(what);
}

/// False if there is no more for now.
bool TlsStream::read_piece(std::span<char> into, std::size_t& got) {
  while (got < into.size()) {
    std::size_t count = 0;
    ERR_clear_error();
    const int outcome = SSL_read_ex(ssl_.get(), into.data() + got, into.size() - got, &count);
    if (outcome != 1) {
      check(outcome);
      return false;
    }
    got += count;
    heard_ = true;
  }
  return true;
}

IoResult TlsStream::read(std::span<const iovec> into) {
  std::size_t total = 0;
  bool more = state_ == State::kOpen;
  for (std::size_t i = 0; more && i < into.size(); ++i) {
    std::size_t got = 0;
    more = read_piece({static_cast<char*>(into[i].iov_base), into[i].iov_len}, got);
    total += got;
  }
  if (!out_.empty()) {  // an alert, or the answer to a key update
    flush();
    update_interest();
  }
  if (total != 0) {
    wake_if_pending();
    return {IoResult::State::kDone, total, 0};
  }
  if (state_ == State::kEnded) return {IoResult::State::kEnd, 0, 0};
  if (state_ == State::kBroken) return {IoResult::State::kBroken, 0, error_};
  return {IoResult::State::kWouldBlock, 0, 0};
}

bool TlsStream::can_read() {
  if (state_ == State::kHandshake || state_ == State::kRefused) return false;
  if (state_ != State::kOpen) return true;
  char byte = 0;
  std::size_t count = 0;
  ERR_clear_error();
  const int outcome = SSL_peek_ex(ssl_.get(), &byte, 1, &count);
  if (outcome != 1) check(outcome);
  return outcome == 1 || state_ != State::kOpen;
}

/// The protocol stopped with something left, and the socket will not tell of it.
void TlsStream::wake_if_pending() {
  if (!wake_ || (interest_ & kReadable) == 0) return;
  if (state_ == State::kEnded || state_ == State::kBroken || SSL_has_pending(ssl_.get()) == 1) {
    wake_->arm(loop_->now());
  }
}

// --- Writing ---

/// One record. The BIO takes all of it, so there is no half of one.
bool TlsStream::seal(std::string_view bytes) {
  std::size_t count = 0;
  ERR_clear_error();
  const int outcome = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
  if (outcome != 1) check(outcome);
  return outcome == 1;
}

IoResult TlsStream::write(std::span<const iovec> from) {
  if (state_ == State::kHandshake || state_ == State::kRefused) return {IoResult::State::kWouldBlock, 0, 0};
  if (!out_.empty()) flush();
  if (state_ == State::kBroken || error_ != 0) return {IoResult::State::kBroken, 0, error_};
  if (!out_.empty()) {
    update_interest();
    return {IoResult::State::kWouldBlock, 0, 0};
  }
  // Short pieces (a frame's head and its body) share a record; a record of each would cost 22 bytes more.
  std::array<char, kRecordBytes> record;
  std::size_t gathered = 0, sealed = 0;
  bool fine = true;
  for (std::size_t i = 0; fine && i < from.size() && sealed + gathered < kWriteBytesMax; ++i) {
    std::string_view piece(static_cast<const char*>(from[i].iov_base), from[i].iov_len);
    while (fine && !piece.empty() && sealed + gathered < kWriteBytesMax) {
      const std::size_t count = std::min(piece.size(), kRecordBytes - gathered);
      if (count == kRecordBytes) {
        fine = seal(piece.substr(0, count));
        sealed += fine ? count : 0;
      } else {
        std::copy_n(piece.data(), count, record.data() + gathered);
        gathered += count;
      }
      piece.remove_prefix(count);
      if (gathered == kRecordBytes) {
        fine = seal({record.data(), gathered});
        sealed += fine ? gathered : 0;
        gathered = 0;
      }
    }
  }
  if (fine && gathered != 0 && seal({record.data(), gathered})) sealed += gathered;
  flush();
  update_interest();
  if (sealed != 0) return {IoResult::State::kDone, sealed, 0};
  return {state_ == State::kBroken ? IoResult::State::kBroken : IoResult::State::kWouldBlock, 0, error_};
}

void TlsStream::finish_writing() {
  if (state_ != State::kOpen && state_ != State::kEnded) return under_->finish_writing();
  if ((SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());  // close_notify (RFC 8446, 6.1)
  finishing_ = true;
  flush();
  update_interest();
}

// --- Readiness ---

Status TlsStream::start_watching(EventLoop& loop) {
  if (Status watched = under_->watch(loop, kReadable, *this); !watched.ok()) return watched;
  loop_ = &loop;
  if (!wake_) wake_.emplace(loop, [this] { on_ready(0); });
  return {};
}

Status TlsStream::watch(EventLoop& loop, unsigned interest, FdHandler& handler) {
  if (Status watched = start_watching(loop); !watched.ok()) return watched;
  handler_ = &handler;
  interest_ = interest;
  if (state_ == State::kHandshake && host_.empty()) {
    const std::uint64_t limit = context_->server_options().handshake_nanos;
    too_slow_.emplace(loop, [this] {
      if (state_ == State::kRefused) {
        state_ = State::kBroken;
      } else {
        handshake_failed("the client did not finish the handshake in time");
      }
      on_ready(0);
    });
    too_slow_->arm(base::later(loop.now(), limit));
  }
  update_interest();
  wake_if_pending();
  return {};
}

void TlsStream::set_interest(EventLoop& /*loop*/, unsigned interest) {
  const unsigned added = interest & ~interest_;
  interest_ = interest;
  update_interest();
  if ((added & kReadable) != 0) wake_if_pending();
}

void TlsStream::unwatch(EventLoop& loop) {
  if (loop_ == nullptr) return;
  under_->unwatch(loop);
  loop_ = nullptr;
  handler_ = nullptr;
  wake_.reset();
  too_slow_.reset();
}

/// What is to be watched for underneath.
void TlsStream::update_interest() {
  if (loop_ == nullptr) return;
  unsigned wanted = out_.empty() ? 0U : kWritable;
  if (state_ == State::kHandshake || state_ == State::kRefused) {
    wanted |= kReadable;
  } else {
    wanted |= interest_ & (kReadable | kWritable);
  }
  under_->set_interest(*loop_, wanted);
}

void TlsStream::on_ready(unsigned ready) {
  if (!out_.empty()) flush();
  if (state_ == State::kHandshake) shake_hands();
  if (state_ == State::kRefused) read_away();
  if (state_ == State::kHandshake || state_ == State::kRefused) return update_interest();
  if (established_) {
    const OnEstablished done = std::move(established_);
    unwatch(*loop_);
    return done(state_ == State::kOpen ? Status() : Status(Error{ErrorCode::kUnavailable, failure_}));
  }
  unsigned told = ready & kFailed;
  if ((interest_ & kReadable) != 0 && can_read()) told |= kReadable;
  if ((interest_ & kWritable) != 0 && (out_.empty() || state_ == State::kBroken)) told |= kWritable;
  if (state_ == State::kBroken) told |= kFailed;
  update_interest();
  if (told != 0 && handler_ != nullptr) handler_->on_ready(told);  // may destroy this
}

}  // namespace nanospan::net
