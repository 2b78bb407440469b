// start() to shutdown(), against a real server in this process: what leaves, what is counted, what the user is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

#include <nanospan/diagnostics.h>
#include <nanospan/exporters.h>
#include <nanospan/nanospan.h>
#include <nanospan/propagation.h>
#include <nanospan/tracer_provider.h>

#include "sdk/pipeline/drain.h"
#include "tests/support/scripted_server.h"
#include "wire/validate.h"

namespace nanospan {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class StartTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_error_handler([this](std::string_view component, std::string_view message) {
      const std::lock_guard<std::mutex> lock(mutex_);
      said_.push_back(std::string(component) + ": " + std::string(message));
    });
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string text = *entry;
      if (text.starts_with("OTEL_")) outer_[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
    }
    for (const auto& [name, value] : outer_) ::unsetenv(name.c_str());
  }
  void TearDown() override {
    set_error_handler(nullptr);
    for (const std::string& name : set_) ::unsetenv(name.c_str());
    for (const auto& [name, value] : outer_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  void set(const char* name, const std::string& value) {
    set_.push_back(name);
    ::setenv(name, value.c_str(), 1);
  }
  std::vector<std::string> said() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return said_;
  }
  /// Spans in the requests that `server` got, each of which must be valid OTLP.
  static std::uint64_t spans_at(const testing::ScriptedServer& server) {
    std::uint64_t spans = 0;
    for (const testing::SeenRequest& request : server.requests()) {
      const wire::WalkResult walked = wire::validate_traces(request.body);
      EXPECT_TRUE(walked.ok());
      spans += walked.counts.items;
    }
    return spans;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> said_;
  std::map<std::string, std::string> outer_;
  std::vector<std::string> set_;
};

TEST_F(StartTest, SpansArriveAndTheLedgerBalances) {
  testing::ScriptedServer server;
  constexpr int kSpans = 1000;
  auto telemetry = start({.service_name = "shop", .endpoint = server.url()});
  ASSERT_TRUE(telemetry.ok()) << telemetry.error().message;
  for (int i = 0; i < kSpans; ++i) {
    auto span = tracer("shop").start_span("checkout");
    span.set("order.items", i);
  }
  EXPECT_TRUE(telemetry->flush());
  EXPECT_EQ(spans_at(server), kSpans);
  EXPECT_EQ(server.requests().at(0).target, "/v1/traces");
  EXPECT_THAT(server.requests().at(0).body, AllOf(HasSubstr("checkout"), HasSubstr("service.name"), HasSubstr("shop")));
  const Ledger ledger = telemetry->ledger();
  EXPECT_EQ(ledger.ended, kSpans);
  EXPECT_EQ(ledger.exported, kSpans);
  EXPECT_TRUE(ledger.balances());
  EXPECT_TRUE(telemetry->shutdown());
  EXPECT_TRUE(telemetry->shutdown()) << "later calls do nothing";
  EXPECT_THAT(said(), ::testing::IsEmpty());
}

TEST_F(StartTest, NobodyListensTheLedgerSaysFailedAndTheUserSeesWhy) {
  // Another attempt would come after the deadline, so it gives up at once.
  auto telemetry = start({.endpoint = "http://127.0.0.1:" + std::to_string(testing::closed_port()),
                          .otlp = {.retry_initial_ms = 3'600'000, .retry_max_ms = 3'600'000}});
  ASSERT_TRUE(telemetry.ok());
  for (int i = 0; i < 10; ++i) tracer("shop").start_span("lost");
  telemetry->flush();
  const Ledger ledger = telemetry->ledger();
  EXPECT_EQ(ledger.ended, 10U);
  EXPECT_EQ(ledger.dropped_by(DropReason::kExportFailed), 10U);
  EXPECT_TRUE(ledger.balances());
  EXPECT_THAT(said(), Contains(AllOf(StartsWith("otlp_http: 10 spans lost"), HasSubstr("is a collector running at"))));
}

TEST_F(StartTest, AFullQueueIsReportedAndShutdownSaysHowManySpansWereLost) {
  auto telemetry = start({.customize = [](TracerProviderOptions& options) {
    BatchOptions batches;
    batches.queue_spans_max = batches.batch_spans_max = 8;
    options.processors = {batch_processor(in_memory_exporter(std::make_shared<InMemorySpans>()), batches)};
  }});
  ASSERT_TRUE(telemetry.ok());
  Tracer shop = tracer("shop");
  // Finds the tracer's record, which nobody does who holds the export thread off.
  ASSERT_TRUE(shop.start_span("x").is_recording());
  {
    const auto held = sdk::Drain::instance().pause();  // so that all of them come in one round
    for (int i = 0; i < 99; ++i) shop.start_span("x");
  }
  telemetry->flush();
  EXPECT_FALSE(telemetry->shutdown());
  const Ledger ledger = telemetry->ledger();
  EXPECT_EQ(ledger.dropped_by(DropReason::kQueueFull), ledger.dropped_total());
  const std::string lost = std::to_string(ledger.dropped_total());
  EXPECT_THAT(said(), Contains(AllOf(StartsWith("batch_processor: " + lost), HasSubstr("OTEL_BSP_MAX_QUEUE_SIZE"))));
  EXPECT_THAT(said(), Contains("telemetry: " + lost + " of 100 spans were lost: queue_full " + lost));
}

TEST_F(StartTest, RejectedSpansStandInTheLedger) {
  testing::ScriptedServer server;
  // ExportTraceServiceResponse { partial_success { rejected_spans: 3, error_message: "no" } }
  server.script({testing::respond(200, std::string("\x0A\x06\x08\x03\x12\x02no", 8),
                                  {{"Content-Type", "application/x-protobuf"}})});
  auto telemetry = start({.endpoint = server.url()});
  ASSERT_TRUE(telemetry.ok());
  for (int i = 0; i < 10; ++i) tracer("shop").start_span("x");
  telemetry->flush();
  EXPECT_EQ(telemetry->ledger().exported, 7U);
  EXPECT_EQ(telemetry->ledger().dropped_by(DropReason::kRejected), 3U);
  EXPECT_TRUE(telemetry->ledger().balances());
  EXPECT_THAT(said(), Contains(HasSubstr("rejected 3 of 10 spans: \"no\"")));
}

TEST_F(StartTest, SecondStartIsAnErrorUntilTheFirstHasStopped) {
  set("OTEL_TRACES_EXPORTER", "none");
  auto first = start();
  ASSERT_TRUE(first.ok());
  auto second = start();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kAlreadyExists);
  EXPECT_THAT(said(), Contains(HasSubstr("telemetry runs already")));
  first->shutdown();
  EXPECT_TRUE(start().ok()) << "and its Telemetry, a temporary, stopped it again";
  EXPECT_TRUE(start().ok());
}

