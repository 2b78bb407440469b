// Certificates for tests, made by the openssl command in a directory that goes with the object. Two authorities, "ca"
// and "other"; a server's certificate for localhost and 127.0.0.1, and clients' ones.
#pragma once

#include <string>

#include "tests/support/temporary_folder.h"

namespace nanospan::testing {

class TestCertificates {
 public:
  TestCertificates();

  /// "ca.pem", "other.pem" (an authority that signed "other-client"), "server.pem", "server.key", "expired.pem" (with
  /// server.key), "client.pem", "client.key", "other-client.pem", "other-client.key", "encrypted.key".
  std::string path(const std::string& name) const { return folder_ / name; }
  std::string read(const std::string& name) const;
  void write(const std::string& name, const std::string& content) const;
  /// A certificate NAME.pem with NAME.key, for the DNS name `host`.
  void make(const std::string& name, const std::string& authority, const std::string& host) const;

 private:
  void run(const std::string& arguments) const;
  void make_authority(const std::string& name) const;

  TemporaryFolder folder_;
};

}  // namespace nanospan::testing
