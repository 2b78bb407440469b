#include "bench/remote.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include <nanospan/exporters.h>

namespace nanospan::bench {
namespace {

std::string sibling(std::string_view name) {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) fail("cannot read /proc/self/exe");
  const std::string_view self(path, static_cast<std::size_t>(size));
  return std::string(self.substr(0, self.rfind('/') + 1)).append(name);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// The number after "name " at the start of a line; 0 if there is none.
std::uint64_t value_of(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ' ') continue;
    line.remove_prefix(name.size() + 1);
    std::uint64_t value = 0;
    std::from_chars(line.data(), line.data() + line.size(), value);
    return value;
  }
  return 0;
}

}  // namespace

Receiver::Receiver(int processor, bool look_into_spans, std::uint32_t answer_after_ms) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) fail("pipe failed");
  const std::string program = sibling("receiver");
  process_ = fork();
  if (process_ < 0) fail("fork failed");
  if (process_ == 0) {
    pin(processor);
    dup2(pipe_ends[1], STDOUT_FILENO);
    execl(program.c_str(), "receiver", look_into_spans ? "--spans" : "--fast", "--die-with-parent", "--answer-after-ms",
          std::to_string(answer_after_ms).c_str(), nullptr);
    _exit(127);
  }
  close(pipe_ends[1]);
  std::string line;
  for (char c = 0; c != '\n' && read(pipe_ends[0], &c, 1) == 1;) line += c;
  close(pipe_ends[0]);
  port_ = static_cast<std::uint16_t>(value_of(line, "port"));
  if (port_ == 0) fail("the receiver did not start: " + program);
}

Receiver::~Receiver() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

std::string Receiver::base_endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
std::string Receiver::traces_endpoint() const { return base_endpoint() + "/v1/traces"; }

std::string Receiver::ask(const std::string& request_line) const {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port_);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("the receiver is gone");
  const std::string request = request_line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (write(fd, request.data(), request.size()) != static_cast<ssize_t>(request.size())) fail("the receiver is gone");
  std::string answer;
  char buffer[4096];
  for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;) answer.append(buffer, static_cast<size_t>(size));
  close(fd);
  return answer;
}

Receiver::Counts Receiver::counts() const {
  const std::string text = ask("GET /counts");
  return {.requests = value_of(text, "requests"),
          .spans = value_of(text, "spans"),
          .attributes = value_of(text, "attributes"),
          .bytes = value_of(text, "bytes"),
          .invalid = value_of(text, "invalid"),
          .latency_count = value_of(text, "latency_count"),
          .latency_p50 = value_of(text, "latency_ns_p50"),
          .latency_p99 = value_of(text, "latency_ns_p99"),
          .latency_max = value_of(text, "latency_ns_max")};
}

void Receiver::reset_counts() const { ask("POST /reset"); }

BlackHole::BlackHole() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || listen(socket_, 64) != 0 ||
      getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail("cannot listen");
  }
  port_ = ntohs(address.sin_port);
}
BlackHole::~BlackHole() { close(socket_); }
std::string BlackHole::traces_endpoint() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1/traces"; }

std::unique_ptr<SpanExporter> otlp_to(const std::string& traces_endpoint) {
  Result<std::unique_ptr<SpanExporter>> exporter = otlp_http_exporter({.traces_endpoint = traces_endpoint});
  if (!exporter) fail(exporter.error().message);
  return std::move(exporter).value();
}

std::string check_received(Pipeline& pipeline, const Receiver& receiver) {
  std::string problem = pipeline.check();
  if (!problem.empty()) return problem;
  const Receiver::Counts counts = receiver.counts();
  const std::uint64_t exported = pipeline.provider().ledger().exported;
  if (counts.invalid != 0) return std::to_string(counts.invalid) + " requests were not valid OTLP";
  if (counts.spans != exported) {
    return "exported " + std::to_string(exported) + " spans, the receiver has " + std::to_string(counts.spans);
  }
  return {};
}

}  // namespace nanospan::bench
