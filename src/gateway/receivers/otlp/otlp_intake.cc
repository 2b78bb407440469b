// Memory is charged as a body grows, and is the batch's when it is complete. Threads: see the header.
#include "gateway/receivers/otlp/otlp_intake.h"

#include <algorithm>

#include "gateway/config/units.h"

namespace nanospan::gateway {
namespace {

/// Memory that a request's body is charged to.
class BodyCharge final : public net::BodyTicket {
 public:
  explicit BodyCharge(BudgetCharge charge) : charge_(std::move(charge)) {}
  bool grow(std::size_t body_bytes, std::size_t whole_bytes) override {
    return charge_.grow_to(body_bytes, whole_bytes);
  }
  BudgetCharge& charge() { return charge_; }

 private:
  BudgetCharge charge_;
};

}  // namespace

OtlpIntake::OtlpIntake(std::string receiver, std::string transport, std::uint64_t body_bytes_max, Host& host,
                       const SignalConsumers& next)
    : receiver_(std::move(receiver)),
      transport_(std::move(transport)),
      body_bytes_max_(body_bytes_max),
      host_(host),
      next_(next),
      requests_(host.metrics().counter("nanospan_receiver_requests", "Requests whose head was complete.",
                                       {{"receiver", receiver_}, {"transport", transport_}})),
      refusals_([this](std::string_view reason) -> Metric& {
        return host_.metrics().counter("nanospan_receiver_refused_requests",
                                       "Requests refused by the receiver itself, by reason.",
                                       {{"receiver", receiver_}, {"transport", transport_}, {"reason", reason}});
      }) {
  for (const Signal signal : kSignals) {
    if (!takes(signal)) continue;
    const SignalInfo& info = info_of(signal);
    const auto counter = [&](std::string_view event, std::string_view help) {
      return &host.metrics().counter("otelcol_receiver_" + std::string(event) + "_" + std::string(info.metric_items),
                                     "The " + std::string(info.items) + std::string(help),
                                     {{"receiver", receiver_}, {"transport", transport_}});
    };
    counters_[signal] = {counter("accepted", " taken into the pipeline."),
                         counter("refused", " refused for the moment; their sender was told to retry."),
                         counter("failed", " that a destination will never take; their sender was told.")};
  }
  for (net::EventLoop* loop : host.loops()) decoders_.emplace(loop, BodyDecoder(this->body_bytes_max()));
}

Status OtlpIntake::require(const std::string& authenticator) {
  Result<std::shared_ptr<ServerAuthenticator>> found = host_.authenticators().server(authenticator);
  if (!found) return found.error();
  authenticator_ = std::move(found).value();
  return {};
}

std::optional<std::string> OtlpIntake::other_place() const {
  const int port = other_port_.load(std::memory_order_relaxed);
  if (port == kNowhere) return std::nullopt;
  return port == 0 ? "another address of this receiver" : "port " + std::to_string(port);
}

std::optional<Refusal> OtlpIntake::check_sender(const net::MessageHead& head) const {
  if (authenticator_ == nullptr) return std::nullopt;
  ServerAuthenticator::Verdict verdict = authenticator_->authenticate(head.headers);
  switch (verdict.kind) {
    case ServerAuthenticator::Kind::kAllowed:
      break;
    case ServerAuthenticator::Kind::kDenied: {
      Refusal refusal{401, "unauthenticated", std::move(verdict.message)};
      refusal.headers.push_back({"WWW-Authenticate", std::string(authenticator_->challenge())});
      return refusal;
    }
    case ServerAuthenticator::Kind::kBusy:
      return Refusal{503, "authentication_busy", std::move(verdict.message), true};
  }
  return std::nullopt;
}

std::unique_ptr<net::BodyTicket> OtlpIntake::charge(std::uint64_t bytes, std::uint64_t whole) const {
  BudgetCharge charge(host_.budget());
  if (!charge.grow_to(bytes, whole)) return nullptr;
  return std::make_unique<BodyCharge>(std::move(charge));
}

BatchRef OtlpIntake::decode(net::Request& request, Signal signal, OtlpEncoding encoding, const net::Codec* codec,
                            Refusal& refusal) {
  return decoders_.at(request.loop)
      .decode(std::move(request.body), signal, encoding, codec,
              std::move(static_cast<BodyCharge&>(*request.ticket).charge()), refusal);
}

void OtlpIntake::consume(BatchRef batch, Completion done) {
  const std::uint64_t spans = batch->counts().spans;
  // OTLP, "Empty Telemetry Envelopes": success, and nothing to pass on.
  if (spans == 0) return done(Outcome::accepted());
  const Counters& counters = counters_[batch->signal()];
  Consumer& next = *next_.of(batch->signal());
  next.consume(std::move(batch), [&counters, spans, done = std::move(done)](Outcome outcome) {
    switch (outcome.kind) {
      case Outcome::Kind::kAccepted:
        counters.accepted->add(spans - outcome.rejected_spans);
        counters.failed->add(outcome.rejected_spans);
        break;
      case Outcome::Kind::kRetry:
        counters.refused->add(spans);
        break;
      case Outcome::Kind::kPermanent:
        counters.failed->add(spans);
        break;
    }
    done(std::move(outcome));
  });
}

void OtlpIntake::count_refusal(const Refusal& refusal) {
  refusals_.of(refusal.reason).add(1);
  host_.log().warn_limited("receiver " + receiver_, refusal.reason, refusal.message);
}

Refusal OtlpIntake::no_memory() const {
  if (host_.budget().is_throttled()) {
    return Refusal::busy("the gateway is short of memory (service.memory_limit, or the container's); send again");
  }
  return Refusal::busy("the gateway's memory budget of " + format_byte_size(host_.budget().bytes_max()) +
                       " (service.memory_budget) is in use; send again");
}

Refusal OtlpIntake::shutting_down() { return {503, "shutting_down", "the gateway is shutting down; send again", true}; }

}  // namespace nanospan::gateway
