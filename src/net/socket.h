// Sockets without surprises: every descriptor is owned, close-on-exec and non-blocking; nothing raises SIGPIPE;
// addresses are values.
//
// Free functions over the system calls, each with an Error that names the call, the address and the errno text.
// Reentrant.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace nanospan::net {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

/// An IPv4 or IPv6 address with a port, or a unix socket.
class SocketAddress {
 public:
  static constexpr std::size_t kUnixNameBytesMax = 107;  ///< sun_path's 108, less its zero byte.

  /// Parses "127.0.0.1", "::1" (without brackets), a unix socket's path with a '/' in it, or "@name" of the abstract
  /// namespace (unix(7)); false if it is none, or too long.
  static bool parse(std::string_view literal, std::uint16_t port, SocketAddress& out);
  /// What parse() takes for a unix socket's name, however long.
  static bool is_unix_name(std::string_view literal) {
    return literal.starts_with('@') || literal.find('/') != std::string_view::npos;
  }
  static SocketAddress from(const sockaddr* address, socklen_t size);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  int family() const { return storage_.ss_family; }
  bool is_unix() const { return family() == AF_UNIX; }
  std::uint16_t port() const;  ///< 0 of a unix socket.
  void set_port(std::uint16_t port);
  /// "127.0.0.1:4318", "[::1]:4318", "unix:/path", "unix-abstract:name"; "unix socket" of one without a name.
  std::string text() const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

/// "connect: Connection refused", say.
Error system_error(std::string_view what, int error_number);

/// Binds and listens, with SO_REUSEADDR, and SO_REUSEPORT if `share_port`. kAlreadyExists: the address is in use. IPv6
/// wildcard sockets take IPv4 as well. The file of a unix socket on which nobody listens any more is removed first; its
/// permission bits are those of the umask (connecting needs the right to write).
Result<Fd> listen_on(const SocketAddress& address, bool share_port);
/// Another descriptor of the same listening socket, for another loop.
Result<Fd> listen_with(const Fd& listener);
Result<SocketAddress> local_address(int fd);
Result<SocketAddress> peer_address(int fd);

/// The file of a listening unix socket: removed when this goes, if it is still the one that was there at first. Nothing
/// for other addresses.
class SocketFile {
 public:
  explicit SocketFile(const SocketAddress& address);
  ~SocketFile();
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

 private:
  std::string path_;
  std::uint64_t device_ = 0, inode_ = 0;
};

/// Starts a connection (TCP_NODELAY set, where it is TCP). `in_progress` says whether connect_result() must be asked
/// once it is writable. On failure the errno is in `error_number`.
struct ConnectStart {
  Fd fd;
  bool in_progress = false;
  int error_number = 0;
};
ConnectStart start_connect(const SocketAddress& address);
/// 0 if the connection stands, else its errno.
int connect_result(int fd);

/// Accepts one connection: TCP_NODELAY, non-blocking. An empty Fd with 0 or the errno in `error_number` (EAGAIN counts
/// as 0).
struct Accepted {
  Fd fd;
  SocketAddress peer;
  int error_number = 0;
};
Accepted accept_on(int listener);

}  // namespace nanospan::net
