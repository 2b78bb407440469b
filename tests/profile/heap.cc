// The heap profile of a program that replaces operator new by ours: a known leak with its size, what was freed again,
// a difference over time, and all forms of new and delete. A program of its own, since it has another operator new.
#include <nanospan/profile.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "tests/profile/difference.h"
#include "tests/profile/go_pprof.h"
#include "tests/profile/http_get.h"
#include "tests/profile/listing.h"
#include "tests/support/temporary_folder.h"

namespace {

using nanospan::profile::testing::http_get;
using nanospan::profile::testing::sums_of;

constexpr std::size_t kBlockBytes = 64 << 10;
constexpr std::size_t kLeakBlocks = 16 << 10;  // 1 GiB, of which nothing is touched: 2000 samples

int fail(const std::string& why) {
  const std::string line = why + "\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
  return 1;
}

std::vector<std::unique_ptr<char[]>>& leaked() {
  static std::vector<std::unique_ptr<char[]>> blocks;
  return blocks;
}

[[gnu::noinline]] void known_leak(std::size_t blocks) {
  for (std::size_t i = 0; i < blocks; ++i) leaked().push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
}
[[gnu::noinline]] void known_churn() {
  for (std::size_t i = 0; i < kLeakBlocks; ++i) {
    std::unique_ptr<char[]> block = std::make_unique_for_overwrite<char[]>(kBlockBytes);
    asm volatile("" : : "r"(block.get()) : "memory");
  }
}

bool near(double value, double expected) { return value > expected * 0.9 && value < expected * 1.1; }

struct alignas(128) Wide {
  char bytes[4000];
};

/// Every form, so often that each is sampled: nothing may be freed the wrong way.
void all_forms() {
  for (int i = 0; i < 2000; ++i) {
    const std::unique_ptr<Wide> wide = std::make_unique<Wide>();
    const std::unique_ptr<Wide[]> wides = std::make_unique<Wide[]>(3);
    const std::unique_ptr<int> quiet(new (std::nothrow) int(i));
    const std::vector<std::string> texts(20, std::string(300, 'x'));
    if (reinterpret_cast<std::uintptr_t>(wide.get()) % 128 != 0 || *quiet != i || texts[19][299] != 'x') _exit(7);
  }
}

[[gnu::noinline]] void finely_sampled_leak(std::size_t blocks) {
  for (std::size_t i = 0; i < blocks; ++i) leaked().push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
}

/// At an interval of 4 KiB no block of 64 is missed (one in nine million); at 0 there are no samples at all.
std::string seen_at_other_intervals() {
  constexpr std::size_t kBlocks = 1000;
  {
    const auto fine = nanospan::start_profiling({.port = 0, .continuous = false, .heap_interval_bytes = 4 << 10});
    if (!fine.ok()) return fine.error().message;
    http_get(fine->port(), "/debug/pprof/threads");             // by now the tables are there
    { const std::vector<char> rest_of_the_distance(8 << 20); }  // to the next look, while nothing was sampled
    finely_sampled_leak(kBlocks);
    const std::string heap = http_get(fine->port(), "/debug/pprof/heap?debug=1").body;
    const auto sums = sums_of<4>(heap, "finely_sampled_leak");
    const double blocks = sums[2];
    if (blocks < kBlocks || blocks > kBlocks + 2) return heap;  // the vector grows, too
    std::vector<std::unique_ptr<char[]>>().swap(leaked());
  }
  const auto off = nanospan::start_profiling({.port = 0, .continuous = false, .heap_interval_bytes = 0});
  if (!off.ok()) return off.error().message;
  const std::string answer = http_get(off->port(), "/debug/pprof/heap").body;
  return answer.find("heap_interval_bytes is 0") == std::string::npos ? answer : "";
}

[[gnu::noinline]] void leak_in_a_window(std::size_t blocks) {
  for (std::size_t i = 0; i < blocks; ++i) leaked().push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
}

/// The difference has what was allocated in its time: all of it, and, the second time, nothing of the first.
std::string seen_in_a_difference() {
  using nanospan::profile::WindowKind;
  constexpr double kBytes = kLeakBlocks * kBlockBytes;
  for (int time = 0; time < 2; ++time) {
    const auto sums = nanospan::profile::testing::difference_over(WindowKind::kHeap, "leak_in_a_window", [] {
      { const std::vector<char> rest_of_the_distance(8 << 20); }  // to the next look, while nothing was sampled
      leak_in_a_window(kLeakBlocks);
    });
    if (!near(sums[1], kBytes) || !near(sums[3], kBytes) || !near(sums[0], kLeakBlocks)) {
      return "allocated " + std::to_string(sums[1] / kBytes) + ", in use " + std::to_string(sums[3] / kBytes) +
             " of what is true, in window " + std::to_string(time);
    }
  }
  std::vector<std::unique_ptr<char[]>>().swap(leaked());
  return "";
}

/// With what is added for the alignment it would wrap to a few bytes.
bool refuses_too_much() {
  volatile std::size_t size = SIZE_MAX - 10;
  try {
    ::operator delete (::operator new (size, std::align_val_t{64}), std::align_val_t{64});
  } catch (const std::bad_alloc&) {
    return true;
  }
  return false;
}

/// `go tool pprof -top` names the leak with its size, in what is in use and in what was ever allocated; and the churn
/// in the latter only.
std::string seen_by_go(std::uint16_t port, double bytes) {
  using nanospan::profile::testing::cumulative_of;
  const std::string base = "http://127.0.0.1:" + std::to_string(port) + "/debug/pprof/";
  const auto top = [&](const std::string& index, const std::string& page) {
    return nanospan::profile::testing::output_of("go tool pprof -top -unit=B -sample_index=" + index + " " + base +
                                                 page);
  };
  const std::string heap = top("inuse_space", "heap"), allocs = top("alloc_space", "allocs");
  for (const std::string* text : {&heap, &allocs}) {
    if (!near(cumulative_of(*text, "known_leak"), bytes)) return *text;
  }
  if (!near(cumulative_of(allocs, "known_churn"), bytes)) return allocs;
  return cumulative_of(heap, "known_churn") == 0 ? "" : heap;
}

/// The newest file of the heap tells all that is in use, and of what was allocated only what was in its time.
std::string seen_in_the_newest_file(const nanospan::testing::TemporaryFolder& folder, double bytes) {
  using nanospan::profile::testing::cumulative_of;
  std::string newest;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string path = entry.path().string();
    if (path.ends_with("-heap.pb.gz")) newest = std::max(newest, path);
  }
  const std::string top = "go tool pprof -top -unit=B -sample_index=";
  const std::string in_use = nanospan::profile::testing::output_of(top + "inuse_space " + newest);
  const std::string allocated = nanospan::profile::testing::output_of(top + "alloc_space " + newest);
  if (!near(cumulative_of(in_use, "known_leak"), bytes)) return in_use;
  return cumulative_of(allocated, "known_leak") == 0 ? "" : allocated;
}

}  // namespace

