// At the process's bound for rings and slabs, threads without memory of their own share one locked ring. Spans arrive
// all the same, and the ledger is exact.
#include <thread>
#include <vector>

#include "sdk/runtime/memory.h"
#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

// Takes what is left below the bound, to the page.
void use_up_memory() {
  for (std::size_t bytes = sdk::kProducerBytesMax; bytes >= 4096; bytes /= 2) {
    while (sdk::map_pages(bytes, false) != nullptr) {
    }
  }
}

void run(int spans) {
  constexpr int kThreads = 8;
  Sdk sdk(roomy());
  use_up_memory();
  std::atomic<std::uint64_t> sampled{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < spans; ++i) {
        Span span = sdk.tracer.start_span("shared");
        span.set("key", "value").set("i", i);
        if (span.context().is_sampled()) ++sampled;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  sdk.provider->shutdown(20'000);
  const Ledger ledger = sdk.ledger();
  require(sampled > 0, "spans are still sampled");
  require(ledger.ended == sampled && ledger.balances() && ledger.queued == 0, "each of them is accounted for");
  require(ledger.exported > 0 && ledger.exported + ledger.dropped_by(DropReason::kRingFull) == ledger.ended,
          "and is exported, or dropped for want of a larger ring");
  require(sdk::mapped_bytes() <= sdk::kProducerBytesMax, "the bound holds");
}

}  // namespace
}  // namespace nanospan::lifecycle

int main(int count, char** arguments) {
  nanospan::lifecycle::run(nanospan::lifecycle::repeats(count, arguments));
  return 0;
}
