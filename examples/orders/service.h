// Service: the HTTP interface of the orders service on cpp-httplib, traced by Nanospan's adapter.
//
// Lifecycle: construct, bind(), serve() (blocks), stop() from any thread. Handlers run on the workers of the server.
#pragma once

#include <httplib.h>

#include <atomic>
#include <cstdint>

#include <nanospan/result.h>

#include "examples/orders/options.h"
#include "examples/orders/order_store.h"
#include "examples/orders/payment.h"

namespace orders {

class Service {
 public:
  /// `store` outlives the service.
  Service(const Options& options, OrderStore& store);

  /// Takes the address; the port that it got, if it was 0.
  nanospan::Result<int> bind();
  /// Answers requests until stop(). False if the listening socket failed.
  bool serve() { return server_.listen_after_bind(); }
  /// No new connections; serve() returns when the open ones are done, or have been idle for kKeepAliveSeconds.
  void stop() { server_.stop(); }
  std::uint64_t requests() const { return requests_.load(std::memory_order_relaxed); }

 private:
  class Server final : public httplib::Server {
   public:
    /// cpp-httplib listens with a backlog of 5: a hundred clients that connect at once would have their SYNs dropped
    /// and wait for a second. Listening again on the same socket only changes the backlog.
    bool widen_backlog() { return ::listen(svr_sock_, kBacklog) == 0; }
  };
  static constexpr int kBacklog = 1024;
  static constexpr std::size_t kBodyBytesMax = 64 << 10;
  static constexpr time_t kKeepAliveSeconds = 10;

  void create(const httplib::Request& request, httplib::Response& response);
  void list(const httplib::Request& request, httplib::Response& response);
  void find(const httplib::Request& request, httplib::Response& response);

  Options options_;
  OrderStore& store_;
  Payments payments_;
  Server server_;
  std::atomic<std::uint64_t> requests_{0};
};

}  // namespace orders
