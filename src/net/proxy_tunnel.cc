// Peeks at the answer and takes no more than its head, as what follows belongs to the origin. Threads: see the header.
#include "net/proxy_tunnel.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "net/network.h"

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
  const IoResult sent = loop_.network().send(socket_.get(), request_);
  if (sent.state == IoResult::State::kBroken) return broken(sent.error);
  request_.erase(0, sent.bytes);
  if (request_.empty()) loop_.set_interest(socket_.get(), kReadable);
}

void ProxyTunnel::receive_some() {
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  std::array<char, 1024> buffer;
  const IoResult peeked = loop_.network().receive(socket_.get(), buffer, true);
  if (peeked.state == IoResult::State::kWouldBlock) return;
  if (peeked.state == IoResult::State::kBroken) return broken(peeked.error);
  if (peeked.state == IoResult::State::kEnd) return fail("it closed the connection without an answer to CONNECT");
  const std::size_t before = head_.size();
  head_.append(buffer.data(), peeked.bytes);
  const std::size_t end = head_.find(kHeadEnd, before - std::min(before, kHeadEnd.size() - 1));
  if (end != std::string::npos) head_.resize(end + kHeadEnd.size());
  // Only what belongs to the head is taken off the socket. It lies there: this takes all of it.
  static_cast<void>(loop_.network().receive(socket_.get(), std::span(buffer).first(head_.size() - before), false));
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

void ProxyTunnel::broken(int error) { fail(system_error("the connection broke", error).message); }

void ProxyTunnel::fail(std::string what) { finish(Error{ErrorCode::kUnavailable, std::move(what)}); }

void ProxyTunnel::finish(Result<Fd> result) {
  if (!result.ok()) return std::exchange(done_, {})(std::move(result));
  loop_.unwatch(result->get());
  std::exchange(done_, {})(std::move(result));  // may destroy this
}

}  // namespace nanospan::net
