// OtlpExporter: sends batches to an OTLP receiver and tries again where that may help; over which protocol, its
// OtlpTransport knows.
//
// One export is a small state machine: request -> answer -> done, or -> back-off -> request ... until its deadline,
// which covers resolving, connecting, sending, receiving and back-off. Exports run side by side. A body is the batch's
// own slices in one large write, never copied; with gzip it is compressed once, for all attempts.
//
// Two ways to drive it, one per object: the export thread calls the AsyncExporter part and never blocks in it; the
// simple processor calls export_spans(), which runs the same machine on the calling thread until it is done, one call
// at a time. shutdown() may be called from any thread. Owns its loop and its transport. When spans do not arrive
// the reason goes to the diagnostics, one line per cause and interval.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include <nanospan/span_exporter.h>

#include "base/time.h"
#include "export/otlp/otlp_answer.h"
#include "export/otlp/otlp_delivery.h"
#include "export/otlp/otlp_transport.h"
#include "net/event_loop.h"
#include "sdk/pipeline/async_exporter.h"

namespace nanospan::exporters {

/// What tests replace.
struct OtlpSeams {
  const base::Clock& clock = base::system_clock();
  std::function<std::uint64_t()> random = {};  ///< 64 random bits, for jitter; empty = the system's.
  /// Takes a problem; empty = the process's diagnostics.
  std::function<void(std::string_view cause, std::string_view line)> report = {};
  /// The exporter's own loop, on `clock`; empty = one on the kernel's sockets.
  std::function<Result<std::unique_ptr<net::EventLoop>>()> make_loop = {};
};

class OtlpExporter final : public SpanExporter, public sdk::AsyncExporter {
 public:
  /// `connect` makes the transport, once now and again in the child of a fork. Fails with kSystem if the process is out
  /// of descriptors.
  static Result<std::unique_ptr<OtlpExporter>> create(OtlpDelivery delivery, TransportFactory connect,
                                                      OtlpSeams seams = {});
  /// Use create().
  OtlpExporter(OtlpDelivery delivery, TransportFactory connect, OtlpSeams seams);
  ~OtlpExporter() override;

  // SpanExporter
  ExportResult export_spans(const SpanBatch& batch) override;
  void shutdown(std::uint64_t timeout_ms) override;

  // sdk::AsyncExporter
  void start_export(std::shared_ptr<const SpanBatch> batch, base::Deadline deadline, Done done) override;
  int pollable_fd() const override { return loop_ ? loop_->pollable_fd() : -1; }
  base::MonotonicNanos next_timer() const override { return loop_ ? loop_->next_timer() : base::kNever; }
  void poll_once() override;
  void hurry() override;
  void abandon(DropReason reason) override;
  void start_shutdown(base::Deadline deadline, CallDone done) override;
  void reset_after_fork() override;

 private:
  struct Export;

  Status open();
  void attempt(Export& work);
  void on_answer(std::uint64_t id, Answer answer);
  void retry_later(Export& work, const Answer& answer);
  void finish(Export& work, ExportResult result);
  void report_loss(const Export& work, std::string_view why_now);
  void report(std::string_view cause, std::string_view line) const;

  const OtlpDelivery config_;
  const TransportFactory connect_;
  const OtlpSeams seams_;
  std::unique_ptr<net::EventLoop> loop_;  // null only if a forked child could not open one
  std::unique_ptr<OtlpTransport> transport_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Export>> exports_;
  std::unique_ptr<net::Timer> shutdown_timer_;
  std::uint64_t last_id_ = 0;
  bool hurrying_ = false;
  bool borrowed_ = false;  // driven by export_spans()
  std::atomic<bool> stopping_{false};
  std::unique_ptr<std::mutex> one_at_a_time_ = std::make_unique<std::mutex>();  // export_spans()
  std::atomic<int> process_;                                                    // whose descriptors these are
};

}  // namespace nanospan::exporters
