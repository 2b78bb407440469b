// SimulatedNetwork: connections without sockets, on a clock of their own, from a seed. The same seed and the same
// program give the same run, to the byte.
//
//   client's stream -- write() --> flying (delay) --> arrived --> read() -- server's stream      and the same way back
//                                  +--- at most buffer_bytes in all ---+
//
// What may happen to a connection is its Plan: refused or unanswered, late, through a small buffer in small pieces, cut
// at a chosen byte. What TCP does to its users is done here as well: a stream that is closed with unread bytes, or that
// gets bytes afterwards, resets its peer, and a reset overtakes what is still flying.
//
// wait() of its poller is where time passes: it reports some of the streams that are ready, in any order, and if none
// is, moves the clock to whatever comes first. A descriptor here is /dev/null: a number that nobody else has and that
// the process gets back when it is closed. One thread. It must outlive its loops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/network.h"
#include "net/poller.h"
#include "tests/support/fake_clock.h"

namespace nanospan::net {

/// Numbers from a seed (splitmix64).
class SeededNumbers {
 public:
  explicit SeededNumbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  /// 0 .. bound - 1. REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool percent(unsigned chance) { return below(100) < chance; }

 private:
  std::uint64_t state_;
};

enum class Side : std::uint8_t { kClient, kServer };
constexpr Side other(Side side) { return side == Side::kClient ? Side::kServer : Side::kClient; }

/// What happens to one connection.
struct ConnectionPlan {
  enum class Opening : std::uint8_t { kAccepted, kRefused, kUnanswered };
  enum class Cut : std::uint8_t {
    kReset,    ///< Both ends get a reset.
    kEnd,      ///< Both ends get an end, as if each had closed; what is sent afterwards is answered by a reset.
    kSilence,  ///< Nothing arrives any more, and nobody is told.
  };
  Opening opening = Opening::kAccepted;
  std::uint64_t delay_nanos = base::kNanosPerMilli;  ///< One way,
  std::uint64_t jitter_nanos = 0;                    ///< and up to so much more for each piece.
  std::size_t buffer_bytes = 64u << 10;              ///< Written and not read yet, each way.
  std::size_t piece_bytes_max = 64u << 10;           ///< Of one read or write.
  /// So many bytes get through to that side, and then it is cut. 0: as soon as it stands.
  std::uint64_t cut_to_server = base::kNever, cut_to_client = base::kNever;
  Cut cut = Cut::kReset;
  bool reset_discards = false;  ///< A reset also takes what has arrived and was not read.

  /// Late, and sometimes through small buffers in small pieces.
  static ConnectionPlan slow(SeededNumbers& numbers);
  /// And, every other one, not to last: refused, unanswered, or cut somewhere.
  static ConnectionPlan troubled(SeededNumbers& numbers);
  std::string text() const;
};

class SimulatedNetwork final : public Network {
 public:
  SimulatedNetwork(testing::FakeClock& clock, std::uint64_t seed);
  ~SimulatedNetwork() override;

  /// For the loop of this network; or, each its own, for loops that are polled in turn (poll_once()), between which
  /// pass_time() lets time pass.
  std::unique_ptr<Poller> make_poller();

  /// Moves the clock to whatever comes first, `until` at most.
  void pass_time(base::MonotonicNanos until);
  std::uint64_t events_reported() const { return events_reported_; }  ///< To loops, in all.

  /// What happens to each connection from now on; asked when it is opened.
  void plan(std::function<ConnectionPlan()> each) { plan_ = std::move(each); }
  void plan(ConnectionPlan all) {
    plan_ = [all] { return all; };
  }
  /// The trouble is over: no connection is cut any more, all are fast, later ones as well. Those that fell silent
  /// break.
  void heal();

