// The orders service: options, wiring, signals, and the account of its spans at the end.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <thread>

#include <nanospan/nanospan.h>

#include "examples/orders/options.h"
#include "examples/orders/order_store.h"
#include "examples/orders/service.h"

namespace orders {
namespace {

constexpr std::size_t kReaders = 8;  // Reads are short; more connections would only be more page caches.

sigset_t block_signals() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // Before any thread starts: all inherit it.
  return ends;
}

/// User and system time of all threads so far.
double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// One line of JSON on standard output, for programs.
void print_account(std::uint64_t requests, const nanospan::Ledger& ledger) {
  std::string dropped;
  for (std::size_t i = 0; i < ledger.dropped.size(); ++i) {
    const std::string_view name = nanospan::drop_reason_name(static_cast<nanospan::DropReason>(i));
    dropped += (dropped.empty() ? "\"" : ",\"") + std::string(name) + "\":" + std::to_string(ledger.dropped[i]);
  }
  std::printf(
      "{\"requests\":%llu,\"cpu_seconds\":%.6f,\"spans_ended\":%llu,\"spans_exported\":%llu,\"spans_queued\":%llu,"
      "\"spans_dropped\":%llu,\"dropped\":{%s},\"balances\":%s}\n",
      static_cast<unsigned long long>(requests), cpu_seconds(), static_cast<unsigned long long>(ledger.ended),
      static_cast<unsigned long long>(ledger.exported), static_cast<unsigned long long>(ledger.queued),
      static_cast<unsigned long long>(ledger.dropped_total()), dropped.c_str(), ledger.balances() ? "true" : "false");
}

int run(const Options& options) {
  const sigset_t signals = block_signals();
  std::optional<nanospan::Telemetry> telemetry;
  if (options.tracing) {
    nanospan::Options wanted;
    wanted.service_name = "orders";
    wanted.service_version = "1.0.0";
    wanted.endpoint = options.endpoint;
    wanted.sample_ratio = options.sample_ratio;
    wanted.preset = nanospan::Preset::kHighThroughput;
    nanospan::Result<nanospan::Telemetry> started = nanospan::start(std::move(wanted));
    if (!started) {
      std::fprintf(stderr, "orders: tracing: %s\n", started.error().message.c_str());
      return 2;
    }
    telemetry.emplace(std::move(*started));
  }
  nanospan::Result<OrderStore> store = OrderStore::open(options.database, kReaders);
  if (!store) {
    std::fprintf(stderr, "orders: %s\n", store.error().message.c_str());
    return 1;
  }
  Service service(options, *store);
  const nanospan::Result<int> port = service.bind();
  if (!port) {
    std::fprintf(stderr, "orders: %s\n", port.error().message.c_str());
    return 1;
  }
  std::fprintf(stderr, "orders: listening on http://%s:%d, tracing %s\n", options.address.c_str(), *port,
               options.tracing ? "on" : "off");

  std::thread stopper([&service, signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    std::thread([signals] {
      int second = 0;
      sigwait(&signals, &second);
      _exit(128 + second);
    }).detach();
    service.stop();
  });
  const bool served = service.serve();
  if (!served) kill(getpid(), SIGTERM);  // Wakes the stopper.
  stopper.join();

  if (telemetry) telemetry->shutdown();
  print_account(service.requests(), telemetry ? telemetry->ledger() : nanospan::Ledger());
  return served ? 0 : 1;
}

}  // namespace
}  // namespace orders

int main(int argc, char** argv) {
  const nanospan::Result<orders::Options> options = orders::parse_options({argv + 1, argv + argc});
  if (!options) {
    std::fprintf(stderr, "orders: %s\n", options.error().message.c_str());
    return 2;
  }
  if (options->help) {
    std::fwrite(orders::usage().data(), 1, orders::usage().size(), stdout);
    return 0;
  }
  return orders::run(*options);
}
