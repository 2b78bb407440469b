// The checks of a request in the order in which they cost least, and their answers. Thread-safety: see the header.
#include "gateway/receivers/otlp/otlp_http_handler.h"

#include "gateway/config/units.h"
#include "gateway/receivers/otlp/cors.h"
#include "net/gzip.h"
#include "wire/validate.h"

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kBusyRetryNanos = 1 * base::kNanosPerSecond;
// deflate cannot expand more than this (zlib technical notes: 1032:1); an honest gzip trailer says less.
constexpr std::uint64_t kInflateRatioMax = 1032;

/// Memory that a request's body is charged to.
class BodyCharge final : public net::BodyTicket {
 public:
  explicit BodyCharge(BudgetCharge charge) : charge_(std::move(charge)) {}
  bool grow(std::size_t body_bytes) override { return charge_.grow_to(body_bytes); }
  BudgetCharge& charge() { return charge_; }

 private:
  BudgetCharge charge_;
};

std::string quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 100)) + "\""; }

std::string_view content_type(const net::MessageHead& head) { return head.headers.find("Content-Type").value_or(""); }

/// The encoding of the body: "", "gzip", or what else the client wrote.
std::string_view content_encoding(const net::MessageHead& head) {
  const std::string_view encoding = head.headers.find("Content-Encoding").value_or("");
  return net::equals_ignoring_case(encoding, "identity") ? std::string_view() : encoding;
}

bool is_gzip(std::string_view encoding) {
  return net::equals_ignoring_case(encoding, "gzip") || net::equals_ignoring_case(encoding, "x-gzip");
}

/// The size that a gzip member says it inflates to: the last four bytes, little endian, modulo 2^32 (RFC 1952, 2.3.1).
/// A hint.
std::uint64_t inflated_size_hint(std::string_view body) {
  if (body.size() < 18) return 0;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < 4; ++i)
    size |= std::uint64_t{static_cast<unsigned char>(body[body.size() - 4 + i])} << (8 * i);
  return size;
}

}  // namespace

/// Why a request is refused, and what its sender can do about it.
struct OtlpHttpHandler::Refusal {
  int status = 0;
  std::string_view reason;  // of nanospan_receiver_refused_requests
  std::string message;
  std::uint64_t retry_after_nanos = 0;
  std::vector<net::Header> headers;
};

OtlpHttpHandler::OtlpHttpHandler(OtlpHttpOptions options, std::string receiver, Host& host, Consumer& next)
    : options_(std::move(options)),
      receiver_(std::move(receiver)),
      host_(host),
      next_(next),
      accepted_(host.metrics().counter("otelcol_receiver_accepted_spans", "Spans taken into the pipeline.",
                                       {{"receiver", receiver_}, {"transport", "http"}})),
      refused_(host.metrics().counter("otelcol_receiver_refused_spans",
                                      "Spans refused for the moment; their sender was told to retry.",
                                      {{"receiver", receiver_}, {"transport", "http"}})),
      failed_(host.metrics().counter("otelcol_receiver_failed_spans",
                                     "Spans that a destination will never take; their sender was told.",
                                     {{"receiver", receiver_}, {"transport", "http"}})),
      requests_(host.metrics().counter("nanospan_receiver_requests", "Requests whose head was complete.",
                                       {{"receiver", receiver_}, {"transport", "http"}})) {
  for (net::EventLoop* loop : host.loops()) {
    json_readers_.emplace(loop, wire::OtlpJsonReader({static_cast<std::size_t>(options_.body_bytes_max)}));
  }
}

std::string OtlpHttpHandler::size_remedy(std::string_view what) const {
  return std::string(what) + " is larger than " + format_byte_size(options_.body_bytes_max) +
         ", the receiver's max_request_body_size; send smaller batches or raise it";
}

std::optional<OtlpHttpHandler::Refusal> OtlpHttpHandler::check_head(const net::MessageHead& head) const {
  if (head.path() != options_.traces_path) {
    return Refusal{404,
                   "wrong_path",
                   quoted(head.path()) + " is not served here; send traces to POST " + options_.traces_path,
                   0,
                   {}};
  }
  if (head.method() != "POST") {
    return Refusal{405,
                   "wrong_method",
                   "send traces with POST, not " + std::string(head.method().substr(0, 20)),
                   0,
                   {{"Allow", options_.cors.allowed_origins.empty() ? "POST" : "POST, OPTIONS"}}};
  }
  if (!encoding_of(content_type(head))) {
    return Refusal{415,
                   "wrong_type",
                   "Content-Type " + quoted(content_type(head)) +
                       " is not supported; send application/x-protobuf or application/json",
                   0,
                   {{"Accept", "application/x-protobuf, application/json"}}};
  }
  if (const std::string_view encoding = content_encoding(head);
      !encoding.empty() && !(options_.gzip_accepted && is_gzip(encoding))) {
    return Refusal{415,
                   "wrong_encoding",
                   "Content-Encoding " + quoted(encoding) + " is not supported; send " +
                       (options_.gzip_accepted ? "gzip or none" : "without compression"),
                   0,
                   {{"Accept-Encoding", options_.gzip_accepted ? "gzip" : "identity"}}};
  }
  if (!head.content_length && !head.chunked) {
    return Refusal{411,
                   "no_length",
                   "the request has neither Content-Length nor Transfer-Encoding: chunked; send one of them",
                   0,
                   {}};
  }
  if (head.content_length.value_or(0) > options_.body_bytes_max) {
    return Refusal{413, "body_too_large", size_remedy("the body of " + format_byte_size(*head.content_length)), 0, {}};
  }
  if (draining_.load(std::memory_order_relaxed)) {
    return Refusal{503, "shutting_down", "the gateway is shutting down; send again", kBusyRetryNanos, {}};
  }
  return std::nullopt;
}

