// The exporter over gRPC against a receiver: what goes out, what each status does, and what breaks on the way.
#include "export/otlp_grpc/otlp_grpc_exporter.h"

#include "export/otlp_grpc/otlp_grpc_hook.h"
#include "tests/export/otlp_grpc/grpc_exporter_fixture.h"
#include "wire/otlp_reply.h"

namespace nanospan::exporters {
namespace {

using net::GrpcCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string bytes_of(const SpanBatch& batch) {
  std::string bytes;
  for (const auto slice : batch.slices()) bytes.append(reinterpret_cast<const char*>(slice.data()), slice.size());
  return bytes;
}

TEST_F(GrpcExporterTest, TheBatchsBytesGoOutAsOneCall) {
  OtlpGrpcOptions with_headers = options();
  with_headers.headers = {{"X-Tenant", "shop"}};
  start(with_headers);
  const auto batch = testing::fake_batch();
  EXPECT_TRUE(outcome(send(batch)).success);
  ASSERT_EQ(receiver_->calls.size(), 1U);
  const GrpcReceiver::Call& call = receiver_->calls[0];
  EXPECT_EQ(call.path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
  EXPECT_EQ(call.message, bytes_of(*batch));
  EXPECT_FALSE(call.compressed);
  EXPECT_EQ(call.head.headers.find("x-tenant"), "shop");
  EXPECT_EQ(call.head.headers.find("te"), "trailers");
  EXPECT_EQ(call.head.headers.find("grpc-timeout"), "10000000u");
  EXPECT_THAT(std::string(call.head.headers.find("user-agent").value_or("")), HasSubstr("OTel-OTLP-Exporter-Cpp/"));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(GrpcExporterTest, SeveralExportsShareOneConnection) {
  start();
  for (std::size_t i = 0; i < 8; ++i) send();
  for (std::size_t i = 0; i < 8; ++i) EXPECT_TRUE(outcome(i).success);
  EXPECT_EQ(server_->counters().connections_accepted, 1U);
}

TEST_F(GrpcExporterTest, ManyCallsWaitForTheirConnectionsAndShareThemEvenly) {
  OtlpGrpcOptions many = options();
  many.calls_max = 101;
  start(many);
  std::vector<net::GrpcResponder> held;
  const auto hold = [&held](net::GrpcResponder responder) { held.push_back(std::move(responder)); };
  receiver_->answers.assign(111, hold);
  for (int i = 0; i < 101; ++i) send();
  ASSERT_TRUE(run_until([&] { return held.size() == 101; })) << held.size() << " arrived at once";
  for (int i = 0; i < 10; ++i) send();
  ASSERT_TRUE(run_until([&] { return held.size() == 102; }));
  settle();
  EXPECT_EQ(held.size(), 102U) << "2 connections of 51 calls each";
  EXPECT_EQ(server_->counters().connections_accepted, 2U);
  for (net::GrpcResponder& responder : std::exchange(held, {})) responder.succeed("");
  ASSERT_TRUE(run_until([&] { return held.size() == 9; }));
  for (net::GrpcResponder& responder : std::exchange(held, {})) responder.succeed("");
  for (std::size_t i = 0; i < 111; ++i) EXPECT_TRUE(outcome(i).success);
  EXPECT_EQ(receiver_->calls.size(), 111U) << "none was sent twice";
}

TEST_F(GrpcExporterTest, RetryableStatusesAreTriedAgainAfterTheWishedDelay) {
  start();
  receiver_->fail({GrpcCode::kUnavailable, "later", wire::encode_rpc_status({14, "later", 3 * base::kNanosPerSecond})});
  const std::size_t index = send();
  ASSERT_TRUE(run_until([&] { return receiver_->calls.size() == 1; }));
  advance(3 * kSeconds - 1);
  EXPECT_EQ(receiver_->calls.size(), 1U);
  advance(1);
  EXPECT_TRUE(outcome(index).success);
  EXPECT_EQ(receiver_->calls.size(), 2U);
}

TEST_F(GrpcExporterTest, FinalStatusesLoseTheSpansAndSayWhy) {
  start();
  receiver_->fail({GrpcCode::kInvalidArgument, "bad span", {}});
  const ExportResult result = outcome(send(testing::fake_batch()));
  EXPECT_FALSE(result.success);
  EXPECT_THAT(causes_, ElementsAre("INVALID_ARGUMENT"));
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("answered INVALID_ARGUMENT: \"bad span\"")));
}

TEST_F(GrpcExporterTest, ResourceExhaustedIsRetriedOnlyWithARetryInfo) {
  start();
  receiver_->fail({GrpcCode::kResourceExhausted, "too large", {}});
  EXPECT_FALSE(outcome(send()).success);
  receiver_->fail({GrpcCode::kResourceExhausted, "quota", wire::encode_rpc_status({8, "quota", kSeconds})});
  const std::size_t second = send();
  ASSERT_TRUE(run_until([&] { return receiver_->calls.size() == 2; }));
  advance(kSeconds);
  EXPECT_TRUE(outcome(second).success);
}

TEST_F(GrpcExporterTest, PartialSuccessCountsWhatWasRejectedAndIsNotRetried) {
  start();
  receiver_->answers.push_back([](net::GrpcResponder responder) {
    responder.succeed(wire::encode_export_response({1, "no name"}));
  });
  const ExportResult result = outcome(send());
  EXPECT_TRUE(result.success);
  EXPECT_EQ(result.rejected, 1U);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("no name")));
}

TEST_F(GrpcExporterTest, ARestartedReceiverIsFoundAgain) {
  start();
  EXPECT_TRUE(outcome(send()).success);
  stop_receiver();
  const std::size_t index = send();
  settle();
  start_receiver();
  advance(5 * kSeconds);
  EXPECT_TRUE(outcome(index).success);
}

TEST_F(GrpcExporterTest, NobodyListeningIsSaidWithItsRemedy) {
  OtlpGrpcOptions there = options();
  stop_receiver();
  there.timeout_ms = 100;
  start(there);
  EXPECT_FALSE(outcome(send()).success);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("is a collector running at 127.0.0.1:" + std::to_string(port_))));
}

TEST_F(GrpcExporterTest, TheDeadlineEndsAnExportThatNobodyAnswers) {
  start();
  std::vector<net::GrpcResponder> held;
  receiver_->answers.push_back([&held](net::GrpcResponder responder) { held.push_back(std::move(responder)); });
  const std::size_t index = send();
  ASSERT_TRUE(run_until([&] { return receiver_->calls.size() == 1; }));
  advance(10 * kSeconds);
  EXPECT_EQ(outcome(index).reason, DropReason::kExportTimeout);
  held.clear();
}

TEST_F(GrpcExporterTest, AbandonEndsWhatIsUnderWay) {
  start();
  std::vector<net::GrpcResponder> held;
  receiver_->answers.push_back([&held](net::GrpcResponder responder) { held.push_back(std::move(responder)); });
  const std::size_t index = send();
  ASSERT_TRUE(run_until([&] { return receiver_->calls.size() == 1; }));
  exporter_->abandon(DropReason::kShutdown);
  EXPECT_EQ(outcome(index).reason, DropReason::kShutdown);
  held.clear();
}

TEST_F(GrpcExporterTest, TheHookIsHere) { EXPECT_TRUE(has_otlp_grpc()); }

}  // namespace
}  // namespace nanospan::exporters
