// ProfileServer: a thread of its own with the profiler, and the HTTP server that shows it.
//
// start() returns when the port listens; stop(), or the destructor, stops both. What is recorded is written and sent
// then, for which it waits a bounded time: a server that does not answer is given up before, with a line and a count; a
// disk that hangs holds the program up no longer, its thread does the rest when it can. In the child of a fork the
// object is dead: it neither samples nor serves, and its destructor lets go of it. Thread-safe, but for stop() and the
// destructor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http_server.h"
#include "net/loop_threads.h"
#include "profile/continuous/profile_recorder.h"
#include "profile/profiler.h"
#include "profile/serve/endpoints.h"

namespace nanospan::profile {

struct ProfileServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6060;  ///< 0: any free one.
  EndpointOptions endpoints = {};
  ProfilerOptions profiler = {};
  RecorderOptions recorder = {};
  std::uint64_t stop_nanos = 5 * base::kNanosPerSecond;  ///< For the last profiles, when it stops: at most.
};

class ProfileServer {
 public:
  /// kInvalidArgument if others than this machine could reach the port and no token is set; kAlreadyExists if the
  /// process has a profiler; kSystem if the port is taken; what ProfileRecorder::create() says.
  static Result<std::unique_ptr<ProfileServer>> start(ProfileServerOptions options);
  ~ProfileServer() { stop(base::kNever); }
  ProfileServer(const ProfileServer&) = delete;
  ProfileServer& operator=(const ProfileServer&) = delete;

  /// Blocks for `nanos` or stop_nanos, whichever is less. Nothing if it has stopped; what stops it first counts.
  void stop(std::uint64_t nanos);

  /// REQUIRES: it has not been stopped.
  std::uint16_t port() const { return parts_->server->port(); }

 private:
  struct Parts {
    std::unique_ptr<net::LoopThreads> threads;
    std::unique_ptr<Profiler> profiler;
    std::unique_ptr<ProfileRecorder> recorder;
    std::unique_ptr<net::HttpServer> server;
    Parts* left_before = nullptr;
  };
  static Status make_profiler(Parts& parts, const ProfileServerOptions& options);
  ProfileServer(std::unique_ptr<Parts> parts, std::uint64_t stop_nanos);
  bool finish(std::uint64_t nanos);
  static void end_on_its_own(Parts& parts);
  static void leave(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
  const std::uint64_t stop_nanos_;
  const int process_;
};

}  // namespace nanospan::profile
