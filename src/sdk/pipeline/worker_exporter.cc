// One job at a time; a job that is late is counted as lost while its call still holds the thread. Threads: see the
// header.
#include "sdk/pipeline/worker_exporter.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <exception>
#include <list>
#include <mutex>
#include <string>
#include <utility>

#include <nanospan/diagnostics.h>

#include "sdk/diagnostics.h"
#include "sdk/pipeline/sdk_thread.h"
#include "sdk/runtime/notifier.h"
#include "sdk/runtime/timeouts.h"

namespace nanospan::sdk {
namespace {

struct Job {
  enum class Call : std::uint8_t { kExport, kFlush, kShutdown };
  Call call;
  std::uint64_t number;
  base::Deadline deadline;                       // of a flush or shutdown
  std::shared_ptr<const SpanBatch> batch;        // of an export
  AsyncExporter::CallDone done;                  // of a shutdown: nobody polls any more
  ExportResult result = ExportResult::failed();  // of an export or flush; see flush_result_of()
};

// What the thread and the exporter's owner share; whoever leaves last frees it.
struct Shared {
  std::shared_ptr<SpanExporter> exporter;
  int fd = -1;  // readable when `finished` is not empty
  Notifier notifier;
  std::list<Job> jobs;  // lists, so that a job moves on without asking for memory
  std::list<Job> finished;
  bool stop = false;  // once `jobs` is empty

  ~Shared() {
    if (fd >= 0) close(fd);
  }
};

FlushResult flush_result_of(const ExportResult& result) {
  if (result.success) return FlushResult::kSuccess;
  return result.reason == DropReason::kExportTimeout ? FlushResult::kTimeout : FlushResult::kFailure;
}

ExportResult result_of(FlushResult result) {
  if (result == FlushResult::kSuccess) return {};
  return ExportResult::failed(result == FlushResult::kTimeout ? DropReason::kExportTimeout : DropReason::kExportFailed);
}

/// Whoever wrote the exporter may have left it silent; its spans must not go without a word.
void report_loss(const ExportResult& result, std::size_t spans) {
  if (result.success && result.rejected == 0) return;
  const std::string_view reason = drop_reason_name(result.success ? DropReason::kRejected : result.reason);
  const std::size_t lost = result.success ? std::min<std::size_t>(result.rejected, spans) : spans;
  report("exporter", reason,
         "an exporter dropped " + std::to_string(lost) + " of " + std::to_string(spans) +
             " spans: " + std::string(reason));
}

ExportResult call(SpanExporter& exporter, const Job& job, const base::Clock& clock) {
  switch (job.call) {
    case Job::Call::kExport: {
      ExportResult result = exporter.export_spans(*job.batch);
      if (result.reason >= DropReason::kCount) result.reason = DropReason::kExportFailed;
      if (dynamic_cast<const SaysLosses*>(&exporter) == nullptr) report_loss(result, job.batch->span_count());
      return result;
    }
    case Job::Call::kFlush:
      return result_of(exporter.flush(milliseconds_left(job.deadline, clock)));
    case Job::Call::kShutdown:
      exporter.shutdown(milliseconds_left(job.deadline, clock));
      return {};
  }
  return ExportResult::failed();
}

void report_throw(Job::Call call, std::string_view what) {
  constexpr std::string_view kLines[] = {
      "an exporter threw, the batch is dropped: ", "an exporter's flush threw: ", "an exporter's shutdown threw: "};
  report("exporter", std::string(kLines[static_cast<std::size_t>(call)]).append(what));
}

// Even words about what went wrong need memory.
ExportResult guarded_call(SpanExporter& exporter, const Job& job, const base::Clock& clock) {
  try {
    try {
      return call(exporter, job, clock);
    } catch (const std::exception& exception) {
      report_throw(job.call, exception.what());
    } catch (...) {
      report_throw(job.call, "something that is no std::exception");
    }
  } catch (...) {
  }
  return ExportResult::failed();
}

void run(const std::shared_ptr<Shared>& shared, const base::Clock& clock) {
  for (;;) {
    std::list<Job> job;
    {
      const std::lock_guard lock(shared->notifier);
      shared->notifier.wait(base::Deadline::never(), [&] { return shared->stop || !shared->jobs.empty(); });
      if (shared->jobs.empty()) return;
      job.splice(job.begin(), shared->jobs, shared->jobs.begin());
    }
    job.front().result = guarded_call(*shared->exporter, job.front(), clock);
    job.front().batch.reset();
    if (job.front().call == Job::Call::kShutdown) {
      job.front().done(flush_result_of(job.front().result));
      continue;
    }
    const std::lock_guard lock(shared->notifier);
    shared->finished.splice(shared->finished.end(), job);
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(shared->fd, &one, sizeof one);
  }
}

class WorkerExporter final : public AsyncExporter {
 public:
  WorkerExporter(std::shared_ptr<SpanExporter> exporter, const base::Clock& clock)
      : exporter_(std::move(exporter)), clock_(clock) {}
  ~WorkerExporter() override { stop(); }

  void start_export(std::shared_ptr<const SpanBatch> batch, base::Deadline deadline, Done done) override {
    if (shared_ == nullptr && !start()) {
      report("exporter", "no thread for the exporter; the batch is dropped");
      return done(ExportResult::failed());
    }
    queue({.call = Job::Call::kExport, .number = 0, .deadline = deadline, .batch = std::move(batch), .done = {}},
          std::move(done));
  }

  void start_flush(base::Deadline deadline, CallDone done) override {
    if (shared_ == nullptr) return done(FlushResult::kSuccess);  // it never got anything that it could keep
    queue({.call = Job::Call::kFlush, .number = 0, .deadline = deadline, .batch = {}, .done = {}},
          [done = std::move(done)](ExportResult result) { done(flush_result_of(result)); });
  }

