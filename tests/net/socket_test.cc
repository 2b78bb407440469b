#include "net/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>

namespace nanospan::net {
namespace {

SocketAddress address(const char* host, std::uint16_t port = 0) {
  SocketAddress out;
  EXPECT_TRUE(SocketAddress::parse(host, port, out)) << host;
  return out;
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

void expect_well_made(int fd) {
  EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC);
  EXPECT_TRUE(::fcntl(fd, F_GETFL) & O_NONBLOCK);
}

TEST(Socket, FdOwnsItsDescriptor) {
  Fd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = first.get();
  ASSERT_TRUE(first);
  Fd second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT: moved from on purpose
  Fd& itself = second;
  second = std::move(itself);
  EXPECT_EQ(second.get(), number);
  second.reset();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Socket, AddressesAreParsedAndPrinted) {
  EXPECT_EQ(address("127.0.0.1", 4318).text(), "127.0.0.1:4318");
  EXPECT_EQ(address("::1", 1).text(), "[::1]:1");
  EXPECT_EQ(address("::1", 65535).port(), 65535);
  SocketAddress unused;
  for (const char* bad : {"", "localhost", "1.2.3", "1.2.3.4.5", "[::1]", "::1%lo", " 127.0.0.1", "127.0.0.1 "}) {
    EXPECT_FALSE(SocketAddress::parse(bad, 1, unused)) << bad;
  }
}

TEST(Socket, UnixSocketsAreAddresses) {
  const std::string longest = "/" + std::string(106, 'x');
  EXPECT_EQ(address("/run/x.sock", 1).text(), "unix:/run/x.sock");
  EXPECT_EQ(address("./x.sock").text(), "unix:./x.sock");
  EXPECT_EQ(address("@x").text(), "unix-abstract:x");
  EXPECT_EQ(address(longest.c_str()).text(), "unix:" + longest);
  EXPECT_EQ(address("/run/x.sock", 4317).port(), 0);
  SocketAddress unused;
  EXPECT_FALSE(SocketAddress::parse(longest + "x", 0, unused));
  EXPECT_TRUE(SocketAddress::parse("@" + longest, 0, unused));
  EXPECT_FALSE(SocketAddress::parse("@" + longest + "x", 0, unused));
}

class UnixSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_LE(path_.size(), SocketAddress::kUnixNameBytesMax) << "TMPDIR is too long for a unix socket: " << path_;
    address_ = address(path_.c_str());
  }
  ~UnixSocketTest() override { ::unlink(path_.c_str()); }
  static bool connects(const SocketAddress& to) {
    const ConnectStart start = start_connect(to);
    return static_cast<bool>(start.fd);
  }

  const std::string path_ = ::testing::TempDir() + "socket_test." + std::to_string(::getpid());
  SocketAddress address_;
};

TEST_F(UnixSocketTest, ConnectionsStand) {
  for (const SocketAddress& where : {address_, address(("@" + path_).c_str())}) {
    const Result<Fd> listener = listen_on(where, true);
    ASSERT_TRUE(listener.ok()) << listener.error().message;
    expect_well_made(listener->get());
    const Result<Fd> another = listen_with(*listener);
    ASSERT_TRUE(another.ok());
    expect_well_made(another->get());
    EXPECT_EQ(local_address(another->get())->text(), where.text());
    EXPECT_TRUE(connects(where));
    const Accepted accepted = accept_on(another->get());
    ASSERT_TRUE(accepted.fd);
    EXPECT_EQ(accepted.peer.text(), "unix socket");
  }
}

TEST_F(UnixSocketTest, WhatCannotBeListenedOnSaysWhatToDo) {
  const auto refusal = [](const SocketAddress& where) { return listen_on(where, false).error().message; };
  EXPECT_NE(
      refusal(address((path_ + "/no/such.sock").c_str())).find("No such file or directory; there is no such folder"),
      std::string::npos);
  SocketAddress foreign;
  ASSERT_TRUE(SocketAddress::parse("192.0.2.1", 4317, foreign));  // TEST-NET-1: nobody's (RFC 5737)
  EXPECT_EQ(
      refusal(foreign),
      "bind on 192.0.2.1:4317: Cannot assign requested address; this machine has no such address (ip addr lists those "
      "that it has): use one of them, or 0.0.0.0 for all");
}

