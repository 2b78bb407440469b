// Sends one request at a time, reads its answer, and says of a failure in which phase it came. Threads: see the header.
#include "net/http1_client_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "net/http1_client_pool.h"

namespace nanospan::net {
namespace {

constexpr int kTurns = 16;  // reads or writes before other connections get their turn
constexpr int kInterimAnswersMax = 16;
constexpr std::string_view kProxyWantsCredentials =
    "it answered 407 Proxy Authentication Required; give it user and password: http://user:password@host:port";

}  // namespace

std::string describe_foreign_bytes(std::string_view bytes) {
  // TLS records begin with a content type (alert 0x15, handshake 0x16) and 0x03; HTTP/2 begins with a SETTINGS frame:
  // a 24-bit length, then type 4 on stream 0.
  if (bytes.size() >= 2 && (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 0x03) {
    return "the peer speaks TLS; use https";
  }
  if (bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[3] == 4) {
    return "the peer speaks HTTP/2; is this a gRPC port (4317)? OTLP/HTTP is usually on 4318";
  }
  std::string text = "the peer does not speak HTTP; it sent \"";
  for (const char c : bytes.substr(0, 16)) text += c >= 0x20 && c < 0x7f ? c : '.';
  return text + "\"";
}

ClientConnection::ClientConnection(Http1ClientPool& pool)
    : pool_(pool),
      connector_(pool.loop(), pool.resolver(), pool.options().make_stream),
      idle_timer_(pool.loop(),
                  [this] {
                    const Http1ClientPool::Entry entry(pool_, Http1ClientPool::Entry::From::kLoop);
                    close();
                  }),
      parser_(Http1Parser::Role::kResponses,
              {pool.options().response_head_bytes_max, pool.options().response_head_bytes_max, 256}) {}

// --- Opening and closing ---

void ClientConnection::open(Exchange& exchange) {
  exchange_ = &exchange;
  exchange.connection = this;
  connector_.connect(pool_.route(), exchange.request.deadline,
                     [this](Connector::Outcome outcome) { on_connected(std::move(outcome)); });
}

void ClientConnection::on_connected(Connector::Outcome outcome) {
  const Http1ClientPool::Entry entry(pool_, Http1ClientPool::Entry::From::kLoop);
  stream_ = std::move(outcome.stream);
  if (!stream_) return fail(outcome.failure, outcome.message);
  ++pool_.counters().connections_opened;
  if (!stream_->watch(pool_.loop(), kReadable, *this).ok()) return fail(HttpFailure::kSystem, "no room in the poller");
  begin_request(*exchange_);
}

void ClientConnection::close() {
  connector_.cancel();
  if (stream_) stream_->unwatch(pool_.loop());
  idle_timer_.cancel();
  stream_.reset();
  exchange_ = nullptr;
  state_ = State::kClosed;
  pool_.discard(*this);
}

HttpFailure ClientConnection::timeout_failure() const {
  if (state_ == State::kOpening) {
    return connector_.resolving() ? HttpFailure::kResolveTimeout : HttpFailure::kConnectTimeout;
  }
  return request_sent() || answer_begun_ ? HttpFailure::kResponseTimeout : HttpFailure::kSendTimeout;
}

void ClientConnection::on_ready(unsigned ready) {
  const Http1ClientPool::Entry entry(pool_, Http1ClientPool::Entry::From::kLoop);
  if (state_ == State::kIdle) return close();  // the peer closed, or speaks without being asked
  if ((ready & kWritable) != 0) send_some();
  if (state_ == State::kBusy && (ready & (kReadable | kFailed)) != 0) receive_some();
}

// --- Sending ---

void ClientConnection::take(Exchange& exchange) {
  idle_timer_.cancel();
  parser_.start_next();
  begin_request(exchange);
}

void ClientConnection::begin_request(Exchange& exchange) {
  exchange_ = &exchange;
  exchange.connection = this;
  state_ = State::kBusy;
  ++requests_;
  sent_ = 0;
  send_broken_ = answer_begun_ = false;
  interim_answers_ = 0;
  response_ = Response();
  send_some();
}

std::uint64_t ClientConnection::request_bytes() const {
  std::uint64_t total = exchange_->head.size();
  for (const std::string_view slice : exchange_->request.body) total += slice.size();
  return total;
}

/// The unsent rest of head and body, as far as it fits into `pieces`; how many pieces that are.
std::size_t ClientConnection::gather(std::span<iovec> pieces) const {
  std::uint64_t skip = sent_;
  std::size_t count = 0;
  const auto add = [&](std::string_view slice) {
    const std::size_t gone = static_cast<std::size_t>(std::min<std::uint64_t>(skip, slice.size()));
    skip -= gone;
    slice.remove_prefix(gone);
    if (!slice.empty()) pieces[count++] = {const_cast<char*>(slice.data()), slice.size()};
  };
  add(exchange_->head);
  for (const std::string_view slice : exchange_->request.body) {
    if (count == pieces.size()) break;
    add(slice);
  }
  return count;
}

void ClientConnection::send_some() {
  std::array<iovec, IOV_MAX> pieces;
  for (int turn = 0; turn < kTurns && !send_broken_; ++turn) {
    const std::size_t count = gather(pieces);
    if (count == 0) break;
    const IoResult result = stream_->write({pieces.data(), count});
    if (result.state == IoResult::State::kWouldBlock) break;
    // A peer that refuses early answers, then closes: its answer may be here already, so reading goes on.
    if (result.state == IoResult::State::kBroken) send_broken_ = true;
    sent_ += result.bytes;
    pool_.counters().bytes_sent += result.bytes;
  }
  update_interest();
}

void ClientConnection::update_interest() {
  const bool sending = state_ == State::kBusy && !send_broken_ && sent_ < request_bytes();
  stream_->set_interest(pool_.loop(), sending ? kReadable | kWritable : kReadable);
}

// --- Receiving ---

void ClientConnection::receive_some() {
  const std::span<char> scratch = pool_.scratch();
  const iovec into{scratch.data(), scratch.size()};
  for (int turn = 0; turn < kTurns; ++turn) {
    const IoResult result = stream_->read({&into, 1});
    if (result.state == IoResult::State::kWouldBlock) return;
    if (result.state != IoResult::State::kDone) return on_end(result);
    answer_begun_ = true;
    pool_.counters().bytes_received += result.bytes;
    if (!parse({scratch.data(), result.bytes})) return;
  }
}

/// False once the response is complete or has failed.
bool ClientConnection::parse(std::string_view input) {
  for (;;) {
    const Http1Parser::Step step = parser_.next(input);
    input.remove_prefix(step.consumed);
    switch (step.event) {
      case Http1Parser::Event::kNeedMore:
        return true;
      case Http1Parser::Event::kHead:
        if (!on_head()) return false;
        break;
      case Http1Parser::Event::kBody:
        response_.body.append(step.body);
        break;
      case Http1Parser::Event::kDone:
        if (parser_.head().status / 100 != 1) {
          complete(parser_.head().keep_alive && input.empty() && request_sent());
          return false;
        }
        parser_.start_next();
        break;
      case Http1Parser::Event::kFault:
        fail_parse();
        return false;
    }
  }
}

bool ClientConnection::on_head() {
  const MessageHead& head = parser_.head();
  if (head.status / 100 == 1) {  // RFC 9110, 15.2: any number may come before the answer; within reason
    if (head.status != 101 && ++interim_answers_ <= kInterimAnswersMax) return true;
    fail(HttpFailure::kMalformedResponse, "the peer switches protocols or sends interim responses without end");
    return false;
  }
  if (head.status == 407 && pool_.forwarded()) {
    fail(HttpFailure::kProxy, kProxyWantsCredentials);
    return false;
  }
  response_.status = head.status;
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const HeaderBlock::Field field = head.headers[i];
    response_.headers.push_back({std::string(field.name), std::string(field.value)});
  }
  const std::uint64_t limit = exchange_->request.response_body_bytes_max;
  parser_.set_body_limit(limit);
  if (exchange_->request.method == "HEAD") parser_.skip_body();
  return true;
}

void ClientConnection::on_end(const IoResult& result) {
  const bool orderly = result.state == IoResult::State::kEnd && !send_broken_;
  if (orderly && answer_begun_ && parser_.end_of_stream()) return complete(false);
  const bool told = result.state == IoResult::State::kBroken && result.error != ECONNRESET;
  const std::string cause = orderly ? "the peer closed the connection"
                            : told  ? "the connection broke (" + stream_->describe(result.error) + ")"
                                    : "the connection was reset";
  if (answer_begun_) return fail(HttpFailure::kClosedMidResponse, cause + " in the middle of its response");
  if (requests_ > 1 && exchange_->request.repeatable && !exchange_->repeated) {
    Exchange& exchange = *exchange_;
    exchange.may_have_arrived = request_sent();
    close();
    return pool_.repeat(exchange);
  }
  fail(orderly ? HttpFailure::kClosedBeforeResponse : HttpFailure::kReset, cause + " without a response");
}

void ClientConnection::complete(bool reusable) {
  Exchange& exchange = *exchange_;
  Response response = std::move(response_);
  if (reusable) {
    exchange_ = nullptr;
    state_ = State::kIdle;
    update_interest();
    idle_timer_.arm(pool_.loop().now() + pool_.options().idle_nanos);
  } else {
    close();
  }
  pool_.succeed(exchange, std::move(response));
}

void ClientConnection::fail_parse() {
  const Http1Fault fault = parser_.fault();
  if (fault == Http1Fault::kNotHttp) return fail(HttpFailure::kNotHttp, describe_foreign_bytes(parser_.raw_head()));
  const bool too_large = fault == Http1Fault::kBodyTooLarge || fault == Http1Fault::kHeadTooLarge ||
                         fault == Http1Fault::kTooManyFields || fault == Http1Fault::kStartLineTooLong;
  fail(too_large ? HttpFailure::kResponseTooLarge : HttpFailure::kMalformedResponse,
       "bad response: " + std::string(describe(fault)));
}

void ClientConnection::fail(HttpFailure failure, std::string_view what) {
  Exchange& exchange = *exchange_;
  const bool sent = request_sent();
  close();
  pool_.fail(exchange, failure, what, sent);
}

}  // namespace nanospan::net