  int pollable_fd() const override { return shared_ != nullptr ? shared_->fd : -1; }

  base::MonotonicNanos next_timer() const override {
    base::MonotonicNanos next = base::kNever;
    for (const Waiting& waiting : waiting_) next = std::min(next, waiting.deadline.at);
    return next;
  }

  void poll_once() override {
    if (shared_ == nullptr) return;
    std::list<Job> finished;
    {
      const std::lock_guard lock(shared_->notifier);
      std::uint64_t count = 0;
      [[maybe_unused]] const auto got = read(shared_->fd, &count, sizeof count);
      finished.swap(shared_->finished);
    }
    for (const Job& one : finished) {
      if (one.number == stuck_) stuck_ = 0;
      finish(one.number, one.result);
    }
    const base::MonotonicNanos now = clock_.monotonic_now();
    for (std::size_t i = 0; i < waiting_.size();) {
      if (!waiting_[i].deadline.passed(now)) {
        ++i;
        continue;
      }
      report("exporter", waiting_[i].call == Job::Call::kExport
                             ? "an exporter did not return within export_timeout_ms; the batch counts as dropped"
                             : "an exporter's flush did not return within the caller's timeout");
      give_up(waiting_[i]);
      finish(waiting_[i].number, ExportResult::failed(DropReason::kExportTimeout));
    }
  }

  void abandon(DropReason reason) override {
    drop_jobs();
    while (!waiting_.empty()) finish(waiting_.front().number, ExportResult::failed(reason));
  }

  // Behind a call that hangs it waits as long as that: it is the exporter's last call, and its only one.
  void start_shutdown(base::Deadline deadline, CallDone done) override {
    if (shared_ == nullptr && !start()) {
      report("exporter", "no thread for the exporter; it is not shut down");
      return done(FlushResult::kFailure);
    }
    std::list<Job> job;
    job.push_back(
        {.call = Job::Call::kShutdown, .number = 0, .deadline = deadline, .batch = {}, .done = std::move(done)});
    const std::lock_guard lock(shared_->notifier);
    shared_->jobs.splice(shared_->jobs.end(), job);
    shared_->stop = true;
    shared_->notifier.notify_all();
  }

  void reset_after_fork() override {
    // The parent's thread may have held the old lock; leave it all behind.
    if (shared_ != nullptr) close(shared_->fd);
    abandoned_ = new std::shared_ptr<Shared>(std::move(shared_));
    waiting_.clear();
    stuck_ = 0;
  }

 private:
  struct Waiting {
    std::uint64_t number;
    Job::Call call;
    base::Deadline deadline;
    Done done;
  };

  bool start() {
    auto shared = std::make_shared<Shared>();
    shared->exporter = exporter_;
    shared->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (shared->fd < 0) return false;
    if (!start_sdk_thread("nanospan-worker", [shared, &clock = clock_] { run(shared, clock); })) return false;
    shared_ = std::move(shared);
    return true;
  }

  void queue(Job what, Done done) {
    // An export that is past its deadline holds the thread: nothing new is queued behind it.
    if (stuck_ != 0) return done(ExportResult::failed(DropReason::kExportTimeout));
    what.number = last_number_ + 1;
    Waiting waiting{what.number, what.call, what.deadline, std::move(done)};
    std::list<Job> job;
    job.push_back(std::move(what));
    waiting_.push_back(std::move(waiting));  // the last that may throw
    ++last_number_;
    const std::lock_guard lock(shared_->notifier);
    shared_->jobs.splice(shared_->jobs.end(), job);
    shared_->notifier.notify_all();
  }

  // The thread ends when it has done what is left: a shutdown, if there was one.
  void stop() {
    if (shared_ == nullptr) return;
    drop_jobs();
    const std::lock_guard lock(shared_->notifier);
    shared_->stop = true;
    shared_->notifier.notify_all();
  }

  void drop_jobs() {
    if (shared_ == nullptr) return;
    const std::lock_guard lock(shared_->notifier);
    std::erase_if(shared_->jobs, [](const Job& job) { return job.call != Job::Call::kShutdown; });
  }

  // The exporter never sees a batch that is counted as lost, unless it has it already.
  void give_up(const Waiting& late) {
    const std::lock_guard lock(shared_->notifier);
    const bool waits = std::erase_if(shared_->jobs, [&](const Job& job) { return job.number == late.number; }) != 0;
    if (!waits && late.call == Job::Call::kExport) stuck_ = late.number;
  }

  void finish(std::uint64_t number, ExportResult result) {
    for (auto waiting = waiting_.begin(); waiting != waiting_.end(); ++waiting) {
      if (waiting->number != number) continue;
      const Done done = std::move(waiting->done);
      waiting_.erase(waiting);
      return done(result);
    }
    // It came too late: its deadline has answered already.
  }

  std::shared_ptr<SpanExporter> exporter_;
  const base::Clock& clock_;
  std::shared_ptr<Shared> shared_;
  std::deque<Waiting> waiting_;
  std::uint64_t last_number_ = 0;
  std::uint64_t stuck_ = 0;                       // the export that did not return in time; 0 = none
  std::shared_ptr<Shared>* abandoned_ = nullptr;  // deliberately never freed
};

}  // namespace

std::unique_ptr<AsyncExporter> make_worker_exporter(std::shared_ptr<SpanExporter> exporter, const base::Clock& clock) {
  return std::make_unique<WorkerExporter>(std::move(exporter), clock);
}

}  // namespace nanospan::sdk
