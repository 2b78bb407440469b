// AsyncExporter: an exporter that is a state machine on its own poller, driven by the export thread and never blocking
// it.
//
// A SpanExporter that is also an AsyncExporter is driven this way by the batch pipeline; others run on a worker thread.
// All calls come from the export thread, except that done() functions may be called from poll_once() or start_export()
// only.
#pragma once

#include <functional>
#include <memory>

#include <nanospan/span_exporter.h>

#include "base/time.h"

namespace nanospan::sdk {

class AsyncExporter {
 public:
  using Done = std::function<void(ExportResult)>;

  virtual ~AsyncExporter() = default;
  /// Starts sending `batch`; `done` is called exactly once, by `deadline` at the latest, which covers resolving,
  /// connecting, sending, retries and back-off. Several may be under way.
  virtual void start_export(std::shared_ptr<const SpanBatch> batch, base::Deadline deadline, Done done) = 0;
  /// Becomes readable when poll_once() has something to do.
  virtual int pollable_fd() const = 0;
  /// When poll_once() is next due even if the descriptor stays quiet; kNever if no timer is set.
  virtual base::MonotonicNanos next_timer() const = 0;
  /// Does what can be done now, without blocking.
  virtual void poll_once() = 0;
  /// Shutdown has begun: who waits to try again tries now, and a peer that refuses the connection is not tried again,
  /// so that a program without a receiver ends at once.
  virtual void hurry() {}
  /// Completes everything under way as failed with `reason`, at once.
  virtual void abandon(DropReason reason) = 0;
  /// In a forked child: closes inherited descriptors; the parent's exports are not completed.
  virtual void reset_after_fork() = 0;
};

}  // namespace nanospan::sdk