net::Admission OtlpHttpHandler::on_headers(const net::MessageHead& head) {
  requests_.add(1);
  if (std::optional<net::Response> preflight = preflight_answer(options_.cors, head))
    return net::Admission::answer(*std::move(preflight));
  if (std::optional<Refusal> refusal = check_head(head)) return net::Admission::answer(refuse(*refusal, &head));
  BudgetCharge charge(host_.budget());
  if (!charge.grow_to(head.content_length.value_or(0))) {
    return net::Admission::answer(
        refuse({503,
                "memory",
                "the gateway's memory budget of " + format_byte_size(host_.budget().bytes_max()) +
                    " (service.memory_budget) is in use; send again",
                kBusyRetryNanos,
                {}},
               &head));
  }
  return net::Admission::accept(options_.body_bytes_max, std::make_unique<BodyCharge>(std::move(charge)));
}

net::Response OtlpHttpHandler::on_refused(int status, std::string_view reason, const net::MessageHead* head) {
  switch (status) {
    case 408:
      return refuse({status, "slow", std::string(reason), 0, {}}, head);
    case 413:
      return refuse({status, "body_too_large", size_remedy("the body"), 0, {}}, head);
    case 414:
    case 431:
      return refuse({status, "head_too_large", std::string(reason), 0, {}}, head);
    case 500:
      return refuse({status, "internal", std::string(reason), 0, {}}, head);
    case 503:
      return refuse({status,
                     "memory",
                     "the gateway's memory budget (service.memory_budget) is in use; send again",
                     kBusyRetryNanos,
                     {}},
                    head);
    default:
      return refuse({status, "malformed_http", std::string(reason), 0, {}}, head);
  }
}

net::Response OtlpHttpHandler::refuse(const Refusal& refusal, const net::MessageHead* head) {
  host_.metrics()
      .counter("nanospan_receiver_refused_requests", "Requests refused by the receiver itself, by reason.",
               {{"receiver", receiver_}, {"transport", "http"}, {"reason", refusal.reason}})
      .add(1);
  host_.log().warn_limited("receiver " + receiver_, refusal.reason, refusal.message);
  const std::optional<OtlpEncoding> encoding = head == nullptr ? std::nullopt : encoding_of(content_type(*head));
  net::Response response = refusal.retry_after_nanos == 0
                               ? error_answer(refusal.status, refusal.message, encoding)
                               : retry_answer(refusal.status, refusal.message, encoding, refusal.retry_after_nanos);
  response.headers.insert(response.headers.end(), refusal.headers.begin(), refusal.headers.end());
  decorate(response, head == nullptr ? "" : head->headers.find("Origin").value_or(""));
  return response;
}

void OtlpHttpHandler::decorate(net::Response& response, std::string_view origin) const {
  for (const auto& [name, value] : options_.response_headers) response.headers.push_back({name, value});
  add_cors_headers(options_.cors, origin, response);
}

Result<net::ByteBlock> OtlpHttpHandler::inflate(std::string_view body, BudgetCharge& charge, Refusal& refusal) const {
  const auto no_memory = [&](std::uint64_t bytes) {
    refusal = {503,
               "memory",
               "no memory to inflate the body to " + format_byte_size(bytes) + "; send again",
               kBusyRetryNanos,
               {}};
    return Error{ErrorCode::kResourceExhausted, refusal.message};
  };
  const std::uint64_t compressed = body.size();
  const std::uint64_t largest = std::min(options_.body_bytes_max, compressed * kInflateRatioMax);
  // One byte more than the limit, so that a body that is too large is seen to be.
  std::uint64_t room = std::clamp<std::uint64_t>(inflated_size_hint(body), 256, largest + 1);
  net::GzipInflater inflater(options_.body_bytes_max);
  net::ByteBlock out;
  while (true) {
    if (!charge.grow_to(compressed + room) || !out.reserve(room)) return no_memory(room);
    const Result<net::GzipInflater::Step> step = inflater.inflate(body, {out.tail(), out.room()});
    if (!step) {
      refusal = step.error().code == ErrorCode::kResourceExhausted
                    ? Refusal{413, "body_too_large", size_remedy("the inflated body"), 0, {}}
                    : Refusal{400,
                              "malformed_gzip",
                              "the gzip body is broken at byte " + std::to_string(compressed - body.size()) + ": " +
                                  step.error().message,
                              0,
                              {}};
      return step.error();
    }
    body.remove_prefix(step->consumed);
    out.wrote(step->produced);
    if (body.empty() && out.room() != 0) break;
    if (out.room() == 0) {
      if (body.empty() && inflater.complete()) break;
      room = std::min(room * 2, largest + 1);
      if (out.capacity() > largest) room = out.capacity() + 1;
    }
  }
  if (!inflater.complete()) {
    refusal = {
        400, "malformed_gzip", "the gzip body ends before its end mark, at byte " + std::to_string(compressed), 0, {}};
    return Error{ErrorCode::kMalformed, refusal.message};
  }
  return out;
}

