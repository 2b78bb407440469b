// Each export is a small state machine: attempt, answer, and a timer for the next attempt. Threads: see the header.
#include "export/otlp/otlp_exporter.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "export/otlp/retry_backoff.h"
#include "export/text/printable.h"
#include "sdk/diagnostics.h"

namespace nanospan::exporters {
namespace {

/// For jitter only, where a predictable value would do no harm; asked for once a back-off.
std::uint64_t system_random() {
  std::uint64_t bits = 0;
  static_cast<void>(::getrandom(&bits, sizeof bits, GRND_NONBLOCK));
  return bits;
}

std::vector<std::string_view> slices_of(const SpanBatch& batch) {
  std::vector<std::string_view> slices;
  slices.reserve(batch.slices().size());
  for (const std::span<const std::uint8_t> slice : batch.slices()) {
    slices.emplace_back(reinterpret_cast<const char*>(slice.data()), slice.size());
  }
  return slices;
}

bool copy(const SpanBatch& batch, net::ByteBlock& out) {
  if (!out.reserve(batch.size_bytes())) return false;
  for (const std::string_view slice : slices_of(batch)) out.append(slice);
  return true;
}

}  // namespace

/// One batch on its way.
struct OtlpExporter::Export {
  Export(net::EventLoop& loop, net::Task on_retry) : retry(loop, std::move(on_retry)) {}

