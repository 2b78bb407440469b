// The system calls, each with the flags that make it safe, and addresses as text. Thread-safe.
#include "net/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace nanospan::net {
namespace {

constexpr int kListenBacklog = 4096;  // the kernel cuts it to net.core.somaxconn

void set_option(int fd, int level, int name, int value) {
  // Only options that exist everywhere are set; if one is refused, the socket still works, just less well.
  static_cast<void>(::setsockopt(fd, level, name, &value, sizeof value));
}

Fd open_socket(int family) { return Fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

void send_at_once(int fd, const SocketAddress& peer) {
  if (!peer.is_unix()) set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

/// Empty for what has no file: names of the abstract namespace, IP addresses.
const char* path_of(const SocketAddress& address) {
  return address.is_unix() ? reinterpret_cast<const sockaddr_un*>(address.get())->sun_path : "";
}

/// The file of a unix socket that is still there though nobody listens on it. What is no socket stays.
void remove_if_dead(const SocketAddress& address) {
  const char* const path = path_of(address);
  struct stat file {};
  if (path[0] == '\0' || ::lstat(path, &file) != 0 || !S_ISSOCK(file.st_mode)) return;
  const Fd probe = open_socket(AF_UNIX);
  if (probe && ::connect(probe.get(), address.get(), address.size()) != 0 && errno == ECONNREFUSED) ::unlink(path);
}

}  // namespace

void Fd::reset() {
  // Never repeated on EINTR: on Linux the descriptor is gone already, and may be another thread's by then.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

bool SocketAddress::parse(std::string_view literal, std::uint16_t port, SocketAddress& out) {
  const std::string text(literal);
  SocketAddress parsed;
  if (is_unix_name(text)) {
    if (text.size() > kUnixNameBytesMax + (text[0] == '@' ? 1 : 0)) return false;
    auto* local = reinterpret_cast<sockaddr_un*>(&parsed.storage_);
    local->sun_family = AF_UNIX;
    text.copy(local->sun_path, text.size());
    const std::size_t end = text[0] == '@' ? text.size() : text.size() + 1;  // an abstract name ends with its size
    if (text[0] == '@') local->sun_path[0] = '\0';
    parsed.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + end);
    out = parsed;
    return true;
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(&parsed.storage_);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&parsed.storage_);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    parsed.size_ = sizeof *v4;
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    parsed.size_ = sizeof *v6;
  } else {
    return false;
  }
  parsed.set_port(port);
  out = parsed;
  return true;
}

SocketAddress SocketAddress::from(const sockaddr* address, socklen_t size) {
  SocketAddress made;
  made.size_ = std::min<socklen_t>(size, sizeof made.storage_);
  std::memcpy(&made.storage_, address, made.size_);
  return made;
}

// The port is at the same place in both families that have one.
std::uint16_t SocketAddress::port() const {
  if (is_unix()) return 0;
  return family() == AF_INET6 ? ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port)
                              : ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
}

void SocketAddress::set_port(std::uint16_t port) {
  if (is_unix()) return;
  if (family() == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&storage_)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(&storage_)->sin_port = htons(port);
  }
}

std::string SocketAddress::text() const {
  if (is_unix()) {
    constexpr std::size_t kNameAt = offsetof(sockaddr_un, sun_path);
    const char* const name = reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
    if (size_ <= kNameAt) return "unix socket";
    return name[0] == '\0' ? "unix-abstract:" + std::string(name + 1, size_ - kNameAt - 1)
                           : std::string("unix:") + name;
  }
  char host[INET6_ADDRSTRLEN] = "?";
  if (family() == AF_INET6) {
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(port());
  }
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, host, sizeof host);
    return std::string(host) + ":" + std::to_string(port());
  }
  return "unknown peer";
}

Error system_error(std::string_view what, int error_number) {
  std::string message(what);
  message += ": ";
  message += std::generic_category().message(error_number);
  return Error{ErrorCode::kSystem, std::move(message)};
}

