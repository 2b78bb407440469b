// Each backend has its own back-off; a call fails at once only where no backend is left to hope for. Threads: see the
// header.
#include "net/grpc_balancer.h"

#include <algorithm>
#include <utility>

#include "net/grpc_channel.h"

namespace nanospan::net {
namespace {

constexpr std::uint64_t kResolveNanosMax = 20 * base::kNanosPerSecond;
/// Between two lookups of a name that works.
constexpr std::uint64_t kResolveNanosMin = 5 * base::kNanosPerSecond;

bool is_name(const Url& origin) {
  SocketAddress unused;
  return origin.socket.empty() && !SocketAddress::parse(origin.host, 0, unused);
}

}  // namespace

GrpcBalancer::GrpcBalancer(GrpcChannel& channel)
    : channel_(channel),
      // A proxy looks the name up itself.
      round_robin_(channel.options().balancing == GrpcBalancing::kRoundRobin && !channel.options().proxy &&
                   is_name(channel.options().origin)),
      resolver_(channel.loop(), channel.options().lookup ? channel.options().lookup : &Resolver::system_lookup) {
  if (!round_robin_) backends_.push_back(std::make_unique<Backend>());
}

// --- Who is next ---

GrpcConnection* GrpcBalancer::pick() {
  for (std::size_t turn = 0; turn < backends_.size(); ++turn) {
    const std::size_t place = (next_ + turn) % backends_.size();
    auto& connections = backends_[place]->connections;
    for (std::size_t i = 0; i < connections.size();) {
      GrpcConnection& connection = *connections[i];
      if (connection.spent()) {  // GOAWAY, or out of stream identifiers
        retire(connection);
        continue;
      }
      if (connection.has_room()) {
        next_ = place + 1;
        return &connection;
      }
      ++i;
    }
  }
  return nullptr;
}

void GrpcBalancer::retire(GrpcConnection& connection) {
  for (const auto& backend : backends_) {
    auto& from = backend->connections;
    const auto found = std::find_if(from.begin(), from.end(), [&](const auto& c) { return c.get() == &connection; });
    if (found == from.end()) continue;
    retired_.push_back(std::move(*found));
    from.erase(found);
  }
  outdated_ = true;
  connection.retire();
}

void GrpcBalancer::discard(GrpcConnection& connection) {
  outdated_ = true;
  const auto is_it = [&](const auto& each) { return each.get() == &connection; };
  for (const auto& backend : backends_) std::erase_if(backend->connections, is_it);
  std::erase_if(retired_, is_it);
}

// --- Connections ---

void GrpcBalancer::open() {
  if (round_robin_ && outdated_) resolve();
  for (const auto& backend : backends_) {
    if (backend->connections.empty()) connect(*backend);
  }
}

void GrpcBalancer::open_another() {
  Backend* fewest = nullptr;
  for (const auto& backend : backends_) {
    const std::size_t count = backend->connections.size();
    if (backend->connector || count == 0 || count >= channel_.options().connections_max) continue;
    if (fewest == nullptr || count < fewest->connections.size()) fewest = backend.get();
  }
  if (fewest != nullptr) connect(*fewest);
}

void GrpcBalancer::connect(Backend& backend) {
  if (backend.connector || channel_.loop().now() < backend.connect_at) return;
  backend.connector = std::make_unique<Connector>(channel_.loop(), resolver_, channel_.options().make_stream);
  const auto done = [this, &backend](Connector::Outcome outcome) { on_connected(backend, std::move(outcome)); };
  const base::Deadline latest = channel_.latest_deadline();
  if (!round_robin_) return backend.connector->connect(channel_.route(), latest, done);
  backend.connector->connect(backend.addresses, latest, done);
}

void GrpcBalancer::on_connected(Backend& backend, Connector::Outcome outcome) {
  const std::unique_ptr<Connector> done = std::move(backend.connector);
  if (!outcome.stream) return connect_failed(backend, outcome.failure, outcome.message);
  auto connection = std::make_unique<GrpcConnection>(channel_);
  if (const Status opened = connection->open(std::move(outcome.stream)); !opened) {
    return connect_failed(backend, HttpFailure::kSystem, opened.error().message);
  }
  backend.connections.push_back(std::move(connection));
  backend.connect_failures = 0;
  ++channel_.counters().connections_opened;
  channel_.serve();
}

void GrpcBalancer::connect_failed(Backend& backend, HttpFailure failure, std::string_view what) {
  backend.connect_at = channel_.loop().now() + backoff(backend.connect_failures++);
  outdated_ = true;
  fail_if_hopeless(failure, what);
}

std::uint64_t GrpcBalancer::backoff(unsigned failures) const {
  const GrpcClientOptions& options = channel_.options();
  std::uint64_t delay = options.backoff_initial_nanos;
  for (unsigned i = 0; i < std::min(failures, 30u) && delay < options.backoff_nanos_max; ++i) delay *= 2;
  delay = std::min(delay, options.backoff_nanos_max);
  return delay / 2 + channel_.jitter_bits() % (delay / 2 + 1);
}

/// Those who wait hear it at once where nothing else is connected or about to be, and decide themselves whether and
/// when to try again; the back-off here only keeps many callers from connecting in a row.
void GrpcBalancer::fail_if_hopeless(HttpFailure failure, std::string_view what) {
  const bool hope = resolving_ || std::any_of(backends_.begin(), backends_.end(), [](const auto& backend) {
                      return backend->connector || !backend->connections.empty();
                    });
  if (hope) return channel_.serve_soon();
  channel_.fail_waiting(failure, what);
}

base::MonotonicNanos GrpcBalancer::next_try() const {
  base::MonotonicNanos earliest = round_robin_ && outdated_ && !resolving_ ? resolve_at_ : base::kNever;
  for (const auto& backend : backends_) {
    if (backend->connections.empty() && !backend->connector) earliest = std::min(earliest, backend->connect_at);
  }
  return earliest;
}

// --- Addresses ---

void GrpcBalancer::resolve() {
  const base::MonotonicNanos now = channel_.loop().now();
  if (resolving_ || now < resolve_at_) return;
  resolving_ = true;
  outdated_ = false;
  const Route& route = channel_.route();
  resolver_.resolve(route.host, route.port, base::Deadline{base::later(now, kResolveNanosMax)},
                    [this](Result<Addresses> result) { on_addresses(std::move(result)); });
}

/// What cannot be looked up now stays as it was.
void GrpcBalancer::on_addresses(Result<Addresses> result) {
  const base::MonotonicNanos now = channel_.loop().now();
  resolving_ = false;
  if (!result.ok()) {
    outdated_ = true;
    resolve_at_ = now + backoff(resolve_failures_++);
    return fail_if_hopeless(HttpFailure::kResolve, result.error().message);
  }
  resolve_failures_ = 0;
  resolve_at_ = base::later(now, kResolveNanosMin);
  std::vector<std::unique_ptr<Backend>> before = std::exchange(backends_, {});
  for (const SocketAddress& address : *result) {
    const auto same = [&](const auto& backend) {
      return backend != nullptr && backend->addresses.front().text() == address.text();
    };
    if (std::any_of(backends_.begin(), backends_.end(), same)) continue;  // twice in the answer
    const auto found = std::find_if(before.begin(), before.end(), same);
    const bool known = found != before.end();
    backends_.push_back(known ? std::move(*found) : std::make_unique<Backend>(Addresses{address}));
  }
  if (before.empty()) next_ = channel_.jitter_bits() % backends_.size();  // not all clients begin with the same
  for (const auto& gone : before) {
    if (gone == nullptr) continue;
    for (auto& connection : gone->connections) {
      retired_.push_back(std::move(connection));
      retired_.back()->retire();
    }
  }
  channel_.serve_soon();
}

// --- The rest ---

void GrpcBalancer::nobody_waits() {
  if (round_robin_) return;  // its connections are not for one call
  backends_.front()->connector.reset();
}

void GrpcBalancer::drop_everything() {
  for (const auto& backend : backends_) {
    backend->connector.reset();
    backend->connections.clear();
  }
  retired_.clear();
}

bool GrpcBalancer::connected() const {
  return std::any_of(backends_.begin(), backends_.end(),
                     [](const auto& backend) { return !backend->connections.empty(); });
}

bool GrpcBalancer::resolving() const {
  if (resolving_ && backends_.empty()) return true;
  return std::any_of(backends_.begin(), backends_.end(),
                     [](const auto& backend) { return backend->connector && backend->connector->resolving(); });
}

std::string_view GrpcBalancer::phase() const {
  if (connected()) return "while waiting for a free stream";
  if (resolving()) return "while resolving the host name";
  for (const auto& backend : backends_) {
    if (backend->connector) return backend->connector->phase();
  }
  return "while connecting";
}

}  // namespace nanospan::net
