// OtlpIntake: what a request of the `otlp` receiver goes through, whichever protocol brought it: memory for its body,
// decoding, the next consumer, and the counters of all that.
//
// One for each protocol; used on all receiving loops at once. Its own state is constant or atomic, and a decoder
// belongs to each loop. `host` and `next` must outlive the requests.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/component/component.h"
#include "gateway/receivers/otlp/body_decoder.h"
#include "gateway/receivers/otlp/refusal.h"
#include "gateway/telemetry/metrics_by_reason.h"
#include "net/http_server.h"

namespace nanospan::gateway {

class OtlpIntake {
 public:
  /// `transport` is the label: "http" or "grpc".
  OtlpIntake(std::string receiver, std::string transport, std::uint64_t body_bytes_max, Host& host,
             const SignalConsumers& next);

  /// The configured limit, or less: what can never be admitted must not be sent back for a retry.
  std::uint64_t body_bytes_max() const { return std::min(body_bytes_max_, host_.budget().bytes_max() / 2); }
  /// From now on senders must be known to the authenticator of this name, if there is one. Before the first request.
  Status require(const std::string& authenticator);
  /// Why the sender of a request is refused; nothing if it is known, or need not be.
  std::optional<Refusal> check_sender(const net::MessageHead& head) const;
  /// A request whose head was complete.
  void count_request() { requests_.add(1); }

  /// Where this receiver takes its other protocol, for clients that come to the wrong port: a TCP port, or 0 for a unix
  /// socket, whose path is not for strangers. Until then, nowhere. Any thread.
  void set_other_port(std::uint16_t port) { other_port_.store(port, std::memory_order_relaxed); }
  /// "port 4317" or "another address of this receiver"; nothing if the other protocol is off.
  std::optional<std::string> other_place() const;

  bool takes(Signal signal) const { return next_.of(signal) != nullptr; }
  /// What a body is charged to, `bytes` of it at once; null if there is no memory now for the `whole` of it.
  std::unique_ptr<net::BodyTicket> charge(std::uint64_t bytes, std::uint64_t whole) const;
  /// The batch in the request's body, which is taken out of it, or null and why in `refusal`. REQUIRES: its ticket is
  /// one of charge().
  BatchRef decode(net::Request& request, Signal signal, OtlpEncoding encoding, const net::Codec* codec,
                  Refusal& refusal);
  /// Passes it on to the consumer of its signal, which takes() said is there. `done` is called once, from any thread,
  /// when the outcome is counted.
  void consume(BatchRef batch, Completion done);
  /// Counts it and says it in the log.
  void count_refusal(const Refusal& refusal);

  /// When a sender that is refused for now shall come back: as the destination asks, or soon.
  std::uint64_t retry_nanos(std::uint64_t asked = 0) const {
    return asked != 0 ? asked : retry_delay_nanos(host_.random_bits());
  }

  Refusal no_memory() const;
  static Refusal shutting_down();
  void begin_drain() { draining_.store(true, std::memory_order_relaxed); }
  bool draining() const { return draining_.load(std::memory_order_relaxed); }

 private:
  struct Counters {  // Null where the signal is not taken.
    Metric* accepted = nullptr;
    Metric* refused = nullptr;
    Metric* failed = nullptr;
  };

  const std::string receiver_;
  const std::string transport_;
  const std::uint64_t body_bytes_max_;
  Host& host_;
  const SignalConsumers next_;
  std::map<net::EventLoop*, BodyDecoder> decoders_;     // no lock, and buffers are reused
  std::shared_ptr<ServerAuthenticator> authenticator_;  // null: anybody may send
  static constexpr int kNowhere = -1;
  std::atomic<int> other_port_{kNowhere};
  std::atomic<bool> draining_{false};
  PerSignal<Counters> counters_;
  Metric& requests_;
  MetricsByReason refusals_;
};

}  // namespace nanospan::gateway
