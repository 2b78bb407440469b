// The SDK's OTLP exporters, whole, against a server on a simulated network: what became of an export is what the server
// did with it, whatever happens in between. One case a seed, which is the last word of its name. The exporter is driven
// as the export thread does it: poll_once(), and next_timer().
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "export/otlp_grpc/otlp_grpc_exporter.h"
#include "export/otlp_http/otlp_http_exporter.h"
#include "net/grpc_server.h"
#include "net/http2_server.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_span_batch.h"
#include "tests/support/simulated_network.h"
#include "wire/otlp_reply.h"

namespace nanospan::exporters {
namespace {

using net::ConnectionPlan;
using Cut = ConnectionPlan::Cut;

constexpr std::uint64_t kSecond = base::kNanosPerSecond;
constexpr std::uint64_t kMilli = base::kNanosPerMilli;
constexpr std::size_t kSpansOfBatch = 7;

struct Verdict {
  enum class Kind { kAccept, kBusy, kNever, kDrop } kind = Kind::kAccept;
  std::int64_t rejected = 0;                       ///< kAccept: of the batch's spans.
  std::optional<std::uint64_t> retry_after_nanos;  ///< kBusy.
  std::uint64_t after_nanos = 0;
};

/// An export, and both accounts of it.
struct ExportAccount {
  std::string bytes;
  std::weak_ptr<const SpanBatch> held;
  base::MonotonicNanos deadline = 0;
  // The exporter's.
  int times_told = 0;
  base::MonotonicNanos told_at = 0;
  ExportResult told;
  // The server's.
  int accepted = 0;
  int refused_for_good = 0;
  std::uint64_t rejected = 0;           // of the last time it was accepted
  base::MonotonicNanos not_before = 0;  // when it may come again
  bool too_early = false;
};

class Simulated {
 public:
  Simulated(bool grpc, std::uint64_t seed) : numbers(~seed), network(clock, seed), grpc_(grpc) {
    start_server();
    start_exporter();
  }
  ~Simulated() { end(); }

  void start_server();
  /// In the midst of exports: answers may be lost.
  void drain_server(std::uint64_t grace_nanos) {
    ++drains;
    stop_server(grace_nanos);
  }
  void stop_server(std::uint64_t grace_nanos) {
    const base::Deadline latest = base::Deadline::after(clock, grace_nanos);
    bool drained = false;
    server_->begin_drain(latest, [&drained] { drained = true; });
    EXPECT_TRUE(run_until([&drained] { return drained; })) << "it never drains";
    server_.reset();
  }
  void send(std::size_t bytes, std::uint64_t deadline_nanos) {
    const std::size_t number = accounts.size();
    ExportAccount& account = accounts.emplace_back();
    account.bytes = std::to_string(number) + ":";
    while (account.bytes.size() < bytes) account.bytes += std::to_string(numbers.next());
    std::vector<std::string> pieces;
    for (std::string rest = account.bytes; !rest.empty(); rest.erase(0, pieces.back().size())) {
      pieces.push_back(rest.substr(0, 1 + numbers.below(rest.size())));
    }
    auto batch = testing::fake_batch(kSpansOfBatch, std::move(pieces));
    account.held = batch;
    account.deadline = base::Deadline::after(clock, std::min(deadline_nanos, timeout_nanos)).at;
    exporter->start_export(std::move(batch), base::Deadline::after(clock, deadline_nanos), [&](ExportResult result) {
      ++account.times_told;
      account.told_at = clock.monotonic_now();
      account.told = result;
    });
  }

