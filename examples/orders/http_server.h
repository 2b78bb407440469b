// HttpServer: a cpp-httplib server as a service needs it, traced by Nanospan's adapter; and JSON answers.
//
// Lifecycle: construct, add routes, bind(), serve() (blocks), stop() from any thread. Handlers run on its workers.
#pragma once

#include <httplib.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include <nanospan/result.h>

namespace orders {

class HttpServer final : public httplib::Server {
 public:
  /// `threads`: cpp-httplib keeps one on each open connection; have more than clients.
  explicit HttpServer(std::size_t threads);

  /// Takes the address; the port that it got, if `port` was 0.
  nanospan::Result<int> bind(const std::string& address, int port);
  /// Answers requests until stop(). False if the listening socket failed. After stop() it returns when the open
  /// connections are done, or have been idle for kKeepAliveSeconds.
  bool serve() { return listen_after_bind(); }
  std::uint64_t requests() const { return requests_.load(std::memory_order_relaxed); }

 private:
  static constexpr int kBacklog = 1024;
  static constexpr std::size_t kBodyBytesMax = 64 << 10;
  static constexpr time_t kKeepAliveSeconds = 10;

  /// cpp-httplib listens with a backlog of 5: a hundred clients that connect at once would have their SYNs dropped
  /// and wait for a second. Listening again on the same socket only changes the backlog.
  bool widen_backlog() { return ::listen(svr_sock_, kBacklog) == 0; }

  std::atomic<std::uint64_t> requests_{0};
};

void answer(httplib::Response& response, int status, const std::string& json);
/// {"error": the message}, with the status that belongs to the code.
void answer(httplib::Response& response, const nanospan::Error& error);

}  // namespace orders
