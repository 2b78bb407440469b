// Bytes in flight are a queue with times; reads and writes draw their lengths, and wait() draws what is ready.
#include "tests/support/simulated_network.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace nanospan::net {
namespace {

constexpr std::size_t kEventsKept = 400;

std::size_t total(std::span<const iovec> pieces) {
  std::size_t bytes = 0;
  for (const iovec& piece : pieces) bytes += piece.iov_len;
  return bytes;
}

IoResult done(std::size_t bytes) { return {IoResult::State::kDone, bytes, 0}; }
IoResult broken(int error) { return {IoResult::State::kBroken, 0, error}; }

std::string millis(std::uint64_t nanos) { return std::to_string(nanos / base::kNanosPerMilli) + " ms"; }

}  // namespace

std::uint64_t SeededNumbers::next() {
  std::uint64_t z = state_ += 0x9e37'79b9'7f4a'7c15;
  z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ z >> 27) * 0x94d0'49bb'1331'11eb;
  return z ^ z >> 31;
}

ConnectionPlan ConnectionPlan::slow(SeededNumbers& numbers) {
  ConnectionPlan plan;
  plan.delay_nanos = (1 + numbers.below(40)) * base::kNanosPerMilli;
  plan.jitter_nanos = numbers.percent(50) ? numbers.below(30 * base::kNanosPerMilli) : 0;
  if (numbers.percent(40)) plan.buffer_bytes = 1 + numbers.below(5'000);
  if (numbers.percent(30)) plan.piece_bytes_max = 1 + numbers.below(200);
  return plan;
}

ConnectionPlan ConnectionPlan::troubled(SeededNumbers& numbers) {
  ConnectionPlan plan = slow(numbers);
  if (numbers.percent(8)) plan.opening = Opening::kRefused;
  if (numbers.percent(4)) plan.opening = Opening::kUnanswered;
  if (numbers.percent(50)) return plan;
  const std::uint64_t at = numbers.percent(50) ? numbers.below(500) : numbers.below(40'000);
  (numbers.percent(50) ? plan.cut_to_server : plan.cut_to_client) = at;
  plan.cut = static_cast<Cut>(numbers.below(3));
  plan.reset_discards = numbers.percent(50);
  return plan;
}

std::string ConnectionPlan::text() const {
  if (opening == Opening::kRefused) return "refused";
  if (opening == Opening::kUnanswered) return "unanswered";
  std::string out = "delay " + millis(delay_nanos) + " + " + millis(jitter_nanos) + ", buffer " +
                    std::to_string(buffer_bytes) + ", pieces to " + std::to_string(piece_bytes_max);
  if (cut_to_server == base::kNever && cut_to_client == base::kNever) return out;
  out += cut == Cut::kReset ? ", reset" : cut == Cut::kEnd ? ", ended" : ", silent";
  if (cut_to_server != base::kNever) out += " after " + std::to_string(cut_to_server) + " bytes to the server";
  if (cut_to_client != base::kNever) out += " after " + std::to_string(cut_to_client) + " bytes to the client";
  return out + (reset_discards ? ", unread bytes go with a reset" : "");
}

// --- Streams ---

class SimulatedStream final : public ByteStream {
 public:
  SimulatedStream(SimulatedNetwork& network, SimulatedNetwork::Connection& connection, Side side, Fd socket)
      : network_(network), connection_(connection), side_(side), socket_(std::move(socket)) {}
  ~SimulatedStream() override {
    network_.places_.erase(fd());
    network_.release(connection_, side_);
  }
  int fd() const override { return socket_.get(); }
  IoResult read(std::span<const iovec> into) override { return network_.read(connection_, side_, into); }
  IoResult write(std::span<const iovec> from) override { return network_.write(connection_, side_, from); }
  void finish_writing() override {
    if (!std::exchange(connection_.lane_to(other(side_)).finished, true)) {
      network_.send(connection_, other(side_), SimulatedNetwork::Segment::Kind::kEnd);
    }
  }

 private:
  SimulatedNetwork& network_;
  SimulatedNetwork::Connection& connection_;
  const Side side_;
  const Fd socket_;
};

std::unique_ptr<ByteStream> SimulatedNetwork::plain_stream(Fd socket) {
  const Place& place = places_.at(socket.get());
  std::erase(loose_, socket.get());
  return std::make_unique<SimulatedStream>(*this, *place.connection, place.side, std::move(socket));
}

/// How many bytes can be had, or why none.
IoResult SimulatedNetwork::readable(Connection& connection, Side side, std::size_t room) {
  const Lane& lane = connection.lane_to(side);
  room = std::min(room, connection.plan.piece_bytes_max);
  if (!lane.arrived.empty() && room != 0) return done(std::min(room, lane.arrived.size()));
  if (connection.end(side).reset) return broken(ECONNRESET);
  return lane.ended ? IoResult{IoResult::State::kEnd, 0, 0} : IoResult{IoResult::State::kWouldBlock, 0, 0};
}

IoResult SimulatedNetwork::read(Connection& connection, Side side, std::span<const iovec> into) {
  Lane& lane = connection.lane_to(side);
  const IoResult most = readable(connection, side, total(into));
  if (most.state != IoResult::State::kDone) return most;
  const std::size_t count = numbers_.percent(70) ? most.bytes : 1 + numbers_.below(most.bytes);
  std::size_t at = 0;
  for (const iovec& piece : into) {
    const std::size_t part = std::min(piece.iov_len, count - at);
    if (part != 0) std::memcpy(piece.iov_base, lane.arrived.data() + at, part);
    at += part;
  }
  lane.arrived.erase(0, count);
  note(connection, side == Side::kClient ? "client reads" : "server reads", count);
  return done(count);
}

IoResult SimulatedNetwork::write(Connection& connection, Side side, std::span<const iovec> from) {
  Lane& lane = connection.lane_to(other(side));
  if (connection.end(side).reset) return broken(ECONNRESET);
  if (lane.finished) return broken(EPIPE);
  const std::size_t used = lane.flying_bytes + lane.arrived.size();
  const std::size_t room = connection.plan.buffer_bytes - std::min(used, connection.plan.buffer_bytes);
  const std::size_t most = std::min({total(from), room, connection.plan.piece_bytes_max});
  if (most == 0) return {IoResult::State::kWouldBlock, 0, 0};
  const std::size_t count = numbers_.percent(70) ? most : 1 + numbers_.below(most);
  std::string bytes;
  bytes.reserve(count);
  for (const iovec& piece : from) {
    bytes.append(static_cast<const char*>(piece.iov_base), std::min(piece.iov_len, count - bytes.size()));
  }
  note(connection, side == Side::kClient ? "client writes" : "server writes", count);
  send(connection, other(side), Segment::Kind::kBytes, std::move(bytes));
  return done(count);
}

IoResult SimulatedNetwork::send(int fd, std::string_view bytes) {
  const Place& place = places_.at(fd);
  const iovec from{const_cast<char*>(bytes.data()), bytes.size()};  // write() only reads it
  return write(*place.connection, place.side, {&from, 1});
}

/// What was seen can be had at once, all of it; how much is seen is drawn.
IoResult SimulatedNetwork::receive(int fd, std::span<char> into, bool peek) {
  const Place& place = places_.at(fd);
  IoResult result = readable(*place.connection, place.side, into.size());
  if (result.state != IoResult::State::kDone) return result;
  if (peek && !numbers_.percent(70)) result.bytes = 1 + numbers_.below(result.bytes);
  std::string& arrived = place.connection->lane_to(place.side).arrived;
  std::copy_n(arrived.data(), result.bytes, into.data());
  if (!peek) arrived.erase(0, result.bytes);
  note(*place.connection, peek ? "client peeks" : "client takes", result.bytes);
  return result;
}

// --- What flies ---

void SimulatedNetwork::send(Connection& connection, Side to, Segment::Kind kind, std::string bytes) {
  Lane& lane = connection.lane_to(to);
  if (connection.silent) return;
  if (connection.cut) {  // nobody is there: bytes are answered by a reset
    if (kind == Segment::Kind::kBytes) send_reset(connection, other(to));
    return;
  }
  if (bytes.size() > lane.cut_at - lane.carried) bytes.resize(lane.cut_at - lane.carried);
  lane.carried += bytes.size();
  lane.flying_bytes += bytes.size();
  const std::uint64_t jitter = connection.plan.jitter_nanos == 0 ? 0 : numbers_.below(connection.plan.jitter_nanos);
  lane.latest = std::max(lane.latest, clock_.monotonic_now() + connection.plan.delay_nanos + jitter);
  if (kind != Segment::Kind::kBytes || !bytes.empty()) lane.flying.push_back({kind, lane.latest, std::move(bytes)});
  if (lane.carried == lane.cut_at) cut(connection);
}

void SimulatedNetwork::cut(Connection& connection) {
  if (std::exchange(connection.cut, true)) return;
  note(connection, "cut");
  if (connection.plan.cut == ConnectionPlan::Cut::kSilence) {
    connection.silent = true;  // what flies already still arrives
    return;
  }
  const bool reset = connection.plan.cut == ConnectionPlan::Cut::kReset;
  for (Lane& lane : connection.lanes) {
    lane.latest = std::max(lane.latest, clock_.monotonic_now() + connection.plan.delay_nanos);
    lane.flying.push_back({reset ? Segment::Kind::kReset : Segment::Kind::kEnd, lane.latest, {}});
  }
}

/// Overtakes what flies.
void SimulatedNetwork::send_reset(Connection& connection, Side to) {
  if (connection.silent || !connection.end(to).open || connection.end(to).reset) return;
  Lane& lane = connection.lane_to(to);
  const base::MonotonicNanos at = clock_.monotonic_now() + connection.plan.delay_nanos;
  const auto is_later = [at](const Segment& segment) { return segment.arrives >= at; };
  const auto late = std::find_if(lane.flying.begin(), lane.flying.end(), is_later);
  for (auto each = late; each != lane.flying.end(); ++each) lane.flying_bytes -= each->bytes.size();
  lane.flying.erase(late, lane.flying.end());
  lane.flying.push_back({Segment::Kind::kReset, at, {}});
}

void SimulatedNetwork::heal() {
  plan(ConnectionPlan());
  for (Connection& connection : connections_) {
    connection.plan.buffer_bytes = connection.plan.piece_bytes_max = ConnectionPlan().buffer_bytes;
    for (Lane& lane : connection.lanes) lane.cut_at = base::kNever;
    if (!std::exchange(connection.silent, false)) continue;
    send_reset(connection, Side::kClient);
    send_reset(connection, Side::kServer);
  }
}

void SimulatedNetwork::deliver(Connection& connection, Side side) {
  Lane& lane = connection.lane_to(side);
  End& end = connection.end(side);
  while (!lane.flying.empty() && lane.flying.front().arrives <= clock_.monotonic_now()) {
    const Segment segment = std::move(lane.flying.front());
    lane.flying.pop_front();
    lane.flying_bytes -= segment.bytes.size();
    if (!end.open) {
      if (segment.kind == Segment::Kind::kBytes) send_reset(connection, other(side));
    } else if (segment.kind == Segment::Kind::kBytes) {
      if (!end.reset) lane.arrived += segment.bytes;
    } else if (segment.kind == Segment::Kind::kEnd) {
      lane.ended = true;
    } else {
      end.reset = true;
      if (connection.plan.reset_discards) lane.arrived.clear();
      note(connection, side == Side::kClient ? "client is reset" : "server is reset");
    }
  }
}

void SimulatedNetwork::deliver_due() {
  notice_closed();
  for (Connection& connection : connections_) {
    if (connection.state == Connection::State::kConnecting && connection.stands_at <= clock_.monotonic_now()) {
      stand(connection);
    }
    for (const Side side : {Side::kClient, Side::kServer}) deliver(connection, side);
  }
}

base::MonotonicNanos SimulatedNetwork::next_arrival() const {
  base::MonotonicNanos next = base::kNever;
  for (const Connection& connection : connections_) {
    if (connection.state == Connection::State::kConnecting) next = std::min(next, connection.stands_at);
    for (const Lane& lane : connection.lanes) {
      if (!lane.flying.empty()) next = std::min(next, lane.flying.front().arrives);
    }
  }
  return next;
}

// --- Connecting and closing ---

Fd SimulatedNetwork::new_descriptor() {
  Fd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (const auto reused = std::find(loose_.begin(), loose_.end(), fd.get()); reused != loose_.end()) abandon(fd.get());
  loose_.push_back(fd.get());
  return fd;
}

/// Whoever had it has closed it.
void SimulatedNetwork::abandon(int fd) {
  std::erase(loose_, fd);
  auto gone = places_.extract(fd);
  if (gone.empty()) return;
  Place& place = gone.mapped();
  if (place.connection != nullptr) return release(*place.connection, place.side);
  for (const Fd& waiting : place.backlog) {
    Connection& connection = *places_.at(waiting.get()).connection;
    std::erase(loose_, waiting.get());
    places_.erase(waiting.get());
    send_reset(connection, Side::kClient);
    connection.end(Side::kServer).open = false;
  }
}

void SimulatedNetwork::notice_closed() {
  const std::vector<int> loose = loose_;
  for (const int fd : loose) {
    if (::fcntl(fd, F_GETFD) < 0) abandon(fd);
  }
}

void SimulatedNetwork::release(Connection& connection, Side side) {
  note(connection, side == Side::kClient ? "client closes" : "server closes");
  connection.end(side).open = false;
  if (connection.state == Connection::State::kConnecting) connection.state = Connection::State::kRefused;
  if (connection.state == Connection::State::kRefused) return;
  const bool unread = !connection.lane_to(side).arrived.empty();
  connection.lane_to(side).arrived.clear();
  if (connection.end(side).reset) return;
  if (unread) return send_reset(connection, other(side));
  if (!std::exchange(connection.lane_to(other(side)).finished, true)) {
    send(connection, other(side), Segment::Kind::kEnd);
  }
}

Result<Network::Listener> SimulatedNetwork::listen(const SocketAddress& address, bool /*share_port*/) {
  notice_closed();
  SocketAddress bound = address;
  if (bound.port() == 0) bound.set_port(++last_port_);
  for (const auto& [fd, place] : places_) {
    if (place.connection == nullptr && place.address == bound.text()) {
      return Error{ErrorCode::kAlreadyExists, "bind on " + bound.text() + ": somebody listens there"};
    }
  }
  Fd fd = new_descriptor();
  places_[fd.get()].address = bound.text();
  return Listener{std::move(fd), bound};
}

ConnectStart SimulatedNetwork::start_connect(const SocketAddress& address) {
  Connection& connection = connections_.emplace_back();
  connection.number = connections_.size() - 1;
  connection.plan = plan_();
  connection.to = address.text();
  connection.lane_to(Side::kServer).cut_at = connection.plan.cut_to_server;
  connection.lane_to(Side::kClient).cut_at = connection.plan.cut_to_client;
  const bool answered = connection.plan.opening != ConnectionPlan::Opening::kUnanswered;
  connection.stands_at = answered ? clock_.monotonic_now() + 2 * connection.plan.delay_nanos : base::kNever;
  ConnectStart start;
  start.fd = new_descriptor();
  start.in_progress = true;
  connection.end(Side::kClient) = {start.fd.get(), true, false};
  Place& place = places_[start.fd.get()];
  place.connection = &connection;
  note(connection, "client connects");
  return start;
}

void SimulatedNetwork::stand(Connection& connection) {
  const auto listener = std::find_if(places_.begin(), places_.end(), [&](const auto& entry) {
    return entry.second.connection == nullptr && entry.second.address == connection.to;
  });
  if (connection.plan.opening == ConnectionPlan::Opening::kRefused || listener == places_.end()) {
    connection.state = Connection::State::kRefused;
    connection.error = ECONNREFUSED;
    return note(connection, "refused");
  }
  connection.state = Connection::State::kStands;
  Fd far = new_descriptor();
  connection.end(Side::kServer) = {far.get(), true, false};
  Place& place = places_[far.get()];
  place.connection = &connection;
  place.side = Side::kServer;
  listener->second.backlog.push_back(std::move(far));
  note(connection, "stands");
  if (connection.plan.cut_to_server == 0 || connection.plan.cut_to_client == 0) cut(connection);
}

int SimulatedNetwork::connect_result(int fd) { return places_.at(fd).connection->error; }

Accepted SimulatedNetwork::accept(int listener) {
  std::deque<Fd>& backlog = places_.at(listener).backlog;
  Accepted accepted;
  if (backlog.empty()) return accepted;
  accepted.fd = std::move(backlog.front());
  backlog.pop_front();
  const std::size_t number = places_.at(accepted.fd.get()).connection->number;
  if (places_.at(listener).address.starts_with("unix")) {
    const sockaddr unnamed{AF_UNIX, {}};
    accepted.peer = SocketAddress::from(&unnamed, sizeof unnamed.sa_family);
    return accepted;
  }
  SocketAddress::parse("127.0.0.1", static_cast<std::uint16_t>(20'000 + number % 10'000), accepted.peer);
  return accepted;
}

// --- The network ---

SimulatedNetwork::SimulatedNetwork(testing::FakeClock& clock, std::uint64_t seed) : clock_(clock), numbers_(seed) {}
SimulatedNetwork::~SimulatedNetwork() = default;

std::uint64_t SimulatedNetwork::bytes_to(Side side, std::size_t connection) const {
  return connections_.at(connection).lanes[static_cast<std::size_t>(side)].carried;
}

std::size_t SimulatedNetwork::connections_cut() const {
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(), [](const Connection& each) { return each.cut; }));
}

std::size_t SimulatedNetwork::descriptors_open() {
  notice_closed();
  return places_.size();
}

void SimulatedNetwork::note(const Connection& connection, std::string_view what, std::uint64_t bytes) {
  if (events_.size() == kEventsKept) events_.pop_front();
  events_.push_back({clock_.monotonic_now(), connection.number, what, bytes});
}

std::string SimulatedNetwork::story() const {
  std::string out;
  for (const Connection& connection : connections_) {
    out += "connection " + std::to_string(connection.number) + ": " + connection.plan.text() + "\n";
  }
  for (const Event& event : events_) {
    out += std::to_string(event.at / base::kNanosPerMicro) + " us  connection " + std::to_string(event.connection) +
           "  " + std::string(event.what);
    out += event.bytes == base::kNever ? "\n" : " " + std::to_string(event.bytes) + " bytes\n";
  }
  return out;
}

}  // namespace nanospan::net
