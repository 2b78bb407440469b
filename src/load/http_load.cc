// Slots, what is due, and a loop that waits to the microsecond.
#include "load/http_load.h"

#include <poll.h>

#include <algorithm>
#include <cmath>

namespace nanospan::load {
namespace {

// Http1Client looks through its connections to find an idle one: few of them each keep that short.
constexpr std::size_t kSlotsPerClient = 64;
// A user whose request failed waits this long, so that a dead service is not hammered.
constexpr std::uint64_t kRetryNanos = 100 * base::kNanosPerMilli;
// How often a plan of users is looked at while it rises.
constexpr std::uint64_t kTickNanos = 10 * base::kNanosPerMilli;

bool is_timeout(net::HttpFailure failure) { return error_code_for(failure) == ErrorCode::kDeadlineExceeded; }

/// Waits for the loop's next event or timer. The loop's own wait is in whole milliseconds, which is too coarse for a
/// schedule; nested in ppoll it is exact.
void turn_exactly(net::EventLoop& loop, base::MonotonicNanos until) {
  if (loop.poll_once() != 0) return;
  const base::MonotonicNanos now = loop.clock().monotonic_now();
  const base::MonotonicNanos next = std::min(loop.next_timer(), until);
  const std::uint64_t wait = next > now ? std::min(next - now, base::kNanosPerSecond) : 0;
  const timespec time{static_cast<time_t>(wait / base::kNanosPerSecond),
                      static_cast<long>(wait % base::kNanosPerSecond)};
  pollfd ready{loop.pollable_fd(), POLLIN, 0};
  ::ppoll(&ready, 1, &time, nullptr);
}

}  // namespace

void HttpLoadResult::add(const HttpLoadResult& other) {
  answered += other.answered;
  failed += other.failed;
  unsent += other.unsent;
  nanos += other.nanos;
  for (const auto& [status, count] : other.statuses) statuses[status] += count;
  for (const auto& [failure, count] : other.failures) failures[failure] += count;
  if (first_failure.empty()) first_failure = other.first_failure;
  latency.add(other.latency);
}

std::uint64_t HttpLoadResult::error_status() const {
  std::uint64_t sum = 0;
  for (const auto& [status, count] : statuses) sum += status >= 400 ? count : 0;
  return sum;
}

double HttpLoadResult::requests_per_second() const {
  return nanos == 0 ? 0 : static_cast<double>(answered) * 1e9 / static_cast<double>(nanos);
}

double HttpLoadResult::error_share() const {
  return requests() == 0 ? 0 : static_cast<double>(errors()) / static_cast<double>(requests());
}

Result<std::unique_ptr<HttpLoad>> HttpLoad::create(net::EventLoop& loop, HttpLoadOptions options) {
  const bool open = options.plan.kind() == Plan::Kind::kRate;
  const std::size_t slots = open ? options.connections_max : static_cast<std::size_t>(std::ceil(options.plan.peak()));
  std::unique_ptr<HttpLoad> load(new HttpLoad(loop, std::move(options)));
  load->slots_.resize(slots);
  for (std::size_t first = 0; first < slots; first += kSlotsPerClient) {
    net::Http1ClientOptions client;
    client.origin = load->options_.origin;
    if (load->options_.make_streams) {
      Result<net::StreamFactory> streams = load->options_.make_streams();
      if (!streams) return streams.error();
      client.make_stream = std::move(*streams);
    }
    client.connections_max = std::min(kSlotsPerClient, slots - first);
    client.queued_requests_max = client.connections_max;
    Result<std::unique_ptr<net::Http1Client>> made = net::Http1Client::create(loop, std::move(client));
    if (!made) return made.error();
    load->clients_.push_back(std::move(*made));
  }
  // Users begin at different requests, so that all kinds are under way at any time.
  for (std::size_t i = slots; i-- > 0;) {
    load->slots_[i].turn = i;
    if (open) load->free_.push_back(i);
  }
  return load;
}

HttpLoad::HttpLoad(net::EventLoop& loop, HttpLoadOptions options)
    : loop_(loop), options_(std::move(options)), timer_(loop, [this] { turn(); }) {}
HttpLoad::~HttpLoad() = default;

void HttpLoad::start() {
  start_ = loop_.clock().monotonic_now();
  end_ = start_ + options_.plan.nanos();
  turn();
}

std::uint64_t HttpLoad::elapsed_nanos() const { return loop_.clock().monotonic_now() - start_; }

void HttpLoad::turn() {
  if (over_) return;
  // One look at the clock: what became due before the end is sent before the end is judged.
  const base::MonotonicNanos now = loop_.clock().monotonic_now();
  options_.plan.kind() == Plan::Kind::kRate ? start_arrivals(now) : start_users(now);
  if (now >= end_) return end();
  arm();
}

/// Users who have a place under the plan begin, and those whose next request is due send it.
void HttpLoad::start_users(base::MonotonicNanos now) {
  const auto wanted = static_cast<std::size_t>(std::ceil(options_.plan.target_at(now - start_)));
  for (std::size_t i = 0; i < std::min(wanted, slots_.size()); ++i) {
    if (slots_[i].running) continue;
    slots_[i].running = true;
    send(i, now);
  }
  while (!due_.empty() && due_.top().at <= now) {
    const Due next = due_.top();
    due_.pop();
    if (next.slot >= wanted) {
      slots_[next.slot].running = false;
    } else {
      send(next.slot, next.at);
    }
  }
}

void HttpLoad::start_arrivals(base::MonotonicNanos now) {
  while (!free_.empty()) {
    const std::uint64_t due = options_.plan.arrival(arrival_);
    if (due > now - start_) return;
    const std::size_t slot = free_.back();
    free_.pop_back();
    ++arrival_;
    send(slot, start_ + due);
  }
}

void HttpLoad::end() {
  over_ = true;
  timer_.cancel();
  if (options_.plan.kind() != Plan::Kind::kRate) return;
  for (std::uint64_t due = 0; (due = options_.plan.arrival(arrival_)) != base::kNever; ++arrival_) {
    ++result_.unsent;
    result_.latency.add(options_.plan.nanos() - std::min(due, options_.plan.nanos()));
  }
}

void HttpLoad::arm() {
  base::MonotonicNanos at = end_;
  if (options_.plan.kind() == Plan::Kind::kRate) {
    const std::uint64_t due = free_.empty() ? base::kNever : options_.plan.arrival(arrival_);
    if (due != base::kNever) at = std::min(at, start_ + due);
  } else {
    if (!due_.empty()) at = std::min(at, due_.top().at);
    at = std::min(at, loop_.clock().monotonic_now() + kTickNanos);
  }
  timer_.arm(at);
}

void HttpLoad::send(std::size_t slot, base::MonotonicNanos due) {
  const LoadRequest& wanted = options_.requests[slots_[slot].turn++ % options_.requests.size()];
  net::HttpRequest request;
  request.method = wanted.method;
  request.target = wanted.target;
  request.headers = options_.headers;
  request.repeatable = wanted.method == "GET" || wanted.method == "HEAD";
  if (!wanted.body.empty()) {
    const bool typed = std::any_of(request.headers.begin(), request.headers.end(), [](const net::Header& header) {
      return header.name == "Content-Type" || header.name == "content-type";
    });
    if (!typed) request.headers.push_back({"Content-Type", "application/json"});
    request.body.push_back(wanted.body);
  }
  request.deadline = {loop_.clock().monotonic_now() + options_.timeout_nanos};
  ++under_way_;
  clients_[slot / kSlotsPerClient]->send(std::move(request),
                                         [this, slot, due](const net::HttpResult& answer) { done(slot, due, answer); });
}

void HttpLoad::done(std::size_t slot, base::MonotonicNanos due, const net::HttpResult& answer) {
  --under_way_;
  const base::MonotonicNanos now = loop_.clock().monotonic_now();
  if (answer.ok()) {
    ++result_.answered;
    ++result_.statuses[answer.response.status];
    result_.latency.add(now - due);
  } else {
    ++result_.failed;
    ++result_.failures[answer.error.failure];
    if (result_.first_failure.empty()) result_.first_failure = answer.error.error.message;
    if (is_timeout(answer.error.failure)) result_.latency.add(now - due);
    if (result_.answered == 0 && result_.failed >= kHopeless) over_ = true;
  }
  result_.nanos = now - start_;
  if (over_) return;
  if (options_.plan.kind() == Plan::Kind::kUsers) return next_of_user(slot, due, !answer.ok());
  free_.push_back(slot);
  turn();
}

void HttpLoad::next_of_user(std::size_t slot, base::MonotonicNanos due, bool failed) {
  const base::MonotonicNanos now = loop_.clock().monotonic_now();
  if (static_cast<double>(slot) >= options_.plan.target_at(now - start_)) {
    slots_[slot].running = false;
    return;
  }
  base::MonotonicNanos at = options_.pace_nanos != 0 ? due + options_.pace_nanos : now;
  if (failed) at = std::max(at, now + kRetryNanos);
  if (at <= now) return send(slot, at);
  due_.push({at, slot});
  if (at < timer_.at()) timer_.arm(at);
}

Result<HttpLoadResult> run_http_load(HttpLoadOptions options, const base::Clock& clock,
                                     const std::function<void(const HttpLoad&)>& watch) {
  Result<std::unique_ptr<net::EventLoop>> loop = net::EventLoop::create(clock);
  if (!loop) return loop.error();
  const std::string origin = options.origin.origin();
  Result<std::unique_ptr<HttpLoad>> load = HttpLoad::create(**loop, std::move(options));
  if (!load) return load.error();
  (*load)->start();
  base::MonotonicNanos next_look = clock.monotonic_now() + base::kNanosPerSecond;
  while (!(*load)->finished()) {
    turn_exactly(**loop, next_look);
    if (clock.monotonic_now() < next_look) continue;
    next_look += base::kNanosPerSecond;
    if (watch) watch(**load);
  }
  HttpLoadResult result = (*load)->result();
  if (result.answered == 0) {
    return Error{ErrorCode::kUnavailable, origin + ": no request was answered: " + result.first_failure};
  }
  return result;
}

}  // namespace nanospan::load
