// nanospan load http: options, rounds with a line each, and the result as a table or as JSON lines.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "apps/nanospan/load_command.h"
#include "apps/nanospan/load_http.h"

namespace nanospan::app {
namespace {

/// One target with all that its rounds gave.
struct Tally {
  std::string label;
  LoadResult total;
  std::vector<double> cpu_micros;  // per request, one a round
};

double millis(const LoadResult& result, double share) { return millis_of(result.latency, share); }

/// "METHOD TARGET [BODY]".
Result<LoadRequest> parse_request(const std::string& text) {
  LoadRequest request;
  const std::size_t first = text.find(' ');
  const std::size_t second = text.find(' ', first == std::string::npos ? first : first + 1);
  request.method = text.substr(0, first);
  if (first != std::string::npos) request.target = text.substr(first + 1, second - first - 1);
  if (second != std::string::npos) request.body = text.substr(second + 1);
  if (!net::is_token(request.method) || !request.target.starts_with('/')) {
    return Error{ErrorCode::kInvalidArgument,
                 "--request is \"" + text + "\"; it must be like \"GET /path\" or \"POST /path BODY\""};
  }
  return request;
}

Result<std::vector<LoadTarget>> parse_targets(const Arguments& arguments) {
  const std::vector<std::string> urls = arguments.values("--url");
  const std::vector<std::string> labels = arguments.values("--label");
  const std::vector<std::string> pids = arguments.values("--pid");
  if (urls.empty()) return Error{ErrorCode::kInvalidArgument, "give --url http://host:port"};
  for (const auto* optional : {&labels, &pids}) {
    if (!optional->empty() && optional->size() != urls.size()) {
      return Error{ErrorCode::kInvalidArgument, "give one --label and one --pid for each --url, or none"};
    }
  }
  std::vector<LoadTarget> targets;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    Result<net::Url> url = net::parse_url(urls[i]);
    if (!url) return url.error();
    const Result<int> pid = pids.empty() ? Result<int>(0) : load_pid(pids[i]);
    if (!pid) return pid.error();
    Result<std::string> label = load_label(labels.empty() ? url->origin() : labels[i]);
    if (!label) return label.error();
    targets.push_back({std::move(*url), std::move(*label), *pid});
  }
  return targets;
}

Result<LoadOptions> parse_options(const Arguments& arguments) {
  LoadOptions options;
  Result<std::vector<LoadTarget>> targets = parse_targets(arguments);
  if (!targets) return targets.error();
  options.targets = std::move(*targets);
  for (const std::string& text : arguments.values("--request")) {
    Result<LoadRequest> request = parse_request(text);
    if (!request) return request.error();
    options.requests.push_back(std::move(*request));
  }
  if (options.requests.empty()) options.requests.push_back({"GET", options.targets[0].url.path, ""});

  const Result<double> connections = load_number(arguments, "--connections", 100, 1, kLoadConnectionsMax);
  const Result<double> seconds = load_number(arguments, "--seconds", 10, 0.01, 86400);
  const Result<double> round = load_number(arguments, "--round", 1, 0.01, 3600);
  for (const Result<double>* value : {&connections, &seconds, &round}) {
    if (!*value) return value->error();
  }
  options.connections = static_cast<std::size_t>(*connections);
  options.round_nanos = static_cast<std::uint64_t>(*round * 1e9);
  const double each = *seconds / static_cast<double>(options.targets.size());
  options.rounds = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(each / *round)));
  return options;
}

void print_round(std::size_t done, std::size_t all, const std::string& label, const LoadResult& result) {
  std::fprintf(stderr, "  round %zu/%zu  %s  %.0f requests/s  P50 %.1f ms  P99 %.1f ms", done, all, label.c_str(),
               result.requests_per_second(), millis(result, 0.5), millis(result, 0.99));
  if (result.failed != 0) {
    std::fprintf(stderr, "  failed %llu: %s", static_cast<unsigned long long>(result.failed),
                 result.first_failure.c_str());
  }
  std::fputc('\n', stderr);
}

/// Mean and half the width of its 95 % interval (normal approximation).
struct Interval {
  double mean = 0;
  double half = 0;
};
Interval interval_of(const std::vector<double>& values) {
  Interval result;
  const auto n = static_cast<double>(values.size());
  if (values.empty()) return result;
  for (const double value : values) result.mean += value / n;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  if (values.size() > 1) result.half = 1.96 * std::sqrt(squares / (n - 1) / n);
  return result;
}

void print_json(const Tally& tally) {
  const LoadResult& total = tally.total;
  const Interval cpu = interval_of(tally.cpu_micros);
  std::printf(
      "{\"label\":\"%s\",\"requests\":%llu,\"error_status\":%llu,\"failed\":%llu,\"seconds\":%.3f,"
      "\"requests_per_second\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,"
      "\"cpu_us_per_request\":%.3f,\"cpu_us_half_interval\":%.3f}\n",
      tally.label.c_str(), static_cast<unsigned long long>(total.answered),
      static_cast<unsigned long long>(total.error_status), static_cast<unsigned long long>(total.failed),
      static_cast<double>(total.nanos) * 1e-9, total.requests_per_second(), millis(total, 0.5), millis(total, 0.99),
      millis(total, 1), total.cpu_micros_per_request(), cpu.half);
}

void print_table(const Tally& tally) {
  const LoadResult& total = tally.total;
  std::printf(
      "%s\n  requests/s   %.0f\n  P50, P99     %.2f ms, %.2f ms\n  answered     %llu (%llu with 4xx or 5xx)\n"
      "  failed       %llu\n",
      tally.label.c_str(), total.requests_per_second(), millis(total, 0.5), millis(total, 0.99),
      static_cast<unsigned long long>(total.answered), static_cast<unsigned long long>(total.error_status),
      static_cast<unsigned long long>(total.failed));
  if (total.cpu_seconds > 0) {
    std::printf("  server CPU   %.1f us a request (+- %.1f)\n", total.cpu_micros_per_request(),
                interval_of(tally.cpu_micros).half);
  }
}

}  // namespace

int load_http(const Arguments& arguments) {
  const Result<LoadOptions> options = parse_options(arguments);
  if (!options) {
    std::fprintf(stderr, "nanospan load: %s\n", options.error().message.c_str());
    return kExitUsage;
  }
  std::vector<Tally> tallies;
  for (const LoadTarget& target : options->targets) tallies.push_back({target.label, {}, {}});
  const std::size_t count = tallies.size();
  const std::size_t rounds = options->rounds * count;
  for (std::size_t i = 0; i < rounds; ++i) {
    // A B, B A, A B ...: a drift of the machine's speed meets all targets alike.
    const std::size_t place = i % count;
    Tally& tally = tallies[(i / count) % 2 == 0 ? place : count - 1 - place];
    const LoadTarget& target = options->targets[static_cast<std::size_t>(&tally - tallies.data())];
    const Result<LoadResult> result = run_load_round(*options, target, base::system_clock());
    if (!result) {
      std::fprintf(stderr, "nanospan load: %s\n", result.error().message.c_str());
      return kExitFailed;
    }
    print_round(i + 1, rounds, tally.label, *result);
    tally.cpu_micros.push_back(result->cpu_micros_per_request());
    tally.total.add(*result);
  }
  for (const Tally& tally : tallies) load_as_json(arguments) ? print_json(tally) : print_table(tally);
  const bool failed = std::any_of(tallies.begin(), tallies.end(), [](const Tally& t) { return t.total.failed != 0; });
  return failed ? kExitFailed : kExitOk;
}

}  // namespace nanospan::app
