// Raw bytes to a port and back, for tests that care about what exactly is answered. Blocking; for the test's own
// thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace nanospan::gateway::testing {

class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawConnection() { ::close(fd_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  bool connected() const { return connected_; }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// One response with Content-Length, head and body; what came before the end of the connection otherwise.
  std::string receive() {
    std::string head_end = "\r\n\r\n";
    while (true) {
      const std::size_t end = received_.find(head_end);
      if (end != std::string::npos) {
        const std::size_t length_at = received_.find("Content-Length: ");
        const std::size_t length = length_at < end ? std::strtoul(received_.c_str() + length_at + 16, nullptr, 10) : 0;
        const std::size_t total = end + head_end.size() + length;
        if (received_.size() >= total) {
          std::string response = received_.substr(0, total);
          received_.erase(0, total);
          return response;
        }
      }
      if (!receive_more()) return std::exchange(received_, {});
    }
  }

  /// Reads until `bytes` came, and drops all up to their end. False if the connection ends before.
  bool receive_until(std::string_view bytes) {
    for (;;) {
      if (const std::size_t at = received_.find(bytes); at != std::string::npos) {
        received_.erase(0, at + bytes.size());
        return true;
      }
      if (!receive_more()) return false;
    }
  }

 private:
  bool receive_more() {
    char buffer[4096];
    const ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
    if (count > 0) received_.append(buffer, static_cast<std::size_t>(count));
    return count > 0;
  }
  int fd_;
  bool connected_ = false;
  std::string received_;
};

/// A POST of `body` with extra header lines ("Name: value\r\n").
inline std::string post(std::string_view path, std::string_view headers, std::string_view body) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// Sends a request on a connection of its own and gives the response.
inline std::string exchange(std::uint16_t port, std::string_view request) {
  RawConnection connection(port);
  connection.send(request);
  return connection.receive();
}

}  // namespace nanospan::gateway::testing
