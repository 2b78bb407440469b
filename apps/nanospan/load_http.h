// Closed-loop HTTP load: N clients, each with a connection of its own and one request under way, which sends the next
// request as soon as the answer to the last one is there. Closed loop, because it shows what a fixed number of users
// gets.
//
// Several targets are loaded in turn, in short rounds (A, B, B, A, ...), so that whatever else happens on the machine
// meets them alike; this is what makes two configurations of a service comparable. One thread, one event loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "apps/nanospan/load_histogram.h"
#include "base/result.h"
#include "base/time.h"
#include "net/http1_client.h"
#include "net/url.h"

namespace nanospan::app {

struct LoadRequest {
  std::string method = "GET";
  std::string target = "/";
  std::string body;  ///< JSON, if not empty.
};

struct LoadTarget {
  net::Url url;
  std::string label;  ///< What people call it.
  int pid = 0;        ///< The server's process, to account its CPU time; 0 = not wanted.
};

struct LoadOptions {
  std::vector<LoadTarget> targets;
  std::vector<LoadRequest> requests;  ///< Each client sends them one after the other, for ever.
  std::size_t connections = 100;
  std::uint64_t round_nanos = base::kNanosPerSecond;
  std::size_t rounds = 10;  ///< Of each target.
  std::uint64_t request_timeout_nanos = 10 * base::kNanosPerSecond;
};

/// What one round, or all rounds of a target, came to.
struct LoadResult {
  std::uint64_t answered = 0;      ///< Requests with an answer, whatever its status.
  std::uint64_t error_status = 0;  ///< Of these, with 4xx or 5xx.
  std::uint64_t failed = 0;        ///< Without an answer.
  std::uint64_t nanos = 0;
  double cpu_seconds = 0;  ///< Of the server's process.
  std::string first_failure;
  LatencyHistogram latency;

  void add(const LoadResult& other);
  double requests_per_second() const {
    return nanos == 0 ? 0 : static_cast<double>(answered) * 1e9 / static_cast<double>(nanos);
  }
  double cpu_micros_per_request() const {
    return answered == 0 ? 0 : cpu_seconds * 1e6 / static_cast<double>(answered);
  }
};

/// One round of load on one target. Fails if the target cannot be reached at all.
Result<LoadResult> run_load_round(const LoadOptions& options, const LoadTarget& target, const base::Clock& clock);

/// CPU time that a process has used so far, user and system, in seconds; kNotFound if there is no such process.
Result<double> cpu_seconds_of(int pid);

}  // namespace nanospan::app
