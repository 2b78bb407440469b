#include "net/tls_stream.h"

#include <gmock/gmock.h>

#include "tests/net/tls_fixture.h"

namespace nanospan::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(TlsTest, CarriesHttp1OnAConnectionThatIsKept) {
  start_server();
  start_client();
  EXPECT_EQ(post("hello").response.body, "got 5");
  EXPECT_EQ(post("hello again").response.body, "got 11");
  EXPECT_EQ(client_->counters().connections_opened, 1u);
  EXPECT_THAT(server_failures_, ElementsAre());
}

TEST_F(TlsTest, CarriesGrpcNextToHttp1OnOnePort) {
  start_server();
  start_client();
  start_grpc_client();
  EXPECT_EQ(call("hello").message, "echo:hello");
  EXPECT_EQ(post("hello").response.body, "got 5");
}

TEST_F(TlsTest, CarriesLargeBodiesBothWays) {
  service_->message_bytes_max = 16u << 20;
  start_server();
  start_grpc_client();
  std::string large(3'000'000, 'x');
  for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>('a' + i % 26);
  EXPECT_EQ(call(large).message, "echo:" + large);
  handler_->body_bytes_max = 16u << 20;
  start_client();
  EXPECT_EQ(post(large).response.body, "got 3000000");
  EXPECT_EQ(handler_->bodies.back(), large);
}

class TlsChoppyTest : public TlsTest, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(TlsChoppyTest, WorksHoweverTheBytesAreCut) {
  step_ = GetParam();
  start_server();
  start_client();
  start_grpc_client();
  const std::string body(step_ < 100 ? 2'000 : 300'000, 'x');
  EXPECT_EQ(call(body).message, "echo:" + body);
  EXPECT_EQ(post(body).response.body, "got " + std::to_string(body.size()));
  EXPECT_EQ(post(body).response.body, "got " + std::to_string(body.size()));
}

INSTANTIATE_TEST_SUITE_P(Steps, TlsChoppyTest, ::testing::Values(1, 2, 3, 5, 7, 61, 1'000, 16'384, 16'413, 50'000));

}  // namespace
}  // namespace nanospan::net
