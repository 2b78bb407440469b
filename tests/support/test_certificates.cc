#include "tests/support/test_certificates.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace nanospan::testing {
namespace {

constexpr const char* kNewKey = " -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes ";

}  // namespace

TestCertificates::TestCertificates() {
  make_authority("ca");
  make_authority("other");
  make("server", "ca", "localhost");
  make("client", "ca", "client");
  make("other-client", "other", "client");
  run("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days -1 -extfile server.ext -out expired.pem");
  run("pkey -in server.key -aes256 -passout pass:secret -out encrypted.key");
}

std::string TestCertificates::read(const std::string& name) const { return contents(path(name)); }

void TestCertificates::write(const std::string& name, const std::string& content) const {
  std::ofstream(path(name)) << content;
}

void TestCertificates::run(const std::string& arguments) const {
  const std::string command = "cd " + folder_.path().string() + " && openssl " + arguments + " 2>>log";
  ASSERT_EQ(std::system(command.c_str()), 0) << command << "\n" << read("log");
}

void TestCertificates::make_authority(const std::string& name) const {
  run("req -x509" + std::string(kNewKey) + "-days 2 -subj /CN=" + name + " -addext keyUsage=keyCertSign -keyout " +
      name + ".key -out " + name + ".pem");
}

void TestCertificates::make(const std::string& name, const std::string& authority, const std::string& host) const {
  write(name + ".ext", "subjectAltName=DNS:" + host + ",IP:127.0.0.1\n");
  run("req -new" + std::string(kNewKey) + "-subj /CN=" + name + " -keyout " + name + ".key -out " + name + ".csr");
  run("x509 -req -in " + name + ".csr -CA " + authority + ".pem -CAkey " + authority +
      ".key -set_serial 5 -days 2 -extfile " + name + ".ext -out " + name + ".pem");
}

}  // namespace nanospan::testing
