// OtlpHttpHandler: OTLP/HTTP requests -> validated batches, and outcomes -> precise answers.
//
//   head: path, method, type, encoding, length, memory budget   -> answered before a byte of the body is read
//   body: inflate (bounded) -> JSON to protobuf -> validating walk -> Batch -> next consumer -> answer when it is
//   decided
// Nothing is answered with a status that makes a client drop what it should keep: overload is always 503 with
// Retry-After.
//
// Called on all receiving loops at once; its own state is constant or atomic. Completions hold it, so it lives as long
// as requests do.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/component/component.h"
#include "gateway/receivers/otlp/otlp_answer.h"
#include "gateway/receivers/otlp/otlp_intake.h"
#include "gateway/receivers/otlp/otlp_receiver_config.h"
#include "gateway/receivers/otlp/refusal.h"
#include "net/http_server.h"

namespace nanospan::gateway {

class OtlpHttpHandler final : public net::HttpHandler, public std::enable_shared_from_this<OtlpHttpHandler> {
 public:
  /// `host` and `next` must outlive the requests.
  OtlpHttpHandler(OtlpHttpOptions options, std::string receiver, Host& host, const SignalConsumers& next);

  net::Admission on_headers(const net::MessageHead& head) override;
  bool on_input_kept(std::size_t bytes, std::unique_ptr<net::BodyTicket>& ticket) override;
  void on_request(net::Request request, net::Responder responder) override;
  net::Response on_refused(int status, std::string_view reason, const net::MessageHead* head) override;

  /// From now on new requests are answered 503.
  void begin_drain() { intake_.begin_drain(); }
  /// See OtlpIntake.
  void set_other_port(std::uint16_t port) { intake_.set_other_port(port); }
  /// Before the first request.
  Status require(const std::string& authenticator) { return intake_.require(authenticator); }

 private:
  /// Null: none, or not accepted.
  const net::Codec* codec_for(std::string_view content_encoding) const;
  std::optional<Signal> signal_of(std::string_view path) const;
  Refusal wrong_path(std::string_view path) const;
  std::optional<Refusal> check_head(const net::MessageHead& head) const;
  net::Response refuse(const Refusal& refusal, const net::MessageHead* head);
  net::Response answer(const Outcome& outcome, Signal signal, OtlpEncoding encoding, std::string_view origin) const;
  void decorate(net::Response& response, std::string_view origin) const;

  const OtlpHttpOptions options_;
  OtlpIntake intake_;
};

}  // namespace nanospan::gateway
