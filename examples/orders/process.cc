// Signals go to a thread of their own, since a handler may do next to nothing.
#include "examples/orders/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <thread>

namespace orders {
namespace {

using nanospan::Error;

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

nanospan::Result<nanospan::Telemetry> start_tracing(const ProcessOptions& options) {
  nanospan::Options wanted;
  wanted.service_name = options.name;
  wanted.service_version = "1.0.0";
  wanted.endpoint = options.endpoint;
  wanted.sample_ratio = options.sample_ratio;
  wanted.preset = nanospan::Preset::kHighThroughput;
  return nanospan::start(std::move(wanted));
}

int fail(const ProcessOptions& options, const Error& error, int code) {
  std::fprintf(stderr, "%s: %s\n", options.name.c_str(), error.message.c_str());
  return code;
}

}  // namespace

int run_service(const ProcessOptions& options, HttpServer& server, const std::function<nanospan::Status()>& prepare) {
  const sigset_t signals = block_signals();
  std::optional<nanospan::Telemetry> telemetry;
  if (options.tracing) {
    nanospan::Result<nanospan::Telemetry> started = start_tracing(options);
    if (!started) return fail(options, started.error().with_prefix("tracing"), 2);
    telemetry.emplace(std::move(*started));
  }
  if (nanospan::Status prepared = prepare(); !prepared) return fail(options, prepared.error(), 1);
  const nanospan::Result<int> port = server.bind(options.address, options.port);
  if (!port) return fail(options, port.error(), 1);
  std::fprintf(stderr, "%s: listening on http://%s:%d, tracing %s\n", options.name.c_str(), options.address.c_str(),
               *port, options.tracing ? "on" : "off");

  std::thread stopper([&server, signals] {
    int signal = 0;
    sigwait(&signals, &signal);
    std::thread([signals] {
      int second = 0;
      sigwait(&signals, &second);
      _exit(128 + second);
    }).detach();
    server.stop();
  });
  const bool served = server.serve();
  if (!served) kill(getpid(), SIGTERM);  // Wakes the stopper.
  stopper.join();

  if (telemetry) telemetry->shutdown();
  print_account(server.requests(), telemetry ? telemetry->ledger() : nanospan::Ledger());
  return served ? 0 : 1;
}

}  // namespace orders
