// The checks of a request in the order in which they cost least, and their answers. Thread-safety: see the header.
#include "gateway/receivers/otlp/otlp_http_handler.h"

#include <algorithm>

#include "gateway/config/units.h"
#include "gateway/receivers/otlp/cors.h"
#include "gateway/telemetry/printable.h"

namespace nanospan::gateway {
namespace {

constexpr std::string_view kTypes = "application/x-protobuf, application/json";

/// Memory that a request's body is charged to.
class BodyCharge final : public net::BodyTicket {
 public:
  explicit BodyCharge(BudgetCharge charge) : charge_(std::move(charge)) {}
  bool grow(std::size_t body_bytes) override { return charge_.grow_to(body_bytes); }
  BudgetCharge& charge() { return charge_; }

 private:
  BudgetCharge charge_;
};

std::string quoted(std::string_view text) { return "\"" + printable(text, 100) + "\""; }

std::string_view content_type(const net::MessageHead& head) { return head.headers.find("Content-Type").value_or(""); }

/// The encoding of the body: "", "gzip", or what else the client wrote.
std::string_view content_encoding(const net::MessageHead& head) {
  const std::string_view encoding = head.headers.find("Content-Encoding").value_or("");
  return net::equals_ignoring_case(encoding, "identity") ? std::string_view() : encoding;
}

bool is_gzip(std::string_view encoding) {
  return net::equals_ignoring_case(encoding, "gzip") || net::equals_ignoring_case(encoding, "x-gzip");
}

/// What can never be admitted must not be sent back for a retry. Half: a compressed body is there together with its
/// content.
OtlpHttpOptions within_budget(OtlpHttpOptions options, const MemoryBudget& budget) {
  options.body_bytes_max = std::min(options.body_bytes_max, budget.bytes_max() / 2);
  return options;
}

}  // namespace

OtlpHttpHandler::OtlpHttpHandler(OtlpHttpOptions options, std::string receiver, Host& host, Consumer& next)
    : options_(within_budget(std::move(options), host.budget())),
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
    decoders_.emplace(loop, BodyDecoder(options_.body_bytes_max));
  }
}

std::optional<Refusal> OtlpHttpHandler::check_head(const net::MessageHead& head) const {
  if (head.path() != options_.traces_path) {
    return Refusal{404, "wrong_path",
                   quoted(head.path()) + " is not served here; send traces to POST " + options_.traces_path};
  }
  if (head.method() != "POST") {
    Refusal refusal{405, "wrong_method", "send traces with POST, not " + printable(head.method(), 20)};
    refusal.headers.push_back({"Allow", options_.cors.allowed_origins.empty() ? "POST" : "POST, OPTIONS"});
    return refusal;
  }
  if (const std::string_view type = content_type(head); !encoding_of(type)) {
    Refusal refusal{415, "wrong_type",
                    "Content-Type " + quoted(type) + " is not supported; send " + std::string(kTypes)};
    refusal.headers.push_back({"Accept", std::string(kTypes)});
    return refusal;
  }
  if (const std::string_view encoding = content_encoding(head);
      !encoding.empty() && !(options_.gzip_accepted && is_gzip(encoding))) {
    const std::string accepted = options_.gzip_accepted ? "gzip, identity" : "identity";
    Refusal refusal{415, "wrong_encoding",
                    "Content-Encoding " + quoted(encoding) + " is not supported; send " + accepted};
    refusal.headers.push_back({"Accept-Encoding", accepted});
    return refusal;
  }
  if (!head.content_length && !head.chunked) {
    return Refusal{411, "no_length",
                   "the request has neither Content-Length nor Transfer-Encoding: chunked; send one of them"};
  }
  if (head.content_length.value_or(0) > options_.body_bytes_max) {
    return BodyDecoder::too_large("the body of " + format_byte_size(*head.content_length), options_.body_bytes_max);
  }
  if (draining_.load(std::memory_order_relaxed)) {
    return Refusal{503, "shutting_down", "the gateway is shutting down; send again", kBusyRetryNanos};
  }
  return std::nullopt;
}

net::Admission OtlpHttpHandler::on_headers(const net::MessageHead& head) {
  requests_.add(1);
  if (std::optional<net::Response> preflight = preflight_answer(options_.cors, head)) {
    return net::Admission::answer(*std::move(preflight));
  }
  if (std::optional<Refusal> refusal = check_head(head)) return net::Admission::answer(refuse(*refusal, &head));
  BudgetCharge charge(host_.budget());
  if (!charge.grow_to(head.content_length.value_or(0))) return net::Admission::answer(refuse(no_memory(), &head));
  return net::Admission::accept(static_cast<std::size_t>(options_.body_bytes_max),
                                std::make_unique<BodyCharge>(std::move(charge)));
}

bool OtlpHttpHandler::on_input_kept(std::size_t bytes, std::unique_ptr<net::BodyTicket>& ticket) {
  BudgetCharge charge(host_.budget());
  if (!charge.grow_to(bytes)) return false;
  ticket = std::make_unique<BodyCharge>(std::move(charge));
  return true;
}

Refusal OtlpHttpHandler::no_memory() const {
  return Refusal::busy("the gateway's memory budget of " + format_byte_size(host_.budget().bytes_max()) +
                       " (service.memory_budget) is in use; send again");
}

net::Response OtlpHttpHandler::on_refused(int status, std::string_view reason, const net::MessageHead* head) {
  switch (status) {
    case 408:
      return refuse({status, "slow", std::string(reason)}, head);
    case 413:
      return refuse(BodyDecoder::too_large("the body", options_.body_bytes_max), head);
    case 414:
    case 431:
      return refuse({status, "head_too_large", std::string(reason)}, head);
    case 500:
      return refuse({status, "internal", std::string(reason)}, head);
    case 503:
      return refuse(no_memory(), head);
    default:
      return refuse({status, "malformed_http", std::string(reason)}, head);
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

void OtlpHttpHandler::on_request(net::Request request, net::Responder responder) {
  const OtlpEncoding encoding = *encoding_of(content_type(request.head));  // on_headers() let only these pass.
  Refusal refusal;
  BatchRef batch = decoders_.at(request.loop)
                       .decode(std::move(request.body), encoding, is_gzip(content_encoding(request.head)),
                               std::move(static_cast<BodyCharge&>(*request.ticket).charge()), refusal);
  if (batch == nullptr) return responder.respond(refuse(refusal, &request.head));
  const std::uint64_t spans = batch->counts().spans;
  std::string origin(request.head.headers.find("Origin").value_or(""));
  // OTLP, "Empty Telemetry Envelopes": success, and nothing to pass on.
  if (spans == 0) return responder.respond(answer(Outcome::accepted(), 0, encoding, origin));
  next_.consume(std::move(batch), [self = shared_from_this(), spans, encoding, origin = std::move(origin),
                                   responder = std::move(responder)](Outcome outcome) mutable {
    responder.respond(self->answer(outcome, spans, encoding, origin));
  });
}

net::Response OtlpHttpHandler::answer(const Outcome& outcome, std::uint64_t spans, OtlpEncoding encoding,
                                      std::string_view origin) {
  net::Response response;
  switch (outcome.kind) {
    case Outcome::Kind::kAccepted:
      accepted_.add(spans - outcome.rejected_spans);
      failed_.add(outcome.rejected_spans);
      response = success_answer(encoding, {static_cast<std::int64_t>(outcome.rejected_spans), outcome.message});
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
