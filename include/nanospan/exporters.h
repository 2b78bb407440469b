// The exporters that come with nanospan::sdk, for batch_processor() and simple_processor(), which own and drive them.
//
// Options are plain values; the functions that make exporters may be called from any thread. All settings with their
// variables: docs/configuration.md.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <nanospan/result.h>
#include <nanospan/span_exporter.h>

namespace nanospan {
inline namespace v0 {

/// Of what is sent. Each but kNone needs its target linked, nanospan::gzip (zlib), nanospan::zstd or nanospan::snappy;
/// the function that makes the exporter fails without. Every OTLP receiver takes gzip; the OpenTelemetry Collector and
/// nanospan serve take all three.
enum class Compression : std::uint8_t { kNone, kGzip, kZstd, kSnappy };

/// TLS of the OTLP exporters, for endpoints that begin with https. It comes with the target nanospan::tls, which adds
/// OpenSSL. Files are PEM, read when the exporter is made. Version 1.2 at least.
struct OtlpTlsOptions {
  std::string ca_file = {};    ///< The authorities that are trusted; empty: the system's.
  std::string cert_file = {};  ///< The client's certificate, for receivers that ask for one, and
  std::string key_file = {};   ///< its key, without a passphrase.
};

/// OTLP over HTTP/1.1 with protobuf bodies. Source: protocol/exporter.md, opentelemetry-proto docs/specification.md
/// "OTLP/HTTP".
struct OtlpHttpOptions {
  /// Where traces go, used as it is: http://host:port/v1/traces, https with nanospan::tls linked, or a unix socket:
  /// unix:/path/of.sock:/v1/traces, unix-abstract:name:/v1/traces.
  std::string traces_endpoint = "http://localhost:4318/v1/traces";
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< With each request: credentials, tenant.
  Compression compression = Compression::kNone;
  std::uint64_t timeout_ms = 10000;             ///< One export with connect, retries and back-off; 0 = no limit.
  std::uint64_t request_bytes_max = 64U << 20;  ///< Before compression; a larger batch is not sent. At least 1.
  std::uint64_t response_bytes_max = 4U << 20;  ///< A larger answer is a failure, not retried. At least 1.
  std::uint64_t retry_initial_ms = 1000;        ///< First back-off, 1 to 3600000; doubled each time, with jitter.
  std::uint64_t retry_max_ms = 5000;            ///< Longest, to 3600000; a receiver may ask for longer.
  std::uint32_t connections_max = 4;            ///< Requests in flight while the receiver is slow, 1 to 64.
  std::string user_agent_prefix = {};           ///< Put before `OTel-OTLP-Exporter-Cpp/<version>`.
  OtlpTlsOptions tls = {};
  std::string proxy = {};  ///< On the way there: http://[user:password@]host:port; empty: none.
};
/// Fails with kInvalidArgument if the endpoint, a header or a bound is not usable; nothing is connected yet.
Result<std::unique_ptr<SpanExporter>> otlp_http_exporter(OtlpHttpOptions options = {});

/// OTLP over gRPC. It comes with the target nanospan::otlp_grpc, which adds nghttp2. Source: protocol/exporter.md,
/// opentelemetry-proto docs/specification.md "OTLP/gRPC".
struct OtlpGrpcOptions {
  /// Or https, or a unix socket as gRPC names it: unix:path, unix:///path, unix-abstract:name. No path of HTTP.
  std::string endpoint = "http://localhost:4317";
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< Metadata of each call.
  Compression compression = Compression::kNone;
  std::uint64_t timeout_ms = 10000;             ///< One export with connect, retries and back-off; 0 = no limit.
  std::uint64_t request_bytes_max = 64U << 20;  ///< Before compression; a larger batch is not sent. At least 1.
  std::uint64_t response_bytes_max = 4U << 20;  ///< A larger answer is a failure, not retried. At least 1.
  std::uint64_t retry_initial_ms = 1000;        ///< First back-off, 1 to 3600000; doubled each time, with jitter.
  std::uint64_t retry_max_ms = 5000;            ///< Longest, to 3600000; a receiver may ask for longer.
  /// Calls in flight to one address, 1 to 1024. Above 100 on a connection for each 100, in even shares, rounded up:
  /// 101 are 2 connections of 51 each.
  std::uint32_t calls_max = 4;
  bool round_robin = false;            ///< To all addresses of the host in turn; else all to the first that answers.
  std::string user_agent_prefix = {};  ///< Put before `OTel-OTLP-Exporter-Cpp/<version>`.
  OtlpTlsOptions tls = {};
  std::string proxy = {};  ///< On the way there: http://[user:password@]host:port; empty: none.
};
/// Fails as otlp_http_exporter() does, and with kUnsupported if nanospan::otlp_grpc is not linked.
Result<std::unique_ptr<SpanExporter>> otlp_grpc_exporter(OtlpGrpcOptions options = {});

/// One OTLP JSON object a line (the OTLP file format). Source: protocol/file-exporter.md.
struct FileExporterOptions {
  std::string path = "traces.jsonl";     ///< "-" = standard output.
  std::uint64_t bytes_max = 256U << 20;  ///< When the file would grow beyond, it is renamed to <path>.1 and begun anew.
};
/// kInvalidArgument: an empty path, one with a zero byte, or bytes_max 0; kSystem: the file cannot be opened. What
/// cannot be written later is said on the diagnostics and fails that batch; the next one tries again.
Result<std::unique_ptr<SpanExporter>> file_exporter(FileExporterOptions options = {});

/// Human-readable lines on standard output, for debugging.
std::unique_ptr<SpanExporter> console_exporter();

/// A span as plain data, for tests.
struct SpanRecord {
  std::string name;
  SpanContext context;
  SpanContext parent;
  SpanKind kind = SpanKind::kInternal;
  std::uint64_t start_unix_nanos = 0;
  std::uint64_t end_unix_nanos = 0;
  StatusCode status = StatusCode::kUnset;
  std::string status_description;
  std::vector<std::pair<std::string, std::string>> attributes;  ///< Values as ValueView::to_text().
  std::vector<std::string> event_names;
  std::vector<SpanContext> links;
  std::string scope_name;
};

/// Keeps what was exported. Thread-safe; share one between a test and the exporter made of it.
class InMemorySpans {
 public:
  /// What has been exported since the last take(), in order. Until it is taken it grows without bound.
  std::vector<SpanRecord> take();
  /// Spans that take() would give now.
  std::size_t size() const;

 private:
  friend class InMemoryExporter;
  mutable std::mutex mutex_;
  std::vector<SpanRecord> spans_;
};
/// Null if `spans` is null: a provider refuses a processor without an exporter.
std::unique_ptr<SpanExporter> in_memory_exporter(std::shared_ptr<InMemorySpans> spans);

}  // namespace v0
}  // namespace nanospan
