#include "load/http_load.h"

#include <gtest/gtest.h>

#include <deque>
#include <utility>

#include "net/http_server.h"
#include "tests/support/fake_clock.h"

namespace nanospan::load {
namespace {

constexpr std::uint64_t kMillis = base::kNanosPerMilli;
constexpr std::uint64_t kSecond = base::kNanosPerSecond;
using Kind = Plan::Kind;

/// Notes what it is asked, and answers when the test says so.
class Service final : public net::HttpHandler {
 public:
  net::Admission on_headers(const net::MessageHead&) override { return net::Admission::accept(1U << 20); }
  void on_request(net::Request request, net::Responder responder) override {
    asked.push_back(std::string(request.head.method()) + " " + std::string(request.head.target()) + " " +
                    std::string(request.body.view()));
    waiting.push_back(std::move(responder));
    if (!holds_back) answer_all();
  }
  void answer_all() {
    for (net::Responder& responder : std::exchange(waiting, {})) responder.respond({status, {}, "ok", false});
  }

  int status = 200;
  bool holds_back = false;
  std::vector<std::string> asked;
  std::deque<net::Responder> waiting;
};

/// A clock that also moves on with each look at it, as time does while a program runs.
class PassingClock final : public base::Clock {
 public:
  explicit PassingClock(testing::FakeClock& clock) : clock_(clock) {}
  base::UnixNanos unix_now() const override { return clock_.unix_now(); }
  base::MonotonicNanos monotonic_now() const override {
    clock_.advance(nanos_a_look);
    return clock_.monotonic_now();
  }
  std::uint64_t nanos_a_look = 0;

 private:
  testing::FakeClock& clock_;
};

class HttpLoadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    net::HttpServerOptions options;
    options.port = 0;
    server_ = std::move(net::HttpServer::start({loop_.get()}, std::move(options), service_)).value();
    options_.origin = net::parse_url("http://127.0.0.1:" + std::to_string(server_->port())).value();
  }
  void TearDown() override {
    service_->waiting.clear();
    load_.reset();
    server_.reset();
    settle();
  }
  void start(Plan plan) {
    options_.plan = std::move(plan);
    load_ = std::move(HttpLoad::create(*loop_, options_)).value();
    load_->start();
    settle();
  }
  /// Handles all that is under way; time stands still meanwhile.
  void settle() {
    for (int quiet = 0; quiet < 3;) {
      quiet = loop_->run_once({clock_.monotonic_now() + kMillis}) == 0 ? quiet + 1 : 0;
    }
  }
  void advance(std::uint64_t nanos) {
    clock_.advance(nanos);
    settle();
  }
  const HttpLoadResult& result() const { return load_->result(); }

  testing::FakeClock clock_;
  PassingClock passing_{clock_};
  std::unique_ptr<net::EventLoop> loop_ = std::move(net::EventLoop::create(passing_)).value();
  std::shared_ptr<Service> service_ = std::make_shared<Service>();
  std::unique_ptr<net::HttpServer> server_;
  HttpLoadOptions options_;
  std::unique_ptr<HttpLoad> load_;
};

TEST_F(HttpLoadTest, AUserWaitsForItsAnswerBeforeTheNextRequest) {
  service_->holds_back = true;
  options_.requests = {{"GET", "/a", ""}, {"POST", "/b", "{}"}};
  start(Plan::constant(Kind::kUsers, 2, kSecond));
  EXPECT_EQ(load_->under_way(), 2u);
  clock_.advance(40 * kMillis);
  service_->answer_all();
  settle();
  EXPECT_EQ(service_->asked, (std::vector<std::string>{"GET /a ", "POST /b {}", "POST /b {}", "GET /a "}))
      << "each user has its own turn";
  EXPECT_EQ(result().answered, 2u);
  EXPECT_EQ(result().latency.max(), 40 * kMillis);
  advance(kSecond);
  EXPECT_FALSE(load_->finished()) << "what is under way is waited for";
  service_->answer_all();
  settle();
  EXPECT_TRUE(load_->finished());
  EXPECT_EQ(result().answered, 4u);
}

TEST_F(HttpLoadTest, UsersComeAndGoAsTheStagesSay) {
  service_->holds_back = true;
  start(Plan(Kind::kUsers, {{kSecond, 4}, {kSecond, 0}}));
  EXPECT_EQ(load_->under_way(), 0u);
  advance(250 * kMillis);
  EXPECT_EQ(load_->under_way(), 1u);
  advance(500 * kMillis);
  EXPECT_EQ(load_->under_way(), 3u);
  advance(250 * kMillis);
  EXPECT_EQ(load_->under_way(), 4u);
  advance(625 * kMillis);
  service_->answer_all();
  settle();
  EXPECT_EQ(load_->under_way(), 2u) << "at 1.5 of them, two stay";
}

