// nanospan serve: runs the gateway until SIGTERM or SIGINT, drains, and exits; a second signal ends it at once.
//
// Signals are blocked in every thread and read from a descriptor by a small loop on the main thread, so no code of ours
// runs in a signal handler.
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "apps/nanospan/command.h"
#include "apps/nanospan/config_file.h"
#include "gateway/service/gateway.h"

namespace nanospan::app {
namespace {

/// Calls back with each signal that arrives.
class SignalWatch final : public net::FdHandler {
 public:
  SignalWatch(net::EventLoop& loop, const sigset_t& signals, net::UniqueFunction<void(int)> on_signal)
      : loop_(loop), fd_(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)), on_signal_(std::move(on_signal)) {}
  ~SignalWatch() override { loop_.unwatch(fd_.get()); }

  Status start() {
    if (!fd_) return Error{ErrorCode::kSystem, "signalfd failed"};
    return loop_.watch(fd_.get(), net::kReadable, *this);
  }
  void on_ready(unsigned) override {
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == sizeof info) on_signal_(static_cast<int>(info.ssi_signo));
  }

 private:
  net::EventLoop& loop_;
  net::Fd fd_;
  net::UniqueFunction<void(int)> on_signal_;
};

sigset_t block_signals() {
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGTERM);
  ::sigaddset(&ends, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // A file over its size limit is an error of write(), not the end of the gateway.
  return ends;
}

/// Each connection is a descriptor; the soft limit of 1024 that shells give is for programs that use select().
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run_until_signal(gateway::Gateway& gateway, const sigset_t& signals) {
  Result<std::unique_ptr<net::EventLoop>> loop = net::EventLoop::create();
  if (!loop) {
    gateway.log().error("serve", loop.error().message);
    return kExitFailed;
  }
  net::EventLoop& main_loop = **loop;
  bool draining = false;
  SignalWatch watch(main_loop, signals, [&](int signal) {
    if (std::exchange(draining, true)) {
      gateway.log().warn("serve", "second signal: stopping at once, what is queued is lost");
      ::_exit(128 + signal);
    }
    gateway.begin_drain(
        [handle = main_loop.handle(), &main_loop] { handle->post([&main_loop] { main_loop.stop(); }); });
    // Said when it is so: whoever reads this finds the health check at 503.
    gateway.log().info(
        "serve", std::string(signal == SIGINT ? "SIGINT" : "SIGTERM") + ": draining; a second signal stops at once");
  });
  if (Status started = watch.start(); !started) {
    gateway.log().error("serve", started.error().message);
    return kExitFailed;
  }
  main_loop.run();
  if (const std::uint64_t lost = gateway.lost_in_drain(); lost != 0) {
    gateway.log().error("serve", "stopped; " + std::to_string(lost) +
                                     " items that were acknowledged are lost; the lines above say by which exporter, "
                                     "service.shutdown_timeout how long they are tried for");
    return kExitLost;
  }
  gateway.log().info("serve", "drained, good bye");
  return kExitOk;
}

int serve(const Arguments& arguments) {
  const sigset_t signals = block_signals();
  raise_descriptor_limit();
  std::optional<gateway::LoadedConfig> loaded = read_config(arguments);
  if (!loaded) return kExitConfig;
  Result<std::unique_ptr<gateway::Gateway>> gateway =
      gateway::Gateway::start(std::move(loaded->config), base::system_clock(), gateway::standard_error_sink());
  if (!gateway) {
    std::fprintf(stderr, "nanospan serve: %s\n", gateway.error().message.c_str());
    return kExitFailed;
  }
  (*gateway)->log().raw((*gateway)->describe());
  return run_until_signal(**gateway, signals);
}

}  // namespace

Command serve_command() {
  return {
      "serve", "run the gateway",
      "Runs the gateway: receives OTLP, forwards or keeps it, until SIGTERM or SIGINT; then drains and exits with 0,\n"
      "or with 4 if data that was acknowledged could not be sent within service.shutdown_timeout.\n"
      "Without --config: OTLP/HTTP on 127.0.0.1:4318, spans as JSON lines under ./nanospan-data/ (at most 1 GiB),\n"
      "health on 127.0.0.1:13133, its own metrics on 127.0.0.1:8888/metrics.\n",
      config_options(), serve};
}

}  // namespace nanospan::app
