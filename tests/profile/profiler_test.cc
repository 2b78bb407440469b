// Wall time, history and rates, over a real socket and real threads.
#include "profile/profiler.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <nanospan/span.h>
#include <nanospan/tracer.h>

#include "profile/sampler/proc.h"
#include "profile/sampler/signal.h"
#include "profile/serve/profile_server.h"
#include "profile/wall_ticker.h"
#include "tests/profile/busy_threads.h"
#include "tests/profile/http_get.h"
#include "tests/support/exporting_provider.h"
#include "tests/support/fake_clock.h"
#include "tests/support/hooked_provider.h"

namespace nanospan::profile {
namespace {

using testing::BusyThreads;
using testing::http_get;
using testing::HttpAnswer;

std::unique_ptr<ProfileServer> start(bool continuous = false) {
  ProfileServerOptions options;
  options.port = 0;
  options.profiler.continuous = continuous;
  auto server = ProfileServer::start(std::move(options));
  EXPECT_TRUE(server.ok());
  return std::move(server).value();
}

TEST(Wall, ASleeperIsInterruptedOnceAtMostAndItsTimeIsKnown) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  std::atomic<int> interruptions{0};
  std::thread sleeper([&] {
    pthread_setname_np(pthread_self(), "sleeper");
    pollfd waits{pipe_ends[0], POLLIN, 0};
    while (poll(&waits, 1, -1) < 0) ++interruptions;  // EINTR, whatever SA_RESTART says
  });
  const auto server = start();
  const HttpAnswer answer = http_get(server->port(), "/debug/pprof/wall?seconds=1&debug=1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("thread=sleeper"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("poll"), std::string::npos) << answer.body;
  EXPECT_LE(interruptions, 1);
  ASSERT_EQ(write(pipe_ends[1], "x", 1), 1);
  sleeper.join();
  for (const int end : pipe_ends) close(end);
}

/// Sleeps within a span until it is destroyed.
class SleeperInASpan {
 public:
  explicit SleeperInASpan(Context context)
      : thread_([this, context = std::move(context)] {
          const Scope scope(context);
          tid_ = gettid();
          tid_.notify_one();
          ends_.wait(false);
        }) {
    tid_.wait(0);
    while (thread_state(tid_) != "sleeping") std::this_thread::yield();
  }
  ~SleeperInASpan() {
    ends_ = true;
    ends_.notify_one();
    thread_.join();
  }

