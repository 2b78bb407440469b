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

namespace nanospan::sdk {
namespace {

struct Job {
  std::uint64_t number;
  std::shared_ptr<const SpanBatch> batch;
  ExportResult result{};
};

// What the thread and the exporter's owner share; whoever leaves last frees it.
struct Shared {
  std::shared_ptr<SpanExporter> exporter;
  int fd = -1;  // readable when `finished` is not empty
  Notifier notifier;
  std::list<Job> jobs;  // lists, so that a job moves on without asking for memory
  std::list<Job> finished;
  bool stop = false;

  ~Shared() {
    if (fd >= 0) close(fd);
  }
};

ExportResult call(SpanExporter& exporter, const SpanBatch& batch) {
  try {
    return exporter.export_spans(batch);
  } catch (const std::exception& exception) {
    report("exporter", std::string("an exporter threw, the batch is dropped: ") + exception.what());
  } catch (...) {
    report("exporter", "an exporter threw something that is no std::exception, the batch is dropped");
  }
  return ExportResult::failed();
}

// Even words about what went wrong need memory.
ExportResult guarded_call(SpanExporter& exporter, const SpanBatch& batch) {
  try {
    return call(exporter, batch);
  } catch (...) {
    return ExportResult::failed();
  }
}

void run(const std::shared_ptr<Shared>& shared) {
  for (;;) {
    std::list<Job> job;
    {
      const std::lock_guard lock(shared->notifier);
      shared->notifier.wait(base::Deadline::never(), [&] { return shared->stop || !shared->jobs.empty(); });
      if (shared->stop) return;
      job.splice(job.begin(), shared->jobs, shared->jobs.begin());
    }
    job.front().result = guarded_call(*shared->exporter, *job.front().batch);
    job.front().batch.reset();
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
    // A call that is past its deadline holds the thread: nothing new is queued behind it.
    if (stuck_ != 0) return done(ExportResult::failed(DropReason::kExportTimeout));
    std::list<Job> job;
    job.push_back({last_number_ + 1, std::move(batch)});
    waiting_.push_back({++last_number_, deadline, std::move(done)});  // the last that may throw
    const std::lock_guard lock(shared_->notifier);
    shared_->jobs.splice(shared_->jobs.end(), job);
    shared_->notifier.notify_all();
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
      report("exporter", "an exporter did not return within export_timeout_ms; the batch counts as dropped");
      give_up(waiting_[i].number);
      finish(waiting_[i].number, ExportResult::failed(DropReason::kExportTimeout));
    }
  }

  void abandon(DropReason reason) override {
    stop();
    while (!waiting_.empty()) finish(waiting_.front().number, ExportResult::failed(reason));
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
    base::Deadline deadline;
    Done done;
  };

  bool start() {
    auto shared = std::make_shared<Shared>();
    shared->exporter = exporter_;
    shared->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (shared->fd < 0) return false;
    if (!start_sdk_thread("nanospan-worker", [shared] { run(shared); })) return false;
    shared_ = std::move(shared);
    return true;
  }

  void stop() {
    if (shared_ == nullptr) return;
    const std::lock_guard lock(shared_->notifier);
    shared_->stop = true;
    shared_->jobs.clear();
    shared_->notifier.notify_all();
  }

  // The exporter never sees a batch that is counted as lost, unless it has it already.
  void give_up(std::uint64_t number) {
    const std::lock_guard lock(shared_->notifier);
    if (std::erase_if(shared_->jobs, [&](const Job& job) { return job.number == number; }) == 0) stuck_ = number;
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
  std::uint64_t stuck_ = 0;                       // the call that did not return in time; 0 = none
  std::shared_ptr<Shared>* abandoned_ = nullptr;  // deliberately never freed
};

}  // namespace

std::unique_ptr<AsyncExporter> make_worker_exporter(std::shared_ptr<SpanExporter> exporter, const base::Clock& clock) {
  return std::make_unique<WorkerExporter>(std::move(exporter), clock);
}

}  // namespace nanospan::sdk
