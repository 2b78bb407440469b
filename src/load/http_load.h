// HttpLoad: drives an HTTP/1.1 service along a Plan and measures what its users get. Each user, and each of the
// connections of an open load, has a connection of its own with at most one request under way.
//
// Latency is free of coordinated omission where there is a schedule: in an open load, and with a pace, it counts from
// the moment at which a request was due, also when it could not begin then because no connection was free or the user
// still waited for an answer. So a service that stands still for a second makes every request of that second slow, and
// not just the one that was there. Requests that time out, and those that never got a connection, are in the histogram
// with the time that they have waited; those that fail at once (refused, reset) are only counted.
//
// Everything happens on the loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "load/latency_histogram.h"
#include "load/plan.h"
#include "net/http1_client.h"
#include "net/url.h"

namespace nanospan::load {

struct LoadRequest {
  std::string method = "GET";
  std::string target = "/";
  std::string body;  ///< Sent as JSON unless the headers say otherwise; none if empty.
};

struct HttpLoadOptions {
  net::Url origin;
  /// For https origins: what makes their streams. Called once for each client.
  std::function<Result<net::StreamFactory>()> make_streams;
  std::vector<LoadRequest> requests{{}};  ///< Each user sends them one after the other, for ever. Not empty.
  std::vector<net::Header> headers;       ///< Of every request.
  Plan plan;
  std::size_t connections_max = 100;  ///< Of an open load.
  /// Of a user: from when one request is due to when the next is; 0: the next begins when the last is answered.
  std::uint64_t pace_nanos = 0;
  std::uint64_t timeout_nanos = 10 * base::kNanosPerSecond;  ///< Of a request.
};

struct HttpLoadResult {
  std::uint64_t answered = 0;  ///< Requests with an answer, whatever its status.
  std::uint64_t failed = 0;    ///< Without one; `failures` says how.
  std::uint64_t unsent = 0;    ///< Of an open load: due, but no connection was free until the end.
  std::uint64_t nanos = 0;     ///< From the start to the last answer.
  std::map<int, std::uint64_t> statuses;
  std::map<net::HttpFailure, std::uint64_t> failures;
  std::string first_failure;
  LatencyHistogram latency;

  void add(const HttpLoadResult& other);
  std::uint64_t error_status() const;  ///< Answers with 4xx or 5xx.
  std::uint64_t errors() const { return failed + unsent + error_status(); }
  std::uint64_t requests() const { return answered + failed + unsent; }
  double requests_per_second() const;  ///< Answered ones.
  double error_share() const;          ///< Of all requests; 0 if there were none.
};

class HttpLoad {
 public:
  /// `loop` must outlive it.
  static Result<std::unique_ptr<HttpLoad>> create(net::EventLoop& loop, HttpLoadOptions options);
  ~HttpLoad();
  HttpLoad(const HttpLoad&) = delete;
  HttpLoad& operator=(const HttpLoad&) = delete;

  void start();
  /// The plan is over and every request has its end: what is under way then is waited for, so that both ends have
  /// counted the same. Also true when a service has answered nothing and failed kHopeless times.
  bool finished() const { return over_ && under_way_ == 0; }
  const HttpLoadResult& result() const { return result_; }

  // To watch it.
  std::uint64_t elapsed_nanos() const;
  std::size_t under_way() const { return under_way_; }
  double target() const { return options_.plan.target_at(elapsed_nanos()); }

 private:
  static constexpr std::uint64_t kHopeless = 1000;

  /// A user, or a connection of an open load.
  struct Slot {
    std::size_t turn = 0;  // which request is next
    bool running = false;  // a user that has begun and not left
  };
  struct Due {
    base::MonotonicNanos at;
    std::size_t slot;
    bool operator>(const Due& other) const { return at > other.at; }
  };

  HttpLoad(net::EventLoop& loop, HttpLoadOptions options);
  void turn();
  void start_users(base::MonotonicNanos now);
  void start_arrivals(base::MonotonicNanos now);
  void end();
  void send(std::size_t slot, base::MonotonicNanos due);
  void done(std::size_t slot, base::MonotonicNanos due, const net::HttpResult& answer);
  void next_of_user(std::size_t slot, base::MonotonicNanos due, bool failed);
  void arm();

  net::EventLoop& loop_;
  const HttpLoadOptions options_;
  std::vector<std::unique_ptr<net::Http1Client>> clients_;  // one for each kSlotsPerClient slots
  std::vector<Slot> slots_;
  std::vector<std::size_t> free_;  // open load: slots without a request, the one used last at the back
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;  // users who wait for their next request
  std::uint64_t arrival_ = 0;                                       // open load: the next request
  base::MonotonicNanos start_ = 0;
  base::MonotonicNanos end_ = base::kNever;
  std::size_t under_way_ = 0;
  bool over_ = false;
  HttpLoadResult result_;
  net::Timer timer_;
};

/// The whole of it on a loop of its own. `watch` is called each second, with what has happened since the start.
Result<HttpLoadResult> run_http_load(HttpLoadOptions options, const base::Clock& clock,
                                     const std::function<void(const HttpLoad&)>& watch = nullptr);

}  // namespace nanospan::load
