// Simulation: a whole client and a whole server on a SimulatedNetwork, and the book of what was sent, what arrived and
// what each side was told. check() holds the two accounts against each other.
//
// Everything comes from one seed; where a check fails, the network's story goes with it.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/grpc_client.h"
#include "net/grpc_server.h"
#include "net/http1_client.h"
#include "net/http2_server.h"
#include "tests/net/http_server_fixture.h"
#include "tests/net/simulated_proxy.h"
#include "tests/support/simulated_network.h"

namespace nanospan::net {

enum class Protocol : std::uint8_t { kHttp1, kGrpc };

/// What a client was told of a request.
struct Told {
  enum class Kind : std::uint8_t { kAcknowledged, kRefused, kUnanswered };
  Kind kind = Kind::kUnanswered;
  std::string text;               ///< Of the answer: "for 7"; of no answer: why there is none.
  bool may_have_arrived = false;  ///< Of kUnanswered.
};

struct SentRequest {
  std::string body;
  std::weak_ptr<const void> held;  ///< The body, for as long as somebody may still write it.
  base::MonotonicNanos deadline = 0;
  bool repeatable = false;
  std::uint64_t id = 0;  ///< The client's.
  // The client's account.
  int times_told = 0;
  base::MonotonicNanos told_at = 0;
  Told told;
  // The server's account.
  int arrivals = 0;
  int acknowledgements = 0;
};

/// How the server answers a request.
struct Answer {
  enum class Kind : std::uint8_t { kAcknowledge, kRefuse, kDrop } kind = Kind::kAcknowledge;
  bool at_the_head = false;  ///< kRefuse: before the body is there.
  std::uint64_t after_nanos = 0;
};

class Simulation {
 public:
  Simulation(Protocol protocol, std::uint64_t seed);
  ~Simulation();

  void start_server();
  void start_client();
  /// Sends a request of `bytes` bytes, or a few more.
  void send(std::size_t bytes, std::uint64_t deadline_nanos, bool repeatable);
  void cancel(std::size_t number);
  /// At once: no request is told of any more.
  void destroy_client();
  /// At once, whatever is under way.
  void destroy_server() { server.reset(); }
  /// Lets the server end in order, within `grace_nanos`, and waits for that. A second one goes on.
  void drain_server(std::uint64_t grace_nanos) { drain(server, grace_nanos); }

  template <class Done>
  [[nodiscard]] bool run_until(Done done) {
    constexpr int kRoundsMax = 300'000;  // only what spins gets there
    for (int i = 0; i < kRoundsMax; ++i) {
      if (done()) return true;
      loop.run_once(base::Deadline::never());
      if (network.dead_quiet() && loop.next_timer() == base::kNever) return done();
    }
    return false;
  }
  void run_for(std::uint64_t nanos);
  void run_until_all_told();

  /// Stops client and server; nothing may be left of them.
  void end();
  /// The two accounts agree.
  void check() const;

  const Protocol protocol;
  testing::FakeClock clock;
  SimulatedNetwork network;
  EventLoop loop;
  SeededNumbers numbers;
  std::function<Answer()> answer = [] { return Answer(); };
  Http2ServerOptions http2_options;
  std::size_t connections_max = 4;  ///< Of the client.
  std::size_t answer_bytes = 0;     ///< That each answer has at least.
  std::size_t skip_body_bytes_max = HttpServerOptions().skip_body_bytes_max;
  bool tls = false;  ///< A run is then the same but for the lengths of signatures.
  /// Of gRPC: a second server, at the name's other address, and calls to both in turn.
  bool balanced = false;
  /// The client goes through a proxy: by a tunnel, or, with plain HTTP/1.1, by whole URLs.
  bool proxied = false;
  std::function<ProxyAnswer()> proxy_answer = [] { return ProxyAnswer(); };
  bool unix_socket = false;  ///< Instead of a port.
  std::deque<SentRequest> requests;
  std::unique_ptr<HttpServer> server, second_server;

 private:
  friend struct SimulatedHandler;
  friend struct SimulatedService;
  using Reply = UniqueFunction<void(bool acknowledge, std::string text)>;
  void start_server_at(const char* host, std::unique_ptr<HttpServer>& started);
  void drain(std::unique_ptr<HttpServer>& ending, std::uint64_t grace_nanos);
  StreamFactory plain_streams();
  StreamFactory server_streams();
  bool tunnelled() const { return proxied && (tls || protocol == Protocol::kGrpc); }
  const Answer& next_answer();
  void arrived(std::string_view body, Reply reply);
  void told(std::size_t number, Told what);
  void send_http1(std::size_t number, std::shared_ptr<const void> body, std::vector<std::string_view> slices);
  void send_grpc(std::size_t number, std::shared_ptr<const void> body, std::vector<std::string_view> slices);

  bool all_told() const;

  static constexpr std::uint16_t kPort = 4318, kProxyPort = 3128;
  Ledger tickets_;
  Answer next_answer_;
  std::unique_ptr<Http1Client> http1_;
  std::unique_ptr<GrpcClient> grpc_;
  std::deque<std::unique_ptr<Timer>> late_;
  bool client_gone_ = false;
};

}  // namespace nanospan::net
