// Peeks at the answer and takes no more than its head, as what follows belongs to the origin. Threads: see the header.
#include "net/proxy_tunnel.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace nanospan::net {

ProxyTunnel::ProxyTunnel(EventLoop& loop, Fd socket, std::string_view request, OnDone done)
    : loop_(loop), socket_(std::move(socket)), request_(request), done_(std::move(done)) {}

ProxyTunnel::~ProxyTunnel() { loop_.unwatch(socket_.get()); }

void ProxyTunnel::start() {
  if (!loop_.watch(socket_.get(), kWritable, *this).ok()) fail("no room in the poller");
}

void ProxyTunnel::on_ready(unsigned /*ready*/) {
  if (request_.empty()) return receive_some();
  send_some();
}

void ProxyTunnel::send_some() {
  const ssize_t sent = ::send(socket_.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail(system_error("the connection broke", errno).message);
  request_.erase(0, static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
  if (request_.empty()) loop_.set_interest(socket_.get(), kReadable);
}

void ProxyTunnel::receive_some() {
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  std::array<char, 1024> buffer;
  const ssize_t peeked = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_PEEK);
  if (peeked < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (peeked < 0) return fail(system_error("the connection broke", errno).message);
  if (peeked == 0) return fail("it closed the connection without an answer to CONNECT");
  const std::size_t before = head_.size();
  head_.append(buffer.data(), static_cast<std::size_t>(peeked));
  const std::size_t end = head_.find(kHeadEnd, before - std::min(before, kHeadEnd.size() - 1));
  if (end != std::string::npos) head_.resize(end + kHeadEnd.size());
  // Only what belongs to the head is taken off the socket.
  static_cast<void>(::recv(socket_.get(), buffer.data(), head_.size() - before, 0));
  if (end != std::string::npos) return judge();
  if (!head_.starts_with("HTTP/1.") && head_.size() > 7) return judge();
  if (head_.size() > kHeadBytesMax) fail("its answer to CONNECT has no end");
}

void ProxyTunnel::judge() {
  const std::string_view line = std::string_view(head_).substr(0, head_.find_first_of("\r\n"));
  if (!line.starts_with("HTTP/1.") || line.size() < 12) return fail("it does not answer as an HTTP proxy does");
  if (line[9] == '2') return finish(std::move(socket_));
  const bool wants_credentials = line.substr(9, 3) == "407";
  std::string what = "it answered ";
  for (const char c : line.substr(9, 100)) what += c >= 0x20 && c < 0x7f ? c : '.';
  fail(what + (wants_credentials ? "; give it user and password: http://user:password@host:port" : ""));
}

void ProxyTunnel::fail(std::string what) { finish(Error{ErrorCode::kUnavailable, std::move(what)}); }

void ProxyTunnel::finish(Result<Fd> result) {
  if (!result.ok()) return std::exchange(done_, {})(std::move(result));
  loop_.unwatch(result->get());
  std::exchange(done_, {})(std::move(result));  // may destroy this
}

}  // namespace nanospan::net
