// Reads answers as gRPC's HTTP/2 mapping has them, and finds silent peers by PING. Threads: see the header.
#include "net/grpc_connection.h"

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "net/grpc_channel.h"

namespace nanospan::net {
namespace {

constexpr unsigned kRefusalsMax = 5;

/// What is sent in front of and with a message; lives until it is written.
struct Outgoing {
  std::array<char, 5> prefix;
  std::shared_ptr<const void> owner;
};

Http2Body body_of(const GrpcRequest& request) {
  std::size_t bytes = 0;
  for (const std::string_view slice : request.message) bytes += slice.size();
  auto outgoing = std::make_shared<const Outgoing>(Outgoing{grpc_prefix(bytes, request.compressed), request.owner});
  Http2Body body;
  body.slices.reserve(request.message.size() + 1);
  body.slices.emplace_back(outgoing->prefix.data(), outgoing->prefix.size());
  for (const std::string_view slice : request.message) {
    if (!slice.empty()) body.slices.push_back(slice);
  }
  body.owner = std::move(outgoing);
  return body;
}

/// grpc doc/PROTOCOL-HTTP2.md, "Errors".
GrpcCode code_for_reset(Http2Code code) {
  switch (code) {
    case Http2Code::kRefusedStream:
      return GrpcCode::kUnavailable;
    case Http2Code::kCancel:
      return GrpcCode::kCancelled;
    case Http2Code::kEnhanceYourCalm:
      return GrpcCode::kResourceExhausted;
    default:
      return GrpcCode::kInternal;
  }
}

}  // namespace

GrpcConnection::GrpcConnection(GrpcChannel& channel)
    : channel_(channel), timer_(channel.loop(), [this] { on_timer(); }) {}

GrpcConnection::~GrpcConnection() = default;

Status GrpcConnection::open(std::unique_ptr<ByteStream> stream) {
  Result<std::unique_ptr<Http2Session>> session =
      Http2Session::create(Http2Session::Role::kClient, channel_.options().session, *this);
  if (!session) return session.error();
  session_ = std::move(session).value();
  link_ = std::make_unique<Http2Link>(channel_.loop(), std::move(stream), *session_, channel_.scratch(), 0,
                                      static_cast<Http2Link::Owner&>(*this));
  last_received_ = channel_.loop().now();
  return link_->start({});
}

bool GrpcConnection::has_room() const {
  const std::uint32_t room = std::min(channel_.options().streams_max, session_->peer_streams_max());
  return session_->can_request() && exchanges_.size() < room;
}

bool GrpcConnection::start(GrpcCall& call) {
  const GrpcRequest& request = call.request;
  const Url& origin = channel_.options().origin;
  const std::string& given = channel_.options().authority;
  const std::string authority = given.empty() ? origin.authority() : given;
  std::vector<Http2Fields::Field> fields = {
      {":method", "POST"},       {":scheme", origin.https ? "https" : "http"}, {":path", request.path},
      {":authority", authority}, {"content-type", "application/grpc"},         {"te", "trailers"}};
  const std::uint64_t left = request.deadline.left(channel_.loop().now());
  const std::string timeout = left == base::kNever ? std::string() : grpc_timeout(left);
  if (!timeout.empty()) fields.push_back({"grpc-timeout", timeout});
  for (const Header& header : request.metadata) fields.push_back({header.name, header.value});
  const Result<StreamId> stream = session_->request(fields, body_of(request));
  if (!stream) return false;
  Exchange& exchange = exchanges_[*stream];
  exchange.call = &call;
  exchange.body = Http2BodyReader(BodyFraming::kGrpc, request.response_bytes_max, nullptr);
  call.connection = this;
  call.stream = *stream;
  call.sent_at = channel_.loop().now();
  ++calls_;
  if (calls_ == 1)
    set_deadline(base::later(std::max(last_received_, channel_.loop().now()), channel_.keepalive_nanos()));
  link_->flush_soon();
  return true;
}

void GrpcConnection::forget(GrpcCall& call) {
  Exchange& exchange = exchanges_.at(call.stream);
  exchange.call = nullptr;
  --calls_;
  call.connection = nullptr;
  session_->reset(call.stream, Http2Code::kCancel);
  link_->flush_soon();
}

bool GrpcConnection::answer_begun(const GrpcCall& call) const { return exchanges_.at(call.stream).head_seen; }

// --- Answers ---

void GrpcConnection::on_headers(StreamId id, const Http2Fields& fields, bool too_large) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end() || found->second.call == nullptr) return;
  Exchange& exchange = found->second;
  if (too_large)
    return fail_answer(id, exchange, HttpFailure::kResponseTooLarge, "the answer's header fields are too large");
  if (!exchange.head_seen) {
    const int status = [&] {
      const std::string_view text = fields.find(":status").value_or("");
      return text.size() == 3 ? (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0') : 0;
    }();
    if (status / 100 == 1) return;  // RFC 9110, 15.2
    exchange.head_seen = true;
    exchange.http_status = status;
    exchange.is_grpc = is_grpc_content_type(fields.find("content-type").value_or(""));
    if (const auto encoding = fields.find("grpc-encoding"); encoding && *encoding != "identity") {
      if (find_header(exchange.call->request.metadata, "grpc-encoding") != *encoding) {
        return fail_answer(id, exchange, HttpFailure::kMalformedResponse, "an answer in an encoding that is not ours");
      }
      exchange.encoding = *encoding;
    }
  }
  const auto code = fields.find("grpc-status");
  if (!code) return;
  exchange.has_status = true;
  exchange.status.code = read_grpc_code(*code);
  exchange.status.message = unescape_grpc_message(fields.find("grpc-message").value_or(""));
  exchange.status.details.clear();
  base::append_from_base64(fields.find("grpc-status-details-bin").value_or(""), exchange.status.details);
}