TEST_F(HttpLoadTest, WithAPaceLatencyCountsFromWhenTheRequestWasDue) {
  service_->holds_back = true;
  options_.pace_nanos = 100 * kMillis;
  start(Plan::constant(Kind::kUsers, 1, kSecond));
  clock_.advance(350 * kMillis);
  service_->holds_back = false;
  service_->answer_all();
  settle();
  // Due at 0, 100, 200, 300 ms; the service stood still until 350.
  EXPECT_EQ(result().answered, 4u);
  EXPECT_EQ(result().latency.max(), 350 * kMillis);
  EXPECT_NEAR(result().latency.mean(), 200e6, 1);
  advance(40 * kMillis);
  EXPECT_EQ(result().answered, 4u);
  advance(10 * kMillis);
  EXPECT_EQ(result().answered, 5u) << "at 400 ms the schedule goes on";
}

TEST_F(HttpLoadTest, InAnOpenLoadRequestsComeWhetherOrNotOthersAreAnswered) {
  service_->holds_back = true;
  options_.connections_max = 3;
  start(Plan::constant(Kind::kRate, 10, kSecond));
  EXPECT_EQ(load_->under_way(), 1u);
  advance(100 * kMillis);
  EXPECT_EQ(load_->under_way(), 2u);
  advance(450 * kMillis);
  EXPECT_EQ(load_->under_way(), 3u) << "no more connections: three requests wait";
  service_->holds_back = false;
  service_->answer_all();
  settle();
  // Due at 0, 100 ... 500 ms, all answered at 550: nothing of the wait is left out.
  EXPECT_EQ(result().answered, 6u);
  EXPECT_NEAR(result().latency.mean(), 300e6, 1);
  EXPECT_EQ(result().latency.max(), 550 * kMillis);
}

TEST_F(HttpLoadTest, WhatNeverGotAConnectionIsUnsentAndSlow) {
  service_->holds_back = true;
  options_.connections_max = 1;
  start(Plan::constant(Kind::kRate, 10, kSecond));
  advance(kSecond);
  EXPECT_EQ(result().unsent, 9u);
  EXPECT_EQ(result().latency.max(), 900 * kMillis) << "the one due at 100 ms has waited for 900";
  service_->answer_all();
  settle();
  EXPECT_TRUE(load_->finished());
  EXPECT_EQ(result().requests(), 10u);
  EXPECT_EQ(result().error_share(), 0.9);
}

TEST_F(HttpLoadTest, WhatIsDueRightBeforeTheEndIsSent) {
  for (const std::uint64_t nanos : {kMillis, 3 * kMillis, 7 * kMillis, 11 * kMillis}) {
    passing_.nanos_a_look = nanos;
    start(Plan::constant(Kind::kRate, 100, kSecond));
    while (!load_->finished()) settle();
    passing_.nanos_a_look = 0;
    EXPECT_EQ(result().answered, 100u) << nanos;
    EXPECT_EQ(result().unsent, 0u) << nanos;
  }
}

TEST_F(HttpLoadTest, ErrorsAreCountedByKind) {
  service_->status = 503;
  service_->holds_back = true;
  options_.timeout_nanos = 200 * kMillis;
  start(Plan::constant(Kind::kUsers, 2, kSecond));
  service_->waiting.front().respond({503, {}, "", false});
  service_->waiting.pop_front();
  settle();
  EXPECT_EQ(result().statuses.at(503), 1u);
  EXPECT_EQ(result().error_status(), 1u);
  advance(200 * kMillis);
  EXPECT_EQ(result().failures.at(net::HttpFailure::kResponseTimeout), 2u);
  EXPECT_EQ(result().latency.max(), 200 * kMillis) << "a timeout is as slow as it was";
  EXPECT_EQ(load_->under_way(), 0u) << "a user rests for a moment after a failure";
  advance(100 * kMillis);
  EXPECT_EQ(load_->under_way(), 2u);
}

TEST_F(HttpLoadTest, AServiceThatIsNotThereEndsTheLoad) {
  server_.reset();
  settle();
  options_.plan = Plan::constant(Kind::kUsers, 50, 3600 * kSecond);
  load_ = std::move(HttpLoad::create(*loop_, options_)).value();
  load_->start();
  for (int i = 0; i < 100 && !load_->finished(); ++i) advance(100 * kMillis);
  EXPECT_TRUE(load_->finished());
  EXPECT_EQ(result().failures.at(net::HttpFailure::kRefused), result().failed);
  EXPECT_EQ(result().latency.count(), 0u) << "a refusal at once is no fast answer";
}

}  // namespace
}  // namespace nanospan::load
