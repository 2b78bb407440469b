#include "export/otlp_http/otlp_http_exporter.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "export/otlp_http/retry_backoff.h"
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

std::string spans_text(std::size_t count) { return std::to_string(count) + (count == 1 ? " span" : " spans"); }

}  // namespace

/// One batch on its way.
struct OtlpHttpExporter::Export {
  Export(net::EventLoop& loop, net::Task on_retry) : retry(loop, std::move(on_retry)) {}

  std::uint64_t id = 0;
  std::shared_ptr<const SpanBatch> batch;
  std::shared_ptr<const net::ByteBlock> compressed;  // null without gzip
  base::Deadline deadline;
  Done done;
  net::Timer retry;
  net::Http1Client::RequestId request = 0;
  unsigned attempts = 0;
  std::string problem;  // of the last attempt
  std::string cause;
};

Result<std::unique_ptr<OtlpHttpExporter>> OtlpHttpExporter::create(OtlpHttpConfig config, OtlpHttpSeams seams) {
  auto exporter = std::make_unique<OtlpHttpExporter>(std::move(config), std::move(seams));
  if (const Status opened = exporter->open(); !opened) return opened.error();
  return exporter;
}

OtlpHttpExporter::OtlpHttpExporter(OtlpHttpConfig config, OtlpHttpSeams seams)
    : config_(std::move(config)), seams_(std::move(seams)), process_(::getpid()) {}

OtlpHttpExporter::~OtlpHttpExporter() { abandon(DropReason::kShutdown); }

Status OtlpHttpExporter::open() {
  Result<std::unique_ptr<net::EventLoop>> loop = net::EventLoop::create(seams_.clock);
  if (!loop) return loop.error();
  net::Http1ClientOptions options;
  options.origin = config_.url;
  options.connections_max = config_.connections_max;
  Result<std::unique_ptr<net::Http1Client>> client = net::Http1Client::create(**loop, std::move(options));
  if (!client) return client.error();
  loop_ = std::move(loop).value();
  client_ = std::move(client).value();
  shutdown_timer_ = std::make_unique<net::Timer>(*loop_, [this] {
    abandon(DropReason::kShutdown);
    client_->cancel_all();
  });
  return {};
}

// ---- one export --------------------------------------------------------------------------------------------------

void OtlpHttpExporter::start_export(std::shared_ptr<const SpanBatch> batch, base::Deadline deadline, Done done) {
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
  std::shared_ptr<net::ByteBlock> compressed;
  if (config_.gzip != nullptr) {
    compressed = std::make_shared<net::ByteBlock>();
    if (!config_.gzip(slices_of(*batch), *compressed)) {
      report("compress", spans_text(batch->span_count()) + " lost: no memory to compress them");
      return done(ExportResult::failed());
    }
  }
  const std::uint64_t id = ++last_id_;
  auto& work = *(exports_[id] = std::make_unique<Export>(*loop_, [this, id] { attempt(*exports_.at(id)); }));
  work.id = id;
  work.batch = std::move(batch);
  work.compressed = std::move(compressed);
  work.deadline.at = std::min(deadline.at, base::Deadline::after(seams_.clock, config_.timeout_nanos).at);
  work.done = std::move(done);
  attempt(work);
}

void OtlpHttpExporter::attempt(Export& work) {
  net::HttpRequest request;
  request.target = config_.url.path;
  request.headers = config_.headers;
  request.deadline = work.deadline;
  request.repeatable = true;  // OTLP allows duplicates where a connection is lost before the answer
  request.response_body_bytes_max = config_.response_bytes_max;
  if (work.compressed != nullptr) {
    request.body = {work.compressed->view()};
    request.body_owner = work.compressed;
  } else {
    request.body = slices_of(*work.batch);
    request.body_owner = work.batch;
  }
  ++work.attempts;
  work.request =
      client_->send(std::move(request), [this, id = work.id](net::HttpResult result) { on_answer(id, result); });
}

void OtlpHttpExporter::on_answer(std::uint64_t id, const net::HttpResult& result) {
  const auto found = exports_.find(id);
  if (found == exports_.end()) return;  // abandoned meanwhile
  Export& work = *found->second;
  work.request = 0;
  Answer answer = judge(result, config_.url, work.batch->span_count(), seams_.clock.unix_now());
  work.problem = std::move(answer.problem);
  work.cause = std::move(answer.cause);
  switch (answer.kind) {
    case Answer::Kind::kAccepted:
      if (!work.problem.empty()) report(work.cause, work.problem);
      return finish(work, {true, answer.rejected, DropReason::kRejected});
    case Answer::Kind::kRetry:
      if (!hurrying_ || work.cause != "refused") return retry_later(work, answer);
      report_loss(work, "; telemetry shuts down");
      return finish(work, ExportResult::failed(answer.reason));
    case Answer::Kind::kLost:
      report_loss(work, "");
      return finish(work, ExportResult::failed(answer.reason));
  }
}