TEST_F(UnixSocketTest, OneThatIsInUseIsLeftAlone) {
  const Fd first = listen_on(address_, false).value();
  const Result<Fd> second = listen_on(address_, false);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kAlreadyExists);
  EXPECT_NE(second.error().message.find(path_ + ": Address already in use; another program listens there"),
            std::string::npos)
      << second.error().message;
  EXPECT_TRUE(connects(address_));
}

TEST_F(UnixSocketTest, ADeadOneIsReplacedAndAFileIsNot) {
  listen_on(address_, false).value().reset();  // as a program that was killed leaves it
  EXPECT_FALSE(connects(address_));
  Fd listener = listen_on(address_, false).value();
  EXPECT_TRUE(connects(address_));
  listener.reset();
  ::unlink(path_.c_str());
  const Fd file(::open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_EQ(listen_on(address_, false).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(::access(path_.c_str(), F_OK), 0);
}

TEST_F(UnixSocketTest, TheFileGoesWithItsOwnerUnlessItIsAnothers) {
  const Fd first = listen_on(address_, false).value();
  std::optional<SocketFile> file(std::in_place, address_);
  file.reset();
  EXPECT_NE(::access(path_.c_str(), F_OK), 0);
  const Fd second = listen_on(address_, false).value();
  file.emplace(address_);
  const std::string aside = path_ + ".aside";
  ASSERT_EQ(::rename(path_.c_str(), aside.c_str()), 0);
  const Fd third = listen_on(address_, false).value();
  file.reset();
  EXPECT_TRUE(connects(address_)) << "the third's file was removed";
  ::unlink(aside.c_str());
}

TEST(Socket, ConnectionsStandOnBothFamilies) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    Result<Fd> listener = listen_on(address(host), false);
    if (!listener.ok() && std::string_view(host) == "::1") GTEST_SKIP() << "no IPv6 here";
    ASSERT_TRUE(listener.ok()) << listener.error().message;
    expect_well_made(listener->get());
    const ConnectStart start = start_connect(*local_address(listener->get()));
    ASSERT_TRUE(start.fd);
    expect_well_made(start.fd.get());
    pollfd writable{start.fd.get(), POLLOUT, 0};
    ASSERT_EQ(::poll(&writable, 1, -1), 1);
    EXPECT_EQ(connect_result(start.fd.get()), 0);
    pollfd incoming{listener->get(), POLLIN, 0};
    ASSERT_EQ(::poll(&incoming, 1, -1), 1);
    const Accepted accepted = accept_on(listener->get());
    ASSERT_TRUE(accepted.fd);
    expect_well_made(accepted.fd.get());
    EXPECT_EQ(accepted.peer.text(), local_address(start.fd.get())->text());
    EXPECT_EQ(accepted.peer.text(), peer_address(accepted.fd.get())->text());
    for (const int fd : {start.fd.get(), accepted.fd.get()}) EXPECT_NE(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);
    const Accepted none = accept_on(listener->get());
    EXPECT_FALSE(none.fd);
    EXPECT_EQ(none.error_number, 0);
  }
}

TEST(Socket, ErrorsNameCallAndAddress) {
  Result<Fd> first = listen_on(address("127.0.0.1"), false);
  ASSERT_TRUE(first.ok());
  const Result<Fd> second = listen_on(*local_address(first->get()), false);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message, "bind on " + local_address(first->get())->text() +
                                        ": Address already in use; another program listens there: stop it (ss -ltnp "
                                        "'sport = :" +
                                        std::to_string(local_address(first->get())->port()) +
                                        "' shows it), or use another port");
}

TEST(Socket, SharedPortsNeedBothSidesToSay) {
  Result<Fd> first = listen_on(address("127.0.0.1"), true);
  ASSERT_TRUE(first.ok());
  const SocketAddress taken = *local_address(first->get());
  EXPECT_TRUE(listen_on(taken, true).ok());
  EXPECT_FALSE(listen_on(taken, false).ok());
}

}  // namespace
}  // namespace nanospan::net
