// The senders, their clients and the sink take turns on one loop; the ledger says what became of each span. One thread.
#include "apps/nanospan/load_otlp.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <fstream>
#include <random>
#include <utility>

#include "apps/nanospan/load_command.h"
#include "net/decode_text.h"
#include "net/grpc_client.h"
#include "net/http1_client.h"
#include "net/tls_streams.h"
#include "wire/otlp_reply.h"

namespace nanospan::app {
namespace {

constexpr std::string_view kGrpcPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr std::size_t kAnswerBytesMax = 4U << 20;
constexpr std::uint64_t kPauseNanos = 20 * base::kNanosPerMilli;  // of a sender that was refused or failed
constexpr std::uint64_t kFailuresMax = 1000;                      // then the run ends
constexpr std::uint64_t kSpinNanos = base::kNanosPerMilli;        // the poller's grain: waited for without sleeping

/// "VmHWM:   12345 kB" of a process, in MiB.
double rss_high_mib(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("VmHWM:")) continue;
    const std::size_t digit = line.find_first_of("0123456789");
    std::uint64_t kib = 0;
    if (digit != std::string::npos) std::from_chars(line.data() + digit, line.data() + line.size(), kib);
    return static_cast<double>(kib) / 1024;
  }
  return 0;
}

enum class Outcome : std::uint8_t { kAcknowledged, kRefused, kFailed };

struct Answer {
  Outcome outcome = Outcome::kFailed;
  std::string body;         // of an acknowledgement, protobuf
  std::string explanation;  // of anything else
};

class OtlpLoad {
 public:
  OtlpLoad(const OtlpLoadOptions& options, const base::Clock& clock, net::EventLoop& loop)
      : options_(options), clock_(clock), loop_(loop), ids_(std::random_device()() * 0x9E3779B97F4A7C15) {}

  Status prepare() {
    if (options_.pid != 0) {
      if (const Result<double> cpu = cpu_seconds_of(options_.pid); !cpu) return cpu.error();
    }
    Result<std::unique_ptr<LoadBodies>> bodies = LoadBodies::create(options_.bodies, ids_, clock_.unix_now());
    if (!bodies) return bodies.error();
    bodies_ = std::move(*bodies);
    ledger_ = std::make_unique<LoadLedger>(ids_, options_.bodies.spans, bodies_->repeated());
    if (options_.sink) {
      Result<std::unique_ptr<LoadSink>> sink = LoadSink::start(loop_, *options_.sink, *ledger_);
      if (!sink) return sink.error();
      sink_ = std::move(*sink);
    }
    return open_clients();
  }

  Result<OtlpLoadResult> run(const OnLoadProgress& on_progress) {
    start_ = clock_.monotonic_now();
    const base::MonotonicNanos measured_from = start_ + options_.warm_up_nanos;
    const base::MonotonicNanos end = measured_from + options_.measured_nanos;
    if (Status status = turn_until(measured_from, nullptr); !status) return status.error();
    result_.requests = result_.spans = 0;
    result_.latency = {};
    const double receiver_before = cpu_of(options_.pid), own_before = cpu_of(::getpid());
    measuring_ = true;
    if (Status status = turn_until(end, &on_progress); !status) return status.error();
    measuring_ = false;
    result_.seconds = static_cast<double>(clock_.monotonic_now() - measured_from) * 1e-9;
    result_.receiver_cpu_seconds = cpu_of(options_.pid) - receiver_before;
    result_.own_cpu_seconds = cpu_of(::getpid()) - own_before;
    finish(end);
    return account();
  }

 private:
  /// Something that can have one request under way.
  struct Sender {
    net::GrpcClient* grpc = nullptr;
    net::Http1Client* http = nullptr;
  };
  struct Paused {
    Sender sender;
    base::MonotonicNanos until;
  };

  static double cpu_of(int pid) { return pid == 0 ? 0 : cpu_seconds_of(pid).value_or(0); }

