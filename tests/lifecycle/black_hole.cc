// Shutdown keeps its deadline whatever the other side does: an exporter that never returns, a server that accepts and
// never reads, and both while several threads flush. Nothing else ends these exports, as they have no timeout of their
// own: whoever waited beyond its deadline would wait for ever, and what is lost is lost to the shutdown, all of it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <nanospan/diagnostics.h>
#include <nanospan/nanospan.h>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

constexpr std::uint64_t kDeadlineMillis = 200;

void require_all_lost_to_shutdown(const Ledger& ledger, std::uint64_t spans) {
  require(ledger.ended == spans && ledger.dropped_by(DropReason::kShutdown) == spans && ledger.balances(),
          "every span is counted as lost to the shutdown");
}

// Never returns before the process ends.
ExportResult hang() {
  static std::mutex& mutex = *std::make_unique<std::mutex>().release();
  static std::condition_variable& never = *std::make_unique<std::condition_variable>().release();
  std::unique_lock lock(mutex);
  for (;;) never.wait(lock);
}

void hanging_exporter() {
  BatchOptions options;
  options.schedule_delay_ms = 1;
  options.batch_spans_max = 8;
  options.export_timeout_ms = 0;
  Sdk sdk(options, [](const SpanBatch&) { return hang(); });
  for (int i = 0; i < 1000; ++i) sdk.tracer.start_span("lost");
  std::vector<std::thread> flushers;
  for (int i = 0; i < 4; ++i) {
    flushers.emplace_back([&] { require(sdk.provider->flush(kDeadlineMillis) != FlushResult::kSuccess, "no flush"); });
  }
  require(sdk.provider->shutdown(kDeadlineMillis) != FlushResult::kSuccess, "nothing was exported");
  for (auto& flusher : flushers) flusher.join();
  require_all_lost_to_shutdown(sdk.ledger(), 1000);
}

void silent_server() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  require(bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener, 16) == 0 &&
              getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "a server that never answers");
  set_error_handler([](std::string_view, std::string_view) {});
  auto telemetry = start({.service_name = "black hole",
                          .endpoint = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)),
                          .otlp = {.timeout_ms = 0},
                          .preset = Preset::kLowLatency,
                          .batch = {.export_timeout_ms = 0},
                          .read_environment = false});
  require(telemetry.ok(), "the SDK starts");
  for (int i = 0; i < 500; ++i) tracer("t").start_span("lost");
  require(!telemetry->flush(kDeadlineMillis), "no flush");
  require(!telemetry->shutdown(kDeadlineMillis), "spans were lost");
  require_all_lost_to_shutdown(telemetry->ledger(), 500);
  close(listener);
}

}  // namespace
}  // namespace nanospan::lifecycle

int main() {
  nanospan::lifecycle::hanging_exporter();
  nanospan::lifecycle::silent_server();
  return 0;
}
