// Resolver: host names to addresses, without ever blocking the loop or its shutdown.
//
// getaddrinfo cannot be interrupted, so each lookup runs on a detached thread whose request is owned by the heap: a
// lookup that hangs is left behind, and its late result is dropped. At most kLookupsMax hang at a time for one
// Resolver; beyond that lookups fail at once. IP literals, unix sockets and "localhost" are answered without a
// thread (RFC 6761, 6.3). Loop thread only. Destroying the Resolver drops the callbacks of its lookups.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/event_loop.h"
#include "net/socket.h"
#include "net/unique_function.h"

namespace nanospan::net {

using Addresses = std::vector<SocketAddress>;

class Resolver {
 public:
  static constexpr int kLookupsMax = 2;
  using OnDone = UniqueFunction<void(Result<Addresses>)>;
  /// The blocking lookup; called on a thread of its own. Tests replace it.
  using Lookup = std::function<Result<Addresses>(const std::string& host, std::uint16_t port)>;

  explicit Resolver(EventLoop& loop, Lookup lookup = &Resolver::system_lookup);
  ~Resolver();

  /// Calls `done` once, later, on the loop's thread: at least one address, or the error (kNotFound, kDeadlineExceeded,
  /// kResourceExhausted, kSystem).
  void resolve(const std::string& host, std::uint16_t port, base::Deadline deadline, OnDone done);

  static Result<Addresses> system_lookup(const std::string& host, std::uint16_t port);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace nanospan::net