  template <class Done>
  [[nodiscard]] bool run_until(Done done) {
    constexpr int kRoundsMax = 300'000;  // only what spins gets there
    for (int i = 0, quiet = 0; i < kRoundsMax; ++i) {
      if (done()) return true;
      const std::uint64_t reported = network.events_reported();
      if (exporter) exporter->poll_once();
      loop.poll_once();
      quiet = reported == network.events_reported() ? quiet + 1 : 0;
      if (quiet < 2) continue;  // what was posted in the first round without an event runs in the second
      const base::MonotonicNanos timer = std::min(loop.next_timer(), exporter ? exporter->next_timer() : base::kNever);
      network.pass_time(timer);
      if (network.dead_quiet()) return done();
    }
    return false;
  }
  void run_for(std::uint64_t nanos) {
    bool over = false;
    net::Timer timer(loop, [&over] { over = true; });
    timer.arm(base::later(clock.monotonic_now(), nanos));
    EXPECT_TRUE(run_until([&over] { return over; })) << "it spins";
  }
  void run_until_all_told() {
    EXPECT_TRUE(run_until([this] {
      return std::all_of(accounts.begin(), accounts.end(), [](const ExportAccount& each) { return each.times_told; });
    })) << "an export never ends";
  }
  void end() {
    exporter.reset();
    if (server_) stop_server(10 * kSecond);
    late_.clear();
    unanswered_.clear();
    EXPECT_TRUE(run_until([this] { return network.dead_quiet(); }));
    EXPECT_EQ(loop.next_timer(), base::kNever);
    EXPECT_EQ(network.descriptors_open(), 0u);
    for (const ExportAccount& each : accounts) EXPECT_TRUE(each.held.expired()) << "a batch that is still held";
  }
  void check() const {
    const int lost = static_cast<int>(network.connections_cut()) + drains;
    for (std::size_t i = 0; i < accounts.size(); ++i) {
      const ExportAccount& each = accounts[i];
      SCOPED_TRACE("export " + std::to_string(i));
      EXPECT_EQ(each.times_told, 1);
      EXPECT_LE(each.told_at, each.deadline);
      EXPECT_LE(each.accepted, 1 + lost) << "an answer that was not lost is an answer";
      EXPECT_LE(each.refused_for_good, 1 + lost);
      if (each.told.success) {
        EXPECT_GE(each.accepted, 1) << "delivered, but the server has accepted no such thing";
        EXPECT_EQ(each.told.rejected, each.rejected);
      }
      if (lost == 0) {
        EXPECT_FALSE(each.accepted != 0 && each.refused_for_good != 0) << "sent again after it had ended";
        EXPECT_FALSE(each.too_early) << "sent again before the server wanted it";
      }
    }
  }

  // Of the server's two handlers: a request is there, whole.
  using Reply = net::UniqueFunction<void(const Verdict&)>;
  void arrived(std::string_view body, Reply reply);

  testing::FakeClock clock;
  net::SeededNumbers numbers;
  net::SimulatedNetwork network;
  net::EventLoop loop{clock, network.make_poller(), network};  // the server's
  std::function<Verdict()> verdict = [] { return Verdict(); };
  std::deque<ExportAccount> accounts;
  std::unique_ptr<OtlpExporter> exporter;
  std::vector<std::string> lines;
  int drains = 0;
  std::uint64_t bytes_of_first = 0;  ///< That were on the first connection when its first export had arrived.
  static constexpr std::uint64_t timeout_nanos = 60 * kSecond;

 private:
  void start_exporter();

