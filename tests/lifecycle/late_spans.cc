// Spans that end while the process exits: in exit handlers, in destructors of thread-local and static objects, before
// and after the SDK's own exit handler. None of them crashes, and each is counted.
#include <cstdlib>
#include <optional>
#include <thread>

#include <nanospan/nanospan.h>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

std::shared_ptr<std::atomic<std::uint64_t>> exported = std::make_shared<std::atomic<std::uint64_t>>(0);
std::shared_ptr<SpanProcessor> processor;

void end_span(const char* name) {
  static auto& tracer = *std::make_unique<Tracer>(InstrumentationScope{.name = "late"}).release();
  Span span = tracer.start_span(std::string_view(name));
  span.set("key", "value").add_event("event").set_status(StatusCode::kError, "late");
}

// Destroyed last of all: it is made first.
struct First {
  std::optional<Span> open;

  ~First() {
    end_span("static, after the SDK stopped");
    require(open->is_recording(), "a span that began in main() records until its end");
    open->set("late", true);
    open->end();
    const Ledger ledger = ledger_of(*processor);
    require(ledger.balances() && ledger.ended >= 5, "every span that began in time is in the ledger");
    require(ledger.exported == *exported && ledger.exported >= 4, "and what ended before the last flush arrived");
    require(ledger.exported + ledger.dropped_by(DropReason::kShutdown) + ledger.queued == ledger.ended,
            "what came too late is counted as such");
  }
};
First first;

struct EndsSpan {
  const char* name;
  ~EndsSpan() { end_span(name); }
};

void replace_exporter(TracerProviderOptions& options) {
  processor = batch_processor(std::make_unique<CountingExporter>(exported));
  options.processors = {processor};
}

void run() {
  std::atexit([] { end_span("exit handler, after the SDK's"); });
  static auto telemetry = start({.service_name = "late", .read_environment = false, .customize = &replace_exporter});
  require(telemetry.ok(), "the SDK starts");
  std::atexit([] { end_span("exit handler, before the SDK's"); });
  static const EndsSpan in_static{"static, before the SDK stopped"};
  thread_local const EndsSpan in_thread_local{"thread-local of the main thread"};
  std::thread([] { thread_local const EndsSpan of_thread{"thread-local of a thread"}; }).join();
  end_span("main");
  std::thread([] { end_span("thread"); }).join();
  first.open.emplace(tracer("late").start_span("open until the end"));
}

}  // namespace
}  // namespace nanospan::lifecycle

int main() {
  nanospan::lifecycle::run();
  return 0;
}