  /// Empty for plain connections.
  Result<net::StreamFactory> make_streams() const {
    if (!options_.url.https) return net::StreamFactory();
    net::TlsClientOptions tls;
    tls.ca.file = options_.ca_file;
    return net::tls_client_streams(std::move(tls), options_.url.host, options_.grpc ? "h2" : "http/1.1");
  }

  Status open_clients() {
    for (std::size_t i = 0; i < (options_.grpc ? options_.connections : 1); ++i) {
      Result<net::StreamFactory> streams = make_streams();
      if (!streams) return streams.error();
      Status opened = options_.grpc ? open_grpc(std::move(*streams)) : open_http(std::move(*streams));
      if (!opened) return opened;
    }
    for (std::size_t turn = 0; turn < options_.in_flight; ++turn) {
      for (const auto& client : grpc_) idle_.push_back({client.get(), nullptr});
    }
    return {};
  }
  Status open_grpc(net::StreamFactory streams) {
    net::GrpcClientOptions client;
    client.origin = options_.url;
    client.streams_max = static_cast<std::uint32_t>(options_.in_flight);
    client.queued_calls_max = options_.in_flight;
    client.make_stream = std::move(streams);
    Result<std::unique_ptr<net::GrpcClient>> made = net::GrpcClient::create(loop_, std::move(client));
    if (!made) return made.error();
    grpc_.push_back(std::move(*made));
    return {};
  }
  Status open_http(net::StreamFactory streams) {
    net::Http1ClientOptions client;
    client.origin = options_.url;
    client.connections_max = client.queued_requests_max = options_.connections;
    client.make_stream = std::move(streams);
    Result<std::unique_ptr<net::Http1Client>> made = net::Http1Client::create(loop_, std::move(client));
    if (!made) return made.error();
    http_ = std::move(*made);
    idle_.assign(options_.connections, {nullptr, http_.get()});
    return {};
  }

  /// When request `due_count_` of the open loop is due.
  base::MonotonicNanos due() const {
    const double interval = static_cast<double>(options_.bodies.spans) / options_.spans_per_second * 1e9;
    return start_ + static_cast<std::uint64_t>(interval * static_cast<double>(due_count_));
  }
  bool is_open_loop() const { return options_.spans_per_second > 0; }

  Status turn_until(base::MonotonicNanos end, const OnLoadProgress* on_progress) {
    std::uint64_t spans_before = result_.spans;
    base::MonotonicNanos told = clock_.monotonic_now();
    for (;;) {
      const base::MonotonicNanos now = clock_.monotonic_now();
      if (now >= end) return {};
      if (result_.failed > kFailuresMax) {
        return Error{ErrorCode::kUnavailable, options_.url.origin() + ": more than " + std::to_string(kFailuresMax) +
                                                  " requests failed; the first: " + result_.first_failure};
      }
      send_what_is_due(now, end);
      if (on_progress != nullptr && now - told >= base::kNanosPerSecond) {
        (*on_progress)(static_cast<double>(now - start_) * 1e-9, result_.spans - spans_before, result_);
        spans_before = result_.spans;
        told = now;
      }
      const base::MonotonicNanos wake = std::min({end, told + base::kNanosPerSecond, next_send()});
      if (wake <= now + kSpinNanos) {
        loop_.poll_once();
      } else {
        loop_.run_once({wake - kSpinNanos});
      }
    }
  }

  base::MonotonicNanos next_send() const {
    if (!idle_.empty()) return is_open_loop() ? due() : 0;
    return paused_.empty() ? base::kNever : paused_.front().until;
  }

  void send_what_is_due(base::MonotonicNanos now, base::MonotonicNanos end) {
    for (; !paused_.empty() && paused_.front().until <= now; paused_.pop_front())
      idle_.push_back(paused_.front().sender);
    while (!idle_.empty()) {
      base::MonotonicNanos begun = now;
      if (is_open_loop()) {
        begun = due();
        if (begun > now || begun >= end) return;
        ++due_count_;
      }
      const Sender sender = idle_.front();
      idle_.pop_front();
      send(sender, begun);
    }
  }

