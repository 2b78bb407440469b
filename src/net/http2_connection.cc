// Streams become requests for the handler, and its answers frames, as over HTTP/1.1. Threads: see the header.
#include "net/http2_connection.h"

#include <algorithm>
#include <array>

#include "net/http1_writer.h"
#include "net/http_shard.h"
#include "net/refusal_text.h"

namespace nanospan::net {
namespace {

using C = HttpServerCounters;

// After "open no more streams": long enough for a request that was under way to arrive (RFC 9113, 6.8).
constexpr std::uint64_t kNoticeNanos = 1 * base::kNanosPerSecond;
constexpr std::uint64_t kIdlePingIntervalNanos = 2 * 3600 * base::kNanosPerSecond;
constexpr int kPingStrikesMax = 2;
// Some peers send whole frames only, of the size that all must take (RFC 9113, 4.2).
constexpr std::int64_t kCreditBytesMin = 16u << 10;

bool is_lower(std::string_view name) {
  return std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string lower(std::string name) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

/// Fields that speak of an HTTP/1 connection (RFC 9113, 8.2.2).
bool is_connection_field(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {"connection", "keep-alive", "proxy-connection",
                                                      "transfer-encoding", "upgrade"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view n) { return equals_ignoring_case(n, name); });
}

/// Invalid ones are left out, as in HTTP/1: nothing that a handler passes can break the framing.
void make_sendable(std::vector<Header>& headers) {
  std::erase_if(headers, [](const Header& header) {
    return !is_token(header.name) || !is_header_value(header.value) || is_connection_field(header.name);
  });
  for (Header& header : headers) {
    if (!is_lower(header.name)) header.name = lower(std::move(header.name));
  }
}

/// A tenth less or more, the same for a connection however often it is asked.
std::uint64_t with_jitter(std::uint64_t nanos, std::uint64_t seed) {
  if (nanos == base::kNever) return nanos;
  const std::uint64_t mixed = (seed + 1) * 0x9e37'79b9'7f4a'7c15 >> 33;
  const std::uint64_t tenth = nanos / 10;
  return nanos - tenth + (tenth == 0 ? 0 : mixed % (2 * tenth));
}

}  // namespace

Http2Protocol http2_server_protocol(Http2ServerOptions options) {
  return [shared = std::make_shared<const Http2ServerOptions>(options)](
             HttpShard& shard, std::uint64_t id, std::unique_ptr<ByteStream> stream, std::string peer,
             std::string received) -> std::unique_ptr<ServerConnection> {
    return std::make_unique<Http2Connection>(shard, id, std::move(stream), std::move(peer), std::move(received),
                                             shared);
  };
}

Http2Connection::Http2Connection(HttpShard& shard, std::uint64_t id, std::unique_ptr<ByteStream> stream,
                                 std::string peer, std::string received,
                                 std::shared_ptr<const Http2ServerOptions> options)
    : shard_(shard),
      id_(id),
      peer_(std::move(peer)),
      options_(std::move(options)),
      first_bytes_(std::move(received)),
      byte_stream_(std::move(stream)),
      timer_(shard.loop(), [this] { on_timer(); }) {}

Http2Connection::~Http2Connection() = default;

void Http2Connection::start() {
  const base::MonotonicNanos now = shard_.loop().now();
  last_request_ = last_received_ = now;
  age_at_ = base::later(now, with_jitter(options_->age_nanos_max, id_ ^ now));
  Result<std::unique_ptr<Http2Session>> session =
      Http2Session::create(Http2Session::Role::kServer, options_->session, *this);
  if (!session) return shard_.remove(id_);
  session_ = std::move(session).value();
  link_ = std::make_unique<Http2Link>(shard_.loop(), std::move(byte_stream_), *session_, shard_.bulk_scratch(),
                                      shard_.options().linger_nanos, static_cast<Http2Link::Owner&>(*this));
  if (!link_->start(std::exchange(first_bytes_, {}))) return shard_.remove(id_);
  if (shard_.draining()) begin_ending();
  on_timer();
}

// --- Requests ---

void Http2Connection::on_headers(StreamId id, const Http2Fields& fields, bool too_large) {
  headers_since_ = base::kNever;
  if (streams_.contains(id)) return;  // trailers: no request that is served here has any
  shard_.count(&C::requests);
  last_request_ = shard_.loop().now();
  Stream& stream = streams_[id];
  Result<MessageHead> head = request_head_of(fields);
  if (head) stream.head = std::move(head).value();
  if (too_large) {
    shard_.count(&C::refused_head_too_large);
    return refuse(id, stream, 431, head_too_large_text(options_->session.header_list_bytes_max));
  }
  if (!head) {
    shard_.count(&C::refused_malformed);
    return refuse(id, stream, 400, "content-length is not a number");
  }
  admit(id, stream);
}

void Http2Connection::admit(StreamId id, Stream& stream) {
  Admission admission = shard_.handler().on_headers(stream.head);
  if (!admission.accepted) {
    shard_.count(&C::answered_by_handler_early);
    return respond(id, stream, std::move(admission.response));
  }
  stream.body = Http2BodyReader(admission.framing, admission.body_bytes_max, std::move(admission.ticket));
  stream.body_since = shard_.loop().now();
  stream.brought_before = brought_;
  stream.withheld_before = withheld_nanos();
  stream.answer_by = {base::later(stream.body_since, admission.timeout_nanos)};
  if (stream.head.content_length) {
    if (const auto verdict = stream.body.expect(*stream.head.content_length); verdict.status != 0) {
      return refuse(id, stream, verdict);
    }
  }
  set_deadline(std::min(body_deadline(stream), stream.answer_by.at));
}

void Http2Connection::on_data(StreamId id, std::string_view bytes) {
  session_->consume_stream(id, bytes.size());
  unreturned_ += bytes.size();
  const auto found = streams_.find(id);
  if (found != streams_.end() && found->second.state == Stream::State::kBody) {
    brought_ += bytes.size();
    if (const auto verdict = found->second.body.append(bytes); verdict.status != 0) refuse(id, found->second, verdict);
  }
  balance_credit();
}

std::span<char> Http2Connection::room_for(StreamId id) {
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second.state != Stream::State::kBody) return {};
  return found->second.body.room();
}

