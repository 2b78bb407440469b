// TLS with other people's programs: curl (HTTP/1.1 and HTTP/2) and the openssl command, as client and as server.
#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <thread>

#include "tests/net/tls_fixture.h"

namespace nanospan::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TlsPeersTest : public TlsTest {
 protected:
  /// What the command prints, while the loop runs.
  std::string run(const std::string& command) {
    std::string printed;
    std::atomic<bool> done = false;
    std::thread runner([&] {
      std::FILE* const pipe = ::popen(command.c_str(), "re");
      std::array<char, 4096> buffer;
      while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
        printed.append(buffer.data(), count);
      }
      ::pclose(pipe);
      done = true;
    });
    EXPECT_TRUE(run_until([&] { return done.load(); }));
    runner.join();
    return printed;
  }
  std::string curl(const std::string& arguments) {
    const std::string port = std::to_string(server_->port());
    return run("curl -sS --max-time 30 --noproxy '*' --resolve localhost:" + port + ":127.0.0.1 --cacert " +
               certificates().path("ca.pem") + " -w ' HTTP/%{http_version}' --data hello " + arguments +
               " https://localhost:" + port + "/ 2>&1");
  }
};

TEST_F(TlsPeersTest, CurlSpeaksHttp1) {
  start_server();
  EXPECT_EQ(curl("--http1.1"), "got 5 HTTP/1.1");
}

TEST_F(TlsPeersTest, CurlSpeaksHttp2ByAlpn) {
  start_server();
  EXPECT_EQ(curl("--http2"), "got 5 HTTP/2");
}

TEST_F(TlsPeersTest, CurlShowsAClientCertificate) {
  server_tls_.client_ca = pem("ca.pem");
  start_server();
  EXPECT_EQ(curl("--http2 --cert " + certificates().path("client.pem") + " --key " + certificates().path("client.key")),
            "got 5 HTTP/2");
  EXPECT_THAT(curl("--http2"), HasSubstr("curl: ("));
}

TEST_F(TlsPeersTest, OpensslAsClientVerifiesTheChainAndMayNotRenegotiate) {
  start_server();
  const std::string target = "openssl s_client -connect 127.0.0.1:" + std::to_string(server_->port()) +
                             " -servername localhost -verify_return_error -CAfile " + certificates().path("ca.pem");
  EXPECT_THAT(run("true | " + target + " -alpn h2,http/1.1 2>&1"),
              AllOf(HasSubstr("Verify return code: 0 (ok)"), HasSubstr("ALPN protocol: h2"), HasSubstr("TLSv1.3")));
  EXPECT_THAT(run("echo R | " + target + " -tls1_2 2>&1"), HasSubstr("no renegotiation"));
}

TEST_F(TlsPeersTest, OpensslAsServerAnswersOurClient) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> server(
      ::popen(("exec openssl s_server -accept 127.0.0.1:0 -naccept 1 -www -cert " + certificates().path("server.pem") +
               " -key " + certificates().path("server.key"))
                  .c_str(),
              "re"),
      &::pclose);
  std::array<char, 256> line{};
  std::string port;
  while (port.empty() && std::fgets(line.data(), line.size(), server.get()) != nullptr) {
    const std::string_view text(line.data());
    if (text.starts_with("ACCEPT")) port = text.substr(text.rfind(':') + 1);
  }
  ASSERT_FALSE(port.empty());
  Http1ClientOptions options;
  options.origin = parse_url("https://localhost:" + port.substr(0, port.find('\n'))).value();
  options.lookup = &TlsTest::loopback;
  options.make_stream = client_streams("localhost", "http/1.1");
  client_ = std::move(Http1Client::create(*loop_, std::move(options))).value();
  HttpRequest request;
  request.method = "GET";
  std::optional<HttpResult> result;
  client_->send(std::move(request), [&](HttpResult done) { result = std::move(done); });
  ASSERT_TRUE(run_until([&] { return result.has_value(); }));
  ASSERT_TRUE(result->ok()) << result->error.error.message;
  EXPECT_THAT(result->response.body, HasSubstr("s_server"));
}

}  // namespace
}  // namespace nanospan::net