void GrpcConnection::on_data(StreamId id, std::string_view bytes) {
  session_->consume_stream(id, bytes.size());
  session_->consume_connection(bytes.size());
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end() || found->second.call == nullptr || !found->second.is_grpc) return;
  Exchange& exchange = found->second;
  const Http2BodyReader::Verdict verdict = exchange.body.append(bytes);
  if (verdict.status == 0) return;
  const bool too_large = verdict.status == 413;
  fail_answer(id, exchange, too_large ? HttpFailure::kResponseTooLarge : HttpFailure::kMalformedResponse,
              too_large
                  ? "the answer is larger than " + std::to_string(exchange.call->request.response_bytes_max) + " bytes"
                  : "bad answer: " + std::string(verdict.reason));
}

void GrpcConnection::fail_answer(StreamId id, Exchange& exchange, HttpFailure failure, std::string what) {
  exchange.failure = failure;
  exchange.failed = std::move(what);
  session_->reset(id, Http2Code::kCancel);
}

void GrpcConnection::on_end(StreamId id) {
  if (const auto found = exchanges_.find(id); found != exchanges_.end()) found->second.ended = true;
}

void GrpcConnection::on_closed(StreamId id, Http2Code code) {
  auto gone = exchanges_.extract(id);
  if (gone.empty() || gone.mapped().call == nullptr) return;
  --calls_;
  finish(gone.mapped(), code);
}

void GrpcConnection::finish(Exchange& exchange, Http2Code code) {
  GrpcCall& call = *exchange.call;
  call.connection = nullptr;
  if (!exchange.failed.empty()) return channel_.failed(call, exchange.failure, exchange.failed, true);
  if (!exchange.ended) {
    if (code == Http2Code::kRefusedStream && ++call.refused <= kRefusalsMax) return channel_.again(call);
    GrpcReply reply;
    reply.answered = true;
    reply.status = {code_for_reset(code),
                    "the server reset the call, HTTP/2 error " + std::to_string(static_cast<std::uint32_t>(code)),
                    {}};
    return channel_.answered(call, std::move(reply));
  }
  ++calls_answered_;
  GrpcReply reply;
  reply.answered = true;
  if (!exchange.has_status) {
    const bool plain_http = exchange.http_status != 200 || !exchange.is_grpc;
    reply.is_http = plain_http;
    reply.status.code = plain_http ? grpc_code_for_http(exchange.http_status) : GrpcCode::kUnknown;
    reply.status.message = plain_http ? "HTTP status " + std::to_string(exchange.http_status) +
                                            " without a gRPC status, as of no gRPC server"
                                      : "an answer without grpc-status";
    return channel_.answered(call, std::move(reply));
  }
  reply.status = std::move(exchange.status);
  if (reply.status.code == GrpcCode::kOk) {
    if (const Http2BodyReader::Verdict verdict = exchange.body.end(); verdict.status != 0) {
      return channel_.failed(call, HttpFailure::kMalformedResponse, "an answer without a whole message", true);
    }
    if (exchange.body.compressed()) {
      if (exchange.encoding.empty()) {
        return channel_.failed(call, HttpFailure::kMalformedResponse, "a compressed answer without grpc-encoding",
                               true);
      }
      reply.encoding = std::move(exchange.encoding);
    }
    reply.message = std::string(exchange.body.take_block().view());
  }
  channel_.answered(call, std::move(reply));
}

