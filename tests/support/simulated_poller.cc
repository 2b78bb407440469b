// The poller of a SimulatedNetwork: what is ready, and the passing of time.
#include <algorithm>

#include "tests/support/simulated_network.h"

namespace nanospan::net {

unsigned SimulatedNetwork::ready_of(int fd, unsigned interest) {
  const Place& place = places_.at(fd);
  if (place.connection == nullptr) return place.backlog.empty() ? 0 : interest & kReadable;
  Connection& connection = *place.connection;
  if (connection.state == Connection::State::kConnecting) return 0;
  if (connection.state == Connection::State::kRefused) return (interest & kWritable) | kFailed;
  const Lane& in = connection.lane_to(place.side);
  const Lane& out = connection.lane_to(other(place.side));
  const bool reset = connection.end(place.side).reset;
  const bool writable = reset || out.flying_bytes + out.arrived.size() < connection.plan.buffer_bytes;
  unsigned ready = 0;
  if (!in.arrived.empty() || in.ended || reset) ready |= kReadable;
  if (writable) ready |= kWritable;
  if (in.ended || reset) ready |= kHungUp;
  ready &= interest;
  return ready | (reset || (in.ended && out.finished) ? kFailed : 0U);  // epoll_ctl(2): EPOLLERR and EPOLLHUP always
}

/// The same in each run: listeners, then connections in the order in which they were opened.
std::size_t SimulatedNetwork::age_of(int fd) const {
  const Place& place = places_.at(fd);
  if (place.connection == nullptr) return 0;
  return 1 + 2 * place.connection->number + static_cast<std::size_t>(place.side);
}

void SimulatedNetwork::pass_time(base::MonotonicNanos until) {
  const base::MonotonicNanos next = std::min(until, next_arrival());
  dead_quiet_ = next == base::kNever;
  if (!dead_quiet_ && next > clock_.monotonic_now()) clock_.advance(next - clock_.monotonic_now());
}

class SimulatedPoller final : public Poller {
 public:
  explicit SimulatedPoller(SimulatedNetwork& network) : network_(network) {}

  Status add(int fd, unsigned interest, std::uint64_t tag) override { return modify(fd, interest, tag); }
  Status modify(int fd, unsigned interest, std::uint64_t tag) override {
    watched_[fd] = {interest, tag};
    return {};
  }
  void remove(int fd) override { watched_.erase(fd); }
  void wake() override { woken_ = true; }
  int pollable_fd() const override { return -1; }
  void abandon_after_fork() override {}

  std::size_t wait(std::span<PollEvent> events, std::uint64_t timeout_nanos) override {
    const testing::FakeClock& clock = network_.clock_;
    const base::MonotonicNanos until = base::later(clock.monotonic_now(), timeout_nanos);
    for (;;) {
      network_.deliver_due();
      const std::size_t count = report(events);
      network_.events_reported_ += count;
      if (std::exchange(woken_, false) || count != 0) return count;
      network_.pass_time(until);
      if (network_.dead_quiet_ || clock.monotonic_now() >= until) return 0;
    }
  }

 private:
  struct Watch {
    unsigned interest = 0;
    std::uint64_t tag = 0;
  };

  /// Some of what is ready, in any order.
  std::size_t report(std::span<PollEvent> events) {
    // By age, not by descriptor: which numbers are free depends on what else the process does.
    std::vector<std::pair<std::size_t, PollEvent>> ready;
    for (const auto& [fd, watch] : watched_) {
      if (const unsigned seen = network_.ready_of(fd, watch.interest); seen != 0) {
        ready.push_back({network_.age_of(fd), {watch.tag, seen}});
      }
    }
    if (ready.empty()) return 0;
    std::sort(ready.begin(), ready.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    SeededNumbers& numbers = network_.numbers_;
    for (std::size_t i = ready.size(); i > 1; --i) std::swap(ready[i - 1], ready[numbers.below(i)]);
    const std::size_t count = std::min(events.size(), 1 + numbers.below(ready.size()));
    std::transform(ready.begin(), ready.begin() + static_cast<std::ptrdiff_t>(count), events.begin(),
                   [](const auto& each) { return each.second; });
    return count;
  }

  SimulatedNetwork& network_;
  std::map<int, Watch> watched_;
  bool woken_ = false;
};

std::unique_ptr<Poller> SimulatedNetwork::make_poller() { return std::make_unique<SimulatedPoller>(*this); }

}  // namespace nanospan::net
