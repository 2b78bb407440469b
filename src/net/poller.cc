// The real one: epoll, with an eventfd to be woken by. Threads: see the header.
#include "net/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/socket.h"

namespace nanospan::net {
namespace {

constexpr std::uint64_t kWakeTag = ~std::uint64_t{0};
constexpr std::size_t kEventsMax = 256;

std::uint32_t to_epoll(unsigned interest) {
  return ((interest & kReadable) != 0 ? static_cast<std::uint32_t>(EPOLLIN) : 0U) |
         ((interest & kWritable) != 0 ? static_cast<std::uint32_t>(EPOLLOUT) : 0U) |
         ((interest & kHungUp) != 0 ? static_cast<std::uint32_t>(EPOLLRDHUP) : 0U);
}

unsigned from_epoll(std::uint32_t events) {
  return ((events & EPOLLIN) != 0 ? kReadable : 0U) | ((events & EPOLLOUT) != 0 ? kWritable : 0U) |
         ((events & EPOLLRDHUP) != 0 ? kHungUp : 0U) | ((events & (EPOLLERR | EPOLLHUP)) != 0 ? kFailed : 0U);
}

/// Rounded up, so that a wait never ends just before the timer that it waits for.
int to_millis(std::uint64_t nanos) {
  if (nanos == base::kNever) return -1;
  const std::uint64_t millis = nanos / base::kNanosPerMilli + (nanos % base::kNanosPerMilli != 0 ? 1 : 0);
  return static_cast<int>(std::min<std::uint64_t>(millis, 3'600'000));
}

class EpollPoller final : public Poller {
 public:
  EpollPoller(Fd epoll, Fd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}

  Status add(int fd, unsigned interest, std::uint64_t tag) override {
    return control(EPOLL_CTL_ADD, fd, interest, tag);
  }
  Status modify(int fd, unsigned interest, std::uint64_t tag) override {
    return control(EPOLL_CTL_MOD, fd, interest, tag);
  }
  void remove(int fd) override {
    if (epoll_) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }

  std::size_t wait(std::span<PollEvent> events, std::uint64_t timeout_nanos) override {
    if (!epoll_) return 0;
    std::array<epoll_event, kEventsMax> seen;
    const int room = static_cast<int>(std::min(events.size(), seen.size()));
    const int count = ::epoll_wait(epoll_.get(), seen.data(), room, to_millis(timeout_nanos));
    std::size_t given = 0;
    for (int i = 0; i < count; ++i) {  // count is -1 after EINTR: nothing was seen, the loop comes back
      const epoll_event& event = seen[static_cast<std::size_t>(i)];
      if (event.data.u64 == kWakeTag) {
        std::uint64_t wakes = 0;
        static_cast<void>(!::read(wake_.get(), &wakes, sizeof wakes));
      } else {
        events[given++] = {event.data.u64, from_epoll(event.events)};
      }
    }
    return given;
  }

  void wake() override {
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_.get(), &one, sizeof one));  // can only fail when the counter is full: awake anyway
  }

  int pollable_fd() const override { return epoll_.get(); }

  void abandon_after_fork() override {
    epoll_.reset();
    wake_.reset();
  }

 private:
  Status control(int operation, int fd, unsigned interest, std::uint64_t tag) {
    if (!epoll_) return {};
    epoll_event event{};
    event.events = to_epoll(interest);
    event.data.u64 = tag;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) return system_error("epoll_ctl", errno);
    return {};
  }

  Fd epoll_;
  Fd wake_;
};

}  // namespace

Result<std::unique_ptr<Poller>> make_epoll_poller() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_error("epoll_create1", errno);
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return system_error("eventfd", errno);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeTag;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) return system_error("epoll_ctl", errno);
  return std::unique_ptr<Poller>(std::make_unique<EpollPoller>(std::move(epoll), std::move(wake)));
}

}  // namespace nanospan::net