  void send(Sender sender, base::MonotonicNanos begun) {
    LoadBody body = bodies_->next();
    ledger_->sent(body.request);
    ++under_way_;
    const base::Deadline deadline = base::Deadline::after(clock_, options_.request_timeout_nanos);
    const std::uint64_t number = body.request;
    if (sender.grpc != nullptr) {
      net::GrpcRequest request;
      request.path = kGrpcPath;
      if (!options_.coding.empty()) request.metadata = {{"grpc-encoding", options_.coding}};
      request.compressed = !options_.coding.empty();
      request.message = {body.bytes};
      request.owner = std::move(body.owner);
      request.deadline = deadline;
      sender.grpc->call(std::move(request), [this, sender, begun, number](net::GrpcReply reply) {
        done(sender, begun, number, answer_of(std::move(reply)));
      });
      return;
    }
    net::HttpRequest request;
    request.target = options_.url.path;
    request.headers = {{"Content-Type", options_.bodies.json ? "application/json" : "application/x-protobuf"}};
    if (!options_.coding.empty()) request.headers.push_back({"Content-Encoding", options_.coding});
    request.body = {body.bytes};
    request.body_owner = std::move(body.owner);
    request.deadline = deadline;
    sender.http->send(std::move(request), [this, sender, begun, number](net::HttpResult result) {
      done(sender, begun, number, answer_of(std::move(result)));
    });
  }

  Answer answer_of(net::GrpcReply reply) const {
    if (!reply.encoding.empty()) {
      reply.message = net::decode_text(*options_.bodies.codec, reply.message, kAnswerBytesMax).value_or("");
    }
    if (reply.answered && reply.status.code == net::GrpcCode::kOk)
      return {Outcome::kAcknowledged, std::move(reply.message), {}};
    const bool later = net::is_otlp_retryable(reply.status.code, !reply.status.details.empty());
    return {reply.answered && later ? Outcome::kRefused : Outcome::kFailed,
            {},
            std::string(net::to_string(reply.status.code)) + ": " + reply.status.message};
  }
  Answer answer_of(net::HttpResult result) const {
    if (!result.ok()) return {Outcome::kFailed, {}, result.error.error.message};
    const int status = result.response.status;
    if (status == 200) {
      const auto type = net::find_header(result.response.headers, "Content-Type").value_or("");
      const std::string_view wrong = wire::why_no_export_answer(type, result.response.body);
      if (!wrong.empty()) return {Outcome::kFailed, {}, "HTTP status 200 " + std::string(wrong)};
      return {Outcome::kAcknowledged, options_.bodies.json ? "" : std::move(result.response.body), {}};
    }
    const bool later = status == 429 || (status >= 502 && status <= 504);
    std::string said = result.response.body.substr(0, 300);
    if (net::find_header(result.response.headers, "Content-Type") == "application/x-protobuf") {
      if (auto reason = wire::decode_rpc_status(result.response.body)) said = std::move(reason->message);
    }
    return {later ? Outcome::kRefused : Outcome::kFailed, {}, "HTTP status " + std::to_string(status) + ": " + said};
  }

