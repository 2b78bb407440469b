// Forks while threads end spans. Each child has ids, a ledger and an export thread of its own; what it inherits is the
// parent's to export; and the parent loses nothing.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <vector>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

constexpr int kSpansOfAChild = 4;

// Seen by all processes.
struct Shared {
  std::atomic<std::uint64_t> inherited_exported_by_child;

  std::uint64_t* ids() { return reinterpret_cast<std::uint64_t*>(this + 1); }  // of all children, one after the other
};

std::uint64_t word_of(const SpanId& id) {
  std::uint64_t word;
  __builtin_memcpy(&word, id.data(), sizeof word);
  return word;
}

void be_child(Sdk& sdk, Span& inherited, std::uint64_t* ids) {
  require(sdk.ledger().ended == 0 && sdk.ledger().balances(), "a child's ledger starts from zero");
  inherited.set("child", true);
  inherited.end();
  for (int i = 0; i < kSpansOfAChild; ++i) {
    Span span = sdk.tracer.start_span("child's");
    span.set("key", "value");
    ids[i] = word_of(span.context().span_id());
  }
  require(sdk.provider->flush(20'000) == FlushResult::kSuccess, "a child flushes");
  const Ledger ledger = sdk.ledger();
  require(ledger.ended == kSpansOfAChild && ledger.exported == kSpansOfAChild && ledger.balances(),
          "a child exports its own spans and no other");
  if (ids[0] % 4 == 0) require(sdk.provider->shutdown(20'000) == FlushResult::kSuccess, "a child shuts down");
  _exit(0);
}

void wait_for(pid_t child) {
  int status = 1;
  require(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child did well");
}

// A child of which nobody was told: no fork handler ran. Its spans do not record, and nothing in it hangs.
void clone_silently(Sdk& sdk) {
  const long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  require(child >= 0, "clone works");
  if (child == 0) {
    Span span = sdk.tracer.start_span("silent");
    span.set("key", 1);
    span.end();
    require(sdk.provider->flush(1'000) != FlushResult::kSuccess, "there is nobody to flush");
    sdk.provider->shutdown(1'000);
    _exit(0);
  }
  wait_for(static_cast<pid_t>(child));
}

constexpr std::uint64_t kAheadMax = 5'000;  // spans: a ring that has grown holds more

void run(int forks, std::shared_ptr<SpanProcessor> first) {
  const std::size_t id_count = static_cast<std::size_t>(forks * kSpansOfAChild);
  void* pages = mmap(nullptr, sizeof(Shared) + id_count * 8, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  require(pages != MAP_FAILED, "shared memory");
  auto* shared = static_cast<Shared*>(pages);
  const pid_t parent = getpid();
  const bool plain = first == nullptr;

  Sdk sdk(
      roomy(),
      [&](const SpanBatch& batch) {
        if (getpid() != parent) {
          batch.for_each([&](const SpanView& span) {
            if (span.name() != "child's") shared->inherited_exported_by_child.fetch_add(1);
          });
        }
        return ExportResult{};
      },
      std::move(first));
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> busy{0};
  std::vector<std::uint64_t> parents_ids;
  std::vector<std::thread> load;
  for (int t = 0; t < 2; ++t) {
    load.emplace_back([&, t] {
      while (!stop) {
        Span span = sdk.tracer.start_span("parent's");
        span.set("key", "value");
        if (t == 0 && parents_ids.size() < 100'000) parents_ids.push_back(word_of(span.context().span_id()));
        ++busy;
        span.end();
        if (plain || busy % 8 == 0) std::this_thread::yield();  // a hooked span takes long enough as it is
        // On a machine that others use as well, the export thread may get no processor for a while.
        while (plain && busy > *sdk.exported + kAheadMax && !stop) std::this_thread::yield();
      }
    });
  }
  Span inherited = sdk.tracer.start_span("inherited");
  for (int i = 0; i < forks; ++i) {
    const pid_t child = fork();
    require(child >= 0, "fork works");
    if (child == 0) be_child(sdk, inherited, shared->ids() + i * kSpansOfAChild);
    wait_for(child);
  }
  stop = true;
  for (auto& thread : load) thread.join();
  inherited.end();
  clone_silently(sdk);

  require(sdk.provider->shutdown(20'000) == FlushResult::kSuccess, "the parent shuts down");
  const Ledger ledger = sdk.ledger();
  require(ledger.ended == busy + 1 && ledger.balances(), "the parent's ledger is exact");
  require(!plain || ledger.exported == ledger.ended, "the parent lost nothing");  // hooked, it may outrun the exporter
  require(*sdk.exported == ledger.exported, "the exporter saw what the ledger says");
  require(shared->inherited_exported_by_child == 0, "no child exported what it inherited");
  std::vector<std::uint64_t> ids(shared->ids(), shared->ids() + id_count);
  ids.insert(ids.end(), parents_ids.begin(), parents_ids.end());
  std::sort(ids.begin(), ids.end());
  require(std::adjacent_find(ids.begin(), ids.end()) == ids.end() && ids.front() != 0, "all ids differ");
}

}  // namespace
}  // namespace nanospan::lifecycle

int main(int count, char** arguments) {
  const int forks = nanospan::lifecycle::repeats(count, arguments);
  nanospan::lifecycle::run(forks, nullptr);
  // One that only looks: then every span takes the path of hooked spans.
  nanospan::lifecycle::run(forks, std::make_shared<nanospan::SpanProcessor>());
  return 0;
}