void Http2Connection::on_end(StreamId id) {
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second.state != Stream::State::kBody) return;
  if (const auto verdict = found->second.body.end(); verdict.status != 0) return refuse(id, found->second, verdict);
  dispatch(id, found->second);
}

void Http2Connection::dispatch(StreamId id, Stream& stream) {
  stream.state = Stream::State::kAnswering;
  Request request;
  request.head = stream.head;
  request.compressed = stream.body.compressed();
  request.body = stream.body.take_block();
  request.ticket = stream.body.take_ticket();
  request.peer = peer_;
  request.loop = &shard_.loop();
  stream.held = request.body.size();
  held_ += stream.held;
  shard_.handler().on_request(std::move(request), Responder(shard_.loop().handle(), shard_.weak_from_this(), id_,
                                                            static_cast<std::uint32_t>(id)));
}

void Http2Connection::on_closed(StreamId id, Http2Code /*code*/) {
  const auto gone = streams_.extract(id);  // destroyed last: a ticket's destructor may call back
  if (gone.empty()) return;
  release(gone.mapped());
  if (gone.mapped().state != Stream::State::kAnswered) shard_.count(&C::http2_reset_by_peer);
  last_request_ = shard_.loop().now();
  if (streams_.empty()) set_deadline(base::later(last_request_, options_->idle_nanos));
}

// --- Answers ---

void Http2Connection::answer(std::uint32_t stream, Response response) {
  const auto found = streams_.find(static_cast<StreamId>(stream));
  if (found == streams_.end() || found->second.state != Stream::State::kAnswering) {
    return shard_.count(&C::answers_too_late);
  }
  respond(found->first, found->second, std::move(response));
}

void Http2Connection::answer_missing(std::uint32_t stream) {
  const auto found = streams_.find(static_cast<StreamId>(stream));
  if (found == streams_.end() || found->second.state != Stream::State::kAnswering) return;
  refuse(found->first, found->second, 500, "the request was not answered");
}

void Http2Connection::refuse(StreamId id, Stream& stream, Http2BodyReader::Verdict verdict) {
  if (verdict.status == 503) shard_.count(&C::refused_ticket);
  if (verdict.status != 413) return refuse(id, stream, verdict.status, verdict.reason);
  shard_.count(&C::refused_body_too_large);
  refuse(id, stream, 413, body_too_large_text(stream.body.bytes_max()));
}

void Http2Connection::refuse(StreamId id, Stream& stream, int status, std::string_view reason) {
  Response response = shard_.handler().on_refused(status, reason, &stream.head);
  respond(id, stream, std::move(response));
}

void Http2Connection::respond(StreamId id, Stream& stream, Response response) {
  const bool head_only = stream.head.method() == "HEAD";
  make_sendable(response.headers);
  make_sendable(response.trailers);
  const std::string status = std::to_string(response.status);
  const std::string length = std::to_string(response.body.size());
  std::vector<Http2Fields::Field> fields;
  fields.reserve(response.headers.size() + 3);
  fields.push_back({":status", status});
  for (const Header& header : response.headers) fields.push_back({header.name, header.value});
  const bool is_grpc = find_header(response.headers, "grpc-status") || !response.trailers.empty();
  if (!is_grpc) {  // gRPC has neither, and its answers are as short as can be
    fields.push_back({"date", shard_.date()});
    if (may_have_body(response.status)) fields.push_back({"content-length", length});
  }
  Http2Body body;
  if (!head_only && may_have_body(response.status) && !response.body.empty()) {
    body = Http2Body::of(std::move(response.body));
  }
  stream.state = Stream::State::kAnswered;
  stream.body = Http2BodyReader();
  stream.answer_by = {};
  release(stream);
  ping_strikes_ = 0;
  peer_pinged_at_ = base::kNever;
  if (session_->respond(id, fields, std::move(body), std::move(response.trailers))) shard_.count(&C::answered);
  link_->flush_soon();
}