  void done(Sender sender, base::MonotonicNanos begun, std::uint64_t number, Answer answer) {
    --under_way_;
    const base::MonotonicNanos now = clock_.monotonic_now();
    if (answer.outcome != Outcome::kAcknowledged) {
      ++(answer.outcome == Outcome::kRefused ? result_.refused : result_.failed);
      // Refusals are what an overload must give; what failed, nothing must.
      const bool first_that_failed = answer.outcome == Outcome::kFailed && result_.failed == 1;
      if (result_.first_failure.empty() || first_that_failed) result_.first_failure = std::move(answer.explanation);
      paused_.push_back({sender, now + kPauseNanos});
      return;
    }
    ledger_->acknowledged(number);
    if (!answer.body.empty()) {
      const auto rejected = wire::decode_export_response(answer.body).value_or(wire::PartialSuccess{}).rejected_spans;
      result_.rejected += static_cast<std::uint64_t>(std::max<std::int64_t>(rejected, 0));
    }
    // The open loop's latecomers count, however late: they were due while it was measured.
    if (measuring_ || (is_open_loop() && finishing_)) result_.latency.add(now - begun);
    if (!finishing_) {
      ++result_.requests;
      result_.spans += options_.bodies.spans;
    }
    idle_.push_back(sender);
  }

  /// Sends what was due before `end` and could not be sent, waits for all answers, and for the sink.
  void finish(base::MonotonicNanos end) {
    finishing_ = true;
    const base::MonotonicNanos give_up = end + options_.request_timeout_nanos;
    while (clock_.monotonic_now() < give_up) {
      if (is_open_loop()) send_what_is_due(clock_.monotonic_now(), end);
      if (under_way_ == 0 && !(is_open_loop() && due() < end)) break;
      loop_.run_once({std::min(give_up, clock_.monotonic_now() + kPauseNanos)});
    }
    if (is_open_loop()) {
      for (; due() < end; ++due_count_) ++result_.not_sent;
    }
    const base::MonotonicNanos settled = clock_.monotonic_now() + options_.settle_nanos;
    while (sink_ != nullptr && !ledger_->settled() && clock_.monotonic_now() < settled) {
      loop_.run_once({std::min(settled, clock_.monotonic_now() + kPauseNanos)});
    }
  }

  Result<OtlpLoadResult> account() {
    result_.spans_total = ledger_->totals();
    if (result_.spans_total.acknowledged == 0) {
      return Error{ErrorCode::kUnavailable,
                   options_.url.origin() + ": no request was acknowledged" +
                       (result_.first_failure.empty() ? "" : "; the first answer: " + result_.first_failure)};
    }
    result_.with_sink = sink_ != nullptr;
    result_.repeated = bodies_->repeated() != 0;
    result_.plain_bytes_per_span = bodies_->plain_bytes_per_span();
    result_.wire_bytes_per_span = bodies_->wire_bytes_per_span();
    if (options_.pid != 0) result_.receiver_rss_mib = rss_high_mib(options_.pid);
    if (sink_ != nullptr) {
      result_.sink_invalid = sink_->invalid();
      if (result_.first_failure.empty() && sink_->invalid() != 0)
        result_.first_failure = "the sink got a request that " + sink_->first_fault();
    }
    return std::move(result_);
  }

  const OtlpLoadOptions& options_;
  const base::Clock& clock_;
  net::EventLoop& loop_;
  const SpanIds ids_;
  std::unique_ptr<LoadBodies> bodies_;
  std::unique_ptr<LoadLedger> ledger_;
  std::unique_ptr<LoadSink> sink_;
  std::vector<std::unique_ptr<net::GrpcClient>> grpc_;
  std::unique_ptr<net::Http1Client> http_;
  std::deque<Sender> idle_;
  std::deque<Paused> paused_;
  std::size_t under_way_ = 0;
  base::MonotonicNanos start_ = 0;
  std::uint64_t due_count_ = 0;  // requests of the open loop that were sent
  bool measuring_ = false, finishing_ = false;
  OtlpLoadResult result_;
};

}  // namespace

Result<OtlpLoadResult> run_otlp_load(const OtlpLoadOptions& options, const base::Clock& clock,
                                     const OnLoadProgress& on_progress) {
  Result<std::unique_ptr<net::EventLoop>> loop = net::EventLoop::create(clock);
  if (!loop) return loop.error();
  OtlpLoad load(options, clock, **loop);
  if (Status status = load.prepare(); !status) return status.error();
  return load.run(on_progress);
}

}  // namespace nanospan::app
