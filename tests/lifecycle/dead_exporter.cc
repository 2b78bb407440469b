// An exporter that is dead for as long as an hour of export timeouts: every batch is lost to its time limit, memory
// stays flat, and the ledger is exact to the span. Then it comes back to life.
#include <condition_variable>
#include <mutex>
#include <string>

#include <nanospan/diagnostics.h>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

void run(int timeouts) {
  std::mutex mutex;
  std::condition_variable alive_again;
  bool alive = false;
  BatchOptions options;
  options.export_timeout_ms = 1;
  options.schedule_delay_ms = 1;
  Sdk sdk(options, [&](const SpanBatch&) {
    std::unique_lock lock(mutex);
    alive_again.wait(lock, [&] { return alive; });
    return ExportResult{};
  });
  set_error_handler([](std::string_view, std::string_view) {});

  std::uint64_t spans = 0, before = 0;
  const std::string payload(1000, 'x');
  const auto timed_out = [&] { return sdk.ledger().dropped_by(DropReason::kExportTimeout); };
  for (std::uint64_t i = 0; timed_out() < static_cast<std::uint64_t>(timeouts) * options.batch_spans_max; ++i) {
    for (int k = 0; k < 1000; ++k, ++spans) sdk.tracer.start_span("lost").set("payload", payload);
    if (before == 0 && timed_out() > 5 * options.batch_spans_max) before = resident_bytes();
  }
  require(resident_bytes() < before + kGrowthMax, "memory is flat while the exporter is dead");
  Ledger ledger = sdk.ledger();
  require(ledger.ended == spans && ledger.exported == 0 && ledger.balances(), "every span is accounted for");
  require(ledger.queued <= options.queue_spans_max + options.batch_spans_max + (4U << 20) / payload.size(),
          "what waits is bounded: the queue, one batch, and a ring");
  {
    const std::lock_guard lock(mutex);
    alive = true;
    alive_again.notify_all();
  }
  while (sdk.ledger().exported == 0) {
    sdk.tracer.start_span("arrives").end();
    ++spans;
    sdk.provider->flush(1'000);
  }
  sdk.provider->shutdown(10'000);
  ledger = sdk.ledger();
  require(ledger.ended == spans && ledger.queued == 0 && ledger.balances(), "and so it is at the end");
}

}  // namespace
}  // namespace nanospan::lifecycle

int main(int count, char** arguments) {
  nanospan::lifecycle::run(nanospan::lifecycle::repeats(count, arguments));
  return 0;
}
