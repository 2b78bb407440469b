// nanospan load otlp: options, a line a second, and the result as a table or as a line of JSON.
#include <algorithm>
#include <cstdio>

#include "apps/nanospan/load_command.h"
#include "apps/nanospan/load_otlp.h"
#include "gateway/codec/content_coding.h"
#include "gateway/config/listen_address.h"

namespace nanospan::app {
namespace {

constexpr double kSecondsMax = 86'400;
constexpr double kRateMax = 1e9;
constexpr double kBatchMax = 100'000;
constexpr double kInFlightMax = 1'000;
constexpr std::string_view kTracesPath = "/v1/traces";

Error invalid(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

/// The value of an option that knows some words, of which the first is the default.
Result<std::string> one_of(const Arguments& arguments, std::string_view option, std::string_view first,
                           std::string_view second) {
  const std::string value = arguments.value(option).value_or(std::string(first));
  if (value == first || value == second) return value;
  return invalid(std::string(option) + " is \"" + value + "\"; it must be " + std::string(first) + " or " +
                 std::string(second));
}

Status parse_what(const Arguments& arguments, OtlpLoadOptions& options) {
  const Result<std::string> protocol = one_of(arguments, "--protocol", "grpc", "http");
  if (!protocol) return protocol.error();
  options.grpc = *protocol == "grpc";
  const Result<std::string> encoding = one_of(arguments, "--encoding", "proto", "json");
  if (!encoding) return encoding.error();
  options.bodies.json = *encoding == "json";
  if (options.bodies.json && options.grpc) return invalid("--encoding json needs --protocol http");
  options.bodies.unique = arguments.has("--unique");
  const std::string coding = arguments.value("--compression").value_or("none");
  if (coding == "none") return {};
  options.coding = coding;
  if (options.grpc) {
    options.bodies.codec = gateway::find_grpc_codec(coding);
  } else if (const gateway::ContentCoding* found = gateway::find_content_coding(coding)) {
    options.bodies.codec = found->codec;
  }
  if (options.bodies.codec != nullptr) return {};
  return invalid("--compression is \"" + coding + "\"; it must be none or one of " +
                 (options.grpc ? "gzip, zstd, snappy" : gateway::content_coding_names()));
}

Status parse_where(const Arguments& arguments, OtlpLoadOptions& options) {
  if (arguments.values("--url").size() > 1) return invalid("load otlp loads one --url");
  const std::string text =
      arguments.value("--url").value_or(options.grpc ? "http://127.0.0.1:4317" : "http://127.0.0.1:4318");
  Result<net::Url> url = net::parse_url(text);
  if (!url) return url.error();
  options.url = std::move(*url);
  if (!options.grpc && options.url.path == "/") options.url.path = kTracesPath;
  Result<std::string> label = load_label(arguments.value("--label").value_or(options.url.origin()));
  if (!label) return label.error();
  options.label = std::move(*label);
  if (const auto pid = arguments.value("--pid")) {
    const Result<int> number = load_pid(*pid);
    if (!number) return number.error();
    options.pid = *number;
  }
  options.ca_file = arguments.value("--ca-file").value_or("");
  const auto sink = arguments.value("--sink");
  const auto certificate = arguments.value("--sink-cert"), key = arguments.value("--sink-key");
  if (certificate.has_value() != key.has_value()) return invalid("--sink-cert and --sink-key go together");
  if (!sink) return certificate ? Status(invalid("--sink-cert needs --sink")) : Status();
  const Result<gateway::ListenAddress> address = gateway::parse_listen_address(*sink);
  if (!address) return invalid("--sink is \"" + *sink + "\"; " + address.error().message);
  options.sink = LoadSinkOptions{address->host, address->port, certificate.value_or(""), key.value_or("")};
  return {};
}

Status parse_how_much(const Arguments& arguments, OtlpLoadOptions& options) {
  const auto nanos = [](double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); };
  const Result<double> batch = load_number(arguments, "--batch", 1000, 1, kBatchMax);
  const Result<double> connections = load_number(arguments, "--connections", 4, 1, kLoadConnectionsMax);
  const Result<double> in_flight = load_number(arguments, "--in-flight", 4, 1, kInFlightMax);
  const Result<double> rate = load_number(arguments, "--rate", 0, 1, kRateMax);
  const Result<double> seconds = load_number(arguments, "--seconds", 10, 0.01, kSecondsMax);
  const Result<double> warm_up = load_number(arguments, "--warm-up", 1, 0, kSecondsMax);
  const Result<double> settle = load_number(arguments, "--settle", 10, 0, kSecondsMax);
  for (const Result<double>* value : {&batch, &connections, &in_flight, &rate, &seconds, &warm_up, &settle}) {
    if (!*value) return value->error();
  }
  if (!options.grpc && arguments.has("--in-flight") && *in_flight != 1) {
    return invalid("HTTP/1.1 has one request at a time on a connection: give --connections in place of --in-flight");
  }
  options.bodies.spans = static_cast<std::size_t>(*batch);
  options.connections = static_cast<std::size_t>(*connections);
  options.in_flight = options.grpc ? static_cast<std::size_t>(*in_flight) : 1;
  options.spans_per_second = *rate;
  options.measured_nanos = nanos(*seconds);
  options.warm_up_nanos = nanos(*warm_up);
  options.settle_nanos = nanos(*settle);
  return {};
}

std::string with_commas(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.0f", value);
  std::string text = digits;
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

struct Figures {
  explicit Figures(const OtlpLoadResult& r)
      : spans_per_second(static_cast<double>(r.spans) / r.seconds),
        requests_per_second(static_cast<double>(r.requests) / r.seconds),
        spans_per_cpu_second(r.receiver_cpu_seconds > 0 ? static_cast<double>(r.spans) / r.receiver_cpu_seconds : 0),
        own_cpu_share(r.own_cpu_seconds / r.seconds) {}
  double spans_per_second, requests_per_second, spans_per_cpu_second, own_cpu_share;
};

void print_progress(double seconds, std::uint64_t spans, const OtlpLoadResult& so_far) {
  std::fprintf(stderr, "  %4.0f s  %12s spans/s  P50 %.2f ms  P99 %.2f ms", seconds,
               with_commas(static_cast<double>(spans)).c_str(), millis_of(so_far.latency, 0.5),
               millis_of(so_far.latency, 0.99));
  if (so_far.refused + so_far.failed != 0) {
    std::fprintf(stderr, "  refused %s  failed %s", with_commas(static_cast<double>(so_far.refused)).c_str(),
                 with_commas(static_cast<double>(so_far.failed)).c_str());
  }
  std::fputc('\n', stderr);
}

void print_json(const OtlpLoadOptions& options, const OtlpLoadResult& r) {
  const Figures figures(r);
  const auto integer = [](const char* name, std::uint64_t value) {
    std::printf(",\"%s\":%llu", name, static_cast<unsigned long long>(value));
  };
  const auto number = [](const char* name, double value) { std::printf(",\"%s\":%.3f", name, value); };
  std::printf("{\"label\":\"%s\"", options.label.c_str());
  number("seconds", r.seconds);
  number("spans_per_second", figures.spans_per_second);
  number("requests_per_second", figures.requests_per_second);
  number("p50_ms", millis_of(r.latency, 0.5));
  number("p99_ms", millis_of(r.latency, 0.99));
  number("p999_ms", millis_of(r.latency, 0.999));
  number("max_ms", millis_of(r.latency, 1));
  if (options.pid != 0) {
    number("spans_per_cpu_second", figures.spans_per_cpu_second);
    number("cpu_us_per_span", figures.spans_per_cpu_second > 0 ? 1e6 / figures.spans_per_cpu_second : 0);
    number("rss_high_mib", r.receiver_rss_mib);
  }
  number("generator_cpu_share", figures.own_cpu_share);
  number("bytes_per_span", r.plain_bytes_per_span);
  number("wire_bytes_per_span", r.wire_bytes_per_span);
  integer("refused", r.refused);
  integer("failed", r.failed);
  integer("not_sent", r.not_sent);
  integer("spans_sent", r.spans_total.sent);
  integer("spans_acknowledged", r.spans_total.acknowledged);
  integer("spans_rejected", r.rejected);
  if (r.with_sink) {
    integer("spans_received", r.spans_total.received);
    integer("spans_lost", r.spans_total.lost);
    integer("spans_duplicated", r.spans_total.duplicated);
    integer("spans_foreign", r.spans_total.foreign);
    integer("sink_invalid_requests", r.sink_invalid);
  }
  std::printf("}\n");
}

void print_row(const char* name, const std::string& value) { std::printf("  %-16s %s\n", name, value.c_str()); }

void print_table(const OtlpLoadOptions& options, const OtlpLoadResult& r) {
  const Figures figures(r);
  char text[200];
  const auto count = [](std::uint64_t value) { return with_commas(static_cast<double>(value)); };
  std::printf("%s\n", options.label.c_str());
  std::snprintf(text, sizeof text, "%s, %zu a request, each of %.0f bytes%s", options.grpc ? "gRPC" : "HTTP/1.1",
                options.bodies.spans, r.plain_bytes_per_span, options.bodies.json ? " (as protobuf)" : "");
  print_row("spans", text);
  if (r.wire_bytes_per_span != r.plain_bytes_per_span) {
    const std::string form =
        std::string(options.bodies.json ? "JSON" : "protobuf") + (options.coding.empty() ? "" : ", " + options.coding);
    std::snprintf(text, sizeof text, "%.0f bytes a span (%s%s)", r.wire_bytes_per_span, form.c_str(),
                  r.repeated ? ", made beforehand and repeated" : "");
    print_row("on the wire", text);
  }
  print_row("spans/s", with_commas(figures.spans_per_second));
  print_row("requests/s", with_commas(figures.requests_per_second));
  std::snprintf(text, sizeof text, "P50 %.2f ms, P99 %.2f ms, P99.9 %.2f ms, slowest %.2f ms",
                millis_of(r.latency, 0.5), millis_of(r.latency, 0.99), millis_of(r.latency, 0.999),
                millis_of(r.latency, 1));
  print_row(options.spans_per_second > 0 ? "ack after due" : "ack after send", text);
  if (options.pid != 0) {
    print_row("spans/CPU-s", with_commas(figures.spans_per_cpu_second) + " of the server");
    std::snprintf(text, sizeof text, "%.1f MiB of the server, high water", r.receiver_rss_mib);
    print_row("memory", text);
  }
  std::snprintf(
      text, sizeof text, "%.0f %% of a processor%s", figures.own_cpu_share * 100,
      figures.own_cpu_share > 0.97 && options.spans_per_second == 0 ? ": it is the limit, not the server" : "");
  print_row("generator", text);
  print_row("sent", count(r.spans_total.sent) + " spans, warm-up included");
  print_row("acknowledged", count(r.spans_total.acknowledged));
  if (r.refused + r.failed + r.not_sent + r.rejected != 0) {
    print_row("refused", count(r.refused) + " requests, to be sent again later");
    print_row("failed", count(r.failed) + " requests");
    print_row("rejected", count(r.rejected) + " spans, by partial success");
    if (options.spans_per_second > 0) print_row("not sent", count(r.not_sent) + " requests: no sender was free");
  }
  if (!r.with_sink) return;
  print_row("received", count(r.spans_total.received));
  print_row("lost", count(r.spans_total.lost));
  print_row("came twice", count(r.spans_total.duplicated));
  if (r.spans_total.foreign != 0) print_row("of others", count(r.spans_total.foreign));
  if (r.sink_invalid != 0) print_row("not decodable", count(r.sink_invalid) + " requests at the sink");
}

int load_otlp(const Arguments& arguments) {
  OtlpLoadOptions options;
  const Result<bool> json = load_as_json(arguments);
  if (!json) {
    std::fprintf(stderr, "nanospan load otlp: %s\n", json.error().message.c_str());
    return kExitUsage;
  }
  for (const auto parse : {parse_what, parse_where, parse_how_much}) {
    if (const Status status = parse(arguments, options); !status) {
      std::fprintf(stderr, "nanospan load otlp: %s\n", status.error().message.c_str());
      return kExitUsage;
    }
  }
  const Result<OtlpLoadResult> result = run_otlp_load(options, base::system_clock(), print_progress);
  if (!result) {
    std::fprintf(stderr, "nanospan load otlp: %s\n", result.error().message.c_str());
    return kExitFailed;
  }
  *json ? print_json(options, *result) : print_table(options, *result);
  if (!result->first_failure.empty())
    std::fprintf(stderr, "nanospan load otlp: the first failure: %s\n", result->first_failure.c_str());
  const LoadLedger::Totals& spans = result->spans_total;
  const bool lost = result->with_sink && spans.lost != 0 && !arguments.has("--allow-loss");
  if (lost || spans.duplicated + spans.foreign + result->sink_invalid != 0) return kExitLost;
  return result->failed + result->not_sent != 0 ? kExitFailed : kExitOk;
}

}  // namespace

Command load_otlp_command() {
  return {
      "load otlp",
      "load an OTLP receiver, measure it, account for every span",
      "Sends spans of about 800 bytes, as fast as they are acknowledged, or at a --rate; then the latency of a "
      "request\n"
      "counts from when it was due. With --sink it is also where the spans end, and accounts for each by its id. Exit\n"
      "code 4 if an acknowledged span did not arrive or came twice, 1 if a request failed.\n"
      "    nanospan load otlp --url http://127.0.0.1:4317 --sink 127.0.0.1:24317 --pid $(pidof nanospan)\n",
      {{"--url", "URL", "the receiver, http://host:port (http://127.0.0.1:4317)"},
       {"--label", "NAME", "what the table calls it"},
       {"--pid", "PID", "the server's process, to measure its CPU time"},
       {"--connections", "N", "connections (4)"},
       {"--seconds", "S", "for how long (10)"},
       {"--format", "text|json", "json: one line, which bench-compare reads"},
       {"--json", "", "the same as --format json"},
       {"--protocol", "grpc|http", "gRPC, or HTTP/1.1 (grpc)"},
       {"--encoding", "proto|json", "JSON over HTTP only (proto)"},
       {"--compression", "NAME", "none, gzip, zstd ...; bodies are compressed beforehand and repeated (none)"},
       {"--batch", "N", "spans a request (1000)"},
       {"--in-flight", "N", "requests at a time on each connection; HTTP/1.1 has one (4)"},
       {"--rate", "SPANS/S", "open loop; without it as fast as they are acknowledged"},
       {"--warm-up", "S", "before it is measured (1)"},
       {"--settle", "S", "how long the sink waits for what was acknowledged (10)"},
       {"--unique", "", "new ids in each request also where that means compressing anew"},
       {"--sink", "HOST:PORT", "receive here what the server sends on (gRPC and HTTP), and account for it"},
       {"--sink-cert", "FILE", "the sink speaks TLS with this certificate"},
       {"--sink-key", "FILE", "and its key"},
       {"--ca-file", "FILE", "authorities of an https:// receiver (the system's)"},
       {"--allow-loss", "", "spans that do not arrive are no failure (the server samples)"}},
      load_otlp};
}

}  // namespace nanospan::app
