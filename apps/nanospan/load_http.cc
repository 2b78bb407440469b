// One round: a client pool, N chains of requests, a timer that ends them.
#include "apps/nanospan/load_http.h"

#include <ctime>
#include <memory>

namespace nanospan::app {
namespace {

// A client whose request failed waits this long, so that a dead server is not hammered and the loop stays free.
constexpr std::uint64_t kRetryNanos = 100 * base::kNanosPerMilli;
constexpr std::uint64_t kFailuresMax = 1000;

class Round {
 public:
  Round(const LoadOptions& options, const LoadTarget& target, net::EventLoop& loop)
      : options_(options), target_(target), loop_(loop), end_(loop, [this] { ended(); }), retry_(loop, [this] {
          retry_waiting();
        }) {}

  Result<LoadResult> run() {
    net::Http1ClientOptions client;
    client.origin = target_.url;
    client.connections_max = options_.connections;
    client.queued_requests_max = options_.connections;
    Result<std::unique_ptr<net::Http1Client>> made = net::Http1Client::create(loop_, std::move(client));
    if (!made) return made.error();
    client_ = std::move(*made);

    const base::MonotonicNanos start = loop_.clock().monotonic_now();
    end_.arm(start + options_.round_nanos);
    for (std::size_t i = 0; i < options_.connections; ++i) send(i);
    loop_.run();
    result_.nanos = loop_.clock().monotonic_now() - start;
    client_.reset();
    if (result_.answered == 0) {
      return Error{ErrorCode::kUnavailable,
                   target_.url.origin() + ": no request was answered: " + result_.first_failure};
    }
    return std::move(result_);
  }

 private:
  /// `turn` says which request is next: clients begin at different ones, so that all kinds are under way at any time.
  void send(std::size_t turn) {
    const LoadRequest& wanted = options_.requests[turn % options_.requests.size()];
    net::HttpRequest request;
    request.method = wanted.method;
    request.target = wanted.target;
    if (!wanted.body.empty()) {
      request.headers.push_back({"Content-Type", "application/json"});
      request.body.push_back(wanted.body);
    }
    const base::MonotonicNanos begun = loop_.clock().monotonic_now();
    request.deadline = {begun + options_.request_timeout_nanos};
    ++under_way_;
    client_->send(std::move(request), [this, turn, begun](net::HttpResult answer) { done(turn, begun, answer); });
  }

  void done(std::size_t turn, base::MonotonicNanos begun, const net::HttpResult& answer) {
    --under_way_;
    if (answer.ok()) {
      ++result_.answered;
      if (answer.response.status >= 400) ++result_.error_status;
      result_.latency.add(loop_.clock().monotonic_now() - begun);
    } else {
      ++result_.failed;
      if (result_.first_failure.empty()) result_.first_failure = answer.error.error.message;
    }
    if (result_.failed > kFailuresMax) over_ = true;
    if (!over_ && answer.ok()) {
      send(turn + 1);
    } else if (!over_) {
      waiting_.push_back(turn + 1);
      if (!retry_.armed()) retry_.arm(loop_.now() + kRetryNanos);
    }
    if (over_ && under_way_ == 0) loop_.stop();
  }

  void retry_waiting() {
    std::vector<std::size_t> turns;
    turns.swap(waiting_);
    if (over_) return;
    for (const std::size_t turn : turns) send(turn);
  }

  /// What is under way is waited for, so that both ends have counted the same requests.
  void ended() {
    over_ = true;
    if (under_way_ == 0) loop_.stop();
  }

  const LoadOptions& options_;
  const LoadTarget& target_;
  net::EventLoop& loop_;
  std::unique_ptr<net::Http1Client> client_;
  LoadResult result_;
  std::size_t under_way_ = 0;
  std::vector<std::size_t> waiting_;
  bool over_ = false;
  net::Timer end_;
  net::Timer retry_;
};

}  // namespace

void LoadResult::add(const LoadResult& other) {
  answered += other.answered;
  error_status += other.error_status;
  failed += other.failed;
  nanos += other.nanos;
  cpu_seconds += other.cpu_seconds;
  if (first_failure.empty()) first_failure = other.first_failure;
  latency.add(other.latency);
}

Result<LoadResult> run_load_round(const LoadOptions& options, const LoadTarget& target, const base::Clock& clock) {
  Result<std::unique_ptr<net::EventLoop>> loop = net::EventLoop::create(clock);
  if (!loop) return loop.error();
  double cpu_before = 0;
  if (target.pid != 0) {
    Result<double> cpu = cpu_seconds_of(target.pid);
    if (!cpu) return cpu.error();
    cpu_before = *cpu;
  }
  Result<LoadResult> result = Round(options, target, **loop).run();
  if (result && target.pid != 0) result->cpu_seconds = cpu_seconds_of(target.pid).value_or(cpu_before) - cpu_before;
  return result;
}

Result<double> cpu_seconds_of(int pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    return Error{ErrorCode::kNotFound, "there is no process " + std::to_string(pid) + " whose CPU time can be read"};
  }
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace nanospan::app
