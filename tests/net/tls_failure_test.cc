// What people read when TLS does not come about, on both sides.
#include "net/tls_failure.h"

#include <gmock/gmock.h>

#include "tests/net/tls_fixture.h"

namespace nanospan::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(TlsTest, AnUnknownAuthorityIsNamedAsTheReason) {
  client_tls_.ca = pem("other.pem");
  start_server();
  start_client();
  EXPECT_THAT(failure(), HasSubstr("the certificate of localhost comes from an authority that is not trusted here"));
  EXPECT_THAT(server_failures(), ElementsAre(HasSubstr("the peer does not trust the authority of our certificate")));
}

TEST_F(TlsTest, AServerSaysWhoCouldNotAgree) {
  start_server();
  RawPeer peer(server_->port());
  peer.send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return !server_failures_.empty(); }));
  EXPECT_THAT(server_failures(),
              ElementsAre(HasSubstr("use https, or take `insecure` from its TLS settings (127.0.0.1:")));
}

TEST_F(TlsTest, AProbeOfThePortIsNoFailure) {
  start_server();
  RawPeer polite(server_->port()), rude(server_->port()), hasty(server_->port());
  settle();
  polite.finish_sending();
  rude.reset();
  hasty.send("\x16");
  settle();
  hasty.close();
  EXPECT_THAT(server_failures(), ElementsAre(HasSubstr("closed the connection in the TLS handshake")));
  EXPECT_TRUE(run_until([&] { return server_->counters().connections_open == 0; }));
}

TEST_F(TlsTest, AFailureToAgreeIsOfItsOwnKindAndTheRequestDidNotArrive) {
  client_tls_.ca = pem("other.pem");
  start_server();
  start_client();
  const HttpResult result = post("hello");
  EXPECT_EQ(result.error.failure, HttpFailure::kTls);
  EXPECT_FALSE(result.error.may_have_arrived);
}

TEST_F(TlsTest, AWrongHostNameIsToldWithTheRightOnes) {
  start_server();
  start_client("shop.example");
  EXPECT_THAT(failure(), HasSubstr("the server's certificate is not for shop.example but for localhost, 127.0.0.1"));
}

TEST_F(TlsTest, AnAddressIsLookedForAmongTheAddressesOfTheCertificate) {
  start_server();
  start_client("127.0.0.1");
  EXPECT_EQ(post("hello").response.status, 200);
  client_.reset();
  start_client("127.0.0.2");
  EXPECT_THAT(failure(), HasSubstr("not for 127.0.0.2"));
}

TEST_F(TlsTest, AServerNameMayReplaceTheHosts) {
  start_server();
  client_tls_.server_name = "localhost";
  start_client("shop.example");
  EXPECT_EQ(post("hello").response.status, 200);
}

TEST_F(TlsTest, WithoutVerificationAnyCertificateWillDo) {
  client_tls_.ca = {};
  client_tls_.verify = false;
  start_server();
  start_client("shop.example");
  EXPECT_EQ(post("hello").response.status, 200);
}

TEST_F(TlsTest, AnExpiredCertificateIsToldSo) {
  server_tls_.certificate = pem("expired.pem");
  start_server();
  start_client();
  EXPECT_THAT(failure(), HasSubstr("has expired"));
}

TEST_F(TlsTest, AClientWithTheRightCertificateIsLetIn) {
  server_tls_.client_ca = pem("ca.pem");
  client_tls_.certificate = pem("client.pem");
  client_tls_.key = pem("client.key");
  start_server();
  start_client();
  start_grpc_client();
  EXPECT_EQ(post("hello").response.status, 200);
  EXPECT_EQ(call("hello").message, "echo:hello");
}

TEST_F(TlsTest, AClientWithoutACertificateIsToldThatOneIsAskedFor) {
  server_tls_.client_ca = pem("ca.pem");
  start_server();
  start_client();
  EXPECT_THAT(failure(), HasSubstr("the server asks for a client certificate"));
  EXPECT_THAT(server_failures(), ElementsAre(HasSubstr("the client shows no certificate")));
  start_grpc_client();
  const GrpcReply reply = call("hello");
  EXPECT_EQ(reply.status.code, GrpcCode::kUnavailable);
  EXPECT_THAT(reply.status.message, HasSubstr("the server asks for a client certificate"));
}

TEST_F(TlsTest, ASo12ClientWithoutACertificateIsTurnedAwayInTheHandshake) {
  server_tls_.client_ca = pem("ca.pem");
  client_tls_.version_max = TlsVersion::k12;
  start_server();
  start_client();
  EXPECT_THAT(failure(), HasSubstr("asks for a client certificate"));
}

TEST_F(TlsTest, AClientsCertificateOfAnotherAuthorityIsRefused) {
  server_tls_.client_ca = pem("ca.pem");
  client_tls_.certificate = pem("other-client.pem");
  client_tls_.key = pem("other-client.key");
  start_server();
  start_client();
  EXPECT_THAT(failure(), HasSubstr("the peer does not trust the authority of our certificate"));
  EXPECT_THAT(server_failures(), ElementsAre(HasSubstr("the client's certificate comes from an authority")));
}

