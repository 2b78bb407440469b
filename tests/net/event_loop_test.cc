#include "net/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <random>
#include <thread>

#include "tests/net/loop_fixture.h"

namespace nanospan::net {
namespace {

/// Delivers what the test put into it, and notes what it was asked.
class FakePoller final : public Poller {
 public:
  Status add(int, unsigned, std::uint64_t tag) override {
    tags.push_back(tag);
    return {};
  }
  Status modify(int, unsigned, std::uint64_t) override { return {}; }
  void remove(int fd) override { removed.push_back(fd); }
  std::size_t wait(std::span<PollEvent> events, std::uint64_t timeout_nanos) override {
    timeout = timeout_nanos;
    std::copy(next.begin(), next.end(), events.begin());
    return std::exchange(next, {}).size();
  }
  void wake() override { ++wakes; }
  int pollable_fd() const override { return -1; }
  void abandon_after_fork() override {}

  std::vector<PollEvent> next;
  std::vector<std::uint64_t> tags;
  std::vector<int> removed;
  std::uint64_t timeout = 0;
  int wakes = 0;
};

struct Recorder final : FdHandler {
  void on_ready(unsigned ready) override {
    ++calls;
    last = ready;
    if (then) then();
  }
  int calls = 0;
  unsigned last = 0;
  std::function<void()> then;
};

class EventLoopTest : public LoopTest {
 protected:
  std::unique_ptr<FakePoller> made_ = std::make_unique<FakePoller>();
  FakePoller* const poller_ = made_.get();
  EventLoop fake_{clock_, std::move(made_)};
};

TEST_F(EventLoopTest, WaitsNoLongerThanTheNextTimerOrTheDeadline) {
  Timer timer(fake_, [] {});
  fake_.run_once(base::Deadline::never());
  EXPECT_EQ(poller_->timeout, base::kNever);
  timer.arm(clock_.monotonic_now() + 7 * kMillis);
  EXPECT_EQ(fake_.next_timer(), clock_.monotonic_now() + 7 * kMillis);
  fake_.run_once(base::Deadline::never());
  EXPECT_EQ(poller_->timeout, 7 * kMillis);
  fake_.run_once(base::Deadline::after(clock_, 3 * kMillis));
  EXPECT_EQ(poller_->timeout, 3 * kMillis);
  fake_.poll_once();
  EXPECT_EQ(poller_->timeout, 0u);
}

TEST_F(EventLoopTest, TimersFireInOrderWhateverTheOrderOfArmingMovingAndCancelling) {
  std::mt19937 random(7);
  std::vector<int> fired;
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<std::uint64_t> due(200);
  for (int i = 0; i < 200; ++i) timers.push_back(std::make_unique<Timer>(fake_, [&fired, i] { fired.push_back(i); }));
  const base::MonotonicNanos start = clock_.monotonic_now();
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < due.size(); ++i) timers[i]->arm(start + (due[i] = 1 + random() % 1000));
    for (std::size_t i = static_cast<std::size_t>(round); i < due.size(); i += 7) timers[i]->cancel();
  }
  for (int step = 0; step <= 1000; ++step, clock_.advance(1)) fake_.poll_once();
  std::vector<std::uint64_t> times;
  for (const int i : fired) times.push_back(due[static_cast<std::size_t>(i)]);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  EXPECT_EQ(fired.size(), 200u - 28u);  // the last round cancelled every seventh from 4 on
  EXPECT_EQ(fake_.next_timer(), base::kNever);
}

TEST_F(EventLoopTest, ATimerThatArmsItselfForNowDoesNotStarveTheLoop) {
  int fired = 0;
  Timer timer(fake_, [&] {
    ++fired;
    timer.arm(fake_.now());
  });
  timer.arm(fake_.now());
  fake_.poll_once();
  EXPECT_EQ(fired, 1);
  fake_.poll_once();
  EXPECT_EQ(fired, 2);
}

TEST_F(EventLoopTest, ATimerMayDestroyItselfAndOthers) {
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 3; ++i) timers.push_back(std::make_unique<Timer>(fake_, [&timers] { timers.clear(); }));
  for (const auto& timer : timers) timer->arm(fake_.now());
  fake_.poll_once();
  EXPECT_TRUE(timers.empty());
}

