// nanospan load: which kind of load, and what the kinds share.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "apps/nanospan/load_command.h"

namespace nanospan::app {
namespace {

// Of one kind only; all others are for both.
constexpr std::array<std::string_view, 2> kHttpOnly = {"--request", "--round"};
constexpr std::array<std::string_view, 14> kOtlpOnly = {
    "--protocol", "--encoding", "--compression", "--batch",     "--in-flight", "--rate",    "--warm-up",
    "--settle",   "--unique",   "--sink",        "--sink-cert", "--sink-key",  "--ca-file", "--allow-loss"};

int load(const Arguments& arguments) {
  const std::string kind = arguments.value("http|otlp").value_or("");
  if (kind != "http" && kind != "otlp") {
    std::fprintf(stderr, "nanospan load: the kind of load comes first: nanospan load http, or nanospan load otlp\n");
    return kExitUsage;
  }
  const auto refuse_any_of = [&](const auto& options, const char* right) {
    const auto wrong = std::find_if(options.begin(), options.end(), [&](auto name) { return arguments.has(name); });
    if (wrong == options.end()) return false;
    std::fprintf(stderr, "nanospan load %s: %s is for nanospan load %s\n", kind.c_str(), std::string(*wrong).c_str(),
                 right);
    return true;
  };
  if (kind == "http" ? refuse_any_of(kOtlpOnly, "otlp") : refuse_any_of(kHttpOnly, "http")) return kExitUsage;
  const std::string format = arguments.value("--format").value_or("text");
  if (format != "text" && format != "json") {
    std::fprintf(stderr, "nanospan load: --format is \"%s\"; it must be text or json\n", format.c_str());
    return kExitUsage;
  }
  return kind == "http" ? load_http(arguments) : load_otlp(arguments);
}

}  // namespace

Result<double> load_number(const Arguments& arguments, std::string_view option, double otherwise, double low,
                           double high) {
  const std::optional<std::string> text = arguments.value(option);
  if (!text) return otherwise;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || !(value >= low && value <= high)) {
    char range[64];
    std::snprintf(range, sizeof range, "%.0f to %.0f", low, high);
    if (low != static_cast<double>(static_cast<long>(low))) std::snprintf(range, sizeof range, "%g to %g", low, high);
    return Error{ErrorCode::kInvalidArgument, std::string(option) + " is \"" + *text + "\"; it must be " + range};
  }
  return value;
}

Result<int> load_pid(const std::string& text) {
  int pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error == std::errc() && end == text.data() + text.size() && pid > 0) return pid;
  return Error{ErrorCode::kInvalidArgument, "--pid is \"" + text + "\"; it must be a process number"};
}

Result<std::string> load_label(std::string text) {
  if (text.find_first_of("\"\\\n") == std::string::npos) return text;
  return Error{ErrorCode::kInvalidArgument, "--label must be without quotes, backslashes and line breaks"};
}

bool load_as_json(const Arguments& arguments) {
  return arguments.has("--json") || arguments.value("--format") == "json";
}

double millis_of(const LatencyHistogram& latency, double share) {
  return static_cast<double>(latency.quantile(share)) * 1e-6;
}

Command load_command() {
  return {
      "load",
      "load an HTTP service or an OTLP receiver, and measure it",
      "nanospan load http: each of N clients sends its next request when the last one is answered. With several --url\n"
      "they are loaded in turn, in short rounds, to be compared. Exit code 1 if a request got no answer.\n"
      "\n"
      "nanospan load otlp: sends spans of about 800 bytes, as fast as they are acknowledged, or at a --rate; then the\n"
      "latency of a request counts from when it was due. With --sink it is also where the spans end, and accounts for\n"
      "each by its id. Exit code 4 if an acknowledged span did not arrive or came twice, 1 if a request failed.\n"
      "    nanospan load otlp --url http://127.0.0.1:4317 --sink 127.0.0.1:24317 --pid $(pidof nanospan)\n",
      {{"http|otlp", "", "the kind of load"},
       {"--url", "URL", "http://host:port; http: several may be given; otlp: the receiver (http://127.0.0.1:4317)"},
       {"--label", "NAME", "what the table calls it; one for each --url"},
       {"--pid", "PID", "the server's process, to measure its CPU time; one for each --url"},
       {"--connections", "N", "http: clients (100); otlp: connections (4)"},
       {"--seconds", "S", "for how long, all targets together (10)"},
       {"--format", "text|json", "json: one line for each URL, which bench-compare reads"},
       {"--json", "", "the same as --format json"},
       {"--request", "TEXT", "http: \"GET /path\" or \"POST /path JSON\"; several are sent in turn"},
       {"--round", "S", "http: length of a round (1)"},
       {"--protocol", "grpc|http", "otlp: gRPC, or HTTP/1.1 (grpc)"},
       {"--encoding", "proto|json", "otlp: JSON over HTTP only (proto)"},
       {"--compression", "NAME", "otlp: none, gzip, zstd ...; bodies are compressed beforehand and repeated (none)"},
       {"--batch", "N", "otlp: spans a request (1000)"},
       {"--in-flight", "N", "otlp: requests at a time on each connection; HTTP/1.1 has one (4)"},
       {"--rate", "SPANS/S", "otlp: open loop; without it as fast as they are acknowledged"},
       {"--warm-up", "S", "otlp: before it is measured (1)"},
       {"--settle", "S", "otlp: how long the sink waits for what was acknowledged (10)"},
       {"--unique", "", "otlp: new ids in each request also where that means compressing anew"},
       {"--sink", "HOST:PORT", "otlp: receive here what the server sends on (gRPC and HTTP), and account for it"},
       {"--sink-cert", "FILE", "otlp: the sink speaks TLS with this certificate"},
       {"--sink-key", "FILE", "otlp: and its key"},
       {"--ca-file", "FILE", "otlp: authorities of an https:// receiver (the system's)"},
       {"--allow-loss", "", "otlp: spans that do not arrive are no failure (the server samples)"}},
      load};
}

}  // namespace nanospan::app