TEST_F(TlsTest, PlainHttpToATlsPortIsAnsweredInPlainWords) {
  start_server();
  start_client("localhost", false);
  const HttpResult result = post("hello");
  ASSERT_TRUE(result.ok()) << result.error.error.message;
  EXPECT_EQ(result.response.status, 400);
  EXPECT_THAT(result.response.body, HasSubstr("This port speaks TLS; use https"));
  EXPECT_THAT(server_failures(), ElementsAre(HasSubstr("the client does not speak TLS")));
}

// A close with unread bytes would reset the connection, and who still writes would never read why.
TEST_F(TlsTest, WhoIsRefusedWhileItSendsIsNotReset) {
  start_server();
  RawPeer peer(server_->port());
  peer.send("POST / HTTP/1.1\r\n");
  const auto ended = [&] {
    peer.receive();
    return peer.ended();
  };
  EXPECT_TRUE(run_until(ended));
  EXPECT_THAT(peer.received(), HasSubstr("This port speaks TLS; use https"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(peer.send("Content-Length: 0\r\n"), 19u) << i;
    settle();
  }
  peer.receive();
  EXPECT_FALSE(peer.was_reset());
  peer.close();
  EXPECT_TRUE(run_until([&] { return server_->counters().connections_open == 0; }));
}

TEST_F(TlsTest, WhoIsRefusedAndDoesNotCloseIsClosedInTheEnd) {
  start_server();
  RawPeer peer(server_->port());
  peer.send("POST / HTTP/1.1\r\n");
  EXPECT_TRUE(run_until([&] { return !server_failures_.empty(); }));
  EXPECT_EQ(server_->counters().connections_open, 1u);
  advance(2 * kSeconds);
  EXPECT_TRUE(run_until([&] { return server_->counters().connections_open == 0; }));
}

TEST_F(TlsTest, TlsToAPlainPortIsToldSo) {
  start_server(false);
  start_client();
  EXPECT_THAT(failure(), HasSubstr("the server does not speak TLS there"));
}

TEST_F(TlsTest, GrpcToAServerThatHasOnlyHttp1IsToldSo) {
  server_tls_.protocols = {"http/1.1"};
  start_server();
  start_grpc_client();
  EXPECT_THAT(call("hello").status.message, HasSubstr("does not speak our protocol"));
  grpc_client_.reset();
  server_tls_.protocols = {};
  start_server();
  start_grpc_client();
  EXPECT_THAT(call("hello").status.message, HasSubstr("does not offer HTTP/2 by ALPN"));
}

TEST_F(TlsTest, VersionsWithoutAnOverlapAreToldOnBothSides) {
  server_tls_.version_min = TlsVersion::k13;
  client_tls_.version_max = TlsVersion::k12;
  start_server();
  start_client();
  EXPECT_THAT(failure(), HasSubstr("no TLS version in common"));
  EXPECT_THAT(server_failures(), ElementsAre(HasSubstr("no TLS version in common")));
}

TEST_F(TlsTest, CiphersWithoutAnOverlapAreTold) {
  server_tls_.version_max = TlsVersion::k12;
  server_tls_.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  client_tls_.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
  start_server();
  start_client();
  EXPECT_THAT(failure(), HasSubstr("no cipher in common"));
  EXPECT_THAT(server_failures(), ElementsAre(HasSubstr("no cipher suite in common")));
}

TEST_F(TlsTest, AClientThatDoesNotFinishTheHandshakeIsClosed) {
  start_server();
  RawPeer peer(server_->port());
  peer.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  advance(9 * kSeconds);
  peer.receive();
  EXPECT_FALSE(peer.ended());
  advance(2 * kSeconds);
  EXPECT_TRUE(run_until([&] {
    peer.receive();
    return peer.ended();
  }));
  EXPECT_THAT(server_failures(), ElementsAre(HasSubstr("did not finish the handshake in time")));
  EXPECT_EQ(server_->counters().connections_open, 0u);
}

TEST_F(TlsTest, AServerThatIsSilentEndsByTheDeadline) {
  start_server();
  SocketAddress any;
  ASSERT_TRUE(SocketAddress::parse("127.0.0.1", 0, any));
  const Fd silent = listen_on(any, false).value();
  Http1ClientOptions options;
  options.origin = parse_url("https://localhost:" + std::to_string(local_address(silent.get())->port())).value();
  options.lookup = &TlsTest::loopback;
  options.make_stream = client_streams("localhost", "http/1.1");
  client_ = std::move(Http1Client::create(*loop_, std::move(options))).value();
  HttpRequest request;
  request.deadline = base::Deadline::after(clock_, 5 * kSeconds);
  std::optional<HttpResult> result;
  client_->send(std::move(request), [&](HttpResult done) { result = std::move(done); });
  advance(6 * kSeconds);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->error.failure, HttpFailure::kConnectTimeout);
  EXPECT_THAT(result->error.error.message, HasSubstr("in the TLS handshake"));
}

}  // namespace
}  // namespace nanospan::net