 private:
  std::atomic<std::int32_t> tid_{0};
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

bool has_label(const ProfileSample& sample, std::string_view key, const std::string& text) {
  return std::any_of(sample.labels.begin(), sample.labels.end(),
                     [&](const ProfileLabel& label) { return label.key == key && label.text == text; });
}

TEST(Wall, TheTimeOfASleeperHasTheIdsOfItsSpan) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer keeps signals back until the thread makes a system call that it sees";
#endif
  ::nanospan::testing::ExportingProvider provider;
  Span span = provider.tracer().start_span("sleeps");
  const std::string span_id = span.context().span_id().to_hex();
  const SleeperInASpan sleeper{Context().with_span(span)};
  ::nanospan::testing::FakeClock clock;
  const auto loop = net::EventLoop::create(clock).value();
  const auto profiler = Profiler::create(*loop, gettid(), {}).value();
  std::optional<Profile> profile;
  const std::uint64_t collection =
      profiler->collect({.kind = WindowKind::kWall, .nanos = base::kNever / 2, .trace_labels = true},
                        [&](Result<Profile> made) { profile = std::move(made).value(); });
  const auto pass = [&] {
    clock.advance(10 * base::kNanosPerMilli);
    loop->poll_once();
  };
  while (profiler->counters().in_span == 0) pass();
  for (int i = 0; i < 100; ++i) pass();  // a second, charged without a question
  profiler->finish_early(collection);
  ASSERT_TRUE(profile.has_value());
  std::int64_t nanos_in_span = 0;
  for (const ProfileSample& sample : profile->samples) {
    if (has_label(sample, "span_name", "sleeps")) {
      EXPECT_TRUE(has_label(sample, "span_id", span_id));
    }
    if (has_label(sample, "span_id", span_id)) nanos_in_span += sample.values[1];
  }
  EXPECT_GE(nanos_in_span, static_cast<std::int64_t>(base::kNanosPerSecond * 9 / 10));
}

/// In each round in a span of its own, as requests are.
void be_hot_in_a_new_span(Tracer& tracer) {
  Span span = tracer.start_span("request");
  const Scope scope(span);
  testing::known_hot_function();
}

TEST(Profiles, WithoutAGapBetweenThemFindRoomForTheirStacks) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer keeps signals back until the thread makes a system call";
#endif
  // No exporter: its thread, busy with what ends here, would fill the store with stacks of its own.
  using ::nanospan::testing::Hooked, ::nanospan::testing::Hooks;
  TracerProvider provider = ::nanospan::testing::make_provider(Hooked::with(std::make_shared<Hooks>()));
  Tracer tracer = provider.tracer({.name = "test"});
  const BusyThreads busy(
      1, [&] { be_hot_in_a_new_span(tracer); }, "requests");
  ::nanospan::testing::FakeClock clock;
  const auto loop = net::EventLoop::create(clock).value();
  constexpr std::size_t kRoom = 12 << 10;  // for the labels of some 40 requests, next to their stacks
  const auto profiler = Profiler::create(*loop, gettid(), {.store_bytes_max = kRoom}).value();
  std::vector<Profile> profiles;
  std::uint64_t last = 0;
  for (int i = 0; i < 9; ++i) {
    const std::uint64_t begun =
        profiler->collect({.kind = WindowKind::kWall, .nanos = base::kNever / 2, .trace_labels = true},
                          [&](Result<Profile> made) { profiles.push_back(std::move(made).value()); });
    if (last != 0) profiler->finish_early(last);
    last = begun;
    for (const std::uint64_t before = profiler->counters().in_span; profiler->counters().in_span < before + 10;) {
      clock.advance(10 * base::kNanosPerMilli);
      loop->poll_once();
    }
  }
  ASSERT_EQ(profiles.size(), 8u);
  for (const Profile& profile : profiles) {
    EXPECT_NE(std::find(profile.comments.begin(), profile.comments.end(), "stacks_without_room=0"),
              profile.comments.end());
    for (const ProfileFrame& frame : profile.frames) EXPECT_NE(frame.function, "[no room for more stacks]");
  }
}

TEST(Threads, SayWhatEachOneDoesAndItsCpuTime) {
  std::atomic<std::int32_t> busy_tid{0};
  const BusyThreads busy(
      1,
      [&] {
        busy_tid = gettid();
        testing::known_hot_function();
      },
      "busy");
  const testing::IdleThread idle("idle");
  constexpr std::uint64_t kBurnt = 10 * base::kNanosPerMilli;
  while (busy_tid == 0 || thread_cpu_nanos(busy_tid) < kBurnt) std::this_thread::yield();
  ::nanospan::testing::FakeClock clock;
  const auto loop = net::EventLoop::create(clock).value();
  const auto profiler = Profiler::create(*loop, gettid(), {}).value();
  std::optional<Profile> profile;
  profiler->collect({.kind = WindowKind::kThreads}, [&](Result<Profile> made) { profile = std::move(made).value(); });
  while (!profile) {
    clock.advance(base::kNanosPerMilli);
    loop->poll_once();
  }
  ASSERT_EQ(profile->types.size(), 2u);
  EXPECT_EQ(profile->types[1].type, "cpu");
  EXPECT_EQ(profile->types[1].unit, "nanoseconds");
  int seen = 0;
  for (const ProfileSample& sample : profile->samples) {
    EXPECT_EQ(sample.values[0], 1);
    if (has_label(sample, "thread", "busy")) {
      ++seen;
      EXPECT_TRUE(has_label(sample, "state", "running"));
      EXPECT_GE(sample.values[1], static_cast<std::int64_t>(kBurnt));
      EXPECT_LE(sample.values[1], static_cast<std::int64_t>(thread_cpu_nanos(busy_tid)));
    } else if (has_label(sample, "thread", "idle")) {
      ++seen;
      EXPECT_TRUE(has_label(sample, "state", "sleeping"));
      EXPECT_LT(sample.values[1], static_cast<std::int64_t>(kBurnt));
    }
  }
  EXPECT_EQ(seen, 2);
}

TEST(Continuous, ThePastIsThereWhenItIsAskedFor) {
  const auto server = start(true);
  {
    const BusyThreads busy(1, testing::known_hot_function, "past");
    http_get(server->port(), "/debug/pprof/profile?seconds=1");
  }
  const HttpAnswer past = http_get(server->port(), "/debug/pprof/profile?from=-5m&to=now&debug=1");
  EXPECT_EQ(past.status, 200);
  EXPECT_NE(past.body.find("thread=past"), std::string::npos) << past.body;
  EXPECT_NE(past.body.find("known_hot_function"), std::string::npos);
  EXPECT_EQ(http_get(server->port(), "/debug/pprof/profile?from=-2h&to=-1h").status, 404);
  for (const char* wrong : {"from=x", "from=-5d", "to=1x", "from=99999999999999999999"}) {
    EXPECT_EQ(http_get(server->port(), std::string("/debug/pprof/profile?") + wrong).status, 400) << wrong;
  }
}

/// The program ignores a signal as long as this lives.
class Ignored {
 public:
  explicit Ignored(int signal) : signal_(signal) {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(signal, &ignore, &before_);
  }
  ~Ignored() { sigaction(signal_, &before_, nullptr); }
  Ignored(const Ignored&) = delete;
  Ignored& operator=(const Ignored&) = delete;

