// The gRPC client, against our own server and against peers that misbehave.
#include "net/grpc_client.h"

#include "tests/net/grpc_fixture.h"

namespace nanospan::net {
namespace {

TEST_F(GrpcTest, ACallBringsItsMessageAndGetsTheAnswer) {
  start();
  const GrpcReply reply = call("hello");
  EXPECT_TRUE(reply.answered);
  EXPECT_EQ(reply.status.code, GrpcCode::kOk) << reply.status.message;
  EXPECT_EQ(reply.message, "echo:hello");
  EXPECT_EQ(client_->counters().connections_opened, 1u);
}

TEST_F(GrpcTest, AMessageLargerThanAllWindowsComesWhole) {
  service_->message_bytes_max = 64u << 20;
  start();
  std::string large(20u << 20, 'x');
  for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>(i);
  std::string seen;
  service_->handle = [&](Request request, GrpcResponder responder) {
    EXPECT_EQ(request.body.capacity(), large.size()) << "exactly sized";
    seen = request.body.view();
    responder.succeed("");
  };
  const GrpcReply reply = call(large);
  EXPECT_EQ(reply.status.code, GrpcCode::kOk) << reply.status.message;
  EXPECT_TRUE(seen == large);
}

TEST_F(GrpcTest, ManyCallsShareOneConnection) {
  client_options_.queued_calls_max = 1000;
  http2_options_.session.streams_max = 7;
  start();
  constexpr std::size_t kCalls = 300;
  std::vector<std::optional<GrpcReply>> replies(kCalls);
  for (std::size_t i = 0; i < kCalls; ++i) call(std::string(i * 100, 'a') + std::to_string(i), replies[i]);
  for (std::size_t i = 0; i < kCalls; ++i) {
    const GrpcReply reply = finish(replies[i]);
    EXPECT_EQ(reply.message, "echo:" + std::string(i * 100, 'a') + std::to_string(i));
  }
  EXPECT_EQ(counters().connections_accepted, 1u);
  EXPECT_EQ(client_->counters().repeated, 0u);
}

TEST_F(GrpcTest, StatusMessageAndDetailsOfAFailureComeThrough) {
  start();
  service_->handle = [](Request, GrpcResponder responder) {
    responder.fail({GrpcCode::kUnavailable, "später: 100 % voll\n", std::string("\x08\x0e\x00\xff", 4)});
  };
  const GrpcReply reply = call("x");
  EXPECT_TRUE(reply.answered);
  EXPECT_EQ(reply.status.code, GrpcCode::kUnavailable);
  EXPECT_EQ(reply.status.message, "später: 100 % voll\n");
  EXPECT_EQ(reply.status.details, std::string("\x08\x0e\x00\xff", 4));
}

}  // namespace
}  // namespace nanospan::net
