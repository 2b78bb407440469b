// Forks while other threads are inside the simple processor's exporter, or wait for it. The child's spans wait for none
// of them, its ledger is its own, and the parent's stays exact.
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <thread>
#include <vector>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

constexpr int kSpansOfAChild = 4;

struct Simple {
  std::shared_ptr<std::atomic<std::uint64_t>> exported = std::make_shared<std::atomic<std::uint64_t>>(0);
  TracerProvider provider;
  Tracer tracer;

  explicit Simple(CountingExporter::OnBatch on_batch = nullptr)
      : provider(make_provider(std::make_unique<CountingExporter>(exported, std::move(on_batch)))),
        tracer(provider.tracer({.name = "lifecycle"})) {}

 private:
  static TracerProvider make_provider(std::unique_ptr<SpanExporter> exporter) {
    TracerProviderOptions options;
    options.processors.push_back(simple_processor(std::move(exporter)));
    auto created = TracerProvider::create(std::move(options));
    require(created.ok(), "a provider can be made");
    return std::move(created).value();
  }
};

[[noreturn]] void be_child(Simple& sdk) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // if it hangs, it goes with its parent
  require(sdk.provider.ledger().ended == 0 && sdk.provider.ledger().balances(), "a child's ledger starts from zero");
  std::thread second([&] {
    for (int i = 0; i < kSpansOfAChild; ++i) sdk.tracer.start_span("child's").set("key", "value");
  });
  for (int i = 0; i < kSpansOfAChild; ++i) sdk.tracer.start_span("child's").set("key", "value");
  second.join();
  const Ledger ledger = sdk.provider.ledger();
  require(ledger.ended == 2 * kSpansOfAChild && ledger.exported == ledger.ended && ledger.balances(),
          "a child exports its own spans");
  require(sdk.provider.flush(20'000) == FlushResult::kSuccess, "a child flushes");
  require(sdk.provider.shutdown(20'000) == FlushResult::kSuccess, "a child shuts down");
  _exit(0);
}

void wait_for(pid_t child) {
  int status = 1;
  require(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child did well");
}

void fork_child(Simple& sdk) {
  const pid_t child = fork();
  require(child >= 0, "fork works");
  if (child == 0) be_child(sdk);
  wait_for(child);
}

// One thread is inside the exporter and stays there, another waits for its turn.
void fork_while_an_export_hangs() {
  const pid_t parent = getpid();
  std::promise<void> inside, leave;
  bool first = true;
  Simple sdk([&](const SpanBatch&) {
    if (getpid() == parent && std::exchange(first, false)) {
      inside.set_value();
      leave.get_future().wait();
    }
    return ExportResult{};
  });
  std::thread hangs([&] { sdk.tracer.start_span("hangs").end(); });
  inside.get_future().wait();
  std::thread waits([&] { sdk.tracer.start_span("waits").end(); });
  while (sdk.provider.ledger().queued != 2) std::this_thread::yield();
  fork_child(sdk);
  leave.set_value();
  hangs.join();
  waits.join();
  const Ledger ledger = sdk.provider.ledger();
  require(ledger.ended == 2 && ledger.exported == 2 && ledger.balances(), "the parent's ledger knows of no child");
}

// What the exporter's own fork leaves behind is the parent's span.
void fork_within_an_export() {
  const pid_t parent = getpid();
  Simple sdk([&](const SpanBatch&) {
    if (getpid() != parent) return ExportResult{};
    const pid_t child = fork();
    require(child >= 0, "fork works");
    if (child != 0) wait_for(child);
    return ExportResult{};
  });
  sdk.tracer.start_span("forks").end();
  if (getpid() != parent) be_child(sdk);
  const Ledger ledger = sdk.provider.ledger();
  require(ledger.ended == 1 && ledger.exported == 1, "the parent exported its span");
}

void fork_under_load(int forks) {
  Simple sdk;
  std::atomic<bool> stop{false};
  std::vector<std::uint64_t> ended(2);
  std::vector<std::thread> load;
  for (std::uint64_t& count : ended) {
    load.emplace_back([&] {
      for (; !stop; ++count) sdk.tracer.start_span("parent's").set("key", "value");
    });
  }
  for (int i = 0; i < forks; ++i) fork_child(sdk);
  stop = true;
  for (auto& thread : load) thread.join();
  require(sdk.provider.shutdown(20'000) == FlushResult::kSuccess, "the parent shuts down");
  const Ledger ledger = sdk.provider.ledger();
  require(ledger.ended == ended[0] + ended[1] && ledger.exported == ledger.ended && ledger.balances(),
          "the parent's ledger is exact");
  require(*sdk.exported == ledger.exported, "the exporter saw what the ledger says");
}

}  // namespace
}  // namespace nanospan::lifecycle

int main(int count, char** arguments) {
  const int forks = nanospan::lifecycle::repeats(count, arguments);
  nanospan::lifecycle::fork_while_an_export_hangs();
  nanospan::lifecycle::fork_within_an_export();
  nanospan::lifecycle::fork_under_load(forks);
  return 0;
}