  std::uint64_t id = 0;
  std::shared_ptr<const SpanBatch> batch;
  std::shared_ptr<const net::ByteBlock> body;  // compressed, or a copy; null: the batch's own slices
  base::Deadline deadline;
  Done done;
  net::Timer retry;
  OtlpTransport::RequestId request = 0;
  unsigned attempts = 0;
  std::string problem;  // of the last attempt
  std::string cause;
};

Result<std::unique_ptr<OtlpExporter>> OtlpExporter::create(OtlpDelivery delivery, TransportFactory connect,
                                                           OtlpSeams seams) {
  auto exporter = std::make_unique<OtlpExporter>(std::move(delivery), std::move(connect), std::move(seams));
  if (const Status opened = exporter->open(); !opened) return opened.error();
  return exporter;
}

OtlpExporter::OtlpExporter(OtlpDelivery delivery, TransportFactory connect, OtlpSeams seams)
    : config_(std::move(delivery)), connect_(std::move(connect)), seams_(std::move(seams)), process_(::getpid()) {}

OtlpExporter::~OtlpExporter() { abandon(DropReason::kShutdown); }

Status OtlpExporter::open() {
  Result<std::unique_ptr<net::EventLoop>> loop =
      seams_.make_loop ? seams_.make_loop() : net::EventLoop::create(seams_.clock);
  if (!loop) return loop.error();
  Result<std::unique_ptr<OtlpTransport>> transport = connect_(**loop);
  if (!transport) return transport.error();
  loop_ = std::move(loop).value();
  transport_ = std::move(transport).value();
  shutdown_timer_ = std::make_unique<net::Timer>(*loop_, [this] {
    abandon(DropReason::kShutdown);
    transport_->cancel_all();
  });
  return {};
}

// ---- one export --------------------------------------------------------------------------------------------------

void OtlpExporter::start_export(std::shared_ptr<const SpanBatch> batch, base::Deadline deadline, Done done) {
  if (stopping_.load(std::memory_order_acquire)) return done(ExportResult::failed(DropReason::kShutdown));
  if (!loop_) {
    if (const Status opened = open(); !opened) {
      report("open", "cannot export: " + opened.error().message);
      return done(ExportResult::failed());
    }
  }
  // protocol/exporter.md "Max Request Size": before compression; not sent, and reported.
  if (batch->size_bytes() > config_.request_bytes_max) {
    report("request_too_large", spans_text(batch->span_count()) + " lost: a request of " +
                                    std::to_string(batch->size_bytes()) + " bytes is above request_bytes_max, " +
                                    std::to_string(config_.request_bytes_max));
    return done(ExportResult::failed(DropReason::kTooLarge));
  }
  std::shared_ptr<net::ByteBlock> body;
  if (config_.codec != nullptr || borrowed_) {
    body = std::make_shared<net::ByteBlock>();
    if (!(config_.codec != nullptr ? config_.codec->encode(slices_of(*batch), *body) : copy(*batch, *body))) {
      report("compress", spans_text(batch->span_count()) + " lost: no memory to compress or copy them");
      return done(ExportResult::failed());
    }
  }
  const std::uint64_t id = ++last_id_;
  auto& work = *(exports_[id] = std::make_unique<Export>(*loop_, [this, id] { attempt(*exports_.at(id)); }));
  work.id = id;
  work.batch = std::move(batch);
  work.body = std::move(body);
  work.deadline.at = std::min(deadline.at, base::Deadline::after(seams_.clock, config_.timeout_nanos).at);
  work.done = std::move(done);
  attempt(work);
}

void OtlpExporter::attempt(Export& work) {
  OtlpBody body;
  if (work.body != nullptr) {
    body = {{work.body->view()}, work.body};
  } else {
    body = {slices_of(*work.batch), work.batch};
  }
  ++work.attempts;
  work.request = transport_->send(std::move(body), work.batch->span_count(), work.deadline,
                                  [this, id = work.id](Answer answer) { on_answer(id, std::move(answer)); });
}

void OtlpExporter::on_answer(std::uint64_t id, Answer answer) {
  const auto found = exports_.find(id);
  if (found == exports_.end()) return;  // abandoned meanwhile
  Export& work = *found->second;
  work.request = 0;
  work.problem = std::move(answer.problem);
  work.cause = std::move(answer.cause);
  switch (answer.kind) {
    case Answer::Kind::kAccepted:
      if (!work.problem.empty()) report(work.cause, work.problem);
      return finish(work, {true, answer.rejected, DropReason::kRejected});
    case Answer::Kind::kRetry:
      if (!hurrying_ || !answer.unconnected) return retry_later(work, answer);
      report_loss(work, "telemetry shuts down");
      return finish(work, ExportResult::failed(answer.reason));
    case Answer::Kind::kLost:
      report_loss(work, "");
      return finish(work, ExportResult::failed(answer.reason));
  }
}

void OtlpExporter::retry_later(Export& work, const Answer& answer) {
  const std::uint64_t random = seams_.random ? seams_.random() : system_random();
  const std::uint64_t delay = retry_delay(config_.retry_initial_nanos, config_.retry_max_nanos, work.attempts, random,
                                          answer.retry_after_nanos);
  const base::MonotonicNanos now = seams_.clock.monotonic_now();
  if (delay >= work.deadline.left(now)) {  // waiting in vain would only hold the memory of the spans
    report_loss(work, "the export's deadline comes before another attempt");
    return finish(work, ExportResult::failed(answer.reason));
  }
  work.retry.arm(now + delay);
}

void OtlpExporter::finish(Export& work, ExportResult result) {
  const auto finished = exports_.extract(work.id);
  finished.mapped()->done(result);  // may start the next export
}

// ---- driving it --------------------------------------------------------------------------------------------------

void OtlpExporter::poll_once() {
  if (loop_) loop_->poll_once();
}

ExportResult OtlpExporter::export_spans(const SpanBatch& batch) {
  // Nobody tells the simple processor's exporter of a fork; the child must not touch the parent's sockets.
  if (process_.load(std::memory_order_relaxed) != ::getpid()) reset_after_fork();
  const std::lock_guard<std::mutex> lock(*one_at_a_time_);
  std::optional<ExportResult> result;
  // It lives until this function returns, which for a transport with bytes of it still to write may be too short: the
  // body is a copy of it. The batches of the simple processor are one span.
  const std::shared_ptr<const SpanBatch> borrowed(std::shared_ptr<void>(), &batch);
  borrowed_ = true;
  start_export(borrowed, base::Deadline::never(), [&result](ExportResult outcome) { result = outcome; });
  while (!result.has_value()) loop_->run_once(base::Deadline::never());
  return *result;
}

void OtlpExporter::hurry() {
  if (std::exchange(hurrying_, true)) return;
  for (const auto& [id, work] : exports_) {
    if (work->request == 0) work->retry.arm(seams_.clock.monotonic_now());
  }
}

void OtlpExporter::abandon(DropReason reason) {
  for (auto pending = std::exchange(exports_, {}); const auto& [id, work] : pending) {
    if (work->request != 0) transport_->cancel(work->request);
    if (work->problem.empty()) work->cause = "unanswered";
    report_loss(*work, reason == DropReason::kShutdown ? "telemetry shuts down" : "the export's time is up");
    work->done(ExportResult::failed(reason));
  }
}

void OtlpExporter::shutdown(std::uint64_t timeout_ms) {
  if (stopping_.exchange(true, std::memory_order_acq_rel) || !loop_) return;
  const base::Deadline deadline = base::Deadline::after(seams_.clock, timeout_nanos(timeout_ms));
  loop_->post([this, deadline] {
    if (exports_.empty()) return transport_->cancel_all();
    shutdown_timer_->arm(deadline.at);
  });
}

void OtlpExporter::start_shutdown(base::Deadline, CallDone done) {
  stopping_.store(true, std::memory_order_release);
  if (loop_) transport_->cancel_all();  // connections that were kept for the next batch
  done(FlushResult::kSuccess);
}

void OtlpExporter::reset_after_fork() {
  process_.store(::getpid(), std::memory_order_relaxed);
  static_cast<void>(one_at_a_time_.release());  // another thread of the parent may have held it: left behind
  one_at_a_time_ = std::make_unique<std::mutex>();
  if (!loop_) return;
  loop_->abandon_after_fork();
  transport_->abandon_after_fork();
  exports_.clear();
  shutdown_timer_.reset();
  transport_.reset();
  static_cast<void>(loop_.release());  // its destructor takes a lock that a resolver thread of the parent may have held
  if (const Status opened = open(); !opened) report("open", "cannot export: " + opened.error().message);
}

// ---- saying why --------------------------------------------------------------------------------------------------

void OtlpExporter::report_loss(const Export& work, std::string_view why_now) {
  try {
    std::string line = spans_text(work.batch->span_count()) + " lost";
    if (!why_now.empty()) line.append(", as ").append(why_now);
    line += ": ";
    line += work.problem.empty() ? config_.destination + " has not answered" : work.problem;
    if (work.attempts > 1) line += " (attempt " + std::to_string(work.attempts) + ")";
    report(work.cause, line);
  } catch (const std::bad_alloc&) {  // the batch is to be counted all the same
    report(work.cause, "spans lost");
  }
}

void OtlpExporter::report(std::string_view cause, std::string_view line) const {
  if (seams_.report) return seams_.report(cause, line);
  sdk::report(config_.name, cause, line);
}

}  // namespace nanospan::exporters
