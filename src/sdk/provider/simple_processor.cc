// Who is inside the exporter holds the turn, not the lock, and what it calls from there does not wait for itself.
// Threads: see the header.
#include "sdk/provider/simple_processor.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <nanospan/diagnostics.h>

#include "base/immortal.h"
#include "sdk/diagnostics.h"
#include "sdk/pipeline/batch_pipeline.h"
#include "sdk/runtime/threads.h"
#include "sdk/runtime/timeouts.h"

namespace nanospan {
namespace sdk {
namespace {

// All that live, for the fork handlers.
struct Registry {
  std::mutex mutex;
  std::vector<SimpleProcessor*> all;
};
Registry& registry() {
  static base::Immortal<Registry> immortal;
  return *immortal;
}

}  // namespace

SimpleProcessor::SimpleProcessor(std::unique_ptr<SpanExporter> exporter) : exporter_(std::move(exporter)) {
  if (exporter_ == nullptr) {
    report("simple_processor", "a simple processor cannot be used: " + no_exporter().message);
    shutdown_claimed_ = shut_down_ = busy_ = true;
  }
  const std::lock_guard lock(registry().mutex);
  registry().all.push_back(this);
}

SimpleProcessor::~SimpleProcessor() {
  const std::lock_guard lock(registry().mutex);
  std::erase(registry().all, this);
}

void SimpleProcessor::on_end(const SpanView& span) {
  if (!span.context().is_sampled()) return;
  const SuppressTracing suppress;
  const std::uint64_t forks_before = forks();
  {
    const std::lock_guard lock(turn_);
    ++ledger_.ended;
    ++ledger_.queued;
  }
  const ExportResult result = export_one(span);
  if (forks_before == forks()) settle(result);  // else the exporter forked, and its span is the parent's
  if (result.success && result.rejected == 0) return;
  const std::string_view reason = drop_reason_name(result.success ? DropReason::kRejected : result.reason);
  report("simple_processor", reason, std::string("a span was dropped: ").append(reason));
}

ExportResult SimpleProcessor::export_one(const SpanView& span) {
  const TracerRecord* tracer = tracer_of(span.scope());
  if (tracer == nullptr) return ExportResult::failed(DropReason::kUnknownScope);
  std::shared_ptr<const Batch> batch;
  try {
    BatchBuilder builder;
    builder.add(*tracer, field_of(span));
    batch = builder.seal(1);
  } catch (const std::bad_alloc&) {
    return ExportResult::failed(DropReason::kQueueFull);
  }
  switch (enter(base::Deadline::never())) {
    case Entry::kShutDown:
      return ExportResult::failed(DropReason::kShutdown);
    case Entry::kLate:
      return ExportResult::failed(DropReason::kQueueFull);
    case Entry::kIn:
      break;
  }
  const ExportResult result = call_exporter(*batch);
  leave();
  return result;
}

// Even words about what went wrong need memory.
ExportResult SimpleProcessor::call_exporter(const SpanBatch& batch) {
  try {
    try {
      ExportResult result = exporter_->export_spans(batch);
      if (result.reason >= DropReason::kCount) result.reason = DropReason::kExportFailed;
      return result;
    } catch (const std::exception& exception) {
      report("exporter", "an exporter threw", std::string("an exporter threw: ").append(exception.what()));
    } catch (...) {
      report("exporter", "an exporter threw");
    }
  } catch (...) {
  }
  return ExportResult::failed();
}

void SimpleProcessor::settle(const ExportResult& result) {
  const std::lock_guard lock(turn_);
  --ledger_.queued;
  if (result.success && result.rejected == 0) {
    ++ledger_.exported;
  } else {
    ++ledger_.dropped[static_cast<std::size_t>(result.success ? DropReason::kRejected : result.reason)];
  }
}

FlushResult SimpleProcessor::flush(std::uint64_t timeout_ms) {
  if (cloned_silently() || shutdown_claimed_.load()) return FlushResult::kFailure;
  const base::Deadline deadline = deadline_of(timeout_ms, base::system_clock());
  const SuppressTracing suppress;
  const Entry entry = enter(deadline);
  if (entry != Entry::kIn) return entry == Entry::kLate ? FlushResult::kTimeout : FlushResult::kFailure;
  FlushResult result = FlushResult::kFailure;
  try {
    result = exporter_->flush(milliseconds_left(deadline, base::system_clock()));
  } catch (...) {
    report("exporter", "an exporter's flush threw");
  }
  leave();
  return result;
}

FlushResult SimpleProcessor::shutdown(std::uint64_t timeout_ms) {
  if (cloned_silently() || shutdown_claimed_.exchange(true)) return FlushResult::kFailure;
  const base::Deadline deadline = deadline_of(timeout_ms, base::system_clock());
  const SuppressTracing suppress;
  const bool idle = enter(deadline) == Entry::kIn;
  {
    const std::lock_guard lock(turn_);
    shut_down_by_ = deadline;
    shut_down_ = true;
    turn_.notify_all();
    if (!idle && busy_) return FlushResult::kTimeout;
    busy_ = true;
  }
  leave();
  return idle ? FlushResult::kSuccess : FlushResult::kTimeout;
}

Ledger SimpleProcessor::ledger() const {
  if (cloned_silently()) return {};
  const std::lock_guard lock(turn_);
  return ledger_;
}

SimpleProcessor::Entry SimpleProcessor::enter(base::Deadline deadline) {
  const std::thread::id self = std::this_thread::get_id();
  const std::lock_guard lock(turn_);
  if (busy_ && inside_ == self) return shut_down_ ? Entry::kShutDown : Entry::kLate;
  const bool ready = turn_.wait(deadline, [&] { return !busy_ || shut_down_; });
  if (shut_down_) return Entry::kShutDown;
  if (!ready) return Entry::kLate;
  busy_ = true;
  inside_ = self;
  return Entry::kIn;
}

void SimpleProcessor::leave() {
  base::Deadline deadline;
  {
    const std::lock_guard lock(turn_);
    if (!shut_down_) {
      busy_ = false;
      turn_.notify_all();
      return;
    }
    deadline = shut_down_by_;  // and it stays busy: nobody enters any more
  }
  try {
    exporter_->shutdown(milliseconds_left(deadline, base::system_clock()));
  } catch (...) {
    report("exporter", "an exporter's shutdown threw");
  }
}

// ---- fork --------------------------------------------------------------------------------------------------------

void SimpleProcessor::before_fork() {
  registry().mutex.lock();
  for (SimpleProcessor* processor : registry().all) processor->turn_.lock();
}

void SimpleProcessor::after_fork_in_parent() {
  for (SimpleProcessor* processor : registry().all) processor->turn_.unlock();
  registry().mutex.unlock();
}

void SimpleProcessor::after_fork_in_child() {
  for (SimpleProcessor* processor : registry().all) {
    processor->turn_.reset_after_fork();
    processor->busy_ = processor->shut_down_;
    processor->ledger_ = {};
  }
  registry().mutex.unlock();
}

}  // namespace sdk

inline namespace v0 {

std::shared_ptr<SpanProcessor> simple_processor(std::unique_ptr<SpanExporter> exporter) {
  return std::make_shared<sdk::SimpleProcessor>(std::move(exporter));
}

}  // namespace v0
}  // namespace nanospan
