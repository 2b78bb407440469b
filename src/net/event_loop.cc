// A round: wait for what is ready, the next timer or a wake; then descriptors, timers and posted functions. Threads:
// see the header.
#include "net/event_loop.h"

#include <algorithm>
#include <cassert>

#include "net/network.h"

namespace nanospan::net {
namespace {

constexpr std::size_t kEventsPerRound = 256;

// A tag is the descriptor (low half) and the generation of its watch (high half).
std::uint64_t make_tag(int fd, std::uint32_t generation) {
  return (std::uint64_t{generation} << 32) | static_cast<std::uint32_t>(fd);
}

}  // namespace

// --- LoopHandle ---

bool LoopHandle::post(Task task) {
  const std::lock_guard lock(mutex_);
  if (poller_ == nullptr) return false;
  tasks_.push_back(std::move(task));
  // One wake is enough for any number of tasks: the loop takes all of them. Under the lock, so that the poller still
  // exists.
  if (tasks_.size() == 1) poller_->wake();
  return true;
}

std::vector<Task> LoopHandle::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(tasks_, {});
}

void LoopHandle::close() {
  std::vector<Task> unrun;  // destroyed after the lock is released: what they own may post again
  const std::lock_guard lock(mutex_);
  poller_ = nullptr;
  unrun.swap(tasks_);
}

// --- Timer ---

void Timer::arm(base::MonotonicNanos at) {
  if (at == base::kNever) return cancel();
  at_ = at;
  if (armed()) {
    loop_.sift_up(place_);
    loop_.sift_down(place_);
  } else {
    loop_.timers_.push_back(this);
    place_ = loop_.timers_.size() - 1;
    loop_.sift_up(place_);
  }
}

void Timer::cancel() {
  if (!armed()) return;
  const std::size_t hole = std::exchange(place_, kUnarmed);
  Timer* const last = loop_.timers_.back();
  loop_.timers_.pop_back();
  if (last == this) return;
  loop_.place(hole, last);
  loop_.sift_up(hole);
  loop_.sift_down(last->place_);
}

// --- EventLoop ---

Result<std::unique_ptr<EventLoop>> EventLoop::create(const base::Clock& clock) {
  Result<std::unique_ptr<Poller>> poller = make_epoll_poller();
  if (!poller.ok()) return poller.error();
  return std::make_unique<EventLoop>(clock, std::move(poller).value());
}

EventLoop::EventLoop(const base::Clock& clock, std::unique_ptr<Poller> poller)
    : EventLoop(clock, std::move(poller), system_network()) {}

EventLoop::EventLoop(const base::Clock& clock, std::unique_ptr<Poller> poller, Network& network)
    : clock_(clock),
      poller_(std::move(poller)),
      handle_(std::make_shared<LoopHandle>(poller_.get())),
      events_(kEventsPerRound),
      now_(clock.monotonic_now()),
      network_(network) {}

EventLoop::~EventLoop() {
  handle_->close();
  assert(timers_.empty());
}

Status EventLoop::watch(int fd, unsigned interest, FdHandler& handler) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watches_.size()) watches_.resize(std::max(index + 1, watches_.size() * 2));
  Watch& watch = watches_[index];
  assert(watch.handler == nullptr);
  ++watch.generation;
  if (Status added = poller_->add(fd, interest, make_tag(fd, watch.generation)); !added.ok()) return added;
  watch.handler = &handler;
  watch.interest = interest;
  return {};
}

void EventLoop::set_interest(int fd, unsigned interest) {
  Watch& watch = watches_[static_cast<std::size_t>(fd)];
  assert(watch.handler != nullptr);
  if (watch.interest == interest) return;
  watch.interest = interest;
  [[maybe_unused]] const Status modified = poller_->modify(fd, interest, make_tag(fd, watch.generation));
  assert(modified.ok());  // the descriptor is watched, so this cannot fail
}

void EventLoop::unwatch(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (fd < 0 || index >= watches_.size() || watches_[index].handler == nullptr) return;
  watches_[index].handler = nullptr;
  poller_->remove(fd);
}

void EventLoop::run() {
  while (!stopped_.load(std::memory_order_acquire)) run_once(base::Deadline::never());
  poll_once();
  stopped_.store(false, std::memory_order_release);  // so that the loop can be run again
}

void EventLoop::stop() {
  stopped_.store(true, std::memory_order_release);
  handle_->post([] {});  // wakes the wait
}

std::size_t EventLoop::run_once(base::Deadline deadline) { return round(deadline); }

std::size_t EventLoop::poll_once() { return round({0}); }

std::size_t EventLoop::run_posted() {
  enter();
  return run_tasks();
}

void EventLoop::enter() {
  handle_->thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  now_ = clock_.monotonic_now();
}

std::size_t EventLoop::round(base::Deadline deadline) {
  enter();
  const base::MonotonicNanos until = std::min(deadline.at, next_timer());
  const std::size_t count = poller_->wait(events_, base::Deadline{until}.left(now_));
  now_ = clock_.monotonic_now();
  for (std::size_t i = 0; i < count; ++i) deliver(events_[i]);
  return count + fire_timers() + run_tasks();
}

void EventLoop::deliver(const PollEvent& event) {
  const auto index = static_cast<std::size_t>(event.tag & 0xffff'ffff);
  const Watch& watch = watches_[index];
  const bool stale = watch.handler == nullptr || watch.generation != static_cast<std::uint32_t>(event.tag >> 32);
  if (!stale) watch.handler->on_ready(event.ready);
}

std::size_t EventLoop::fire_timers() {
  std::size_t fired = 0;
  // Bounded by the timers that were there: one that arms itself for "now" gets its next turn in the next round.
  for (std::size_t left = timers_.size(); left > 0 && !timers_.empty() && timers_.front()->at_ <= now_; --left) {
    Timer* const timer = timers_.front();
    timer->cancel();
    timer->on_fire_();  // may destroy the timer
    ++fired;
  }
  return fired;
}

std::size_t EventLoop::run_tasks() {
  const std::vector<Task> tasks = handle_->take();
  for (const Task& task : tasks) task();
  return tasks.size();
}

void EventLoop::abandon_after_fork() { poller_->abandon_after_fork(); }

void EventLoop::place(std::size_t index, Timer* timer) {
  timers_[index] = timer;
  timer->place_ = index;
}

void EventLoop::sift_up(std::size_t index) {
  Timer* const timer = timers_[index];
  while (index > 0 && timers_[(index - 1) / 2]->at_ > timer->at_) {
    place(index, timers_[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  place(index, timer);
}

void EventLoop::sift_down(std::size_t index) {
  Timer* const timer = timers_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= timers_.size()) break;
    if (child + 1 < timers_.size() && timers_[child + 1]->at_ < timers_[child]->at_) ++child;
    if (timers_[child]->at_ >= timer->at_) break;
    place(index, timers_[child]);
    index = child;
  }
  place(index, timer);
}

}  // namespace nanospan::net