TEST_F(StartTest, ABadOptionIsAnErrorAndLeavesRoomForAGoodOne) {
  EXPECT_EQ(start({.endpoint = "localhost:4318"}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(start({.endpoint = "https://localhost"}).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(start({.headers = {{"bad name", "x"}}}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(start({.sample_ratio = 1.5}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(start({.sample_ratio = std::nan("")}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(said(), Contains(AllOf(StartsWith("setup: start: "), HasSubstr("localhost:4318"))))
      << "also for those who do not look at the Result";
  EXPECT_TRUE(start().ok());
}

TEST_F(StartTest, NothingTheEnvironmentSaysMakesStartFail) {
  for (const char* name : {"OTEL_SDK_DISABLED", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_PROPAGATORS", "OTEL_TRACES_EXPORTER",
                           "OTEL_TRACES_SAMPLER", "OTEL_BSP_SCHEDULE_DELAY", "OTEL_EXPORTER_OTLP_ENDPOINT",
                           "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_PROTOCOL",
                           "OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_LOG_LEVEL", "OTEL_CONFIG_FILE"}) {
    set(name, "%nonsense%");
  }
  EXPECT_TRUE(start().ok());
  EXPECT_GE(said().size(), 12U);
}

TEST_F(StartTest, EnvironmentSpeaksWhereTheProgramIsSilent) {
  testing::ScriptedServer server;
  set("OTEL_EXPORTER_OTLP_ENDPOINT", server.url("/base"));
  set("OTEL_SERVICE_NAME", "from-environment");
  set("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.version=1");
  auto telemetry = start({.service_version = "2"});
  ASSERT_TRUE(telemetry.ok());
  tracer("shop").start_span("x");
  EXPECT_TRUE(telemetry->shutdown());
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].target, "/base/v1/traces");
  EXPECT_THAT(server.requests()[0].body, AllOf(HasSubstr("from-environment"), HasSubstr("deployment.environment.name"),
                                               HasSubstr("service.instance.id")));
}

TEST_F(StartTest, SchemaUrlsStandInResourceSpansAndScopeSpans) {
  testing::ScriptedServer server;
  auto telemetry = start({.endpoint = server.url(), .customize = [](TracerProviderOptions& options) {
                            options.resource = Resource({{"a", 1}}, "https://schemas/resource");
                          }});
  ASSERT_TRUE(telemetry.ok());
  Tracer({.name = "shop", .schema_url = "https://schemas/scope"}).start_span("x");
  EXPECT_TRUE(telemetry->shutdown());
  EXPECT_THAT(server.requests().at(0).body,
              AllOf(HasSubstr("https://schemas/resource"), HasSubstr("https://schemas/scope")));
}

TEST_F(StartTest, EnvironmentIsNotReadIfTheProgramSaysSo) {
  set("OTEL_SDK_DISABLED", "true");
  set("OTEL_EXPORTER_OTLP_TIMEOUT", "nonsense");
  testing::ScriptedServer server;
  auto telemetry = start({.endpoint = server.url(), .read_environment = false});
  ASSERT_TRUE(telemetry.ok());
  EXPECT_TRUE(tracer("shop").start_span("x").is_recording());
  EXPECT_THAT(said(), ::testing::IsEmpty());
}

TEST_F(StartTest, CustomizeHasTheLastWordAndMayThrow) {
  const auto kept = std::make_shared<InMemorySpans>();
  auto telemetry = start({.customize = [&](TracerProviderOptions& options) {
    options.processors = {simple_processor(in_memory_exporter(kept))};
  }});
  ASSERT_TRUE(telemetry.ok());
  tracer("shop").start_span("kept");
  EXPECT_EQ(kept->size(), 1U);
  EXPECT_EQ(telemetry->ledger().exported, 1U) << "of simple processors, too";
  telemetry->shutdown();
  EXPECT_EQ(start({.customize = [](TracerProviderOptions&) { throw 1; }}).error().code, ErrorCode::kInvalidArgument);
}

class Headers final : public TextMapSetter, public TextMapGetter {
 public:
  void set(std::string_view key, std::string_view value) override { values_[std::string(key)] = value; }
  std::string_view get(std::string_view key) const override {
    const auto found = values_.find(std::string(key));
    return found == values_.end() ? std::string_view() : std::string_view(found->second);
  }

 private:
  std::map<std::string, std::string> values_;
};

TEST_F(StartTest, AFailedStartLeavesThePropagatorThatWasThereAndWaitsForNobodyWithoutEnd) {
  struct Waits final : SpanProcessor {
    FlushResult shutdown(std::uint64_t timeout_ms) override {
      time_to_stop = timeout_ms;
      return FlushResult::kSuccess;
    }
    std::uint64_t time_to_stop = 0;
  };
  const auto waits = std::make_shared<Waits>();
  set_propagator(b3_propagator());
  const auto failed = start({.profiling = {.enabled = true},
                             .customize = [&](TracerProviderOptions& options) { options.processors = {waits}; }});
  ASSERT_FALSE(failed.ok()) << "this program is linked without the profiler";
  EXPECT_EQ(failed.error().code, ErrorCode::kUnsupported);
  EXPECT_GT(waits->time_to_stop, 0U) << "0 would be no limit";
  Headers incoming, outgoing;
  incoming.set("b3", "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1");
  inject(outgoing, extract(incoming, Context()));
  EXPECT_NE(outgoing.get("b3"), "");
  EXPECT_EQ(outgoing.get("traceparent"), "");
  EXPECT_FALSE(tracer("shop").start_span("x").is_recording());
  EXPECT_TRUE(start().ok());
}

TEST_F(StartTest, SdkDisabledRecordsNothingButStillPropagates) {
  set("OTEL_SDK_DISABLED", "true");
  auto telemetry = start();
  ASSERT_TRUE(telemetry.ok());
  Headers incoming, outgoing;
  const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  incoming.set("traceparent", parent);
  const Context context = extract(incoming, Context());
  auto span = tracer("shop").start_span("x", {.parent = &context});
  EXPECT_FALSE(span.is_recording());
  const Scope scope(span);
  inject(outgoing);
  EXPECT_EQ(outgoing.get("traceparent"), parent);
  EXPECT_TRUE(telemetry->flush());
  EXPECT_EQ(telemetry->ledger().ended, 0U);
}

// What the next test runs in a process of its own (a program with threads may not start more after a fork, says
// ThreadSanitizer); nothing otherwise.
constexpr const char* kExitChild = "ExitChild.*";
TEST(ExitChild, ExitsWithoutShutdown) {
  if (GTEST_FLAG_GET(filter) != kExitChild) return;
  static auto* const never_destroyed = std::make_unique<Result<Telemetry>>(start()).release();
  ASSERT_TRUE(never_destroyed->ok());
  tracer("shop").start_span("last words");
  std::exit(0);
}

TEST_F(StartTest, ExitFlushesWhatIsLeft) {
  testing::ScriptedServer server;
  set("OTEL_EXPORTER_OTLP_ENDPOINT", server.url());
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string filter = std::string("--gtest_filter=") + kExitChild;
    ::execl("/proc/self/exe", "child", filter.c_str(), "--gtest_brief=1", nullptr);
    ::_Exit(127);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(spans_at(server), 1U);
}

TEST_F(StartTest, SpansWithoutAnExporterAreCountedAndTheEndSaysWhy) {
  set("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318");  // nanospan::tls is not linked
  {
    auto telemetry = start();
    ASSERT_TRUE(telemetry.ok()) << telemetry.error().message;
    EXPECT_EQ(said().size(), 1U) << "the environment's mistake";
    for (int i = 0; i < 3; ++i) tracer("shop").start_span("x");
    EXPECT_FALSE(telemetry->flush());
    const Ledger ledger = telemetry->ledger();
    EXPECT_EQ(ledger.ended, 3U);
    EXPECT_EQ(ledger.dropped[static_cast<std::size_t>(DropReason::kExportFailed)], 3U);
    EXPECT_EQ(said().size(), 1U) << "nothing while it runs";
  }
  const std::vector<std::string> lines = said();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[1],
              AllOf(StartsWith("setup: 3 spans lost, as there was no exporter: OTEL_EXPORTER_OTLP_ENDPOINT: "),
                    HasSubstr("nanospan::tls, which is not linked")));
  EXPECT_EQ(lines[2], "telemetry: 3 of 3 spans were lost: export_failed 3");
}

// As ExitChild, with what it says on standard error.
TEST(FailedStartChild, EndsWithoutTelemetry) {
  if (GTEST_FLAG_GET(filter) != "FailedStartChild.*") return;
  EXPECT_FALSE(start({.endpoint = "collector:4318"}).ok());
  std::exit(0);
}

TEST_F(StartTest, AProgramWithoutTelemetrySaysSoAtItsEndToo) {
  int out[2];
  ASSERT_EQ(::pipe(out), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(out[1], STDERR_FILENO);
    ::execl("/proc/self/exe", "child", "--gtest_filter=FailedStartChild.*", "--gtest_brief=1", nullptr);
    ::_Exit(127);
  }
  ::close(out[1]);
  std::string text;
  char buffer[512];
  for (ssize_t count = 0; (count = ::read(out[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(out[0]);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const auto end = text.find("no span of this program was recorded, as telemetry did not start: start: ");
  ASSERT_NE(end, std::string::npos) << text;
  EXPECT_LT(text.find("collector:4318"), end) << "at the start, " << text;
  EXPECT_NE(text.find("collector:4318", end), std::string::npos) << "and at the end: " << text;
}

TEST_F(StartTest, TelemetryMovesAndItsDestructorStops) {
  testing::ScriptedServer server;
  {
    auto result = start({.endpoint = server.url()});
    ASSERT_TRUE(result.ok());
    Telemetry outer = std::move(result).value();
    Telemetry inner = std::move(outer);
    tracer("shop").start_span("x");
  }
  EXPECT_EQ(spans_at(server), 1U);
  EXPECT_TRUE(start({.endpoint = server.url()}).ok());
}

}  // namespace
}  // namespace nanospan
