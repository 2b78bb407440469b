#include "net/tls_pem.h"

#include <gmock/gmock.h>
#include <openssl/x509v3.h>

#include "tests/support/test_certificates.h"

namespace nanospan::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TlsPemTest : public ::testing::Test {
 protected:
  static const testing::TestCertificates& certificates() {
    static const testing::TestCertificates made;
    return made;
  }
  static TlsPem file(const std::string& name) { return {certificates().path(name), {}}; }
  static std::string certificate_error(const TlsPem& pem) {
    const auto loaded = load_certificates(pem, "cert_file");
    return loaded.ok() ? "" : loaded.error().message;
  }
  static std::string key_error(const TlsPem& pem) {
    const auto loaded = load_key(pem, "key_file");
    return loaded.ok() ? "" : loaded.error().message;
  }
};

TEST_F(TlsPemTest, ReadsAllCertificatesInTheirOrder) {
  const std::string chain = certificates().read("server.pem") + "words between\n" + certificates().read("ca.pem");
  const auto loaded = load_certificates({{}, chain}, "cert_file");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  ASSERT_EQ(loaded->size(), 2u);
  EXPECT_EQ(X509_check_issued((*loaded)[1].get(), (*loaded)[0].get()), X509_V_OK);
}

TEST_F(TlsPemTest, AFileThatIsNotThereIsNamed) {
  EXPECT_EQ(certificate_error({"/nowhere/server.pem", {}}),
            "TLS: cert_file \"/nowhere/server.pem\" cannot be opened: No such file or directory");
  EXPECT_EQ(key_error({"/nowhere/server.key", {}}),
            "TLS: key_file \"/nowhere/server.key\" cannot be opened: No such file or directory");
}

TEST_F(TlsPemTest, AFolderIsNoFile) {
  EXPECT_THAT(certificate_error(file("")), HasSubstr("cannot be read: Is a directory"));
}

TEST_F(TlsPemTest, OneThingInPlaceOfTheOtherIsToldSo) {
  EXPECT_THAT(certificate_error(file("server.key")),
              AllOf(HasSubstr("server.key\""), HasSubstr("holds no certificate")));
  EXPECT_THAT(key_error(file("server.pem")), HasSubstr("holds no private key"));
}

TEST_F(TlsPemTest, ABrokenCertificateIsRefusedEvenBehindAGoodOne) {
  const std::string broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(certificate_error({{}, broken}), HasSubstr("cert_file has a certificate that cannot be read"));
  EXPECT_THAT(certificate_error({{}, certificates().read("server.pem") + broken}), HasSubstr("cannot be read"));
}

TEST_F(TlsPemTest, AKeyWithAPassphraseIsRefusedAndNobodyIsAskedForIt) {
  EXPECT_THAT(key_error(file("encrypted.key")), HasSubstr("is encrypted; write it without a passphrase"));
}

TEST_F(TlsPemTest, AFileAndTextAreOneTooMany) {
  EXPECT_EQ(key_error({{}, certificates().read("server.key")}), "");
  EXPECT_THAT(key_error({"x", "y"}), HasSubstr("both as a file and as text"));
}

TEST_F(TlsPemTest, AFileWithoutAnEndIsNotReadToItsEnd) {
  EXPECT_THAT(certificate_error({"/dev/zero", {}}), HasSubstr("is larger than 4 MiB"));
}

}  // namespace
}  // namespace nanospan::net
