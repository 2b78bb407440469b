// A user's error handler may call the SDK back: it is called without the SDK's locks, and on no thread that a flush
// waits for without end.
#include <thread>

#include <nanospan/diagnostics.h>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

void run() {
  static std::atomic<int> calls{0};
  Sdk sdk({}, [](const SpanBatch&) -> ExportResult { throw 1; });
  set_error_handler([&](std::string_view, std::string_view) {
    ++calls;
    require(sdk.ledger().balances(), "the ledger can be read");
    sdk.tracer.start_span("from the handler").end();
    sdk.provider->flush(50);
  });
  sdk.tracer.start_span("lost").end();
  require(sdk.provider->flush(20'000) == FlushResult::kFailure, "the exporter threw");

  // The export thread itself reports that an exporter takes too long.
  BatchOptions impatient;
  impatient.export_timeout_ms = 1;
  std::atomic<bool> reported{false};
  Sdk slow(impatient, [&](const SpanBatch&) {
    while (!reported) std::this_thread::yield();
    return ExportResult{};
  });
  set_error_handler([&](std::string_view, std::string_view) {
    require(slow.ledger().balances(), "the ledger can be read");
    slow.provider->flush(20'000);  // on the export thread: fails at once, as it would wait for itself
    reported = true;
  });
  slow.tracer.start_span("slow").end();
  require(slow.provider->flush(20'000) == FlushResult::kFailure, "the export took too long");
  while (!reported) std::this_thread::yield();
  slow.provider->shutdown(20'000);
  sdk.provider->shutdown(20'000);
  set_error_handler(nullptr);
  require(calls > 0, "the handler was called");
}

}  // namespace
}  // namespace nanospan::lifecycle

int main() {
  nanospan::lifecycle::run();
  return 0;
}
