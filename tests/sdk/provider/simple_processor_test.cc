// The simple processor with an exporter that hangs or throws: trace/sdk.md "Simple processor", "Shutdown".
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>
#include <nanospan/diagnostics.h>

#include "tests/support/exporting_provider.h"

namespace nanospan {
namespace {

struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool inside = false, open = false;
  int exports = 0, shutdowns = 0;
};

class GatedExporter final : public SpanExporter {
 public:
  explicit GatedExporter(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
  ExportResult export_spans(const SpanBatch&) override {
    std::unique_lock lock(gate_->mutex);
    gate_->inside = true;
    ++gate_->exports;
    gate_->changed.notify_all();
    gate_->changed.wait(lock, [this] { return gate_->open; });
    throw std::runtime_error("after all");
  }
  FlushResult flush(std::uint64_t) override {
    ADD_FAILURE() << "a flush while another call is inside";
    return FlushResult::kSuccess;
  }
  void shutdown(std::uint64_t) override {
    const std::lock_guard lock(gate_->mutex);
    ++gate_->shutdowns;
  }

 private:
  std::shared_ptr<Gate> gate_;
};

TEST(SimpleProcessor, ShutdownKeepsItsDeadlineWhileAnExportHangs) {
  set_error_handler([](std::string_view, std::string_view) {});
  const auto gate = std::make_shared<Gate>();
  TracerProviderOptions options;
  options.processors.push_back(simple_processor(std::make_unique<GatedExporter>(gate)));
  TracerProvider provider = testing::make_provider(std::move(options));
  Tracer tracer = provider.tracer({.name = "t"});
  Span late = tracer.start_span("ends after shutdown");
  std::thread hangs([&] { tracer.start_span("hangs").end(); });
  std::thread waits([&] {
    {
      std::unique_lock lock(gate->mutex);
      gate->changed.wait(lock, [&] { return gate->inside; });
    }
    tracer.start_span("waits for its turn").end();
  });
  {
    std::unique_lock lock(gate->mutex);
    gate->changed.wait(lock, [&] { return gate->inside; });
  }
  EXPECT_EQ(provider.flush(1), FlushResult::kTimeout);
  EXPECT_EQ(provider.shutdown(1), FlushResult::kTimeout);
  late.end();
  {
    const std::lock_guard lock(gate->mutex);
    EXPECT_EQ(gate->shutdowns, 0) << "not while another call is inside";
    gate->open = true;
    gate->changed.notify_all();
  }
  hangs.join();
  waits.join();
  EXPECT_EQ(gate->exports, 1) << "after shutdown nothing is exported";
  EXPECT_EQ(gate->shutdowns, 1);
  set_error_handler(nullptr);
}

}  // namespace
}  // namespace nanospan
