// What goes over the wire when all is well, and how the exporter is driven.
#include "export/otlp_http/otlp_http_exporter.h"

#include "export/otlp/otlp_exporter.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/http_message.h"
#include "tests/export/otlp_http/exporter_fixture.h"
#include "wire/otlp_reply.h"

namespace nanospan::exporters {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

TEST_F(ExporterTest, PostsTheSlicesAsOneProtobufBody) {
  OtlpHttpOptions with_headers = options();
  with_headers.headers = {{"api-key", "secret"}};
  start(with_headers);
  const std::size_t sent = send(testing::fake_batch(2, {"first ", "second ", "third"}));
  EXPECT_TRUE(outcome(sent).success);
  const testing::SeenRequest seen = server_->requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/v1/traces");
  EXPECT_EQ(seen.body, "first second third");
  EXPECT_EQ(net::find_header(seen.headers, "Content-Type"), "application/x-protobuf");
  EXPECT_EQ(net::find_header(seen.headers, "api-key"), "secret");
  EXPECT_EQ(net::find_header(seen.headers, "Content-Encoding"), std::nullopt);
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(ExporterTest, UserAgentFollowsProtocolExporterUserAgent) {
  OtlpHttpOptions prefixed = options();
  prefixed.user_agent_prefix = "Shop-Distro/3";
  start(prefixed);
  outcome(send());
  EXPECT_THAT(std::string(*net::find_header(server_->requests().at(0).headers, "User-Agent")),
              MatchesRegex("Shop-Distro/3 OTel-OTLP-Exporter-Cpp/[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST_F(ExporterTest, KeepsTheConnectionAlive) {
  start();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(outcome(send()).success);
  EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(ExporterTest, HasSeveralRequestsInFlightWhileTheReceiverIsSlow) {
  OtlpHttpOptions two = options();
  two.connections_max = 2;
  start(two);
  for (int i = 0; i < 3; ++i) server_->script({testing::wait_nanos(1 * kSeconds), testing::respond(200)});
  const std::size_t a = send(), b = send(), c = send();
  ASSERT_TRUE(requests_are(2));
  settle();
  EXPECT_EQ(server_->requests().size(), 2U) << "the third waits for a connection";
  clock_.advance(1 * kSeconds);
  EXPECT_TRUE(outcome(a).success && outcome(b).success);
  ASSERT_TRUE(requests_are(3));
  clock_.advance(1 * kSeconds);
  EXPECT_TRUE(outcome(c).success);
}

TEST_F(ExporterTest, NothingIsConnectedBeforeTheFirstExport) {
  start();
  settle();
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(ExporterTest, PollableDescriptorBecomesReadableWhenThereIsWork) {
  start();
  server_->script({testing::wait_nanos(1 * kSeconds), testing::respond(200)});
  send();
  ASSERT_TRUE(requests_are(1));
  settle();
  pollfd waiting{exporter_->pollable_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
  EXPECT_EQ(exporter_->next_timer(), clock_.monotonic_now() + 10 * kSeconds) << "the export's own timeout";
  clock_.advance(1 * kSeconds);
  for (int i = 0; i < 1000 && ::poll(&waiting, 1, 0) == 0; ++i) server_loop_->run_once({clock_.monotonic_now()});
  EXPECT_EQ(waiting.revents, POLLIN);
}

#ifdef NANOSPAN_HAS_GZIP
TEST_F(ExporterTest, GzipIsCompressedOnceForAllAttempts) {
  OtlpHttpOptions compressed = options();
  compressed.compression = Compression::kGzip;
  start(compressed);
  server_->script({testing::respond(503)});
  const std::size_t sent = send(testing::fake_batch(1, {std::string(5000, 'a'), std::string(5000, 'b')}));
  ASSERT_TRUE(requests_are(1));
  advance(1 * kSeconds);
  EXPECT_TRUE(outcome(sent).success);
  const auto requests = server_->requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(net::find_header(requests[0].headers, "Content-Encoding"), "gzip");
  EXPECT_EQ(requests[0].body, requests[1].body);
  EXPECT_LT(requests[0].body.size(), 200U);
  EXPECT_EQ(requests[0].body.substr(0, 2), "\x1f\x8b");
}
#endif

TEST_F(ExporterTest, RequestAboveTheLimitIsNotSentAndReported) {
  OtlpHttpOptions small = options();
  small.request_bytes_max = 10;
  start(small);
  const ExportResult result = outcome(send(testing::fake_batch(7, {"12345", "678901"})));
  EXPECT_FALSE(result.success);
  EXPECT_EQ(result.reason, DropReason::kTooLarge);
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("7 spans lost: a request of 11 bytes is above request_bytes_max, 10")));
  settle();
  EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(ExporterTest, AbandonCompletesEverythingAtOnce) {
  start();
  server_->script({testing::wait_nanos(60 * kSeconds)});
  server_->script({testing::respond(503)});
  const std::size_t unanswered = send(), refused = send();
  ASSERT_TRUE(requests_are(2));
  settle();
  exporter_->abandon(DropReason::kShutdown);
  ASSERT_TRUE(results_[unanswered].has_value() && results_[refused].has_value());
  EXPECT_EQ(results_[unanswered]->reason, DropReason::kShutdown);
  EXPECT_EQ(results_[refused]->reason, DropReason::kShutdown);
  EXPECT_THAT(lines_, ::testing::UnorderedElementsAre(HasSubstr("has not answered"), HasSubstr("answered 503")));
  EXPECT_TRUE(outcome(send()).success) << "the exporter can be used again";
}

TEST_F(ExporterTest, AfterShutdownExportsFail) {
  start();
  EXPECT_TRUE(outcome(send()).success);
  exporter_->shutdown(1000);
  exporter_->shutdown(1000);
  const ExportResult result = outcome(send());
  EXPECT_FALSE(result.success);
  EXPECT_EQ(result.reason, DropReason::kShutdown);
}

// As a batch processor shuts it down, whose exports are all over by then.
TEST_F(ExporterTest, AfterTheBatchProcessorsShutdownExportsFail) {
  start();
  EXPECT_TRUE(outcome(send()).success);
  std::optional<FlushResult> ended;
  exporter_->start_shutdown(base::Deadline::never(), [&](FlushResult result) { ended = result; });
  EXPECT_EQ(ended, FlushResult::kSuccess);
  const ExportResult late = outcome(send());
  EXPECT_FALSE(late.success);
  EXPECT_EQ(late.reason, DropReason::kShutdown);
}

TEST_F(ExporterTest, ShutdownLetsExportsFinishUntilItsDeadline) {
  start();
  server_->script({testing::wait_nanos(1 * kSeconds), testing::respond(200)});
  server_->script({testing::wait_nanos(60 * kSeconds)});
  const std::size_t quick = send(), stuck = send();
  ASSERT_TRUE(requests_are(2));
  exporter_->shutdown(2000);
  advance(1 * kSeconds);
  EXPECT_TRUE(outcome(quick).success);
  EXPECT_FALSE(results_[stuck].has_value());
  advance(1 * kSeconds);
  EXPECT_EQ(outcome(stuck).reason, DropReason::kShutdown);
}

TEST_F(ExporterTest, ForkedChildStartsAfreshAndLeavesTheParentsConnectionAlone) {
  start();
  EXPECT_TRUE(outcome(send()).success);
  server_->script({testing::wait_nanos(1 * kSeconds), testing::respond(200)});
  const std::size_t in_flight = send();
  ASSERT_TRUE(requests_are(2));
  const pid_t child = ::fork();
  if (child == 0) {
    exporter_->reset_after_fork();
    const bool untouched = !results_[in_flight].has_value();
    bool failed = false;
    exporter_->start_export(testing::fake_batch(), base::Deadline::never(), [&](ExportResult) { failed = true; });
    exporter_->poll_once();
    ::_Exit(untouched && !failed && exporter_->pollable_fd() >= 0 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  clock_.advance(1 * kSeconds);
  EXPECT_TRUE(outcome(in_flight).success) << "the child did not disturb the parent";
}

TEST(OtlpHttpSyncExport, RunsOnTheCallingThread) {
  testing::ScriptedServer server;
  OtlpHttpOptions options;
  options.traces_endpoint = server.url("/v1/traces");
  auto exporter = otlp_http_exporter(options);
  ASSERT_TRUE(exporter.ok());
  server.script({testing::respond(200, wire::encode_export_response({1, "no"}), kProtobuf)});
  const testing::FakeSpanBatch batch(3, {"body"});
  const ExportResult result = (*exporter)->export_spans(batch);
  EXPECT_TRUE(result.success);
  EXPECT_EQ(result.rejected, 1U);
  EXPECT_TRUE((*exporter)->export_spans(batch).success);
  EXPECT_EQ(server.connections(), 1U);
  (*exporter)->shutdown(100);
  EXPECT_FALSE((*exporter)->export_spans(batch).success);
}

TEST(OtlpHttpSyncExport, ForkedChildExportsOnAConnectionOfItsOwn) {
  testing::ScriptedServer server;
  OtlpHttpOptions options;
  options.traces_endpoint = server.url();
  const auto exporter = std::move(otlp_http_exporter(options)).value();
  EXPECT_TRUE(exporter->export_spans(testing::FakeSpanBatch(1, {"parent"})).success);
  const pid_t child = ::fork();
  if (child == 0) ::_Exit(exporter->export_spans(testing::FakeSpanBatch(1, {"child"})).success ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(exporter->export_spans(testing::FakeSpanBatch(1, {"parent again"})).success);
  EXPECT_EQ(server.connections(), 2U);
  ASSERT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(server.requests()[1].body, "child");
}

TEST(OtlpHttpSyncExport, ShutdownFromAnotherThreadEndsAnExportThatWouldWaitForEver) {
  testing::ScriptedServer server;
  server.script({testing::wait_nanos(3600 * kSeconds)});
  OtlpHttpOptions options;
  options.traces_endpoint = server.url();
  options.timeout_ms = 0;
  auto exporter = otlp_http_exporter(options);
  ASSERT_TRUE(exporter.ok());
  ExportResult result;
  std::thread caller([&] { result = (*exporter)->export_spans(testing::FakeSpanBatch(1)); });
  while (server.requests().empty()) std::this_thread::yield();
  (*exporter)->shutdown(1);
  caller.join();
  EXPECT_EQ(result.reason, DropReason::kShutdown);
}

}  // namespace
}  // namespace nanospan::exporters