// --- The connection ---

void GrpcConnection::on_goaway(StreamId /*last*/, Http2Code code, std::string_view debug) {
  ++channel_.counters().goaways;
  if (code == Http2Code::kEnhanceYourCalm && debug == "too_many_pings") channel_.slow_keepalive();
}

void GrpcConnection::on_ping(bool /*is_ack*/) {}  // any byte shows that the peer is there; see on_link_round()

void GrpcConnection::on_link_round(Http2Link::State state) {
  if (const std::uint64_t received = link_->bytes_received(); received != received_counted_) {
    received_counted_ = received;
    last_received_ = channel_.loop().now();
    const bool answered = std::exchange(pinged_at_, base::kNever) != base::kNever;
    if (answered && calls_ != 0) set_deadline(base::later(last_received_, channel_.keepalive_nanos()));
  }
  if (state != Http2Link::State::kOpen) {
    fail_all(state);
    return channel_.discard(*this);  // destroys this
  }
  if (retired_ || spent()) close_when_done();
  channel_.serve_soon();
}

void GrpcConnection::retire() {
  retired_ = true;
  close_when_done();
}

void GrpcConnection::close_when_done() {
  if (!exchanges_.empty() || std::exchange(closing_, true)) return;
  session_->close(Http2Code::kNoError);
  link_->flush_soon();
}

void GrpcConnection::fail_all(Http2Link::State state) {
  const bool foreign = state == Http2Link::State::kFinished && !session_->failure().empty() && received_counted_ != 0;
  const std::string what = ping_timed_out_ ? "the peer does not answer keepalive pings"
                           : foreign ? "the peer breaks HTTP/2 (" + session_->failure() + "); is it a gRPC port (4317)?"
                           : state == Http2Link::State::kBroken ? "the connection broke: " + link_->error()
                                                                : "the peer closed the connection";
  for (auto& [id, exchange] : std::exchange(exchanges_, {})) {
    if (exchange.call == nullptr) continue;
    GrpcCall& call = *exchange.call;
    call.connection = nullptr;
    const bool stale = calls_answered_ != 0 && !exchange.head_seen && call.request.repeatable && !call.repeated;
    if (stale && !foreign) {
      call.repeated = true;
      ++channel_.counters().repeated;
      channel_.again(call);
    } else {
      const HttpFailure failure = foreign                                  ? HttpFailure::kNotHttp
                                  : exchange.head_seen                     ? HttpFailure::kClosedMidResponse
                                  : state == Http2Link::State::kPeerClosed ? HttpFailure::kClosedBeforeResponse
                                                                           : HttpFailure::kReset;
      channel_.failed(call, failure, what, true);
    }
  }
  calls_ = 0;
}

// --- Keepalive ---

void GrpcConnection::on_timer() {
  const base::MonotonicNanos now = channel_.loop().now();
  if (pinged_at_ != base::kNever) {
    const base::MonotonicNanos given_up = base::later(pinged_at_, channel_.options().keepalive_timeout_nanos);
    if (now < given_up) return timer_.arm(given_up);
    ping_timed_out_ = true;
    return link_->break_off();
  }
  if (calls_ == 0) return;  // armed again by the next call
  const base::MonotonicNanos due = base::later(last_received_, channel_.keepalive_nanos());
  if (now < due) return timer_.arm(due);
  send_ping(now);
}

void GrpcConnection::send_ping(base::MonotonicNanos now) {
  pinged_at_ = now;
  session_->ping();
  link_->flush_soon();
  set_deadline(base::later(now, channel_.options().keepalive_timeout_nanos));
}

void GrpcConnection::probe(base::MonotonicNanos silent_since) {
  if (pinged_at_ == base::kNever && last_received_ <= silent_since) send_ping(channel_.loop().now());
}

void GrpcConnection::set_deadline(base::MonotonicNanos at) {
  if (at < timer_.at()) timer_.arm(at);
}

}  // namespace nanospan::net