void Http2Connection::release(Stream& stream) {
  held_ -= std::exchange(stream.held, 0);
  balance_credit();
}

/// See "Credit" in the header.
void Http2Connection::balance_credit() {
  if (unreturned_ > held_) {
    session_->consume_connection(unreturned_ - held_);
    unreturned_ = held_;
  }
  watch_credit();
}

void Http2Connection::watch_credit() {
  const bool withheld = session_->connection_credit() < kCreditBytesMin;
  if (withheld == (withheld_since_ != base::kNever)) return;
  const base::MonotonicNanos now = shard_.loop().now();
  if (withheld) {
    withheld_since_ = now;
    return;
  }
  withheld_before_ += now - std::exchange(withheld_since_, base::kNever);
  for (const auto& [id, stream] : streams_) {
    if (stream.state == Stream::State::kBody) set_deadline(body_deadline(stream));
  }
}

// --- The connection ---

void Http2Connection::on_goaway(StreamId, Http2Code, std::string_view) { ending_ = Ending::kLast; }

/// grpc doc/keepalive.md, "too_many_pings".
void Http2Connection::on_ping(bool is_ack) {
  if (is_ack) {
    if (ending_ == Ending::kNoticed) last_goaway();
    return;
  }
  const bool idle = streams_.empty() && !options_->pings_without_streams;
  const std::uint64_t interval = idle ? kIdlePingIntervalNanos : options_->ping_interval_nanos_min;
  const base::MonotonicNanos now = shard_.loop().now();
  const bool first = peer_pinged_at_ == base::kNever;
  const bool too_soon = now < base::later(std::exchange(peer_pinged_at_, now), interval) && !first;
  if (!too_soon) return;
  if (++ping_strikes_ <= kPingStrikesMax) return;
  shard_.count(&C::http2_too_many_pings);
  closing_ = true;
  session_->goaway(Http2Code::kEnhanceYourCalm, "too_many_pings");
  session_->close(Http2Code::kEnhanceYourCalm);
}

void Http2Connection::drain() {
  begin_ending();
  link_->flush_soon();
}

void Http2Connection::begin_ending() {
  if (ending_ != Ending::kNot) return;
  ending_ = Ending::kNoticed;
  session_->announce_shutdown();
  session_->ping();
  ending_at_ = base::later(shard_.loop().now(), kNoticeNanos);
  set_deadline(ending_at_);
  link_->flush_soon();
}

void Http2Connection::last_goaway() {
  ending_ = Ending::kLast;
  session_->goaway(Http2Code::kNoError, "");
  link_->flush_soon();
}

void Http2Connection::close(std::uint64_t C::*reason) {
  if (!closing_) shard_.count(reason);
  closing_ = true;
  session_->close(Http2Code::kNoError);
  link_->flush_soon();
}

/// At once, without a word.
void Http2Connection::break_off(std::uint64_t C::*reason) {
  if (!closing_) shard_.count(reason);
  closing_ = true;
  link_->break_off();
}

void Http2Connection::on_link_round(Http2Link::State state) {
  const base::MonotonicNanos now = shard_.loop().now();
  if (const std::uint64_t received = link_->bytes_received(); received != received_counted_) {
    shard_.count(&C::bytes_received, received - std::exchange(received_counted_, received));
    last_received_ = now;
    pinged_at_ = base::kNever;
  }
  if (const std::uint64_t sent = link_->bytes_sent(); sent != sent_counted_) {
    shard_.count(&C::bytes_sent, sent - std::exchange(sent_counted_, sent));
    write_blocked_since_ = base::kNever;
  }
  if (state != Http2Link::State::kOpen) {
    count_ending(state);
    return shard_.remove(id_);  // destroys this
  }
  if (!link_->wants_write()) {
    write_blocked_since_ = base::kNever;
  } else if (write_blocked_since_ == base::kNever) {
    write_blocked_since_ = now;
    set_deadline(base::later(now, shard_.options().write_nanos));
  }
  if (session_->in_headers() && headers_since_ == base::kNever) {
    headers_since_ = now;
    set_deadline(base::later(now, shard_.options().head_nanos));
  }
}

void Http2Connection::count_ending(Http2Link::State state) {
  if (closing_) return;
  if (session_->flooded()) return shard_.count(&C::http2_floods);
  if (!session_->failure().empty()) return shard_.count(&C::http2_protocol_errors);
  if (state == Http2Link::State::kFinished || streams_.empty()) return;
  const bool in_body = std::any_of(streams_.begin(), streams_.end(),
                                   [](const auto& entry) { return entry.second.state == Stream::State::kBody; });
  shard_.count(in_body ? &C::closed_by_peer_in_body : &C::closed_by_peer_in_response);
}

}  // namespace nanospan::net
