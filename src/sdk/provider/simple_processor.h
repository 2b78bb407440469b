// SimpleProcessor: exports each span at its end, on the ending thread; calls to the exporter never overlap
// (trace/sdk.md "Simple processor"). Keeps a ledger of them.
//
// Thread-safe. One lock guards the turn at the exporter and the ledger; it is not held while the exporter runs, and who
// holds it takes no other, so that fork handlers can take that of every simple processor. A forked child starts afresh:
// whoever was inside the exporter or waited for it is a thread of the parent, and so is the ledger the parent's. What
// the exporter itself makes of a fork is its own affair.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include <nanospan/span_processor.h>

#include "base/time.h"
#include "sdk/pipeline/batch.h"
#include "sdk/runtime/notifier.h"

namespace nanospan::sdk {

class SimpleProcessor final : public SpanProcessor {
 public:
  explicit SimpleProcessor(std::unique_ptr<SpanExporter> exporter);
  SimpleProcessor(const SimpleProcessor&) = delete;
  SimpleProcessor& operator=(const SimpleProcessor&) = delete;
  ~SimpleProcessor() override;

  /// A span that ends within the exporter, whose turn it would wait for, is dropped as kQueueFull.
  void on_end(const SpanView& span) override;
  FlushResult flush(std::uint64_t timeout_ms) override;
  /// Waits for an export under way no longer than its deadline; then whoever is inside shuts the exporter down as he
  /// leaves it, as no two of its calls may overlap.
  FlushResult shutdown(std::uint64_t timeout_ms) override;
  Ledger ledger() const;
  /// False without an exporter: then it is shut down from the beginning, and no provider takes it.
  bool has_exporter() const { return exporter_ != nullptr; }

  // Fork handlers, for all that live. Taken after every other lock of the SDK.
  static void before_fork();
  static void after_fork_in_parent();
  static void after_fork_in_child();

 private:
  enum class Entry : std::uint8_t {
    kIn,
    kShutDown,
    kLate  ///< The deadline came first, or would, as this thread is inside already.
  };

  ExportResult export_one(const SpanView& span);
  ExportResult call_exporter(const SpanBatch& batch);
  void settle(const ExportResult& result);
  /// Takes the exporter for this thread.
  Entry enter(base::Deadline deadline);
  void leave();

  std::unique_ptr<SpanExporter> exporter_;
  std::atomic<bool> shutdown_claimed_{false};
  mutable Notifier turn_;
  bool busy_ = false;            // guarded by turn_
  std::thread::id inside_;       // who, if busy_; guarded by turn_
  bool shut_down_ = false;       // guarded by turn_
  base::Deadline shut_down_by_;  // guarded by turn_
  Ledger ledger_;                // guarded by turn_
};

}  // namespace nanospan::sdk