Result<Fd> listen_on(const SocketAddress& address, bool share_port) {
  const std::string where = " on " + address.text();
  Fd fd = open_socket(address.family());
  if (!fd) return system_error("socket" + where, errno);
  remove_if_dead(address);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (share_port && !address.is_unix()) set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.family() == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(fd.get(), address.get(), address.size()) != 0) {
    const int why = errno;
    Error refused = system_error("bind" + where, why);
    if (why == EADDRINUSE) {
      refused.code = ErrorCode::kAlreadyExists;
      const std::string port = std::to_string(address.port());
      refused.message += address.is_unix() ? "; another program listens there (ss -lxp shows it), or the file is no "
                                             "socket: stop the one, remove the "
                                             "other, or use another path"
                                           : "; another program listens there: stop it (ss -ltnp 'sport = :" + port +
                                                 "' shows it), or use another port";
    }
    if (why == EACCES) {
      refused.message += address.is_unix()
                             ? "; this user may not write the socket's folder: change its owner or mode, or "
                               "use another path"
                             : "; ports below 1024 take the capability CAP_NET_BIND_SERVICE: use a higher "
                               "port, or give it (setcap, AmbientCapabilities=)";
    } else if (why == EADDRNOTAVAIL) {
      refused.message +=
          "; this machine has no such address (ip addr lists those that it has): use one of them, or "
          "0.0.0.0 for all";
    } else if (why == ENOENT) {
      refused.message += "; there is no such folder: make it, or use another path";
    }
    return refused;
  }
  if (::listen(fd.get(), kListenBacklog) != 0) return system_error("listen" + where, errno);
  return fd;
}

Result<Fd> listen_with(const Fd& listener) {
  Fd another(::fcntl(listener.get(), F_DUPFD_CLOEXEC, 0));
  if (!another) return system_error("dup of a listening socket", errno);
  return another;
}

SocketFile::SocketFile(const SocketAddress& address) : path_(path_of(address)) {
  struct stat file {};
  if (path_.empty() || ::lstat(path_.c_str(), &file) != 0) {
    path_.clear();
    return;
  }
  device_ = file.st_dev;
  inode_ = file.st_ino;
}

SocketFile::~SocketFile() {
  struct stat file {};
  if (path_.empty() || ::lstat(path_.c_str(), &file) != 0) return;
  if (file.st_dev == device_ && file.st_ino == inode_) ::unlink(path_.c_str());
}

namespace {

Result<SocketAddress> address_of(int fd, int (*ask)(int, sockaddr*, socklen_t*), std::string_view name) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (ask(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return system_error(name, errno);
  return SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage), size);
}

}  // namespace

Result<SocketAddress> local_address(int fd) { return address_of(fd, &::getsockname, "getsockname"); }
Result<SocketAddress> peer_address(int fd) { return address_of(fd, &::getpeername, "getpeername"); }

ConnectStart start_connect(const SocketAddress& address) {
  ConnectStart start;
  start.fd = open_socket(address.family());
  if (!start.fd) {
    start.error_number = errno;
    return start;
  }
  // Requests are written in one piece; Nagle would only hold their last segment back (dependencies.md, a: 40 ms
  // stalls).
  send_at_once(start.fd.get(), address);
  if (::connect(start.fd.get(), address.get(), address.size()) == 0) return start;
  if (errno == EINPROGRESS || errno == EINTR) {
    start.in_progress = true;
  } else {
    start.error_number = errno;
    start.fd.reset();
  }
  return start;
}

int connect_result(int fd) {
  int result = 0;
  socklen_t size = sizeof result;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &size) == 0 ? result : errno;
}

Accepted accept_on(int listener) {
  Accepted accepted;
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  accepted.fd = Fd(::accept4(listener, reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted.fd) {
    accepted.error_number = errno == EAGAIN ? 0 : errno;
    return accepted;
  }
  accepted.peer = SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage), size);
  send_at_once(accepted.fd.get(), accepted.peer);
  return accepted;
}

}  // namespace nanospan::net
