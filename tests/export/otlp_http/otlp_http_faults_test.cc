// The fault matrix: each way in which a receiver, a proxy or the network fails, what becomes of the batch, and what the
// user is told.
#include <utility>

#include "net/http1_writer.h"
#include "tests/export/otlp_http/exporter_fixture.h"
#include "wire/otlp_reply.h"

namespace nanospan::exporters {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class FaultTest : public ExporterTest {
 protected:
  /// One export under `script`; the server answers well afterwards.
  ExportResult result_of(std::vector<testing::Step> script) {
    start();
    server_->script(std::move(script));
    return outcome(send());
  }
  /// The same for faults after which the exporter waits: the batch must be sent again after `wait`, and not before.
  void expect_retry_after(std::uint64_t wait) {
    settle();
    const std::size_t before = server_->requests().size();
    advance(wait - 1);
    EXPECT_EQ(server_->requests().size(), before) << "came back too early";
    advance(1);
    EXPECT_TRUE(outcome(0).success);
    EXPECT_EQ(server_->requests().size(), before + 1);
    EXPECT_EQ(server_->requests().back().body, "onetwo");
    EXPECT_THAT(lines_, IsEmpty()) << "nothing was lost, so nothing is said";
  }
};

// ---- retried -----------------------------------------------------------------------------------------------------

class RetryableStatus : public FaultTest, public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(OtlpHttp, RetryableStatus, ::testing::Values(429, 502, 503, 504));

TEST_P(RetryableStatus, IsRetriedWithBackoff) {
  start();
  server_->script({testing::respond(GetParam())});
  send();
  ASSERT_TRUE(requests_are(1));
  expect_retry_after(500 * kMillis);
}

TEST_P(RetryableStatus, RetryAfterInSecondsIsKept) {
  start();
  server_->script({testing::respond(GetParam(), "", {{"Retry-After", "7"}})});
  send();
  ASSERT_TRUE(requests_are(1));
  expect_retry_after(7 * kSeconds);
}

TEST_P(RetryableStatus, RetryAfterAsHttpDateIsKept) {
  start();
  server_->script(
      {testing::respond(GetParam(), "", {{"Retry-After", net::http_date(clock_.unix_now() + 6 * kSeconds)}})});
  send();
  ASSERT_TRUE(requests_are(1));
  expect_retry_after(6 * kSeconds);
}

TEST_F(FaultTest, RetryInfoOfTheStatusBodyIsKept) {
  start();
  const std::string body = wire::encode_rpc_status({14, "busy", 3 * kSeconds});
  server_->script({testing::respond(503, body, kProtobuf)});
  send();
  ASSERT_TRUE(requests_are(1));
  expect_retry_after(3 * kSeconds);
}

TEST_F(FaultTest, RetryAfterThatIsNeitherFormIsIgnored) {
  start();
  server_->script({testing::respond(503, "", {{"Retry-After", "soon"}})});
  send();
  ASSERT_TRUE(requests_are(1));
  expect_retry_after(500 * kMillis);
}

TEST_F(FaultTest, RetryAfterBeyondTheDeadlineGivesUpAtOnce) {
  const ExportResult result = result_of({testing::respond(503, "", {{"Retry-After", "3600"}})});
  EXPECT_FALSE(result.success);
  EXPECT_EQ(result.reason, DropReason::kExportFailed);
  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("answered 503 Service Unavailable"), HasSubstr("deadline"))));
}

TEST_F(FaultTest, BackoffDoublesUpToItsMaximumAndEndsWithTheExport) {
  start();
  for (int i = 0; i < 10; ++i) server_->script({testing::respond(503)});
  const std::size_t sent = send();
  ASSERT_TRUE(requests_are(1));
  std::vector<std::uint64_t> waits;
  for (base::MonotonicNanos last = clock_.monotonic_now(); !results_[sent].has_value();) {
    const std::size_t before = server_->requests().size();
    advance(100 * kMillis);
    if (server_->requests().size() == before) continue;
    waits.push_back((clock_.monotonic_now() - last) / (100 * kMillis));
    last = clock_.monotonic_now();
  }
  // Half of 1 s, 2 s, 4 s, then of the maximum of 5 s, as the random source says; 10 s in all.
  EXPECT_THAT(waits, ElementsAre(5, 10, 20, 25, 25));
  EXPECT_EQ(outcome(sent).reason, DropReason::kExportFailed);
  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("3 spans lost"), HasSubstr("attempt 6"))));
}