 private:
  const int signal_;
  struct sigaction before_ {};
};

/// A profiler whose signals the program takes away, at a time that the test tells.
struct Robbed {
  Robbed() {
    ProfilerOptions options;
    options.continuous = true;
    options.problem = [this](const std::string& line) { problems.push_back(line); };
    profiler = Profiler::create(*loop, gettid(), std::move(options)).value();
  }
  std::uint64_t collect(WindowKind kind) {
    return profiler->collect({.kind = kind, .nanos = 100 * base::kNanosPerSecond},
                             [this](Result<Profile> made) { answers.push_back(std::move(made)); });
  }
  void pass(std::uint64_t nanos) {
    clock.advance(nanos);
    loop->poll_once();
  }
  ::nanospan::testing::FakeClock clock;
  std::unique_ptr<net::EventLoop> loop = net::EventLoop::create(clock).value();
  std::vector<std::string> problems;
  std::vector<Result<Profile>> answers;
  std::unique_ptr<Profiler> profiler;
};

TEST(Profiles, GoOnWithAnotherSignalWhenTheProgramTakesOurs) {
  const BusyThreads busy(1, testing::known_hot_function);
  Robbed robbed;
  const std::uint64_t collection = robbed.collect(WindowKind::kCpu);
  const Ignored taken(SIGPROF);
  robbed.pass(base::kNanosPerSecond);
  EXPECT_EQ(robbed.problems,
            std::vector<std::string>{"the program handles signal 27 now: the profiler goes on with 26"});
  for (const std::uint64_t before = robbed.profiler->counters().samples;
       robbed.profiler->counters().samples == before;) {
    robbed.pass(base::kNanosPerMilli);
  }
  robbed.profiler->finish_early(collection);
  ASSERT_EQ(robbed.answers.size(), 1u);
  ASSERT_TRUE(robbed.answers[0].ok());
  const std::vector<std::string>& comments = robbed.answers[0]->comments;
  EXPECT_NE(std::find(comments.begin(), comments.end(), "signal_lost=1"), comments.end());
  EXPECT_EQ(robbed.problems.size(), 1u);
}

TEST(Profiles, EndWithAnErrorWhenNoSignalIsLeft) {
  Robbed robbed;
  robbed.collect(WindowKind::kCpu);
  robbed.collect(WindowKind::kWall);
  {
    const Ignored first(SIGPROF), second(SIGVTALRM), third(SIGSTKFLT), fourth(SIGPWR);
    robbed.pass(base::kNanosPerSecond);
    ASSERT_EQ(robbed.answers.size(), 2u);
    for (const Result<Profile>& answer : robbed.answers) {
      ASSERT_FALSE(answer.ok());
      EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
    }
    ASSERT_EQ(robbed.problems.size(), 1u);
    EXPECT_NE(robbed.problems[0].find("no signal is free"), std::string::npos) << robbed.problems[0];
    robbed.pass(base::kNanosPerSecond);
    EXPECT_EQ(robbed.problems.size(), 1u);
  }
  robbed.pass(base::kNanosPerSecond);
  EXPECT_EQ(robbed.problems.back(), "sampled again, with signal 27");
  robbed.profiler->finish_early(robbed.collect(WindowKind::kCpu));
  ASSERT_EQ(robbed.answers.size(), 3u);
  EXPECT_TRUE(robbed.answers[2].ok());
}

TEST(Continuous, WithoutItThereIsNoPast) {
  const auto server = start();
  EXPECT_EQ(http_get(server->port(), "/debug/pprof/profile?from=-1m").status, 404);
  EXPECT_EQ(http_get(server->port(), "/debug/pprof/routes").status, 200);
}

std::uint64_t my_cpu_nanos() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * base::kNanosPerSecond + static_cast<std::uint64_t>(time.tv_nsec);
}

