// start() starts no thread and connects to nothing, nor do flush() and shutdown() where no sampled span was ended; the
// first one starts the one export thread, which connects.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <string>

#include <nanospan/diagnostics.h>
#include <nanospan/nanospan.h>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

std::ptrdiff_t threads() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

class Listener {
 public:
  Listener() {
    socklen_t size = sizeof address_;
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const address = reinterpret_cast<sockaddr*>(&address_);
    require(bind(fd_, address, size) == 0 && listen(fd_, 16) == 0 && getsockname(fd_, address, &size) == 0,
            "a port to listen on");
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { close(fd_); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }
  bool nobody_came() const {
    return accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC) < 0 && errno == EAGAIN;
  }
  /// Waits for as long as it takes.
  void wait_for_one() const {
    const int flags = fcntl(fd_, F_GETFL);
    require(flags >= 0 && fcntl(fd_, F_SETFL, flags & ~O_NONBLOCK) == 0, "a listener that waits");
    const int connection = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    require(connection >= 0, "a connection");
    close(connection);
  }

 private:
  const int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address_{};
};

Result<Telemetry> start_idle(const Listener& listener) {
  return start(
      {.service_name = "idle", .endpoint = listener.url(), .preset = Preset::kLowLatency, .read_environment = false});
}

void stops_as_it_was() {
  const Listener listener;
  const auto before = threads();
  auto telemetry = start_idle(listener);
  require(telemetry.ok() && telemetry->flush(0), "nothing to flush is a success");
  require(threads() == before && listener.nobody_came(), "no thread and no connection by a flush of nothing");
  require(telemetry->shutdown(0), "nothing to shut down is a success");
  require(threads() == before && listener.nobody_came(), "no thread and no connection by a shutdown of nothing");
}

void starts_with_the_first_span() {
  const Listener listener;
  const auto before = threads();
  auto telemetry = start_idle(listener);
  require(telemetry.ok() && threads() == before, "no thread by start()");
  const Context unsampled = Context().with_span_context(SpanContext(
      TraceId::from_hex("0af7651916cd43dd8448eb211c80319c"), SpanId::from_hex("b7ad6b7169203331"), 0, true));
  tracer("t").start_span("not sampled", {.parent = &unsampled}).end();
  require(threads() == before && listener.nobody_came(), "no thread and no connection by a span that is not sampled");
  tracer("t").start_span("sampled").end();
  require(threads() == before + 1, "one thread by the first sampled span");
  listener.wait_for_one();
  telemetry->shutdown(1);
}

}  // namespace
}  // namespace nanospan::lifecycle

int main() {
  nanospan::set_error_handler([](std::string_view, std::string_view) {});
  nanospan::lifecycle::stops_as_it_was();
  nanospan::lifecycle::starts_with_the_first_span();
  return 0;
}