void OtlpHttpExporter::retry_later(Export& work, const Answer& answer) {
  const std::uint64_t random = seams_.random ? seams_.random() : system_random();
  const std::uint64_t delay = retry_delay(config_.retry_initial_nanos, config_.retry_max_nanos, work.attempts, random,
                                          answer.retry_after_nanos);
  const base::MonotonicNanos now = seams_.clock.monotonic_now();
  if (delay >= work.deadline.left(now)) {  // waiting in vain would only hold the memory of the spans
    report_loss(work, "; the export's deadline comes before another attempt");
    return finish(work, ExportResult::failed(answer.reason));
  }
  work.retry.arm(now + delay);
}

void OtlpHttpExporter::finish(Export& work, ExportResult result) {
  const auto finished = exports_.extract(work.id);
  finished.mapped()->done(result);  // may start the next export
}

// ---- driving it --------------------------------------------------------------------------------------------------

void OtlpHttpExporter::poll_once() {
  if (loop_) loop_->poll_once();
}

ExportResult OtlpHttpExporter::export_spans(const SpanBatch& batch) {
  // Nobody tells the simple processor's exporter of a fork; the child must not touch the parent's sockets.
  if (process_.load(std::memory_order_relaxed) != ::getpid()) reset_after_fork();
  const std::lock_guard<std::mutex> lock(*one_at_a_time_);
  std::optional<ExportResult> result;
  const std::shared_ptr<const SpanBatch> borrowed(std::shared_ptr<void>(),
                                                  &batch);  // lives until this function returns
  start_export(borrowed, base::Deadline::never(), [&result](ExportResult outcome) { result = outcome; });
  while (!result.has_value()) loop_->run_once(base::Deadline::never());
  return *result;
}

void OtlpHttpExporter::hurry() {
  if (std::exchange(hurrying_, true)) return;
  for (const auto& [id, work] : exports_) {
    if (work->request == 0) work->retry.arm(seams_.clock.monotonic_now());
  }
}

void OtlpHttpExporter::abandon(DropReason reason) {
  for (auto pending = std::exchange(exports_, {}); const auto& [id, work] : pending) {
    if (work->request != 0) client_->cancel(work->request);
    if (work->problem.empty()) {
      work->cause = "unanswered";
      work->problem = config_.url.origin() + config_.url.path + " has not answered";
    }
    report_loss(*work, reason == DropReason::kShutdown ? "; telemetry shuts down" : "; the export's time is up");
    work->done(ExportResult::failed(reason));
  }
}

void OtlpHttpExporter::shutdown(std::uint64_t timeout_ms) {
  if (stopping_.exchange(true, std::memory_order_acq_rel) || !loop_) return;
  const base::Deadline deadline = base::Deadline::after(seams_.clock, timeout_nanos(timeout_ms));
  loop_->post([this, deadline] {
    if (exports_.empty()) return client_->cancel_all();
    shutdown_timer_->arm(deadline.at);
  });
}

void OtlpHttpExporter::start_shutdown(base::Deadline, CallDone done) {
  stopping_.store(true, std::memory_order_release);
  if (loop_) client_->cancel_all();  // connections that were kept for the next batch
  done(FlushResult::kSuccess);
}

void OtlpHttpExporter::reset_after_fork() {
  process_.store(::getpid(), std::memory_order_relaxed);
  static_cast<void>(one_at_a_time_.release());  // another thread of the parent may have held it: left behind
  one_at_a_time_ = std::make_unique<std::mutex>();
  if (!loop_) return;
  loop_->abandon_after_fork();
  client_->abandon_after_fork();
  exports_.clear();
  shutdown_timer_.reset();
  client_.reset();
  static_cast<void>(loop_.release());  // its destructor takes a lock that a resolver thread of the parent may have held
  if (const Status opened = open(); !opened) report("open", "cannot export: " + opened.error().message);
}

// ---- saying why --------------------------------------------------------------------------------------------------

void OtlpHttpExporter::report_loss(const Export& work, std::string_view what_now) {
  std::string line = spans_text(work.batch->span_count()) + " lost: " + work.problem;
  if (work.attempts > 1) line += " (attempt " + std::to_string(work.attempts) + ")";
  line += what_now;
  report(work.cause, line);
}

void OtlpHttpExporter::report(std::string_view cause, std::string_view line) const {
  if (seams_.report) return seams_.report(cause, line);
  sdk::report("otlp_http", cause, line);
}

}  // namespace nanospan::exporters

namespace nanospan {
inline namespace v0 {

Result<std::unique_ptr<SpanExporter>> otlp_http_exporter(OtlpHttpOptions options) {
  Result<exporters::OtlpHttpConfig> config = exporters::validate(options);
  if (!config) return config.error().with_prefix("OTLP/HTTP exporter");
  auto exporter = exporters::OtlpHttpExporter::create(std::move(config).value());
  if (!exporter) return exporter.error().with_prefix("OTLP/HTTP exporter");
  return std::unique_ptr<SpanExporter>(std::move(exporter).value());
}

}  // namespace v0
}  // namespace nanospan
