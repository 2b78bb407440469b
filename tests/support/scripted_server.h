// ScriptedServer: an HTTP/1.1 peer that misbehaves exactly as told: it refuses, resets, drips, hangs, lies or answers
// properly.
//
// It lives on a loop that the test runs (with a fake clock, if times matter), or on a thread of its own. Each script is
// played once, in order: on the next request that is complete, on the next connection, or after so many bytes of a
// request. Without a script it answers 200 with an empty body. script(), requests() and connections() may be called
// from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/event_loop.h"
#include "net/http_message.h"
#include "net/loop_threads.h"
#include "net/socket.h"

namespace nanospan::testing {

struct Step {
  enum class What { kSend, kWait, kClose, kReset, kEndless, kStopReading };
  What what;
  std::string bytes;
  std::uint64_t nanos = 0;
};
inline Step send_bytes(std::string bytes) { return {Step::What::kSend, std::move(bytes)}; }
inline Step wait_nanos(std::uint64_t nanos) { return {Step::What::kWait, {}, nanos}; }
inline Step close_now() { return {Step::What::kClose, {}}; }
inline Step reset_now() { return {Step::What::kReset, {}}; }
/// Sends the bytes again and again until the peer closes.
inline Step send_endlessly(std::string bytes) { return {Step::What::kEndless, std::move(bytes)}; }
/// Takes nothing more from the peer, until the connection ends.
inline Step stop_reading() { return {Step::What::kStopReading, {}}; }
/// A whole response with Content-Length, for the common case.
Step respond(int status, const std::string& body = {}, const std::vector<net::Header>& headers = {});

struct Script {
  enum class When { kRequest, kConnect, kBytes };
  std::vector<Step> steps;
  When when = When::kRequest;
  std::size_t bytes = 0;  ///< With kBytes: of the request, head included.
};

struct SeenRequest {
  std::string method;
  std::string target;
  std::vector<net::Header> headers;
  std::string body;
};

class ScriptedServer {
 public:
  /// On a thread of its own, with the system's clock.
  ScriptedServer();
  explicit ScriptedServer(net::EventLoop& loop);
  ~ScriptedServer();

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path = "") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  void script(std::vector<Step> steps) { script(Script{std::move(steps)}); }
  void script(Script script);
  std::vector<SeenRequest> requests() const;
  std::size_t connections() const;

 private:
  class Listener;
  class Connection;
  struct Shared {
    mutable std::mutex mutex;
    std::deque<Script> scripts;
    std::vector<SeenRequest> requests;
    std::size_t connections = 0;
  };

  std::unique_ptr<net::LoopThreads> thread_;
  net::EventLoop& loop_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::shared_ptr<Listener> listener_;
  std::uint16_t port_ = 0;
};

/// A port on 127.0.0.1 on which nothing listens.
std::uint16_t closed_port();

}  // namespace nanospan::testing
