// One HTTP request over a plain blocking socket to this machine, and its answer.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace nanospan::profile::testing {

struct HttpAnswer {
  int status = 0;
  std::string head;
  std::string body;
};

inline int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

/// `leaves`: as a client does that is interrupted, it says at once that it will send nothing more.
inline HttpAnswer http_exchange(std::uint16_t port, const std::string& request, bool leaves = false) {
  HttpAnswer answer;
  const int fd = connect_to(port);
  if (fd < 0) return answer;
  std::string text;
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    if (leaves) shutdown(fd, SHUT_WR);
    std::array<char, 65536> buffer{};
    for (ssize_t got = 1; got > 0;) {
      got = recv(fd, buffer.data(), buffer.size(), 0);
      if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  close(fd);
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) return answer;
  answer.head = text.substr(0, end);
  answer.body = text.substr(end + 4);
  std::from_chars(text.data() + 9, text.data() + 12, answer.status);
  return answer;
}

inline HttpAnswer http_get(std::uint16_t port, const std::string& target, const std::string& headers = "") {
  return http_exchange(port,
                       "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + headers + "\r\n");
}

/// Of a continuous profiler in a busy program: until there is a sample that was taken after this was called. The first
/// that its history shows may be from before the recorder began.
inline void wait_for_new_samples(std::uint16_t port) {
  const std::string past = "/debug/pprof/profile?from=-5m&format=collapsed";
  const std::string before = http_get(port, past).body;
  while (http_get(port, past).body == before) {
  }
}

}  // namespace nanospan::profile::testing