  std::size_t connections() const { return connections_.size(); }  ///< That were opened, in all.
  std::size_t connections_cut() const;
  std::uint64_t bytes_to(Side side, std::size_t connection = 0) const;
  /// Streams, sockets and listeners that somebody still holds. 0 at the end, or something leaks.
  std::size_t descriptors_open();
  /// Nothing is under way and nobody waits for a time: the last wait() would never have returned.
  bool dead_quiet() const { return dead_quiet_; }
  /// What happened, for a failure: the plans, and the last events.
  std::string story() const;

  Result<Listener> listen(const SocketAddress& address, bool share_port) override;
  Accepted accept(int listener) override;
  ConnectStart start_connect(const SocketAddress& address) override;
  int connect_result(int fd) override;
  IoResult send(int fd, std::string_view bytes) override;
  IoResult receive(int fd, std::span<char> into, bool peek) override;

 protected:
  std::unique_ptr<ByteStream> plain_stream(Fd socket) override;

 private:
  friend class SimulatedPoller;
  friend class SimulatedStream;

  struct Segment {
    enum class Kind : std::uint8_t { kBytes, kEnd, kReset };
    Kind kind = Kind::kBytes;
    base::MonotonicNanos arrives = 0;
    std::string bytes;
  };
  /// What goes to one side.
  struct Lane {
    std::deque<Segment> flying;
    std::size_t flying_bytes = 0;
    std::string arrived;
    std::uint64_t carried = 0;
    std::uint64_t cut_at = base::kNever;
    base::MonotonicNanos latest = 0;
    bool finished = false;  // whoever writes to it has said so
    bool ended = false;     // and it has arrived
  };
  struct End {
    int fd = -1;
    bool open = false;
    bool reset = false;
  };
  struct Connection {
    std::size_t number = 0;
    ConnectionPlan plan;
    std::string to;
    base::MonotonicNanos stands_at = 0;
    enum class State : std::uint8_t { kConnecting, kStands, kRefused } state = State::kConnecting;
    int error = 0;
    bool cut = false;
    bool silent = false;
    Lane lanes[2];  // by the side that they lead to
    End ends[2];
    Lane& lane_to(Side side) { return lanes[static_cast<std::size_t>(side)]; }
    End& end(Side side) { return ends[static_cast<std::size_t>(side)]; }
  };
  struct Place {                       // what a descriptor stands for
    Connection* connection = nullptr;  // null: a listener
    Side side = Side::kClient;
    std::string address;
    std::deque<Fd> backlog;
  };

  Fd new_descriptor();
  void abandon(int fd);
  void notice_closed();
  void release(Connection& connection, Side side);
  void deliver_due();
  void deliver(Connection& connection, Side side);
  void stand(Connection& connection);
  void cut(Connection& connection);
  void send(Connection& connection, Side to, Segment::Kind kind, std::string bytes = {});
  void send_reset(Connection& connection, Side to);
  base::MonotonicNanos next_arrival() const;
  unsigned ready_of(int fd, unsigned interest);
  std::size_t age_of(int fd) const;
  IoResult readable(Connection& connection, Side side, std::size_t room);
  IoResult read(Connection& connection, Side side, std::span<const iovec> into);
  IoResult write(Connection& connection, Side side, std::span<const iovec> from);
  void note(const Connection& connection, std::string_view what, std::uint64_t bytes = base::kNever);

  struct Event {
    base::MonotonicNanos at;
    std::size_t connection;
    std::string_view what;
    std::uint64_t bytes;
  };
  testing::FakeClock& clock_;
  SeededNumbers numbers_;
  std::function<ConnectionPlan()> plan_ = [] { return ConnectionPlan(); };
  std::deque<Connection> connections_;
  std::map<int, Place> places_;
  std::vector<int> loose_;  // descriptors that are in no stream: nobody tells when they are closed
  std::deque<Event> events_;
  std::uint16_t last_port_ = 40'000;
  bool dead_quiet_ = false;
  std::uint64_t events_reported_ = 0;
};

}  // namespace nanospan::net
