// Shutdown keeps its deadline whatever the other side does: an exporter that never returns, a server that accepts and
// never reads, and both while several threads flush.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <nanospan/diagnostics.h>
#include <nanospan/nanospan.h>

#include "base/time.h"
#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

constexpr std::uint64_t kDeadlineMillis = 200;
// Only against hanging: machines that run tests may be slow.
constexpr std::uint64_t kHangMillis = 10'000;

std::uint64_t now_millis() { return base::system_clock().monotonic_now() / base::kNanosPerMilli; }

template <class Stop>
void within_deadline(Stop&& stop) {
  const std::uint64_t began = now_millis();
  stop();
  require(now_millis() - began < kHangMillis, "it returns by its deadline");
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
  Sdk sdk(options, [](const SpanBatch&) { return hang(); });
  for (int i = 0; i < 1000; ++i) sdk.tracer.start_span("lost");
  std::vector<std::thread> flushers;
  for (int i = 0; i < 4; ++i) {
    flushers.emplace_back([&] {
      within_deadline([&] { require(sdk.provider->flush(kDeadlineMillis) != FlushResult::kSuccess, "no flush"); });
    });
  }
  within_deadline(
      [&] { require(sdk.provider->shutdown(kDeadlineMillis) != FlushResult::kSuccess, "nothing was exported"); });
  for (auto& flusher : flushers) flusher.join();
  const Ledger ledger = sdk.ledger();
  require(ledger.ended == 1000 && ledger.exported == 0 && ledger.queued == 0 && ledger.balances(),
          "every lost span is counted");
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
                          .preset = Preset::kLowLatency,
                          .read_environment = false});
  require(telemetry.ok(), "the SDK starts");
  for (int i = 0; i < 500; ++i) tracer("t").start_span("lost");
  within_deadline([&] { require(!telemetry->flush(kDeadlineMillis), "no flush"); });
  within_deadline([&] { require(!telemetry->shutdown(kDeadlineMillis), "spans were lost"); });
  const Ledger ledger = telemetry->ledger();
  require(ledger.ended == 500 && ledger.exported == 0 && ledger.queued == 0 && ledger.balances(),
          "every lost span is counted");
  close(listener);
}

}  // namespace
}  // namespace nanospan::lifecycle

int main() {
  nanospan::lifecycle::hanging_exporter();
  nanospan::lifecycle::silent_server();
  return 0;
}
