// The profiler against everything that made other profilers hang or crash: 20,000 times a second every thread is asked
// for its stack, while threads load and unload code, throw, fork, execute, come and go, and run on stacks of their own.
//
// A program of its own, since a hang or a crash is its only way to fail. Arguments: the plugin, how often to ask all
// threads. Timers cannot do this, they tick with the kernel (250 Hz often); nor does each question become a sample: a
// standard signal that is still pending absorbs the next one (signal(7)), so of threads that wait for a processor one
// answer comes for all the questions of that time. The asker must run to ask: the tortured threads are nice to it.
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/time.h"
#include "profile/sampler/sampler.h"
#include "profile/symbol/symbolizer.h"

namespace nanospan::profile {
namespace {

std::atomic<bool> stop{false};
std::atomic<std::uint64_t> sum{0};

[[gnu::noinline]] std::uint64_t burn(std::uint64_t seed) {
  for (int i = 0; i < 500; ++i) seed = seed * 6364136223846793005u + 1;
  sum.fetch_add(seed, std::memory_order_relaxed);
  return seed;
}

void loads_and_unloads(const std::string& plugin) {
  using Work = std::uint64_t (*)(std::uint64_t(*)(std::uint64_t), std::uint64_t);
  void* const library = dlopen(plugin.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) _exit(3);
  const auto work = reinterpret_cast<Work>(dlsym(library, "plugin_work"));
  for (int i = 0; i < 20; ++i) sum += work(burn, static_cast<std::uint64_t>(i));
  dlclose(library);
}

[[gnu::noinline]] void throws(int depth) {
  if (depth == 0) throw std::runtime_error("bottom");
  throws(depth - 1);
  burn(1);
}

void catches() {
  try {
    throws(12);
  } catch (const std::runtime_error&) {
    ++sum;
  }
}

void forks_and_executes() {
  std::string path = "/bin/true";
  std::array<char*, 2> arguments = {path.data(), nullptr};
  pid_t child = fork();
  if (child == 0) {
    execv(path.c_str(), arguments.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) _exit(4);  // "Profiling timer expired", for one
  if (posix_spawn(&child, path.c_str(), nullptr, nullptr, arguments.data(), environ) == 0) {
    while (waitpid(child, &status, 0) < 0) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) _exit(5);
  }
}

void churns() {
  std::array<std::thread, 4> threads;
  for (std::thread& thread : threads) {
    thread = std::thread([] {
      for (int i = 0; i < 20; ++i) burn(2);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void walks_the_linkers_list() {
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void*) {
        sum += info->dlpi_phnum;
        return 0;
      },
      nullptr);
}

void on_user_signal(int) { burn(3); }

void runs_on_an_alternate_stack(std::vector<char>& memory) {
  stack_t alternate{};
  alternate.ss_sp = memory.data();
  alternate.ss_size = memory.size();
  sigaltstack(&alternate, nullptr);
  for (int i = 0; i < 50; ++i) raise(SIGUSR1);
  alternate.ss_flags = SS_DISABLE;
  sigaltstack(&alternate, nullptr);
}

struct Coroutine {
  ucontext_t here{};
  ucontext_t there{};
  std::vector<char> stack = std::vector<char>(64 << 10);
};
thread_local Coroutine* current_coroutine = nullptr;

void in_coroutine() {
  while (true) {
    burn(4);
    swapcontext(&current_coroutine->there, &current_coroutine->here);
  }
}

void switches_stacks(Coroutine& coroutine) {
  current_coroutine = &coroutine;
  getcontext(&coroutine.there);
  coroutine.there.uc_stack.ss_sp = coroutine.stack.data();
  coroutine.there.uc_stack.ss_size = coroutine.stack.size();
  makecontext(&coroutine.there, in_coroutine, 0);
  for (int i = 0; i < 50; ++i) swapcontext(&coroutine.here, &coroutine.there);
}

void repeat_until_stopped(std::vector<std::thread>& threads, std::function<void()> round) {
  threads.emplace_back([round = std::move(round)] {
    setpriority(PRIO_PROCESS, 0, 5);  // Linux: of this thread alone, and those that it starts
    while (!stop.load(std::memory_order_relaxed)) round();
  });
}

constexpr std::uint64_t kAskEveryNanos = 50'000;
constexpr std::uint64_t kRoundsPerScan = 200;

void say(std::string_view text) {
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) _exit(7);
}

/// Where the stacks that did not reach a thread's first function ended, and whom that function had called.
class Ends {
 public:
  void add(const Sample& sample) {
    if (sample.end != WalkEnd::kLost && sample.end != WalkEnd::kNoCode) return;
    std::string place;
    for (std::size_t back = 1; back <= std::min<std::size_t>(sample.frames, 2); ++back) {
      const std::size_t at = sample.frames - back;
      place += (back == 1 ? "" : ", which called ") + function_at(sample, sample.pcs[at] - (at == 0 ? 0 : 1));
    }
    ++counts_[place];
  }

  void report(std::uint64_t samples) const {
    constexpr std::size_t kShown = 12;
    std::vector<std::pair<std::string, std::uint64_t>> sorted(counts_.begin(), counts_.end());
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    for (std::size_t i = 0; i < std::min(sorted.size(), kShown); ++i) {
      std::array<char, 32> share{};
      const double part = static_cast<double>(sorted[i].second) / static_cast<double>(samples);
      std::snprintf(share.data(), share.size(), "%8.3f %%  ", 100 * part);
      say(share.data() + sorted[i].first + "\n");
    }
  }

 private:
  std::string function_at(const Sample& sample, std::uint64_t pc) {
    const Module* const module = Sampler::module_of(sample, pc);
    if (module == nullptr) return "[no known code]";
    return symbolizer_.function_at(
        {module->path, module->build_id, module->base, module->begin, module->end, module->offset}, pc - module->base);
  }

  Symbolizer symbolizer_;
  std::map<std::string, std::uint64_t> counts_;
};

struct Asked {
  std::uint64_t signals = 0;
  std::uint64_t nanos = 0;
};

/// Asks all threads `rounds` times, at 20 kHz or as fast as it goes, and on until every third round had a sample.
Asked ask(Sampler& sampler, std::uint64_t rounds, Ends& ends) {
  const auto look = [&](const SampledThread&, const Sample& sample) { ends.add(sample); };
  const base::Clock& clock = base::system_clock();
  const base::MonotonicNanos began = clock.monotonic_now();
  Asked asked;
  for (std::uint64_t round = 0; round < rounds || sampler.counters().samples < rounds / 3; ++round) {
    const base::MonotonicNanos round_began = clock.monotonic_now();
    if (round % kRoundsPerScan == 0) sampler.rescan(look);
    for (const SampledThread& thread : sampler.threads()) {
      asked.signals += sampler.interrupt(thread, SampleKind::kThread);
    }
    sampler.drain(look);
    while (clock.monotonic_now() - round_began < kAskEveryNanos) {
    }
  }
  asked.nanos = clock.monotonic_now() - began;
  return asked;
}

void report(const Asked& asked, const SamplerCounters& counters) {
  const double seconds = static_cast<double>(asked.nanos) / 1e9;
  const double samples = static_cast<double>(counters.samples);
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::array<char, 512> line{};
  std::snprintf(line.data(), line.size(),
                "asked %llu times in %.1f s, samples %llu (%.0f/s), the others merged with one that was pending\n"
                "drops: ring full %llu, foreign or late %llu; to the root %.3f %%\n"
                "not to the root: in unknown code %llu, lost in known code %llu, truncated %llu\n"
                "%.0f ns in the handler\n",
                number(asked.signals), seconds, number(counters.samples), samples / seconds,
                number(counters.dropped_ring_full), number(counters.foreign_signals),
                100.0 * static_cast<double>(counters.to_root) / samples, number(counters.unknown_code),
                number(counters.lost), number(counters.truncated),
                static_cast<double>(counters.handler_nanos) / samples);
  say(line.data());
}

int torture(const std::string& plugin, std::uint64_t rounds) {
  struct sigaction user {};
  user.sa_handler = on_user_signal;
  user.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR1, &user, nullptr);
  auto sampler = Sampler::create({static_cast<std::int32_t>(syscall(SYS_gettid))});
  if (!sampler.ok() || !(*sampler)->start(1000).ok()) return 2;

  std::vector<std::thread> threads;
  std::vector<char> alternate(64 << 10);
  const auto coroutine = std::make_unique<Coroutine>();
  repeat_until_stopped(threads, [&] { loads_and_unloads(plugin); });
  repeat_until_stopped(threads, catches);
  repeat_until_stopped(threads, forks_and_executes);
  repeat_until_stopped(threads, churns);
  repeat_until_stopped(threads, walks_the_linkers_list);
  repeat_until_stopped(threads, [&] { runs_on_an_alternate_stack(alternate); });
  repeat_until_stopped(threads, [&] { switches_stacks(*coroutine); });

  Ends ends;
  const Asked asked = ask(**sampler, rounds, ends);
  (*sampler)->stop([](const SampledThread&, const Sample&) {});
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const SamplerCounters counters = (*sampler)->counters();
  report(asked, counters);
  ends.report(counters.samples);
  return 0;
}

}  // namespace
}  // namespace nanospan::profile

int main(int count, char** arguments) {
  std::uint64_t rounds = 0;
  if (count != 3) return 1;
  const std::string_view text = arguments[2];
  std::from_chars(text.data(), text.data() + text.size(), rounds);
  return nanospan::profile::torture(arguments[1], rounds);
}