TEST_F(FaultTest, RefusedIsRetriedAndNamesTheCollectorThatIsMissing) {
  OtlpHttpOptions nobody;
  nobody.traces_endpoint = "http://127.0.0.1:" + std::to_string(testing::closed_port()) + "/v1/traces";
  start(nobody);
  const std::size_t sent = send();
  settle();
  EXPECT_FALSE(results_[sent].has_value()) << "it is retried";
  for (int i = 0; i < 10; ++i) advance(1 * kSeconds);
  EXPECT_EQ(outcome(sent).reason, DropReason::kExportFailed);
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0],
              AllOf(StartsWith("3 spans lost, as the export's deadline comes before another attempt: http://"),
                    HasSubstr("is a collector running at 127.0.0.1:")));
  EXPECT_EQ(causes_[0], "refused");
}

TEST_F(FaultTest, RefusedIsNotWaitedForOnceShutdownHasBegun) {
  OtlpHttpOptions nobody;
  nobody.traces_endpoint = "http://127.0.0.1:" + std::to_string(testing::closed_port()) + "/v1/traces";
  start(nobody);
  const std::size_t waiting = send();
  settle();
  EXPECT_FALSE(results_[waiting].has_value());
  exporter_->hurry();
  EXPECT_EQ(outcome(waiting).reason, DropReason::kExportFailed);
  EXPECT_THAT(lines_, ElementsAre(StartsWith("3 spans lost, as telemetry shuts down: http://127.0.0.1:")));
  EXPECT_EQ(outcome(send()).reason, DropReason::kExportFailed) << "what is sent afterwards has one attempt";
}

TEST_F(FaultTest, ConnectionClosedWithoutAnswerIsRetried) {
  start();
  server_->script({testing::close_now()});
  send();
  ASSERT_TRUE(requests_are(1));
  expect_retry_after(500 * kMillis);
}

TEST_F(FaultTest, ResetWithoutAnswerIsRetried) {
  start();
  server_->script({testing::reset_now()});
  send();
  ASSERT_TRUE(requests_are(1));
  expect_retry_after(500 * kMillis);
}

TEST_F(FaultTest, ResetInTheMiddleOfTheRequestBodyIsRetried) {
  start();
  server_->script({{testing::reset_now()}, testing::Script::When::kBytes, 100'000});
  const std::string body(4U << 20, 'x');
  const std::size_t sent = send(testing::fake_batch(1, {body}));
  settle();
  EXPECT_EQ(server_->requests().size(), 0U);
  advance(500 * kMillis);
  EXPECT_TRUE(outcome(sent).success);
  EXPECT_EQ(server_->requests().at(0).body, body);
}

TEST_F(FaultTest, ResetInTheMiddleOfTheAnswerIsRetried) {
  start();
  server_->script({testing::send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), testing::reset_now()});
  send();
  ASSERT_TRUE(requests_are(1));
  expect_retry_after(500 * kMillis);
}

TEST_F(FaultTest, KeptAliveConnectionThatDiedIsReplacedWithoutABackoff) {
  start();
  server_->script({testing::respond(200), testing::close_now()});
  EXPECT_TRUE(outcome(send()).success);
  EXPECT_TRUE(outcome(send()).success);
  EXPECT_EQ(server_->connections(), 2U);
}

// ---- time --------------------------------------------------------------------------------------------------------

TEST_F(FaultTest, HalfOpenReceiverCostsTheTimeoutAndNotMore) {
  start();
  server_->script({testing::wait_nanos(3600 * kSeconds)});
  const std::size_t sent = send();
  ASSERT_TRUE(requests_are(1));
  advance(10 * kSeconds - 1);
  EXPECT_FALSE(results_[sent].has_value());
  advance(1);
  EXPECT_EQ(outcome(sent).reason, DropReason::kExportTimeout);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("waiting for the response")));
}

