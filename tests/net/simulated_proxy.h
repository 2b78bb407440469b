// SimulatedProxy: what a server's stream is behind a proxy of which clients ask for a tunnel (CONNECT): the question is
// read and answered first, and what comes then is the server's. So the proxy and its way to the server take no time;
// what happens on the client's way to it is the network's affair.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "net/byte_stream.h"
#include "net/event_loop.h"

namespace nanospan::net {

struct ProxyAnswer {
  std::string text = "HTTP/1.1 200 Connection established\r\nVia: simulated\r\n\r\n";
  bool tunnel = true;  ///< And not the end, after these words.
  std::uint64_t after_nanos = 0;
};

class SimulatedProxy final : public ByteStream, private FdHandler {
 public:
  SimulatedProxy(std::unique_ptr<ByteStream> under, std::string asked, ProxyAnswer answer)
      : under_(std::move(under)), asked_(std::move(asked)), answer_(std::move(answer)) {}
  ~SimulatedProxy() override {
    if (loop_ != nullptr) under_->unwatch(*loop_);
  }

  int fd() const override { return under_->fd(); }
  IoResult read(std::span<const iovec> into) override {
    if (state_ == State::kTunnel) return under_->read(into);
    return {state_ == State::kEnded ? IoResult::State::kEnd : IoResult::State::kWouldBlock, 0, 0};
  }
  IoResult write(std::span<const iovec> from) override {
    if (state_ == State::kTunnel) return under_->write(from);
    return {IoResult::State::kWouldBlock, 0, 0};
  }
  void finish_writing() override { under_->finish_writing(); }
  Status watch(EventLoop& loop, unsigned interest, FdHandler& handler) override {
    loop_ = &loop;
    handler_ = &handler;
    interest_ = interest;
    return under_->watch(loop, state_ == State::kTunnel ? interest : kReadable, *this);
  }
  void set_interest(EventLoop& loop, unsigned interest) override {
    interest_ = interest;
    if (state_ == State::kTunnel) under_->set_interest(loop, interest);
  }
  void unwatch(EventLoop& loop) override {
    under_->unwatch(loop);
    loop_ = nullptr;
  }

 private:
  enum class State : std::uint8_t { kAsked, kWaiting, kAnswering, kTunnel, kEnded };

  void on_ready(unsigned ready) override {  // may end this
    if (state_ == State::kAsked) read_head();
    if (state_ == State::kAnswering) send_answer();
    if (state_ == State::kTunnel || state_ == State::kEnded) handler_->on_ready(ready);
  }
  /// No byte more than that: the next one is the server's.
  void read_head() {
    while (!head_.ends_with("\r\n\r\n")) {
      char byte = 0;
      const iovec into{&byte, 1};
      const IoResult result = under_->read({&into, 1});
      if (result.state == IoResult::State::kWouldBlock) return;
      if (result.state != IoResult::State::kDone) return end();
      head_ += byte;
    }
    EXPECT_TRUE(head_.starts_with("CONNECT " + asked_ + " HTTP/1.1\r\nHost: " + asked_ + "\r\n")) << head_;
    state_ = answer_.after_nanos == 0 ? State::kAnswering : State::kWaiting;
    under_->set_interest(*loop_, state_ == State::kAnswering ? kWritable : 0U);
    if (state_ == State::kAnswering) return;
    later_.emplace(*loop_, [this] {
      state_ = State::kAnswering;
      under_->set_interest(*loop_, kWritable);
    });
    later_->arm(loop_->now() + answer_.after_nanos);
  }
  void send_answer() {
    while (!answer_.text.empty()) {
      const iovec from{answer_.text.data(), answer_.text.size()};
      const IoResult result = under_->write({&from, 1});
      if (result.state == IoResult::State::kWouldBlock) return;
      if (result.state != IoResult::State::kDone) return end();
      answer_.text.erase(0, result.bytes);
    }
    if (!answer_.tunnel) return end();
    state_ = State::kTunnel;
    under_->set_interest(*loop_, interest_);
  }
  void end() { state_ = State::kEnded; }

  const std::unique_ptr<ByteStream> under_;
  const std::string asked_;
  ProxyAnswer answer_;
  State state_ = State::kAsked;
  std::string head_;
  EventLoop* loop_ = nullptr;
  FdHandler* handler_ = nullptr;
  unsigned interest_ = 0;
  std::optional<Timer> later_;
};

}  // namespace nanospan::net
