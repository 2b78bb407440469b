// AsyncExporter: an exporter that is a state machine on its own poller, driven by the export thread and never blocking
// it.
//
// A SpanExporter that is also an AsyncExporter is driven this way by the batch pipeline; others run on a worker thread.
// All calls come under the Drain's lock, nearly always from the export thread. Functions given as `done` are called
// from within these calls, start_shutdown()'s excepted.
#pragma once

#include <functional>
#include <memory>

#include <nanospan/span_exporter.h>

#include "base/time.h"

namespace nanospan::sdk {

/// An exporter of ours: it says itself what it loses and why, so nobody says it again.
class SaysLosses {
 public:
  virtual ~SaysLosses() = default;
};

class AsyncExporter : public SaysLosses {
 public:
  using Done = std::function<void(ExportResult)>;
  using CallDone = std::function<void(FlushResult)>;

  /// Starts sending `batch`; `done` is called exactly once, by `deadline` at the latest, which covers resolving,
  /// connecting, sending, retries and back-off. Several may be under way.
  virtual void start_export(std::shared_ptr<const SpanBatch> batch, base::Deadline deadline, Done done) = 0;
  /// Becomes readable when poll_once() has something to do.
  virtual int pollable_fd() const = 0;
  /// When poll_once() is next due even if the descriptor stays quiet; kNever if no timer is set.
  virtual base::MonotonicNanos next_timer() const = 0;
  /// Does what can be done now, without blocking.
  virtual void poll_once() = 0;
  /// Shutdown has begun: who waits to try again tries now, and a peer to which no connection can be made (refused, an
  /// unknown name, TLS that fails) is not tried again, so that a program without a receiver ends at once.
  virtual void hurry() {}
  /// Has sent what the exporter keeps itself, after the exports begun before. `done` is called exactly once, by
  /// `deadline` at the latest.
  virtual void start_flush(base::Deadline deadline, CallDone done) {
    static_cast<void>(deadline);
    done(FlushResult::kSuccess);
  }
  /// Completes everything under way as failed with `reason`, at once.
  virtual void abandon(DropReason reason) = 0;
  /// The last call but poll_once(), after abandon(): the exporter cleans up, bounded by `deadline`. `done` is called
  /// once, from any thread and after the deadline if the exporter keeps none.
  virtual void start_shutdown(base::Deadline deadline, CallDone done) {
    static_cast<void>(deadline);
    done(FlushResult::kSuccess);
  }
  /// In a forked child: closes inherited descriptors; the parent's exports are not completed.
  virtual void reset_after_fork() = 0;
};

}  // namespace nanospan::sdk