TEST_F(FaultTest, ThePipelinesDeadlineWinsIfItIsEarlier) {
  start();
  server_->script({testing::wait_nanos(3600 * kSeconds)});
  const std::size_t sent = send(testing::fake_batch(), {clock_.monotonic_now() + 2 * kSeconds});
  ASSERT_TRUE(requests_are(1));
  advance(2 * kSeconds);
  EXPECT_EQ(outcome(sent).reason, DropReason::kExportTimeout);
}

TEST_F(FaultTest, SlowDripDoesNotOutliveTheTimeout) {
  start();
  std::vector<testing::Step> drip;
  for (const char c : std::string("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) {
    drip.push_back(testing::send_bytes(std::string(1, c)));
    drip.push_back(testing::wait_nanos(1 * kSeconds));
  }
  server_->script(std::move(drip));
  const std::size_t sent = send();
  ASSERT_TRUE(requests_are(1));
  for (int second = 0; second < 10; ++second) advance(1 * kSeconds);
  EXPECT_EQ(outcome(sent).reason, DropReason::kExportTimeout);
}

TEST_F(FaultTest, ReceiverThatStopsReadingCostsTheTimeout) {
  start();
  server_->script({{testing::stop_reading()}, testing::Script::When::kConnect, 0});
  const std::size_t sent = send(testing::fake_batch(1, {std::string(32U << 20, 'x')}));
  settle();
  advance(10 * kSeconds);
  EXPECT_EQ(outcome(sent).reason, DropReason::kExportTimeout);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("sending the request")));
}

TEST_F(FaultTest, TimeoutZeroMeansNoLimit) {
  OtlpHttpOptions unlimited = options();
  unlimited.timeout_ms = 0;
  start(unlimited);
  server_->script({testing::wait_nanos(100'000 * kSeconds), testing::respond(200)});
  const std::size_t sent = send();
  ASSERT_TRUE(requests_are(1));
  advance(100'000 * kSeconds);
  EXPECT_TRUE(outcome(sent).success);
}

// ---- dropped -----------------------------------------------------------------------------------------------------

struct Refusal {
  int status;
  const char* hint;
};
class FinalStatus : public FaultTest, public ::testing::WithParamInterface<Refusal> {};
INSTANTIATE_TEST_SUITE_P(OtlpHttp, FinalStatus,
                         ::testing::Values(Refusal{301, "redirects are not followed"}, Refusal{400, "Bad Request"},
                                           Refusal{401, "OTEL_EXPORTER_OTLP_HEADERS"},
                                           Refusal{403, "OTEL_EXPORTER_OTLP_HEADERS"},
                                           Refusal{404, "take traces at /v1/traces"},
                                           Refusal{405, "does not take POST"}, Refusal{408, "408"},
                                           Refusal{413, "smaller batches"}, Refusal{415, "encoding"},
                                           Refusal{500, "Internal Server Error"}, Refusal{501, "501"},
                                           Refusal{505, "505"}, Refusal{599, "599"}));

TEST_P(FinalStatus, IsNotRetriedAndSaysWhatToDo) {
  const ExportResult result = result_of({testing::respond(GetParam().status)});
  EXPECT_FALSE(result.success);
  EXPECT_EQ(result.reason, DropReason::kExportFailed);
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_THAT(lines_[0], AllOf(StartsWith("3 spans lost: http://127.0.0.1:"), HasSubstr(GetParam().hint)));
  EXPECT_EQ(causes_[0], std::to_string(GetParam().status));
  advance(60 * kSeconds);
  EXPECT_EQ(server_->requests().size(), 1U);
}

TEST_F(FaultTest, TheReceiversOwnWordsAreShownButCannotTouchTheTerminal) {
  result_of(
      {testing::respond(400, wire::encode_rpc_status({3, "byte 17: \x1b[31m bad\nspan", std::nullopt}), kProtobuf)});
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("\"byte 17: \\x1b[31m bad\\x0aspan\"")));
}

TEST_F(FaultTest, GarbageIsNotRetried) {
  const ExportResult result = result_of({testing::send_bytes("SSH-2.0-OpenSSH_9.2\r\n")});
  EXPECT_FALSE(result.success);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("does not speak HTTP; it sent \"SSH-2.0-OpenSSH")));
}

