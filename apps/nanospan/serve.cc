// nanospan serve: runs the gateway until SIGTERM or SIGINT, drains, and exits; a second signal ends it at once. SIGHUP
// and POST /-/reload read the configuration again.
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
#include "gateway/service/reload_metrics.h"
#include "gateway/telemetry/log_writer.h"

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
  sigset_t handled;
  ::sigemptyset(&handled);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&handled, signal);
  ::pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // A file over its size limit is an error of write(), not the end of the gateway.
  return handled;
}

/// Each connection is a descriptor; the soft limit of 1024 that shells give is for programs that use select().
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// A gateway and the loop of the main thread, which starts it, changes it and ends it.
class Serving {
 public:
  Serving(const Arguments& arguments, net::EventLoop& loop) : arguments_(arguments), loop_(loop) {}

  Status start(gateway::GatewayConfig config);
  int run(const sigset_t& signals);

 private:
  void on_signal(int signal);
  net::Response reload(std::string_view asked_by);
  net::Response refuse(int status, const std::vector<std::string>& errors);

  const Arguments& arguments_;
  net::EventLoop& loop_;
  gateway::LogWriter log_writer_{STDERR_FILENO};
  std::unique_ptr<gateway::Gateway> gateway_;
  std::optional<gateway::ReloadMetrics> metrics_;
  gateway::Observation dropped_;
  bool draining_ = false;
};

Status Serving::start(gateway::GatewayConfig config) {
  const auto post = [handle = loop_.handle()](net::Task task) { handle->post(std::move(task)); };
  gateway::ServiceRequests requests;
  requests.reap = [this, post] { post([this] { gateway_->reap(); }); };
  requests.reload = [this, post](net::Responder answer) {
    post([this, answer = std::move(answer)]() mutable { answer.respond(reload("POST /-/reload")); });
  };
  Result<std::unique_ptr<gateway::Gateway>> gateway = gateway::Gateway::start(
      std::move(config), base::system_clock(), [this](std::string_view text) { log_writer_.write(text); },
      std::move(requests));
  if (!gateway) return gateway.error();
  gateway_ = std::move(gateway).value();
  metrics_.emplace(gateway_->metrics(), base::system_clock());
  dropped_ = gateway_->metrics().observe_counter("nanospan_log_dropped",
                                                 "Log messages that were not written: nobody read standard error.", {},
                                                 [this] { return static_cast<double>(log_writer_.dropped()); });
  gateway_->log().raw(gateway_->describe());
  return {};
}

/// Reads again what the arguments name. A wrong configuration changes nothing.
net::Response Serving::reload(std::string_view asked_by) {
  if (draining_) return refuse(503, {"the gateway is shutting down"});
  gateway_->log().info("reload", std::string(asked_by) + ": reading the configuration again");
  gateway::LoadedConfig loaded = load_config(arguments_);
  for (const std::string& line : loaded.warnings) gateway_->log().warn("reload", line);
  if (!loaded.errors.empty()) return refuse(400, loaded.errors);
  const Result<std::string> changed = gateway_->reload(std::move(loaded.config));
  if (!changed) return refuse(500, {changed.error().message});
  metrics_->applied(!changed->empty());
  gateway_->log().info("reload", changed->empty() ? "nothing changed" : *changed);
  if (!changed->empty()) gateway_->log().raw(gateway_->describe());
  return {
      200, {{"Content-Type", "text/plain; charset=utf-8"}}, (changed->empty() ? "nothing changed" : *changed) + "\n"};
}

net::Response Serving::refuse(int status, const std::vector<std::string>& errors) {
  metrics_->refused();
  std::string line = "refused, the configuration before goes on: " + errors.front();
  if (errors.size() > 1) line += " (and " + std::to_string(errors.size() - 1) + " more; see nanospan validate)";
  gateway_->log().error("reload", line);
  net::Response response{status, {{"Content-Type", "text/plain; charset=utf-8"}}, {}};
  for (const std::string& error : errors) response.body += error + "\n";
  return response;
}

void Serving::on_signal(int signal) {
  if (signal == SIGHUP) {
    reload("SIGHUP");
    return;
  }
  if (std::exchange(draining_, true)) {
    gateway_->log().warn("serve", "second signal: stopping at once, what is queued is lost");
    ::_exit(128 + signal);
  }
  gateway_->begin_drain([handle = loop_.handle(), this] { handle->post([this] { loop_.stop(); }); });
  // Said when it is so: whoever reads this finds the health check at 503.
  gateway_->log().info(
      "serve", std::string(signal == SIGINT ? "SIGINT" : "SIGTERM") + ": draining; a second signal stops at once");
}

int Serving::run(const sigset_t& signals) {
  SignalWatch watch(loop_, signals, [this](int signal) { on_signal(signal); });
  if (Status started = watch.start(); !started) {
    gateway_->log().error("serve", started.error().message);
    return kExitFailed;
  }
  loop_.run();
  gateway_->log().flush();
  if (const std::uint64_t lost = gateway_->lost_in_drain(); lost != 0) {
    gateway_->log().error("serve", "stopped; " + std::to_string(lost) +
                                       " items that were acknowledged are lost; the lines above say by which exporter, "
                                       "service.shutdown_timeout how long they are tried for");
    return kExitLost;
  }
  gateway_->log().info("serve", "drained, good bye");
  return kExitOk;
}

int serve(const Arguments& arguments) {
  const sigset_t signals = block_signals();
  raise_descriptor_limit();
  std::optional<gateway::LoadedConfig> loaded = read_config(arguments);
  if (!loaded) return kExitConfig;
  Result<std::unique_ptr<net::EventLoop>> loop = net::EventLoop::create();
  if (!loop) {
    std::fprintf(stderr, "nanospan serve: %s\n", loop.error().message.c_str());
    return kExitFailed;
  }
  Serving serving(arguments, **loop);
  if (Status started = serving.start(std::move(loaded->config)); !started) {
    std::fprintf(stderr, "nanospan serve: %s\n", started.error().message.c_str());
    return kExitFailed;
  }
  return serving.run(signals);
}

}  // namespace

Command serve_command() {
  return {
      "serve", "run the gateway",
      "Runs the gateway: receives OTLP, forwards or keeps it, until SIGTERM or SIGINT; then drains and exits with 0,\n"
      "or with 4 if data that was acknowledged could not be sent within service.shutdown_timeout. SIGHUP, or a POST\n"
      "to /-/reload on the address of the metrics, reads the configuration again and changes what changed.\n"
      "Without --config: OTLP/gRPC on 127.0.0.1:4317 and OTLP/HTTP on 127.0.0.1:4318, traces, metrics and\n"
      "logs as JSON lines under ./nanospan-data/ (at most 1 GiB), health on 127.0.0.1:13133, pages for people on\n"
      "127.0.0.1:55679/debug/servicez, its own metrics on 127.0.0.1:8888/metrics.\n",
      config_options(), serve};
}

}  // namespace nanospan::app