Result<BatchRef> OtlpHttpHandler::make_batch(net::Request& request, OtlpEncoding encoding, Refusal& refusal) {
  BudgetCharge charge = std::move(static_cast<BodyCharge&>(*request.ticket).charge());
  net::ByteBlock bytes = std::move(request.body);
  if (is_gzip(content_encoding(request.head))) {
    Result<net::ByteBlock> inflated = inflate(bytes.view(), charge, refusal);
    if (!inflated) return inflated.error();
    bytes = std::move(inflated).value();
  }
  if (encoding == OtlpEncoding::kJson)
    return make_batch_from_json(request.loop, bytes.view(), std::move(charge), refusal);
  return batch_of(std::move(bytes), std::move(charge), refusal);
}

Result<BatchRef> OtlpHttpHandler::batch_of(net::ByteBlock bytes, BudgetCharge charge, Refusal& refusal) {
  const wire::WalkResult walk = wire::validate_traces(bytes.view());
  if (!walk.ok()) {
    refusal = {400,
               "malformed_protobuf",
               "the body is not an ExportTraceServiceRequest: byte " + std::to_string(walk.fault.offset) + ": " +
                   walk.fault.text,
               0,
               {}};
    return Error{ErrorCode::kMalformed, refusal.message};
  }
  charge.grow_to(bytes.capacity());
  charge.shrink_to(bytes.capacity());
  return BatchRef(std::make_shared<const Batch>(
      std::move(bytes), SpanCounts{walk.counts.resources, walk.counts.scopes, walk.counts.items}, std::move(charge)));
}

Result<BatchRef> OtlpHttpHandler::make_batch_from_json(net::EventLoop* loop, std::string_view json, BudgetCharge charge,
                                                       Refusal& refusal) {
  std::string converted;
  if (const Status read = json_readers_.at(loop).read_traces(json, converted); !read) {
    refusal = {400, "malformed_json", "the body is not an ExportTraceServiceRequest: " + read.error().message, 0, {}};
    return read.error();
  }
  if (!charge.grow_to(json.size() + converted.size())) {
    refusal = {503, "memory", "no memory to convert the JSON body; send again", kBusyRetryNanos, {}};
    return Error{ErrorCode::kResourceExhausted, refusal.message};
  }
  return batch_of(net::ByteBlock::copy_of(converted), std::move(charge), refusal);
}

void OtlpHttpHandler::on_request(net::Request request, net::Responder responder) {
  const OtlpEncoding encoding = *encoding_of(content_type(request.head));  // on_headers() let only these pass.
  Refusal refusal;
  Result<BatchRef> batch = make_batch(request, encoding, refusal);
  if (!batch) return responder.respond(refuse(refusal, &request.head));
  const std::uint64_t spans = (*batch)->counts().spans;
  std::string origin(request.head.headers.find("Origin").value_or(""));
  if (spans == 0)
    return responder.respond(answer(Outcome::accepted(), 0, encoding, origin));  // OTLP: an empty request succeeds.
  next_.consume(std::move(batch).value(), [self = shared_from_this(), spans, encoding, origin = std::move(origin),
                                           responder = std::move(responder)](Outcome outcome) mutable {
    responder.respond(self->answer(outcome, spans, encoding, origin));
  });
}

net::Response OtlpHttpHandler::answer(const Outcome& outcome, std::uint64_t spans, OtlpEncoding encoding,
                                      std::string_view origin) {
  net::Response response;
  switch (outcome.kind) {
    case Outcome::Kind::kAccepted:
      accepted_.add(spans);
      response = success_answer(encoding);
      break;
    case Outcome::Kind::kRetry:
      refused_.add(spans);
      response = retry_answer(503, outcome.message, encoding, outcome.retry_after_nanos);
      break;
    case Outcome::Kind::kPermanent:
      failed_.add(spans);
      response = error_answer(500, outcome.message, encoding);
      break;
  }
  decorate(response, origin);
  return response;
}

}  // namespace nanospan::gateway