TEST_F(FaultTest, GrpcPortIsRecognised) {
  const std::string settings("\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x40\x00", 15);
  result_of({testing::send_bytes(settings)});
  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("HTTP/2"), HasSubstr("4318"))));
}

TEST_F(FaultTest, TlsPortIsRecognised) {
  result_of({testing::send_bytes(std::string("\x15\x03\x01\x00\x02\x02\x46", 7))});
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("TLS")));
}

TEST_F(FaultTest, MalformedAnswerIsNotRetried) {
  EXPECT_FALSE(result_of({testing::send_bytes("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")}).success);
  EXPECT_EQ(lines_.size(), 1U);
}

TEST_F(FaultTest, AnswerOfAGigabyteIsCutOffAtTheLimit) {
  const ExportResult result = result_of({testing::send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"),
                                         testing::send_endlessly(std::string(65536, 'x'))});
  EXPECT_FALSE(result.success);
  EXPECT_EQ(causes_, std::vector<std::string>{"response_too_large"});
}

TEST_F(FaultTest, EndlessChunkedAnswerIsCutOffAtTheLimit) {
  const ExportResult result = result_of({testing::send_bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                                         testing::send_endlessly("8000\r\n" + std::string(0x8000, 'x') + "\r\n")});
  EXPECT_FALSE(result.success);
  EXPECT_EQ(causes_, std::vector<std::string>{"response_too_large"});
}

TEST_F(FaultTest, WebPageIsNotAnOtlpReceiver) {
  const ExportResult result =
      result_of({testing::respond(200, "<html></html>", {{"Content-Type", "text/html; charset=utf-8"}})});
  EXPECT_FALSE(result.success);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("not an OTLP receiver")));
}

// ---- partial success ---------------------------------------------------------------------------------------------

TEST_F(FaultTest, PartialSuccessIsNotRetriedButCountedAndReported) {
  const ExportResult result =
      result_of({testing::respond(200, wire::encode_export_response({2, "name is empty"}), kProtobuf)});
  EXPECT_TRUE(result.success);
  EXPECT_EQ(result.rejected, 2U);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("rejected 2 of 3 spans: \"name is empty\"")));
  advance(60 * kSeconds);
  EXPECT_EQ(server_->requests().size(), 1U);
}

TEST_F(FaultTest, PartialSuccessWithNothingRejectedIsAWarning) {
  const ExportResult result =
      result_of({testing::respond(200, wire::encode_export_response({0, "deprecated field"}), kProtobuf)});
  EXPECT_TRUE(result.success);
  EXPECT_EQ(result.rejected, 0U);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("accepted the spans with a warning: \"deprecated field\"")));
}

TEST_F(FaultTest, ReceiverCannotRejectMoreThanWasSentNorLessThanNothing) {
  start();
  server_->script({testing::respond(200, wire::encode_export_response({1'000'000, "lie"}), kProtobuf)});
  server_->script({testing::respond(200, wire::encode_export_response({-5, "lie"}), kProtobuf)});
  EXPECT_EQ(outcome(send()).rejected, 3U);
  EXPECT_EQ(outcome(send()).rejected, 0U);
}

TEST_F(FaultTest, AcceptedWithAMalformedAnswerStaysAccepted) {
  EXPECT_TRUE(result_of({testing::respond(200, "\xff\xff\xff", kProtobuf)}).success);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("answer is malformed")));
}

}  // namespace
}  // namespace nanospan::exporters
