// Allocations of the SDK's own threads fail now and then, and then all of them for a while. Spans are lost and counted;
// the process lives, and works again when there is memory.
#include <cstdlib>
#include <new>

#include <nanospan/diagnostics.h>

#include "tests/lifecycle/program.h"

namespace {

// How often an allocation of a thread that is not the program's own fails: one in so many, 0 = never.
std::atomic<unsigned> one_in{0};
std::atomic<unsigned> allocations{0};
thread_local bool programs_own = false;

bool refused() {
  const unsigned odds = one_in.load(std::memory_order_relaxed);
  return odds != 0 && !programs_own && allocations.fetch_add(1, std::memory_order_relaxed) % odds == 0;
}

}  // namespace

void* operator new(std::size_t size) {
  void* block = refused() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace nanospan::lifecycle {
namespace {

void run(int rounds) {
  programs_own = true;
  set_error_handler([](std::string_view, std::string_view) {});
  BatchOptions options = roomy();
  options.schedule_delay_ms = 1;
  Sdk sdk(options);
  std::uint64_t spans = 0;
  for (int i = 0; i < rounds; ++i) {
    constexpr unsigned kOdds[] = {7, 3, 1, 100};
    one_in = kOdds[i % 4];
    for (int k = 0; k < 1000; ++k, ++spans) sdk.tracer.start_span("tight").set("key", "value").set("k", k);
    require(sdk.provider->flush(20'000) != FlushResult::kTimeout, "a flush is answered");
    require(sdk.ledger().balances(), "the ledger is exact");
  }
  one_in = 0;
  const std::uint64_t before = sdk.ledger().exported;
  for (int k = 0; k < 100; ++k, ++spans) sdk.tracer.start_span("again");
  require(sdk.provider->flush(20'000) == FlushResult::kSuccess, "with memory it works again");
  Ledger ledger = sdk.ledger();
  require(ledger.exported >= before + 100 && ledger.exported == *sdk.exported, "spans arrive");
  sdk.provider->shutdown(20'000);
  ledger = sdk.ledger();
  require(ledger.ended == spans && ledger.queued == 0 && ledger.balances(), "every span is accounted for");
}

}  // namespace
}  // namespace nanospan::lifecycle

int main(int count, char** arguments) {
  nanospan::lifecycle::run(nanospan::lifecycle::repeats(count, arguments));
  return 0;
}