/// Waits for the profiler to find this thread.
const SampleRing& my_ring() {
  const std::span slots(signal_state().slots, kSlots);
  for (;;) {
    const auto mine =
        std::find_if(slots.begin(), slots.end(), [](const ThreadSlot& slot) { return slot.tid == gettid(); });
    if (mine != slots.end()) return mine->ring;
  }
}

/// Burns `nanos`, and on until a sample was taken: what no tick of the kernel has seen yet would be sampled in what the
/// thread does next, or, if it ends, never. Returns what it really took.
std::uint64_t burn_nanos(std::uint64_t nanos) {
  const SampleRing& ring = my_ring();
  const std::uint64_t began = my_cpu_nanos();
  while (my_cpu_nanos() - began < nanos) testing::known_cool_function();
  for (const std::size_t at = ring.position(); ring.position() == at;) testing::known_cool_function();
  return my_cpu_nanos() - began;
}

/// A thread that burns CPU time when it is told to.
class Burner {
 public:
  explicit Burner(const char* name) : thread_([this] { work(); }) { pthread_setname_np(thread_.native_handle(), name); }
  ~Burner() {
    go(kStop);
    thread_.join();
  }
  /// Comes back when it is done.
  void burn() {
    go(kBurn);
    for (int now = state_; now != kRest; now = state_) state_.wait(now);
  }
  std::uint64_t burnt_nanos() const { return burnt_; }

 private:
  enum : int { kRest, kBurn, kStop };
  void go(int state) {
    state_ = state;
    state_.notify_all();
  }
  void work() {
    for (;;) {
      for (int now = state_; now == kRest; now = state_) state_.wait(now);
      if (state_ == kStop) return;
      burnt_ += burn_nanos(100 * base::kNanosPerMilli);
      go(kRest);
    }
  }

  std::atomic<int> state_{kRest};
  std::atomic<std::uint64_t> burnt_{0};
  std::thread thread_;
};

TEST(Continuous, AFasterProfileDoesNotDistortTheHistory) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer keeps signals back until the thread makes a system call";
#endif
  ::nanospan::testing::FakeClock clock;
  Burner burner("rate");
  const auto loop = net::EventLoop::create(clock).value();
  const auto profiler = Profiler::create(*loop, gettid(), {.continuous = true}).value();
  const auto burn = [&] {
    burner.burn();
    clock.advance(100 * base::kNanosPerMilli);
    loop->poll_once();
  };
  burn();
  const std::uint64_t fast = profiler->collect({.kind = WindowKind::kCpu, .nanos = base::kNever / 2, .hz = 1000},
                                               [](const Result<Profile>&) {});
  burn();
  profiler->finish_early(fast);
  burn();
  const Profile past = profiler->past(0, base::kNever).value();
  std::uint64_t sampled = 0;
  for (const ProfileSample& sample : past.samples) {
    if (has_label(sample, "thread", "rate")) sampled += static_cast<std::uint64_t>(sample.values[1]);
  }
  // Each rate begins and ends somewhere between two expiries, 10 ms of the thread's time apart.
  EXPECT_NEAR(static_cast<double>(sampled) / 1e6, static_cast<double>(burner.burnt_nanos()) / 1e6, 40.0);
}

