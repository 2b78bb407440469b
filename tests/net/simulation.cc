// Both ends of a Simulation write to its book; check() then asks each request for its one end.
#include "tests/net/simulation.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "net/tls_streams.h"
#include "tests/support/test_certificates.h"

namespace nanospan::net {
namespace {

constexpr std::string_view kPath = "/test.Echo/Echo";
constexpr std::size_t kBodyBytesMax = 1u << 20;
constexpr const char* kSocketPath = "/simulated/otlp.sock";
constexpr const char* kOrigin = "127.0.0.1:4318";

const testing::TestCertificates& certificates() {
  static const testing::TestCertificates made;
  return made;
}

/// "for 7:" of "7:xxxx".
std::string about(std::string_view body) { return "for " + std::string(body.substr(0, body.find(':') + 1)); }

}  // namespace

// --- The server ---

struct SimulatedHandler final : HttpHandler {
  explicit SimulatedHandler(Simulation& simulation) : in(simulation) {}
  Admission on_headers(const MessageHead&) override {
    if (in.next_answer().at_the_head) return Admission::answer({429, {}, "at the head", false});
    return Admission::accept(kBodyBytesMax, std::make_unique<TestTicket>(in.tickets_));
  }
  void on_request(Request request, Responder responder) override {
    in.arrived(request.body.view(), [responder = std::move(responder), ticket = std::move(request.ticket)](
                                        bool acknowledge, std::string text) mutable {
      responder.respond({acknowledge ? 200 : 503, {}, std::move(text), false});
      ticket.reset();
    });
  }
  Simulation& in;
};

struct SimulatedService final : GrpcService {
  explicit SimulatedService(Simulation& simulation) : in(simulation) {}
  Decision on_call(const MessageHead&) override {
    if (in.next_answer().at_the_head) return {{GrpcCode::kResourceExhausted, "at the head", {}}, 0, nullptr};
    return {{}, kBodyBytesMax, std::make_unique<TestTicket>(in.tickets_)};
  }
  void on_message(Request request, GrpcResponder responder) override {
    in.arrived(request.body.view(), [responder = std::move(responder), ticket = std::move(request.ticket)](
                                        bool acknowledge, std::string text) mutable {
      if (acknowledge) {
        responder.succeed(text);
      } else {
        responder.fail({GrpcCode::kUnavailable, std::move(text), {}});
      }
      ticket.reset();
    });
  }
  Simulation& in;
};

const Answer& Simulation::next_answer() { return next_answer_ = answer(); }

/// A request is there, whole. It is answered as was decided at some head: which one does not matter.
void Simulation::arrived(std::string_view body, Reply reply) {
  std::size_t number = 0;
  std::from_chars(body.data(), body.data() + body.size(), number);
  ASSERT_LT(number, requests.size()) << "a request that nobody sent";
  SentRequest& request = requests[number];
  ++request.arrivals;
  EXPECT_TRUE(body == request.body) << "request " << number << " arrived as other bytes, " << body.size() << " of "
                                    << request.body.size();
  const Answer::Kind kind = next_answer_.kind;
  if (kind == Answer::Kind::kDrop) return;
  std::string answer_text = about(body);
  if (answer_text.size() < answer_bytes) answer_text.append(answer_bytes - answer_text.size(), '.');
  auto give = [&request, kind, text = std::move(answer_text), reply = std::move(reply)] {
    if (kind == Answer::Kind::kAcknowledge) ++request.acknowledgements;
    reply(kind == Answer::Kind::kAcknowledge, text);
  };
  if (next_answer_.after_nanos == 0) return give();
  late_.push_back(std::make_unique<Timer>(loop, std::move(give)));
  late_.back()->arm(loop.now() + next_answer_.after_nanos);
}

void Simulation::start_server() {
  start_server_at("127.0.0.1", server);
  if (balanced && !second_server) start_server_at("::1", second_server);
}

void Simulation::start_server_at(const char* host, std::unique_ptr<HttpServer>& started) {
  HttpServerOptions options;
  options.host = unix_socket ? kSocketPath : host;
  options.port = proxied ? kProxyPort : kPort;
  options.http2 = http2_server_protocol(http2_options);
  options.skip_body_bytes_max = skip_body_bytes_max;
  std::shared_ptr<HttpHandler> handler = std::make_shared<SimulatedHandler>(*this);
  if (protocol == Protocol::kGrpc) {
    handler =
        std::make_shared<GrpcHandler>(std::make_shared<SimulatedService>(*this), std::vector<std::string>(), nullptr);
  }
  if (tls) {
    TlsServerOptions with;
    with.certificate.file = certificates().path("server.pem");
    with.key.file = certificates().path("server.key");
    with.protocols = {"h2", "http/1.1"};
    options.make_stream = tls_server_streams(std::move(with), server_streams(), clock).value();
  } else {
    options.make_stream = server_streams();
  }
  auto made = HttpServer::start({&loop}, std::move(options), std::move(handler));
  ASSERT_TRUE(made.ok()) << made.error().message;
  started = std::move(made).value();
}

void Simulation::drain(std::unique_ptr<HttpServer>& ending, std::uint64_t grace_nanos) {
  const base::Deadline latest = base::Deadline::after(clock, grace_nanos);
  bool drained = false;
  ending->begin_drain(latest, [&drained] { drained = true; });
  EXPECT_TRUE(run_until([&drained] { return drained; })) << "it never drains";
  EXPECT_LE(clock.monotonic_now(), latest.at) << "drained too late";
  EXPECT_EQ(ending->counters().connections_open, 0u);
  ending.reset();
}

// --- The client ---

StreamFactory Simulation::plain_streams() {
  return [this](Fd socket) { return network.open_stream({}, std::move(socket)); };
}

StreamFactory Simulation::server_streams() {
  return [this](Fd socket) {
    std::unique_ptr<ByteStream> stream = network.open_stream({}, std::move(socket));
    if (!tunnelled()) return stream;
    return std::unique_ptr<ByteStream>(std::make_unique<SimulatedProxy>(std::move(stream), kOrigin, proxy_answer()));
  };
}

void Simulation::start_client() {
  const std::string host = balanced ? "localhost:" + std::to_string(kPort) : kOrigin;
  const Url origin =
      parse_url(unix_socket ? std::string("unix:") + kSocketPath : (tls ? "https://" : "http://") + host).value();
  std::optional<Proxy> proxy;
  if (proxied) proxy = parse_proxy("127.0.0.1:" + std::to_string(kProxyPort)).value();
  StreamFactory streams;
  if (tls) {
    TlsClientOptions with;
    with.ca.file = certificates().path("ca.pem");
    const std::string name = protocol == Protocol::kHttp1 ? "http/1.1" : "h2";
    streams = tls_client_streams(std::move(with), origin.host, name, plain_streams(), clock).value();
  }
  if (protocol == Protocol::kHttp1) {
    Http1ClientOptions options;
    options.origin = origin;
    options.connections_max = connections_max;
    options.proxy = std::move(proxy);
    options.make_stream = std::move(streams);
    http1_ = std::move(Http1Client::create(loop, std::move(options))).value();
  } else {
    GrpcClientOptions options;
    options.origin = origin;
    options.connections_max = connections_max;
    options.proxy = std::move(proxy);
    options.make_stream = std::move(streams);
    options.random = [this] { return numbers.next(); };
    if (balanced) options.balancing = GrpcBalancing::kRoundRobin;
    grpc_ = std::move(GrpcClient::create(loop, std::move(options))).value();
  }
}

void Simulation::send(std::size_t bytes, std::uint64_t deadline_nanos, bool repeatable) {
  const std::size_t number = requests.size();
  SentRequest& request = requests.emplace_back();
  request.body = std::to_string(number) + ":";
  while (request.body.size() < bytes) {
    std::uint64_t letters = numbers.next();
    for (int i = 0; i < 12; ++i, letters /= 26) request.body += static_cast<char>('a' + letters % 26);
  }
  request.deadline = base::Deadline::after(clock, deadline_nanos).at;
  request.repeatable = repeatable;
  auto body = std::make_shared<const std::string>(request.body);
  request.held = body;
  std::vector<std::string_view> slices;
  for (std::string_view rest = *body; !rest.empty(); rest.remove_prefix(slices.back().size())) {
    slices.push_back(rest.substr(0, 1 + numbers.below(rest.size())));
  }
  if (protocol == Protocol::kHttp1) {
    send_http1(number, std::move(body), std::move(slices));
  } else {
    send_grpc(number, std::move(body), std::move(slices));
  }
}

void Simulation::send_http1(std::size_t number, std::shared_ptr<const void> body,
                            std::vector<std::string_view> slices) {
  HttpRequest request;
  request.target = "/v1/traces";
  request.body = std::move(slices);
  request.body_owner = std::move(body);
  request.deadline = {requests[number].deadline};
  request.repeatable = requests[number].repeatable;
  requests[number].id = http1_->send(std::move(request), [this, number](const HttpResult& result) {
    if (!result.ok()) {
      const HttpError& error = result.error;
      return told(number, {Told::Kind::kUnanswered, error.error.message, error.may_have_arrived});
    }
    const bool acknowledged = result.response.status == 200;
    told(number, {acknowledged ? Told::Kind::kAcknowledged : Told::Kind::kRefused, result.response.body, true});
  });
}

void Simulation::send_grpc(std::size_t number, std::shared_ptr<const void> body, std::vector<std::string_view> slices) {
  GrpcRequest request;
  request.path = kPath;
  request.message = std::move(slices);
  request.owner = std::move(body);
  request.deadline = {requests[number].deadline};
  request.repeatable = requests[number].repeatable;
  requests[number].id = grpc_->call(std::move(request), [this, number](const GrpcReply& reply) {
    if (!reply.answered) return told(number, {Told::Kind::kUnanswered, reply.status.message, reply.may_have_arrived});
    const bool acknowledged = reply.status.code == GrpcCode::kOk;
    told(number, {acknowledged ? Told::Kind::kAcknowledged : Told::Kind::kRefused,
                  acknowledged ? reply.message : reply.status.message, true});
  });
}

void Simulation::cancel(std::size_t number) {
  if (protocol == Protocol::kHttp1) {
    http1_->cancel(requests[number].id);
  } else {
    grpc_->cancel(requests[number].id);
  }
}

void Simulation::destroy_client() {
  client_gone_ = true;
  http1_.reset();
  grpc_.reset();
}

void Simulation::told(std::size_t number, Told what) {
  SentRequest& request = requests[number];
  ++request.times_told;
  request.told_at = clock.monotonic_now();
  request.told = std::move(what);
}

// --- Both ---

Simulation::Simulation(Protocol which, std::uint64_t seed)
    : protocol(which), network(clock, seed), loop(clock, network.make_poller(), network), numbers(~seed) {}

Simulation::~Simulation() { end(); }

void Simulation::run_for(std::uint64_t nanos) {
  bool over = false;
  Timer timer(loop, [&over] { over = true; });
  timer.arm(base::later(clock.monotonic_now(), nanos));
  EXPECT_TRUE(run_until([&over] { return over; })) << "it spins";
}

void Simulation::run_until_all_told() {
  EXPECT_TRUE(run_until([this] { return all_told(); })) << "a request never ends";
}

bool Simulation::all_told() const {
  return std::all_of(requests.begin(), requests.end(), [](const SentRequest& each) { return each.times_told != 0; });
}

void Simulation::end() {
  http1_.reset();
  grpc_.reset();
  if (server) drain(server, 10 * kSeconds);
  if (second_server) drain(second_server, 10 * kSeconds);
  late_.clear();
  EXPECT_TRUE(run_until([this] { return network.dead_quiet(); }));
  EXPECT_EQ(loop.next_timer(), base::kNever) << "somebody still waits";
  EXPECT_EQ(network.descriptors_open(), 0u);
  EXPECT_EQ(tickets_.tickets, 0) << "bodies that are still charged";
  for (const SentRequest& each : requests) EXPECT_TRUE(each.held.expired()) << "a body that is still held";
}

void Simulation::check() const {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const SentRequest& each = requests[i];
    const std::string who = "request " + std::to_string(i) + " (told: " + each.told.text.substr(0, 100) + ")";
    EXPECT_LE(each.times_told, 1) << who;
    EXPECT_TRUE(each.times_told == 1 || client_gone_) << who;
    EXPECT_LE(each.told_at, each.deadline) << who;
    EXPECT_LE(each.arrivals, each.repeatable ? 2 : 1) << who;
    if (each.told.kind == Told::Kind::kAcknowledged) {
      EXPECT_GE(each.acknowledgements, 1) << who << ": the server has acknowledged no such request";
    }
    if (each.told.kind != Told::Kind::kUnanswered && each.told.text.starts_with("for ")) {
      EXPECT_TRUE(each.told.text.starts_with(about(each.body))) << who << ": somebody else's answer";
      EXPECT_GE(each.arrivals, 1) << who;
    }
    if (each.times_told == 1 && !each.told.may_have_arrived) {
      EXPECT_EQ(each.arrivals, 0) << who << ": told that it cannot have arrived";
    }
  }
}

}  // namespace nanospan::net
