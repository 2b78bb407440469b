// A forked child starts afresh: new ids, an own export thread, an own ledger, and none of its parent's spans.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <nanospan/diagnostics.h>
#include <nanospan/tracer_provider.h>

#include "tests/support/collecting_exporter.h"

#if defined(__SANITIZE_THREAD__)
#define SKIP_UNDER_TSAN GTEST_SKIP() << "the thread sanitizer does not follow a fork of a threaded process"
#else
#define SKIP_UNDER_TSAN static_cast<void>(0)
#endif

namespace nanospan {
namespace {

using testing::Collected;
using testing::CollectingExporter;

class ForkTest : public ::testing::Test {
 protected:
  ForkTest() {
    TracerProviderOptions options;
    options.processors.push_back(batch_processor(std::make_unique<CollectingExporter>(collected_)));
    provider_.emplace(std::move(TracerProvider::create(std::move(options))).value());
  }

  // Runs `check` in a child; true if it returned true there.
  template <class Check>
  static bool in_child(Check&& check) {
    const pid_t child = fork();
    if (child == 0) _exit(check() ? 0 : 1);
    int status = 1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  std::shared_ptr<Collected> collected_ = std::make_shared<Collected>();
  std::optional<TracerProvider> provider_;
};

TEST_F(ForkTest, ChildHasALedgerOfItsOwnAndExports) {
  SKIP_UNDER_TSAN;
  Tracer tracer = provider_->tracer({.name = "t"});
  for (int i = 0; i < 100; ++i) tracer.start_span("parent's").end();
  ASSERT_EQ(provider_->flush(), FlushResult::kSuccess);
  EXPECT_TRUE(in_child([&] {
    if (provider_->ledger().ended != 0) return false;
    for (int i = 0; i < 10; ++i) tracer.start_span("child's").end();
    if (provider_->flush(10'000) != FlushResult::kSuccess) return false;
    const Ledger ledger = provider_->ledger();
    return ledger.ended == 10 && ledger.exported == 10 && ledger.balances() && collected_->size() == 110;
  }));
  EXPECT_EQ(provider_->ledger().ended, 100U);
}

// semantic conventions "service.instance.id": "MUST be unique for each instance"; what the program gave is its own to
// keep.
TEST_F(ForkTest, ChildIsAnInstanceOfItsOwn) {
  SKIP_UNDER_TSAN;
  std::vector<std::unique_ptr<ResourceDetector>> detectors;
  detectors.push_back(service_detector());
  detectors.push_back(process_detector());
  TracerProviderOptions options;
  options.resource = detect_resource(Resource::sdk_default(), detectors);
  options.processors.push_back(batch_processor(std::make_unique<CollectingExporter>(collected_)));
  auto detected = TracerProvider::create(std::move(options));
  TracerProviderOptions given;
  given.resource = Resource({{"service.instance.id", "given"}, {"process.pid", "mine"}});
  auto named = TracerProvider::create(std::move(given));
  ASSERT_TRUE(detected.ok() && named.ok());
  const std::string id(detected->resource().string_value("service.instance.id"));
  ASSERT_EQ(id.size(), 36U);
  const Resource& resource = detected->resource();
  EXPECT_TRUE(in_child([&] {
    const std::string_view own = resource.string_value("service.instance.id");
    bool pid = false;
    for (const Attribute& attribute : resource.attributes()) {
      pid = pid || (attribute.key == "process.pid" && attribute.value.as_int() == getpid());
      if (attribute.key == "process.creation.time") return false;
    }
    detected->tracer({.name = "t"}).start_span("child's").end();
    if (detected->flush(10'000) != FlushResult::kSuccess) return false;
    const std::string sent = collected_->bytes();
    return pid && own.size() == 36 && own != id && sent.find(own) != std::string::npos &&
           sent.find(id) == std::string::npos && named->resource().string_value("service.instance.id") == "given" &&
           named->resource().string_value("process.pid") == "mine";
  }));
  EXPECT_EQ(resource.string_value("service.instance.id"), id);
}

TEST_F(ForkTest, ALedgerThatWasClosedBeforeTheForkIsTheParents) {
  SKIP_UNDER_TSAN;
  provider_->tracer({.name = "t"}).start_span("parent's").end();
  EXPECT_EQ(provider_->shutdown(), FlushResult::kSuccess);
  EXPECT_TRUE(in_child([&] { return provider_->ledger().ended == 0 && provider_->ledger().exported == 0; }));
  EXPECT_EQ(provider_->ledger().exported, 1U);
}

TEST_F(ForkTest, InheritedSpansAreTheParentsToEnd) {
  SKIP_UNDER_TSAN;
  Tracer tracer = provider_->tracer({.name = "t"});
  Span open = tracer.start_span("open");
  tracer.start_span("warm").end();
  EXPECT_TRUE(in_child([&] {
    open.set("child", true).add_event("ignored").add_link(open.context());
    open.end();
    const bool childs_child = in_child([] { return inherited_spans() == 0; });
    return provider_->ledger().ended == 0 && inherited_spans() == 1 && childs_child;
  }));
  EXPECT_EQ(inherited_spans(), 0U);
  open.end();
  EXPECT_EQ(provider_->flush(), FlushResult::kSuccess);
  EXPECT_EQ(collected_->size(), 2U);
}

TEST_F(ForkTest, ChildMakesOtherIds) {
  SKIP_UNDER_TSAN;
  Tracer tracer = provider_->tracer({.name = "t"});
  tracer.start_span("warm").end();
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  EXPECT_TRUE(in_child([&] {
    for (int i = 0; i < 100; ++i) {
      const SpanId id = tracer.start_span("child's").context().span_id();
      if (write(pipe_fds[1], id.data(), 8) != 8) return false;
    }
    return true;
  }));
  std::set<SpanId> ids;
  for (int i = 0; i < 100; ++i) ids.insert(tracer.start_span("parent's").context().span_id());
  for (int i = 0; i < 100; ++i) {
    std::uint8_t bytes[8];
    ASSERT_EQ(read(pipe_fds[0], bytes, 8), 8);
    ids.insert(SpanId::from_bytes(bytes));
  }
  EXPECT_EQ(ids.size(), 200U);
  close(pipe_fds[0]);
  close(pipe_fds[1]);
}

// Holds no lock that another thread of the parent may have held at the fork.
class DiscardingExporter final : public SpanExporter {
 public:
  ExportResult export_spans(const SpanBatch&) override { return {}; }
};

TEST_F(ForkTest, ForkingUnderLoadHarmsNeitherSide) {
  SKIP_UNDER_TSAN;
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the address sanitizer's malloc hangs in a child if another thread was inside it at the fork";
#endif
  TracerProviderOptions options;
  options.processors.push_back(batch_processor(std::make_unique<DiscardingExporter>()));
  TracerProvider provider = std::move(TracerProvider::create(std::move(options))).value();
  Tracer tracer = provider.tracer({.name = "t"});
  std::atomic<bool> stop{false};
  std::thread load([&] {
    while (!stop) tracer.start_span("busy").set("key", "value");
  });
  for (int i = 0; i < 30; ++i) {
    EXPECT_TRUE(in_child([&] {
      tracer.start_span("child's").end();
      return provider.flush(10'000) == FlushResult::kSuccess && provider.ledger().balances();
    }));
  }
  stop = true;
  load.join();
  EXPECT_NE(provider.flush(), FlushResult::kTimeout);
  EXPECT_TRUE(provider.ledger().balances());
}

}  // namespace
}  // namespace nanospan