TEST_F(EventLoopTest, AnEventCollectedBeforeUnwatchIsNotDelivered) {
  Recorder first, second, reused;
  ASSERT_TRUE(fake_.watch(10, kReadable, first).ok());
  ASSERT_TRUE(fake_.watch(11, kReadable, second).ok());
  first.then = [&] {  // as a connection that closes another one, whose number is taken by a new one at once
    fake_.unwatch(11);
    ASSERT_TRUE(fake_.watch(11, kReadable, reused).ok());
  };
  poller_->next = {{poller_->tags[0], kReadable}, {poller_->tags[1], kReadable}};
  fake_.poll_once();
  EXPECT_EQ(first.calls, 1);
  EXPECT_EQ(second.calls, 0);
  EXPECT_EQ(reused.calls, 0);
  poller_->next = {{poller_->tags[2], kWritable | kFailed}};
  fake_.poll_once();
  EXPECT_EQ(reused.last, kWritable | kFailed);
}

TEST_F(EventLoopTest, WhoDestroysWhatALoopServedRunsOnlyWhatWasPosted) {
  Recorder connection;
  ASSERT_TRUE(fake_.watch(10, kReadable, connection).ok());
  poller_->next = {{poller_->tags[0], kReadable}};
  Timer timer(fake_, [] { ADD_FAILURE(); });
  timer.arm(fake_.now());
  fake_.post([&] { fake_.unwatch(10), timer.cancel(); });  // as a server that is destroyed closes its connections
  EXPECT_EQ(fake_.run_posted(), 1u);
  EXPECT_TRUE(fake_.on_loop_thread());
  fake_.poll_once();
  EXPECT_EQ(connection.calls, 0);
}

TEST_F(EventLoopTest, ManyPostsAreOneWake) {
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) fake_.post([&order, i] { order.push_back(i); });
  EXPECT_EQ(poller_->wakes, 1);
  fake_.poll_once();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(EventLoopTest, PostingToALoopThatIsGoneDestroysTheTask) {
  auto loop = std::move(EventLoop::create(clock_)).value();
  const std::shared_ptr<LoopHandle> handle = loop->handle();
  auto alive = std::make_shared<int>(1);
  EXPECT_TRUE(handle->post([alive] {}));
  EXPECT_EQ(alive.use_count(), 2);
  loop.reset();
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_FALSE(handle->post([alive] {}));
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(EventLoopTest, PostsFromManyThreadsAllRun) {
  constexpr int kThreads = 4, kPosts = 2000;
  int ran = 0;  // loop thread only
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kPosts; ++i) loop_->post([&ran] { ++ran; });
    });
  }
  EXPECT_TRUE(run_until([&] { return ran == kThreads * kPosts; }));
  for (std::thread& thread : threads) thread.join();
}

TEST_F(EventLoopTest, RunEndsOnStopFromAnotherThreadAndBeforehand) {
  std::thread stopper([&] { loop_->stop(); });
  loop_->run();
  stopper.join();
  loop_->stop();
  bool ran = false;
  loop_->post([&] { ran = true; });
  loop_->run();
  EXPECT_TRUE(ran);
}

TEST_F(EventLoopTest, NestsInAnotherPollLoop) {
  pollfd outer{loop_->pollable_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&outer, 1, 0), 0);
  int ran = 0;
  loop_->post([&] { ++ran; });
  EXPECT_EQ(::poll(&outer, 1, 0), 1);
  loop_->poll_once();
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(::poll(&outer, 1, 0), 0);
}

TEST_F(EventLoopTest, AChildThatLetsGoLeavesTheParentsWatchesAlone) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  Recorder recorder;
  ASSERT_TRUE(loop_->watch(ends[0], kReadable, recorder).ok());
  const pid_t child = ::fork();
  if (child == 0) {
    loop_->abandon_after_fork();
    loop_->unwatch(ends[0]);  // would silence the parent, had the child not let go
    ::_exit(0);
  }
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  EXPECT_TRUE(run_until([&] { return recorder.calls > 0; }));
  loop_->unwatch(ends[0]);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace nanospan::net
