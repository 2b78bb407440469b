// Profiles that nobody asks for, of threads that really burn CPU, on a clock that is told what time it is.
#include "profile/continuous/profile_recorder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "profile/sampler/signal.h"
#include "tests/profile/busy_threads.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::profile {
namespace {

using namespace nanospan::testing;

struct Recording {
  Recording() { profiler = Profiler::create(*loop, gettid(), {.continuous = true}).value(); }
  void start(RecorderOptions options) {
    options.problem = [this](const std::string& line) { problems.push_back(line); };
    auto made = ProfileRecorder::create(*loop, *profiler, std::move(options));
    ASSERT_TRUE(made.ok()) << made.error().message;
    recorder = std::move(made).value();
  }
  /// Lets the busy thread be sampled at least once more, and then time pass.
  void pass(std::uint64_t seconds) {
    const std::uint64_t before = profiler->counters().samples;
    while (profiler->counters().samples == before) {
      if (is_known_and_idle()) {
        std::this_thread::yield();  // time stands still until there is something to collect
      } else {
        turn();
      }
    }
    clock.advance(seconds * base::kNanosPerSecond);
    turn();
  }
  /// The busy thread was found, and no sample of it waits to be collected.
  bool is_known_and_idle() const {
    const std::span slots(signal_state().slots, kSlots);
    const auto of_busy = std::find_if(slots.begin(), slots.end(), [&](const ThreadSlot& slot) {
      const std::int32_t tid = slot.tid;
      return tid != 0 && tid == busy_tid;
    });
    return of_busy != slots.end() && of_busy->ring.readable() == 0;
  }
  /// Until it says that it has finished.
  void finish(std::uint64_t nanos) {
    bool finished = false;
    recorder->finish(nanos, [&] { finished = true; });
    EXPECT_FALSE(finished) << "not from within";
    while (!finished) turn();
  }
  void turn() {
    clock.advance(base::kNanosPerMilli);
    loop->poll_once();
  }

  FakeClock clock;
  std::unique_ptr<net::EventLoop> loop = net::EventLoop::create(clock).value();
  std::unique_ptr<Profiler> profiler;
  std::unique_ptr<ProfileRecorder> recorder;
  std::vector<std::string> problems;
  std::atomic<std::int32_t> busy_tid{0};
  const profile::testing::BusyThreads busy{1, [this] {
                                             if (busy_tid == 0) busy_tid = gettid();
                                             profile::testing::known_hot_function();
                                           }};
};

TEST(ProfileRecorder, ThirtySecondsOfEveryMinuteBecomeAFile) {
  const TemporaryFolder folder;
  Recording recording;
  recording.start({.files = {folder.path().string(), 1 << 20}});
  recording.pass(15);
  EXPECT_EQ(folder.files(), 0u);
  recording.pass(15);
  EXPECT_EQ(folder.files(), 1u) << "after 30 s";
  recording.pass(25);
  EXPECT_EQ(folder.files(), 1u) << "nothing is taken in the other 30 s";
  recording.pass(5);
  recording.pass(30);
  EXPECT_EQ(folder.files(), 2u) << "the next minute";
  EXPECT_EQ(recording.recorder->files()->counters().written, 2u);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_EQ(contents(entry.path().string()).substr(0, 2), "\x1f\x8b") << entry.path();
    EXPECT_NE(entry.path().string().find("-cpu.pb.gz"), std::string::npos);
  }
}

TEST(ProfileRecorder, ProfilesArePushed) {
  Recording recording;
  ScriptedServer server(*recording.loop);
  recording.start({.push = {.url = server.url(), .service_name = "shop"}});
  recording.pass(30);
  while (recording.recorder->push()->counters().accepted == 0) recording.turn();
  const std::vector<SeenRequest> requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_NE(requests[0].body.find("process_cpu"), std::string::npos);
  EXPECT_NE(requests[0].body.find("\x1f\x8b"), std::string::npos) << "a gzip file";
  EXPECT_TRUE(recording.problems.empty());
}

TEST(ProfileRecorder, AServerThatIsGoneIsCountedAndFilesGoOn) {
  const TemporaryFolder folder;
  Recording recording;
  recording.start({.files = {folder.path().string(), 1 << 20},
                   .push = {.url = "http://127.0.0.1:" + std::to_string(closed_port())}});
  recording.pass(30);
  while (recording.recorder->push()->counters().failed == 0) recording.turn();
  EXPECT_EQ(folder.files(), 1u);
  ASSERT_EQ(recording.problems.size(), 1u);
  EXPECT_NE(recording.recorder->status_text().find("last problem: " + recording.problems[0]), std::string::npos);
}

TEST(ProfileRecorder, TheLastProfileIsWrittenThoughItIsShorter) {
  const TemporaryFolder folder;
  Recording recording;
  recording.start({.files = {folder.path().string(), 1 << 20}});
  recording.pass(3);
  recording.finish(base::kNever);
  EXPECT_EQ(folder.files(), 1u);
  recording.pass(120);
  EXPECT_EQ(folder.files(), 1u) << "and it was the last one";
}

TEST(ProfileRecorder, AllThatIsUnderWayIsWrittenAtTheEnd) {
  const TemporaryFolder folder;
  Recording recording;
  recording.start({.profile_nanos = 45 * base::kNanosPerSecond,
                   .every_nanos = 30 * base::kNanosPerSecond,
                   .files = {folder.path().string(), 1 << 20}});
  recording.pass(30);  // the second one has begun
  recording.pass(5);
  EXPECT_EQ(folder.files(), 0u);
  recording.finish(base::kNever);
  EXPECT_EQ(folder.files(), 2u);
}

