// Many threads end, flush and shut down at once. Every call returns, one shutdown closes, and the ledger is exact.
#include <thread>
#include <vector>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

void round(int number) {
  BatchOptions options;
  options.batch_spans_max = 4;
  Sdk sdk(options, [number](const SpanBatch&) { return number % 3 == 0 ? ExportResult::failed() : ExportResult{}; });
  std::atomic<int> closings{0};
  std::atomic<std::uint64_t> flushed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 3; ++i) sdk.tracer.start_span("raced").set("t", t);
      const FlushResult result = sdk.provider->flush(20'000);
      require(result != FlushResult::kTimeout, "a flush never hangs");
      if (result == FlushResult::kSuccess) flushed += 3;
      if (t % 2 == 0 && sdk.provider->shutdown(20'000) == FlushResult::kSuccess) ++closings;
    });
  }
  for (auto& thread : threads) thread.join();
  sdk.provider->shutdown(20'000);
  // A failed export that the shutdown waited for makes it fail too; nobody else succeeds in its place.
  require(number % 3 == 0 ? closings <= 1 : closings == 1, "one shutdown closes");
  const Ledger ledger = sdk.ledger();
  // What ended after another thread's shutdown may still lie in a ring, from where it is counted as dropped.
  require(ledger.balances(), "the ledger is exact");
  require(ledger.exported == *sdk.exported && ledger.exported >= (number % 3 == 0 ? 0 : flushed.load()),
          "what a flush reported as exported is exported");
}

}  // namespace
}  // namespace nanospan::lifecycle

int main(int count, char** arguments) {
  const int rounds = nanospan::lifecycle::repeats(count, arguments);
  for (int i = 0; i < rounds; ++i) nanospan::lifecycle::round(i);
  return 0;
}
