// An HttpServer on one loop with a fake clock, and a handler whose behaviour each test sets.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/http_server.h"
#include "tests/net/loop_fixture.h"

namespace nanospan::net {

struct TestHandler final : HttpHandler {
  Admission on_headers(const MessageHead& head) override {
    return admit ? admit(head) : Admission::accept(body_bytes_max);
  }
  void on_request(Request request, Responder responder) override {
    bodies.emplace_back(request.body.view());
    targets.emplace_back(request.head.target());
    if (handle) return handle(std::move(request), std::move(responder));
    responder.respond({200, {}, "got " + std::to_string(request.body.size()), false});
  }

  bool on_input_kept(std::size_t bytes, std::unique_ptr<BodyTicket>& ticket) override {
    return keep_input ? keep_input(bytes, ticket) : true;
  }

  std::size_t body_bytes_max = 1u << 20;
  std::function<bool(std::size_t, std::unique_ptr<BodyTicket>&)> keep_input;
  std::function<Admission(const MessageHead&)> admit;
  std::function<void(Request, Responder)> handle;
  std::vector<std::string> bodies;
  std::vector<std::string> targets;
};

/// Counts what is charged: how many tickets live, and how large bodies may grow.
struct Ledger {
  int tickets = 0;
  std::size_t limit = static_cast<std::size_t>(-1);
  std::size_t largest = 0;
  std::size_t largest_whole = 0;
};
class TestTicket final : public BodyTicket {
 public:
  explicit TestTicket(Ledger& ledger) : ledger_(ledger) { ++ledger_.tickets; }
  ~TestTicket() override { --ledger_.tickets; }
  bool grow(std::size_t body_bytes, std::size_t whole_bytes) override {
    ledger_.largest = std::max(ledger_.largest, body_bytes);
    ledger_.largest_whole = std::max(ledger_.largest_whole, whole_bytes);
    return body_bytes <= ledger_.limit;
  }

 private:
  Ledger& ledger_;
};

class HttpServerTest : public LoopTest {
 protected:
  void TearDown() override {
    server_.reset();
    settle();
  }
  void start() {
    options_.port = 0;
    auto started = HttpServer::start({loop_.get()}, std::move(options_), handler_);
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(started).value();
    settle();
  }
  /// Runs until the peer has got `text` so often.
  [[nodiscard]] bool gets(RawPeer& peer, std::string_view text, std::size_t times = 1) {
    return run_until([&] {
      peer.receive();
      return peer.count(text) >= times;
    });
  }
  [[nodiscard]] bool ends(RawPeer& peer) {
    return run_until([&] {
      peer.receive();
      return peer.ended();
    });
  }
  HttpServerCounters counters() const { return server_->counters(); }
  static std::string post(std::string_view body, std::string_view headers = "") {
    return "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(headers) + "\r\n" + std::string(body);
  }

  /// Charges every body to ledger_.
  void charge_bodies() {
    handler_->admit = [this](const MessageHead&) {
      return Admission::accept(handler_->body_bytes_max, std::make_unique<TestTicket>(ledger_));
    };
  }

  Ledger ledger_;
  HttpServerOptions options_;
  std::shared_ptr<TestHandler> handler_ = std::make_shared<TestHandler>();
  std::unique_ptr<HttpServer> server_;
};

}  // namespace nanospan::net