TEST(ProfileRecorder, TheLastProfileIsSentBeforeItHasFinished) {
  Recording recording;
  ScriptedServer server(*recording.loop);
  recording.start({.push = {.url = server.url()}});
  recording.pass(3);
  recording.finish(base::kNever);
  EXPECT_EQ(recording.recorder->push()->counters().accepted, 1u);
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_TRUE(recording.problems.empty());
}

TEST(ProfileRecorder, ALastProfileThatNobodyAnswersHasFailedAtTheDeadline) {
  Recording recording;
  ScriptedServer server(*recording.loop);
  server.script({wait_nanos(base::kNever / 2)});
  recording.start({.push = {.url = server.url(), .timeout_nanos = 100 * base::kNanosPerSecond}});
  recording.pass(3);
  const base::Deadline deadline = base::Deadline::after(recording.clock, 5 * base::kNanosPerSecond);
  recording.finish(5 * base::kNanosPerSecond);
  EXPECT_GE(recording.clock.monotonic_now(), deadline.at);
  EXPECT_LT(recording.clock.monotonic_now(), deadline.at + base::kNanosPerSecond);
  EXPECT_EQ(recording.recorder->push()->counters().failed, 1u);
  EXPECT_EQ(recording.recorder->push()->counters().accepted, 0u);
  EXPECT_EQ(
      recording.problems,
      std::vector{server.url("/") +
                  " has not answered within the 5000 ms that it had when the profiler stopped; this profile is lost"});
}

TEST(ProfileRecorder, AFullProfilerIsCounted) {
  const TemporaryFolder folder;
  Recording recording;
  std::vector<std::uint64_t> others;
  for (std::size_t i = 0; i < recording.profiler->options().windows_max; ++i) {
    recording.profiler->collect({.kind = WindowKind::kCpu, .nanos = base::kNanosPerSecond}, [](Result<Profile>) {});
  }
  recording.start({.files = {folder.path().string(), 1 << 20}});
  EXPECT_EQ(recording.recorder->turned_away(), 1u);
  EXPECT_EQ(recording.recorder->not_taken(), 0u);
  recording.pass(60);
  recording.pass(30);
  EXPECT_EQ(folder.files(), 1u) << "the next minute finds room";
}

TEST(ProfileRecorder, WhatElseKeepsAProfileFromBeingTakenIsCountedApart) {
  constexpr std::array kSignals = {SIGPROF, SIGVTALRM, SIGSTKFLT, SIGPWR};
  std::array<struct sigaction, kSignals.size()> before{};
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction ignores {};
    ignores.sa_handler = SIG_IGN;
    ASSERT_EQ(sigaction(kSignals[i], &ignores, &before[i]), 0);
  }
  FakeClock clock;
  const auto loop = net::EventLoop::create(clock).value();
  const auto profiler = Profiler::create(*loop, gettid(), {}).value();
  const TemporaryFolder folder;
  const auto recorder = ProfileRecorder::create(*loop, *profiler, {.files = {folder.path().string(), 1 << 20}}).value();
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before[i], nullptr);
  EXPECT_EQ(recorder->turned_away(), 0u);
  EXPECT_EQ(recorder->not_taken(), 1u);
  const std::string text = recorder->status_text();
  EXPECT_NE(text.find("not taken: 0 since too many were under way, 1 for other reasons\n"), std::string::npos) << text;
  EXPECT_NE(text.find("last problem: no signal is free for the profiler"), std::string::npos) << text;
}

TEST(ProfileRecorder, APlaceThatIsNoMustIsLeftOut) {
  const TemporaryFolder folder;
  std::vector<std::string> left_out;
  const auto note = [&](const Error& why) { left_out.push_back(why.message); };
  Recording recording;
  recording.start({.files = {folder.path().string(), 1 << 20}, .push = {.url = "pyroscope"}, .no_push = note});
  EXPECT_EQ(left_out.size(), 1u);
  EXPECT_EQ(recording.recorder->push(), nullptr);
  recording.pass(30);
  EXPECT_EQ(folder.files(), 1u) << "the other one goes on";
  left_out.clear();
  recording.start({.files = {"/dev/null/profiles", 1 << 20}, .no_files = note});
  EXPECT_EQ(left_out, std::vector<std::string>{"making the folder /dev/null/profiles: Not a directory"});
  EXPECT_EQ(recording.recorder->status_text(),
            "# nothing is recorded: there is no place for profiles\n"
            "last problem: making the folder /dev/null/profiles: Not a directory\n");
}

TEST(ProfileRecorder, SaysWhatItDoes) {
  const TemporaryFolder folder;
  Recording recording;
  recording.start({.profile_nanos = 10 * base::kNanosPerSecond,
                   .files = {folder.path().string(), 1000},
                   .push = {.url = "http://127.0.0.1:4040/p"}});
  EXPECT_EQ(recording.recorder->status_text(),
            "# 10 s of every 60 s; not taken: 0 since too many were under way, 0 for other reasons\nfiles in " +
                folder.path().string() +
                ", at most 1000 bytes: 0 written, 0 failed, 0 removed to make room\n"
                "sent to http://127.0.0.1:4040/p: 0 accepted, 0 failed, 0 skipped\n");
}

}  // namespace
}  // namespace nanospan::profile
