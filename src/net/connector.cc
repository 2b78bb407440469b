// Look-up, connect, tunnel and handshake in a row; the next address when one fails or does not answer. Threads: see
// the header.
#include "net/connector.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "net/network.h"

namespace nanospan::net {
namespace {

/// For a proxy's answer and a TLS handshake together: a peer that says nothing must not be waited for by every caller
/// anew (gRPC: MIN_CONNECT_TIMEOUT, doc/connection-backoff.md).
constexpr std::uint64_t kAgreeNanosMax = 20 * base::kNanosPerSecond;
/// For an address to answer at all. Callers may wait longer, but not for a peer that was away when somebody else began
/// to wait for it: the kernel asks again ever more rarely.
constexpr std::uint64_t kConnectNanosMax = 20 * base::kNanosPerSecond;

HttpFailure failure_for(int error) {
  if (error == ECONNREFUSED || error == ENOENT) return HttpFailure::kRefused;  // ENOENT: no such unix socket
  const bool ours = error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
  return ours ? HttpFailure::kSystem : HttpFailure::kUnreachable;
}

}  // namespace

Connector::Connector(EventLoop& loop, Resolver& resolver, const StreamFactory& make_stream)
    : loop_(loop), resolver_(resolver), make_stream_(make_stream), timer_(loop, [this] { on_timer(); }) {}

void Connector::connect(const Route& route, base::Deadline deadline, OnDone done) {
  connect_head_ = route.connect_head;
  to_proxy_ = !route.via.empty();
  done_ = std::move(done);
  deadline_ = deadline;
  resolving_ = true;
  open_ = std::make_shared<bool>(true);
  // The caller's own deadline ends a lookup that takes too long.
  resolver_.resolve(route.host, route.port, base::Deadline::never(),
                    [this, still_open = std::weak_ptr<bool>(open_)](Result<Addresses> result) {
                      if (!still_open.expired()) on_addresses(std::move(result));
                    });
}

void Connector::connect(Addresses addresses, base::Deadline deadline, OnDone done) {
  done_ = std::move(done);
  deadline_ = deadline;
  addresses_ = std::move(addresses);
  timer_.arm(loop_.now());
}

void Connector::on_addresses(Result<Addresses> result) {
  resolving_ = false;
  if (!result.ok()) return unreachable(HttpFailure::kResolve, result.error().message);
  addresses_ = std::move(result).value();
  connect_next();
}

void Connector::connect_next() {
  drop();
  while (next_address_ < addresses_.size()) {
    const std::size_t untried = addresses_.size() - next_address_;
    ConnectStart start = loop_.network().start_connect(addresses_[next_address_++]);
    if (!start.fd) {
      note(start.error_number);
      continue;
    }
    connecting_ = std::move(start.fd);
    if (!loop_.watch(connecting_.get(), kWritable, *this).ok()) {
      error_ = ENOMEM;
      continue;
    }
    if (!start.in_progress) return connected();
    const base::MonotonicNanos now = loop_.now();
    const std::uint64_t left = deadline_.left(now);
    timer_.arm(now + std::min(untried > 1 ? left / untried : base::kNever, kConnectNanosMax));
    return;
  }
  unreachable(failure_for(error_),
              "cannot connect to " + addresses_.back().text() + ": " + std::generic_category().message(error_));
}

/// What is wrong with a proxy is no fault of the origin, and has another remedy.
void Connector::unreachable(HttpFailure failure, std::string message) {
  if (!to_proxy_ || failure == HttpFailure::kSystem) return finish({nullptr, failure, std::move(message)});
  finish({nullptr, HttpFailure::kProxy,
          message +
              "; is the proxy running? http_proxy, https_proxy or the exporter's own setting name it, no_proxy what "
              "goes past it"});
}

void Connector::on_ready(unsigned /*ready*/) {
  const int error = loop_.network().connect_result(connecting_.get());
  if (error == 0) return connected();
  note(error);
  connect_next();
}

void Connector::connected() {
  timer_.arm(base::later(loop_.now(), kAgreeNanosMax));
  loop_.unwatch(connecting_.get());
  if (connect_head_.empty()) return make_stream(std::move(connecting_));
  tunnel_ = std::make_unique<ProxyTunnel>(loop_, std::move(connecting_), connect_head_,
                                          [this](Result<Fd> socket) { tunnelled(std::move(socket)); });
  tunnel_->start();
}

void Connector::tunnelled(Result<Fd> socket) {
  const std::unique_ptr<ProxyTunnel> done = std::move(tunnel_);
  if (!socket.ok()) return finish({nullptr, HttpFailure::kProxy, socket.error().message});
  make_stream(std::move(socket).value());
}

void Connector::make_stream(Fd socket) {
  establishing_ = loop_.network().open_stream(make_stream_, std::move(socket));
  if (!establishing_) return finish({nullptr, HttpFailure::kSystem, "cannot set up the connection's stream"});
  establishing_->establish(loop_, [this](const Status& status) { established(status); });
}

void Connector::established(const Status& status) {
  std::unique_ptr<ByteStream> stream = std::move(establishing_);
  if (!status.ok()) return finish({nullptr, HttpFailure::kTls, status.error().message});
  finish({std::move(stream), {}, {}});
}

std::string_view Connector::phase() const {
  return resolving_      ? "while resolving the host name"
         : tunnel_       ? "while the proxy was connecting"
         : establishing_ ? "in the TLS handshake"
                         : "while connecting";
}

void Connector::on_timer() {
  if (tunnel_ || establishing_) {
    const std::string what =
        "gave up after " + std::to_string(kAgreeNanosMax / base::kNanosPerSecond) + " s " + std::string(phase());
    tunnel_.reset();
    establishing_.reset();
    return finish({nullptr, HttpFailure::kConnectTimeout, what});
  }
  note(ETIMEDOUT);
  connect_next();
}

void Connector::note(int error) {
  if (error_ != ECONNREFUSED) error_ = error;
}

void Connector::drop() {
  timer_.cancel();
  loop_.unwatch(connecting_.get());
  connecting_.reset();
}

void Connector::cancel() {
  drop();
  tunnel_.reset();
  establishing_.reset();
  open_.reset();
  resolving_ = false;
  done_ = {};
}

void Connector::finish(Outcome outcome) {
  open_.reset();
  timer_.cancel();
  const OnDone done = std::move(done_);
  done(std::move(outcome));  // may destroy this
}

}  // namespace nanospan::net