TEST(Continuous, TheCollectorSleepsLongerWhereNothingRuns) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer keeps signals back until the thread makes a system call";
#endif
  ::nanospan::testing::FakeClock clock;
  Burner burner("seldom");
  const auto loop = net::EventLoop::create(clock).value();
  const auto profiler = Profiler::create(*loop, gettid(), {.continuous = true}).value();
  const auto to_next_round = [&] { return loop->next_timer() - clock.monotonic_now(); };
  const auto rounds = [&](int count) {
    for (int i = 0; i < count; ++i) {
      clock.advance(to_next_round());
      loop->poll_once();
    }
  };
  constexpr std::uint64_t kBusy = 100 * base::kNanosPerMilli;
  EXPECT_EQ(to_next_round(), kBusy);
  rounds(30);
  EXPECT_EQ(to_next_round(), 4 * kBusy);
  burner.burn();
  rounds(1);
  EXPECT_EQ(to_next_round(), kBusy) << "it has begun to run";
  rounds(30);
  profiler->collect({.kind = WindowKind::kCpu, .nanos = base::kNever / 2}, [](const Result<Profile>&) {});
  EXPECT_EQ(to_next_round(), kBusy) << "somebody waits";
}

/// A request of ten steps on five threads, one after the other; between them the threads work for nobody.
class HoppingRequest {
 public:
  static constexpr int kSteps = 10, kThreads = 5;
  explicit HoppingRequest(Context request) : request_(std::move(request)) {
    for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this, i] { work(i); });
  }
  ~HoppingRequest() {
    for (std::thread& thread : threads_) thread.join();
  }
  void begin() {
    step_ = 0;
    step_.notify_all();
  }
  void await(int step) const {
    for (int now = step_; now < step; now = step_) step_.wait(now);
  }
  std::uint64_t in_span() const { return in_span_; }
  std::uint64_t outside() const { return outside_; }

 private:
  void work(int mine) {
    for (int step = mine; step < kSteps; step += kThreads) {
      for (int now = step_; now != step; now = step_) step_.wait(now);
      {
        const Scope scope(request_);
        in_span_ += burn_nanos((41 + 2 * static_cast<std::uint64_t>(step)) * base::kNanosPerMilli);
      }
      outside_ += burn_nanos(13 * base::kNanosPerMilli);
      ++step_;
      step_.notify_all();
    }
  }

  const Context request_;
  std::atomic<int> step_{-1};
  std::atomic<std::uint64_t> in_span_{0}, outside_{0};
  std::vector<std::thread> threads_;
};

TEST(SpanCpu, ARequestThatHopsThreadsHasTheTimeThatItTook) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer keeps signals back until the thread makes a system call";
#endif
  ::nanospan::testing::ExportingProvider provider;
  Span span = provider.tracer().start_span("GET /orders/{id}");
  span.set("http.route", "/orders/{id}");
  HoppingRequest request(Context().with_span(span));
  ::nanospan::testing::FakeClock clock;
  const auto loop = net::EventLoop::create(clock).value();
  const auto profiler = Profiler::create(*loop, gettid(), {}).value();
  std::optional<Profile> profile;
  const std::uint64_t collection =
      profiler->collect({.kind = WindowKind::kCpu, .nanos = base::kNever / 2, .hz = 200, .trace_labels = true},
                        [&](Result<Profile> made) { profile = std::move(made).value(); });
  request.begin();
  for (int step = 1; step <= HoppingRequest::kSteps; ++step) {
    request.await(step);
    clock.advance(100 * base::kNanosPerMilli);
    loop->poll_once();
  }
  profiler->finish_early(collection);
  ASSERT_TRUE(profile.has_value());
  std::uint64_t of_span = 0, of_others = 0;
  for (const ProfileSample& sample : profile->samples) {
    const bool mine = has_label(sample, "span_id", span.context().span_id().to_hex());
    EXPECT_EQ(mine, has_label(sample, "http.route", "/orders/{id}"));
    (mine ? of_span : of_others) += static_cast<std::uint64_t>(sample.values[1]);
  }
  RecordProperty("of_span_permille", std::to_string(of_span * 1000 / request.in_span()));
  RecordProperty("of_others_permille", std::to_string(of_others * 1000 / request.outside()));
  // In samples, one for each 5 ms. Each part begins and ends somewhere between two expiries: one more or less.
  const auto is_what_it_took = [](std::uint64_t sampled, std::uint64_t took) {
    EXPECT_NEAR(static_cast<double>(sampled) / 5e6, static_cast<double>(took) / 5e6, HoppingRequest::kSteps);
  };
  is_what_it_took(of_span, request.in_span());
  is_what_it_took(of_others, request.outside());  // what the threads did between the steps is not the request's
}

}  // namespace
}  // namespace nanospan::profile
