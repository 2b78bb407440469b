// Nothing is ever under way: each batch ends where it begins. Threads: those of AsyncExporter and SpanExporter, which
// never overlap.
#include "setup/absent_exporter.h"

#include <cstdint>
#include <utility>

#include "export/text/printable.h"
#include "sdk/diagnostics.h"
#include "sdk/pipeline/async_exporter.h"

namespace nanospan::setup {
namespace {

class AbsentExporter final : public SpanExporter, public sdk::AsyncExporter {
 public:
  explicit AbsentExporter(std::string why) : why_(std::move(why)) {}

  ExportResult export_spans(const SpanBatch& batch) override {
    lost_ += batch.span_count();
    return ExportResult::failed();
  }
  void start_export(std::shared_ptr<const SpanBatch> batch, base::Deadline /*deadline*/, Done done) override {
    done(export_spans(*batch));
  }
  int pollable_fd() const override { return -1; }
  base::MonotonicNanos next_timer() const override { return base::kNever; }
  void poll_once() override {}
  void abandon(DropReason /*reason*/) override {}
  void start_shutdown(base::Deadline /*deadline*/, CallDone done) override {
    if (const std::uint64_t lost = std::exchange(lost_, 0); lost != 0) {
      sdk::report("setup", "no exporter", exporters::spans_text(lost) + " lost, as there was no exporter: " + why_);
    }
    done(FlushResult::kSuccess);
  }
  void reset_after_fork() override { lost_ = 0; }

 private:
  const std::string why_;
  std::uint64_t lost_ = 0;
};

}  // namespace

std::unique_ptr<SpanExporter> absent_exporter(std::string why) {
  return std::make_unique<AbsentExporter>(std::move(why));
}

}  // namespace nanospan::setup
