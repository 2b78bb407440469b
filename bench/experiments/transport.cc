// The way to the receiver: content codings, connections, streams.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "bench/experiments/experiments.h"
#include "gateway/codec/content_coding.h"

namespace nanospan::bench {
namespace {

/// What exports took, from the call to the answer.
class ExportTimes {
 public:
  void add(double seconds) {
    const std::lock_guard lock(mutex_);
    seconds_.push_back(seconds);
  }
  double at_ms(double share) {
    const std::lock_guard lock(mutex_);
    if (seconds_.empty()) fail("nothing was exported");
    std::sort(seconds_.begin(), seconds_.end());
    return 1e3 * seconds_[static_cast<std::size_t>(share * static_cast<double>(seconds_.size() - 1))];
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return seconds_.size();
  }

 private:
  std::mutex mutex_;
  std::vector<double> seconds_;
};

/// Encodes each batch and posts it on one connection, blocking: the plainest exporter in which only the coding differs.
class CodedExporter final : public SpanExporter {
 public:
  CodedExporter(std::uint16_t port, const gateway::ContentCoding* coding, ExportTimes& times)
      : coding_(coding), times_(times), socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("cannot connect");
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~CodedExporter() override { close(socket_); }

  ExportResult export_spans(const SpanBatch& batch) override {
    const double start = monotonic_seconds();
    std::vector<std::string_view> slices;
    for (const std::span<const std::uint8_t> slice : batch.slices()) {
      slices.emplace_back(reinterpret_cast<const char*>(slice.data()), slice.size());
    }
    std::string body;
    if (coding_ == nullptr) {
      for (const std::string_view slice : slices) body += slice;
    } else {
      Result<net::ByteBlock> coded = coding_->codec->encode(slices, coding_->codec->level_default);
      if (!coded) fail(coded.error().message);
      body = coded->view();
    }
    const bool good = post(body);
    times_.add(monotonic_seconds() - start);
    return good ? ExportResult{} : ExportResult::failed();
  }

 private:
  bool post(const std::string& body) const {
    std::string head = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n";
    if (coding_ != nullptr) head += "Content-Encoding: " + std::string(coding_->name) + "\r\n";
    head += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    const std::string request = head + body;
    for (std::size_t sent = 0; sent < request.size();) {
      const ssize_t count = send(socket_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return false;
      sent += static_cast<std::size_t>(count);
    }
    std::string answer;
    char buffer[1024];
    while (answer.find("\r\n\r\n") == std::string::npos) {
      const ssize_t count = recv(socket_, buffer, sizeof buffer, 0);
      if (count <= 0) return false;
      answer.append(buffer, static_cast<std::size_t>(count));
    }
    return answer.starts_with("HTTP/1.1 200");
  }

  const gateway::ContentCoding* coding_;
  ExportTimes& times_;
  int socket_;
};

/// W4 with values that occur once, as ids and addresses do, next to some that repeat: what compressors meet.
void varied(Bench& b, std::uint64_t i) {
  thread_local std::uint64_t x = 88172645463325252ULL;
  const auto hex = [](char* out) {
    for (int k = 0; k < 20; ++k) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      out[k] = "0123456789abcdef"[x & 15];
    }
    return std::string_view(out, 20);
  };
  char text[5][20];
  Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
  span.set("spec.attribute.key00", hex(text[0])).set("spec.attribute.key01", hex(text[1]));
  span.set("spec.attribute.key02", hex(text[2])).set("spec.attribute.key03", hex(text[3]));
  span.set("spec.attribute.key04", hex(text[4])).set("spec.attribute.key05", b.pool.text20(i % 5));
  span.set("spec.attribute.key06", b.pool.text20(i % 7)).set("spec.attribute.key07", b.pool.text20(3));
  span.set("spec.attribute.key08", b.pool.text20(i % 3)).set("spec.attribute.key09", b.pool.text20(9));
}

/// Each export by `kept`, or by an exporter that is made for it and thrown away, and its connection with it.
class Reconnecting final : public SpanExporter {
 public:
  Reconnecting(std::string endpoint, bool keep, ExportTimes& times)
      : endpoint_(std::move(endpoint)), kept_(keep ? otlp_to(endpoint_) : nullptr), times_(times) {}
  ExportResult export_spans(const SpanBatch& batch) override {
    const double start = monotonic_seconds();
    const std::unique_ptr<SpanExporter> fresh = kept_ ? nullptr : otlp_to(endpoint_);
    const ExportResult result = (kept_ ? kept_ : fresh)->export_spans(batch);
    if (fresh) fresh->shutdown(1000);
    times_.add(monotonic_seconds() - start);
    return result;
  }

 private:
  std::string endpoint_;
  std::unique_ptr<SpanExporter> kept_;
  ExportTimes& times_;
};

}  // namespace

void compression(const Trial& trial) {
  const auto spans = static_cast<std::uint64_t>(60'000 * trial.scale);
  double uncoded = 0;
  for (const char* name : {"none", "gzip", "snappy", "zstd"}) {
    const gateway::ContentCoding* coding = gateway::find_content_coding(name);
    const bool none = std::strcmp(name, "none") == 0;
    if (!none && coding == nullptr) continue;  // not in this build
    Receiver receiver(1, false);
    ExportTimes times;
    Pipeline pipeline(std::make_unique<CodedExporter>(receiver.port(), none ? nullptr : coding, times), roomy_batches(),
                      0, 0);
    const Flow cost = flow(pipeline, spans, 3, roomy_batches().queue_spans_max, varied);
    require(check_received(pipeline, receiver));
    const Receiver::Counts counts = receiver.counts();
    const double bytes = static_cast<double>(counts.bytes) / static_cast<double>(counts.spans);
    if (none) uncoded = bytes;
    trial.points.add(name, "on the wire", bytes, "bytes/span");
    trial.points.add(name, "traffic", 100 * bytes / uncoded, "%");
    trial.points.add(name, "CPU a span, all threads", cost.cpu_nanos, "ns");
    trial.points.add(name, "throughput", cost.spans_per_second, "spans/s");
    trial.points.add(name, "P50 of an export of 512 spans", times.at_ms(0.5), "ms");
    trial.points.add(name, "P99 of an export of 512 spans", times.at_ms(0.99), "ms");
  }
  trial.points.note(
      "10 attributes, half of their values random and half repeating, and making them is in the CPU of each row; each "
      "coding at the "
      "gateway's default level, by the same plain exporter; the receiver decodes, validates, counts");
}

void connection_pair(const Trial& trial) {
  const auto spans = static_cast<std::uint64_t>(100'000 * trial.scale);
  for (const bool keep : {false, true}) {
    Receiver receiver(1, false);
    ExportTimes times;
    Pipeline pipeline(std::make_unique<Reconnecting>(receiver.traces_endpoint(), keep, times), roomy_batches(), 0, 0);
    const Flow cost = flow(pipeline, spans, 3, roomy_batches().queue_spans_max);
    require(check_received(pipeline, receiver));
    const std::string name = keep ? "one connection, kept" : "a connection for each export";
    trial.points.add(name, "P50 of an export of 512 spans", times.at_ms(0.5), "ms");
    trial.points.add(name, "P99 of an export of 512 spans", times.at_ms(0.99), "ms");
    trial.points.add(name, "CPU a span, all threads", cost.cpu_nanos, "ns");
    trial.points.add(name, "throughput", cost.spans_per_second, "spans/s");
  }
  trial.points.note(
      "Over loopback, where connecting takes a system call or two. Over a network it takes a round trip more, with TLS "
      "two or three");
}

}  // namespace nanospan::bench
