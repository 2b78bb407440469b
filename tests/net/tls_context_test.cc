// Settings that are wrong, in one line each; and certificates that change while connections stand.
#include "net/tls_context.h"

#include <gmock/gmock.h>

#include "tests/net/tls_fixture.h"

namespace nanospan::net {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TlsSettingsTest : public TlsTest {
 protected:
  std::string server_error() {
    auto made = tls_server_streams(server_tls_);
    return made.ok() ? "" : made.error().message;
  }
};

TEST_F(TlsSettingsTest, AKeyOfAnotherCertificateIsRefused) {
  server_tls_.key = pem("client.key");
  EXPECT_THAT(server_error(), AllOf(HasSubstr("client.key\""), HasSubstr("is not the key of cert_file")));
}

TEST_F(TlsSettingsTest, HalfAnIdentityIsRefused) {
  server_tls_.key = {};
  EXPECT_EQ(server_error(), "TLS: cert_file without key_file; give both");
  server_tls_.certificate = {};
  EXPECT_EQ(server_error(), "TLS: a server needs cert_file and key_file");
}

TEST_F(TlsSettingsTest, UnknownCiphersAndCurvesAreNamed) {
  server_tls_.cipher_suites = {"TLS_ROT13"};
  EXPECT_THAT(server_error(), HasSubstr("unknown cipher suite \"TLS_ROT13\""));
  server_tls_.cipher_suites = {"TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"};
  server_tls_.curves = {"P256", "X25519"};
  EXPECT_EQ(server_error(), "");
  server_tls_.curves = {"P1"};
  EXPECT_THAT(server_error(), HasSubstr("curve_preferences"));
}

TEST_F(TlsSettingsTest, VersionsTheWrongWayRoundAreRefused) {
  server_tls_.version_max = TlsVersion::k11;
  EXPECT_THAT(server_error(), HasSubstr("max_version is below min_version"));
}

TEST_F(TlsSettingsTest, SuitesOfTls13AloneNeedTls13) {
  server_tls_.cipher_suites = {"TLS_AES_128_GCM_SHA256"};
  server_tls_.version_max = TlsVersion::k12;
  EXPECT_THAT(server_error(), HasSubstr("cipher_suites are all of TLS 1.3, which max_version excludes"));
}

TEST_F(TlsTest, SuitesOfTls13AloneLeaveNoOtherVersion) {
  server_tls_.cipher_suites = {"TLS_AES_128_GCM_SHA256"};
  start_server();
  start_client();
  EXPECT_EQ(post("hello").response.status, 200);
  client_.reset();
  client_tls_.version_max = TlsVersion::k12;
  start_client();
  EXPECT_THAT(failure(), HasSubstr("version"));
  EXPECT_THAT(server_failures(), ElementsAre(HasSubstr("no TLS version in common with the peer")));
}

TEST_F(TlsTest, OldVersionsWorkWhereTheyAreAskedFor) {
  server_tls_.version_min = TlsVersion::k10;
  client_tls_.version_min = TlsVersion::k10;
  start_server();
  for (const TlsVersion newest : {TlsVersion::k10, TlsVersion::k11, TlsVersion::k12, TlsVersion::k13}) {
    client_.reset();
    client_tls_.version_max = newest;
    start_client();
    EXPECT_EQ(post("hello").response.status, 200) << static_cast<int>(newest);
  }
  client_.reset();
  client_tls_.version_max = TlsVersion::k11;
  client_tls_.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"};
  start_client();
  EXPECT_EQ(post("hello").response.status, 200);
}

TEST_F(TlsTest, SuitesWithoutAuthenticatedEncryptionAreForOldVersionsAlone) {
  client_tls_.version_max = TlsVersion::k12;
  client_tls_.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"};
  start_server();
  start_client();
  EXPECT_FALSE(post("hello").ok());
}

TEST_F(TlsTest, NewCertificatesAreTakenUpWhileConnectionsStand) {
  const testing::TestCertificates own;
  server_tls_.certificate = {own.path("server.pem"), {}};
  server_tls_.key = {own.path("server.key"), {}};
  server_tls_.reload_nanos = 60 * kSeconds;
  std::vector<std::string> reload_failures;
  server_tls_.on_reload_failed = [&](std::string_view why) { reload_failures.emplace_back(why); };
  client_tls_.ca = {own.path("ca.pem"), {}};
  start_server();
  start_client();
  EXPECT_EQ(post("hello").response.status, 200);

  own.write("server.pem", "half a fi");
  clock_.advance(30 * kSeconds);
  const auto first = std::move(client_);
  start_client();
  EXPECT_EQ(post("before the time").response.status, 200);
  clock_.advance(31 * kSeconds);
  start_client();
  EXPECT_EQ(post("with the old one").response.status, 200) << "a broken file leaves the old certificate in use";
  EXPECT_THAT(reload_failures, ElementsAre(HasSubstr("holds no certificate")));

  own.make("server", "other", "localhost");
  clock_.advance(61 * kSeconds);
  start_client();
  EXPECT_THAT(failure(), HasSubstr("not trusted here"));
  client_tls_.ca = {own.path("other.pem"), {}};
  start_client();
  EXPECT_EQ(post("with the new one").response.status, 200);
  EXPECT_EQ(first->counters().connections_opened, 1u);
}

}  // namespace
}  // namespace nanospan::net