int main() {
  if (const std::string wrong = seen_in_a_difference(); !wrong.empty()) return fail("difference: " + wrong);
  if (const std::string wrong = seen_at_other_intervals(); !wrong.empty()) return fail("intervals: " + wrong);
  const bool has_go = nanospan::profile::testing::has_go();
  const nanospan::testing::TemporaryFolder folder;
  const auto profiling = nanospan::start_profiling(
      {.port = 0, .continuous = false, .directory = folder.path().string(), .profile_seconds = 1, .every_seconds = 1});
  if (!profiling.ok()) return fail(profiling.error().message);
  const std::uint16_t port = profiling->port();
  http_get(port, "/debug/pprof/threads");  // by now the tables are there
  known_leak(kLeakBlocks);
  known_churn();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(all_forms);
  for (std::thread& thread : threads) thread.join();
  if (!refuses_too_much()) return fail("there are no SIZE_MAX - 10 bytes");

  if (http_get(port, "/debug/pprof/heap?lines=1").status != 501) return fail("profile_lines is not linked");
  const std::string heap = http_get(port, "/debug/pprof/heap?debug=1").body;
  const double bytes = static_cast<double>(kLeakBlocks * kBlockBytes);
  const auto leak = sums_of<4>(heap, "known_leak");
  const auto churn = sums_of<4>(heap, "known_churn");
  const std::string figures = "leak: allocated " + std::to_string(leak[1] / bytes) + ", in use " +
                              std::to_string(leak[3] / bytes) + "; churn: allocated " +
                              std::to_string(churn[1] / bytes) + ", in use " + std::to_string(churn[3] / bytes) +
                              " of what is true\n";
  [[maybe_unused]] const auto written = write(STDOUT_FILENO, figures.data(), figures.size());
  if (!near(leak[1], bytes) || !near(leak[3], bytes) || !near(leak[2], kLeakBlocks)) return fail("leak: " + heap);
  if (!near(churn[1], bytes) || churn[3] != 0) return fail("churn: " + heap);

  if (has_go) {
    if (const std::string wrong = seen_by_go(port, bytes); !wrong.empty()) return fail("go tool pprof: " + wrong);
    http_get(port, "/debug/pprof/profile?seconds=2");  // by then a file has begun and ended
    if (const std::string wrong = seen_in_the_newest_file(folder, bytes); !wrong.empty()) return fail("file: " + wrong);
  } else {
    [[maybe_unused]] const auto said = write(STDOUT_FILENO, "without `go tool pprof`\n", 24);
  }

  std::vector<std::unique_ptr<char[]>>().swap(leaked());  // with the vector's own memory
  if (sums_of<4>(http_get(port, "/debug/pprof/heap?debug=1").body, "known_leak")[3] != 0) return fail("it was freed");
  return 0;
}
