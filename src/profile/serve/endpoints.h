// The pages under /debug/pprof/, as Go people know them (net/http/pprof): profile, heap, allocs, mutex, block, threads
// as goroutine and threadcreate, cmdline, symbol, and an index; and of our own wall, routes and recordings. Answers
// come from the Profiler; those that take time are answered when it is over.
//
// On the profiler's loop. Profiler and recorder must outlive the server that holds this handler.
#pragma once

#include <string>

#include "net/http_server.h"
#include "profile/continuous/profile_recorder.h"
#include "profile/profiler.h"
#include "profile/serve/query.h"

namespace nanospan::profile {

struct EndpointOptions {
  std::string token = {};           ///< See access.h.
  std::uint64_t seconds_max = 300;  ///< Of one profile.
};

class Endpoints final : public net::HttpHandler {
 public:
  /// `recorder`: null if nothing is recorded.
  Endpoints(Profiler& profiler, const ProfileRecorder* recorder, EndpointOptions options)
      : profiler_(profiler), recorder_(recorder), options_(std::move(options)) {}

  net::Admission on_headers(const net::MessageHead& head) override;
  void on_request(net::Request request, net::Responder responder) override;

 private:
  void collect(WindowKind kind, const net::MessageHead& head, const Query& query, const std::string& name,
               net::Responder responder);
  net::Response past(const Query& query);
  net::Response routes() const;
  net::Response symbol(const net::Request& request);

  Profiler& profiler_;
  const ProfileRecorder* const recorder_;
  const EndpointOptions options_;
};

}  // namespace nanospan::profile