  const bool grpc_;
  std::unique_ptr<net::HttpServer> server_;
  std::deque<std::unique_ptr<net::Timer>> late_;
  std::deque<Reply> unanswered_;
};

struct OverHttp final : net::HttpHandler {
  explicit OverHttp(Simulated& simulated) : in(simulated) {}
  net::Admission on_headers(const net::MessageHead&) override { return net::Admission::accept(1u << 20); }
  void on_request(net::Request request, net::Responder responder) override {
    in.arrived(request.body.view(), [responder = std::move(responder)](const Verdict& verdict) mutable {
      net::Response response{200, {{"Content-Type", "application/x-protobuf"}}, {}, false};
      if (verdict.kind == Verdict::Kind::kAccept) response.body = wire::encode_export_response({verdict.rejected, ""});
      if (verdict.kind == Verdict::Kind::kBusy) response.status = 503;
      if (verdict.kind == Verdict::Kind::kNever) response.status = 400;
      if (verdict.retry_after_nanos) {
        response.headers.push_back({"Retry-After", std::to_string(*verdict.retry_after_nanos / kSecond)});
      }
      responder.respond(std::move(response));
    });
  }
  Simulated& in;
};

struct OverGrpc final : net::GrpcService {
  explicit OverGrpc(Simulated& simulated) : in(simulated) {}
  Decision on_call(const net::MessageHead&) override { return {{}, 1u << 20, nullptr}; }
  void on_message(net::Request request, net::GrpcResponder responder) override {
    in.arrived(request.body.view(), [responder = std::move(responder)](const Verdict& verdict) mutable {
      if (verdict.kind == Verdict::Kind::kAccept) {
        return responder.succeed(wire::encode_export_response({verdict.rejected, ""}));
      }
      net::GrpcStatus status{net::GrpcCode::kInvalidArgument};
      if (verdict.kind == Verdict::Kind::kBusy) status.code = net::GrpcCode::kUnavailable;
      if (verdict.retry_after_nanos) {
        status.details = wire::encode_rpc_status({static_cast<int>(status.code), "", verdict.retry_after_nanos});
      }
      responder.fail(status);
    });
  }
  Simulated& in;
};

void Simulated::start_server() {
  net::HttpServerOptions options;
  options.port = 4317;
  options.http2 = net::http2_server_protocol();
  auto handler = std::make_shared<net::GrpcHandler>(std::make_shared<OverGrpc>(*this), std::vector<std::string>(),
                                                    std::make_shared<OverHttp>(*this));
  server_ = std::move(net::HttpServer::start({&loop}, std::move(options), std::move(handler))).value();
}

void Simulated::start_exporter() {
  OtlpSeams seams{clock, [this] { return numbers.next(); },
                  [this](std::string_view /*cause*/, std::string_view line) { lines.emplace_back(line); },
                  [this]() -> Result<std::unique_ptr<net::EventLoop>> {
                    return std::make_unique<net::EventLoop>(clock, network.make_poller(), network);
                  }};
  if (grpc_) {
    OtlpGrpcOptions options;
    options.endpoint = "http://127.0.0.1:4317";
    options.timeout_ms = timeout_nanos / kMilli;
    exporter = std::move(make_otlp_grpc_exporter(validate(options).value(), std::move(seams))).value();
  } else {
    OtlpHttpOptions options;
    options.traces_endpoint = "http://127.0.0.1:4317/v1/traces";
    options.timeout_ms = timeout_nanos / kMilli;
    exporter = std::move(make_otlp_http_exporter(validate(options).value(), std::move(seams))).value();
  }
}

void Simulated::arrived(std::string_view body, Reply reply) {
  const std::size_t number = std::stoul(std::string(body.substr(0, body.find(':'))));
  ASSERT_LT(number, accounts.size()) << "an export that nobody began";
  ExportAccount& account = accounts[number];
  if (bytes_of_first == 0) bytes_of_first = network.bytes_to(net::Side::kServer);
  EXPECT_TRUE(body == account.bytes) << "export " << number << " arrived as other bytes";
  account.too_early = account.too_early || clock.monotonic_now() < account.not_before;
  const Verdict judged = verdict();
  if (judged.kind == Verdict::Kind::kDrop) return unanswered_.push_back(std::move(reply));
  auto give = [this, &account, judged, reply = std::move(reply)] {
    if (judged.kind == Verdict::Kind::kAccept) {
      ++account.accepted;
      account.rejected = static_cast<std::uint64_t>(judged.rejected);
    }
    account.refused_for_good += judged.kind == Verdict::Kind::kNever ? 1 : 0;
    account.not_before = base::later(clock.monotonic_now(), judged.retry_after_nanos.value_or(0));
    reply(judged);
  };
  if (judged.after_nanos == 0) return give();
  late_.push_back(std::make_unique<net::Timer>(loop, std::move(give)));
  late_.back()->arm(loop.now() + judged.after_nanos);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSeedsOfExporter = 8;
#else
constexpr int kSeedsOfExporter = 30;
#endif

class OtlpExporterSimulationTest : public ::testing::TestWithParam<std::tuple<bool, int>> {
 protected:
  ~OtlpExporterSimulationTest() override {
    simulated_.end();
    simulated_.check();
    if (!HasFailure()) return;
    for (const std::string& line : simulated_.lines) ADD_FAILURE() << line;
    ADD_FAILURE() << simulated_.network.story();
  }
  std::uint64_t below(std::uint64_t bound) { return simulated_.numbers.below(bound); }
  bool percent(unsigned chance) { return simulated_.numbers.percent(chance); }
  std::size_t some_bytes() { return percent(70) ? 10 + below(2'000) : below(100'000); }
  Verdict some_verdict() {
    Verdict made;
    if (percent(30)) made.after_nanos = below(percent(80) ? 500 * kMilli : 8 * kSecond);
    if (percent(10)) made.rejected = static_cast<std::int64_t>(1 + below(kSpansOfBatch));
    if (percent(20)) made.kind = Verdict::Kind::kBusy;
    if (percent(4)) made.kind = Verdict::Kind::kNever;
    if (percent(4)) made.kind = Verdict::Kind::kDrop;
    if (made.kind == Verdict::Kind::kBusy && percent(50)) made.retry_after_nanos = (1 + below(9)) * kSecond;
    return made;
  }

  Simulated simulated_{std::get<0>(GetParam()), static_cast<std::uint64_t>(std::get<1>(GetParam()))};
};
INSTANTIATE_TEST_SUITE_P(, OtlpExporterSimulationTest,
                         ::testing::Combine(::testing::Bool(), ::testing::Range(0, kSeedsOfExporter)),
                         [](const auto& each) {
                           return (std::get<0>(each.param) ? "Grpc_" : "Http_") +
                                  std::to_string(std::get<1>(each.param));
                         });

TEST_P(OtlpExporterSimulationTest, EveryExportEndsOnceAndAsTheServerHasIt) {
  simulated_.network.plan([this] { return ConnectionPlan::troubled(simulated_.numbers); });
  simulated_.verdict = [this] { return some_verdict(); };
  for (std::uint64_t left = 5 + below(20); left > 0; --left) {
    simulated_.send(some_bytes(), 50 * kMilli + below(70 * kSecond));
    if (percent(60)) simulated_.run_for(below(kSecond));
    if (percent(4)) {
      simulated_.exporter->abandon(DropReason::kExportTimeout);
      simulated_.run_for(kMilli);
      // Of HTTP/2, what is written of a frame is written to its end.
      const bool grpc = std::get<0>(GetParam());
      for (const ExportAccount& each : simulated_.accounts) EXPECT_TRUE(grpc || each.held.expired()) << "it goes on";
    }
    if (percent(4)) {
      simulated_.drain_server(below(3 * kSecond));
      simulated_.run_for(below(2 * kSecond));
      simulated_.start_server();
    }
  }
  if (percent(20)) return simulated_.exporter->hurry();  // and it goes, with whatever is under way
  simulated_.run_until_all_told();

  simulated_.network.heal();
  simulated_.verdict = [] { return Verdict(); };
  simulated_.run_for(20 * kSecond);
  simulated_.send(100, 30 * kSecond);
  simulated_.run_until_all_told();
  EXPECT_TRUE(simulated_.accounts.back().told.success);
}

TEST_P(OtlpExporterSimulationTest, WhatIsLateOrPostponedArrivesOnce) {
  simulated_.network.plan([this] {
    ConnectionPlan plan = ConnectionPlan::slow(simulated_.numbers);
    plan.buffer_bytes += 2'000;
    return plan;
  });
  std::uint64_t postponed = 3;
  simulated_.verdict = [this, &postponed] {
    Verdict made = some_verdict();
    made.after_nanos %= kSecond;
    made.kind = postponed != 0 && percent(50) ? Verdict::Kind::kBusy : Verdict::Kind::kAccept;
    made.retry_after_nanos.reset();
    if (made.kind == Verdict::Kind::kAccept) return made;
    --postponed;
    if (percent(50)) made.retry_after_nanos = (1 + below(9)) * kSecond;
    return made;
  };
  for (std::uint64_t left = 1 + below(8); left > 0; --left) {
    simulated_.send(below(8'000), base::kNever);
    if (percent(50)) simulated_.run_for(below(100 * kMilli));
  }
  simulated_.run_until_all_told();
  for (const ExportAccount& each : simulated_.accounts) {
    EXPECT_TRUE(each.told.success);
    EXPECT_EQ(each.accepted, 1);
  }
}

/// One export over a connection that is lost; the ones after it are sound.
void lose_and_deliver(bool grpc, const ConnectionPlan& plan, std::uint64_t request_bytes) {
  SCOPED_TRACE("connection 0: " + plan.text());
  Simulated simulated(grpc, 1);
  simulated.network.plan(
      [&plan, first = true]() mutable { return std::exchange(first, false) ? plan : ConnectionPlan(); });
  simulated.send(40, base::kNever);
  simulated.run_until_all_told();
  const ExportAccount& account = simulated.accounts.front();
  if (plan.cut == Cut::kSilence) {  // nobody tells of it: its time runs out, or it had arrived before
    EXPECT_TRUE(account.told.success || account.told.reason == DropReason::kExportTimeout);
    EXPECT_LE(account.accepted, 1);
  } else {
    EXPECT_TRUE(account.told.success);
    EXPECT_LE(account.accepted, plan.cut_to_server < request_bytes ? 1 : 2) << "its answer was not lost";
  }
  simulated.end();
  simulated.check();
  if (::testing::Test::HasFailure()) ADD_FAILURE() << simulated.network.story();
}

class OtlpExporterCutTest : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(, OtlpExporterCutTest, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "Grpc" : "Http"; });

TEST_P(OtlpExporterCutTest, AtEveryByteOfAnExchangeItIsDeliveredAndTwiceOnlyIfTheAnswerWasLost) {
  Simulated whole(GetParam(), 1);
  whole.send(40, base::kNever);
  whole.run_until_all_told();
  ASSERT_TRUE(whole.accounts.front().told.success);
  const std::uint64_t to_server = whole.network.bytes_to(net::Side::kServer);
  const std::uint64_t to_client = whole.network.bytes_to(net::Side::kClient);
  ASSERT_GT(whole.bytes_of_first, 150u);
  ASSERT_GT(to_client, 70u);
  for (const Cut cut : {Cut::kReset, Cut::kEnd, Cut::kSilence}) {
    for (std::uint64_t at = 0; at < to_server + to_client && !HasFailure(); ++at) {
      ConnectionPlan plan;
      plan.cut = cut;
      (at < to_server ? plan.cut_to_server : plan.cut_to_client) = at < to_server ? at : at - to_server;
      plan.reset_discards = at % 2 == 0;
      lose_and_deliver(GetParam(), plan, whole.bytes_of_first);
    }
  }
}

}  // namespace
}  // namespace nanospan::exporters
