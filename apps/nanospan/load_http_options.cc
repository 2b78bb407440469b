// Arguments of `nanospan load http`, each checked where it is read.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "apps/nanospan/load_command.h"
#include "apps/nanospan/load_http.h"
#include "gateway/config/units.h"
#include "net/tls_streams.h"

namespace nanospan::app {
namespace {

using load::Plan;

constexpr double kUsersMax = kLoadConnectionsMax;
constexpr double kRateMax = 1'000'000;

Error wrong(std::string_view option, std::string_view value, std::string_view allowed) {
  return {ErrorCode::kInvalidArgument,
          std::string(option) + " is \"" + std::string(value) + "\"; it must be " + std::string(allowed)};
}

bool read_number(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

Result<std::uint64_t> duration(const Arguments& arguments, std::string_view option, std::uint64_t otherwise) {
  const std::optional<std::string> text = arguments.value(option);
  if (!text) return otherwise;
  const Result<std::uint64_t> nanos = gateway::parse_duration(*text);
  if (nanos && *nanos > 0) return *nanos;
  return wrong(option, *text, "a duration above 0 like 100ms, 30s or 1m30s");
}

/// "METHOD TARGET [BODY]".
Result<load::LoadRequest> parse_request(const std::string& text) {
  load::LoadRequest request;
  const std::size_t first = text.find(' ');
  const std::size_t second = text.find(' ', first == std::string::npos ? first : first + 1);
  request.method = text.substr(0, first);
  request.target = first == std::string::npos ? "" : text.substr(first + 1, second - first - 1);
  if (second != std::string::npos) request.body = text.substr(second + 1);
  if (net::is_token(request.method) && request.target.starts_with('/')) return request;
  return wrong("--request", text, "like \"GET /path\" or \"POST /path BODY\"");
}

Result<net::Header> parse_header(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  if (colon == std::string::npos || !net::is_token(name)) return wrong("--header", text, "like \"Name: value\"");
  const std::size_t value = text.find_first_not_of(' ', colon + 1);
  return net::Header{name, value == std::string::npos ? "" : text.substr(value)};
}

/// "30s:100" users, or "30s:500/s" requests a second.
struct ParsedStage {
  load::Stage stage;
  Plan::Kind kind = Plan::Kind::kUsers;
};
Result<ParsedStage> parse_stage(const std::string& text) {
  const Error refused = wrong("--stage", text, "like 30s:100 (users) or 30s:500/s (requests a second)");
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return refused;
  const Result<std::uint64_t> nanos = gateway::parse_duration(text.substr(0, colon));
  std::string_view target = std::string_view(text).substr(colon + 1);
  ParsedStage parsed;
  if (target.ends_with("/s")) {
    parsed.kind = Plan::Kind::kRate;
    target.remove_suffix(2);
  }
  const double most = parsed.kind == Plan::Kind::kRate ? kRateMax : kUsersMax;
  if (!nanos || !read_number(target, parsed.stage.target) || parsed.stage.target < 0) return refused;
  if (parsed.stage.target > most) {
    return Error{ErrorCode::kInvalidArgument, "--stage " + text + ": at most " +
                                                  std::to_string(static_cast<int>(most)) +
                                                  (parsed.kind == Plan::Kind::kRate ? " requests a second" : " users")};
  }
  parsed.stage.nanos = *nanos;
  return parsed;
}

Result<Plan> parse_stages(const std::vector<std::string>& texts) {
  std::vector<load::Stage> stages;
  std::optional<Plan::Kind> kind;
  for (const std::string& text : texts) {
    const Result<ParsedStage> parsed = parse_stage(text);
    if (!parsed) return parsed.error();
    if (kind && *kind != parsed->kind) {
      return Error{ErrorCode::kInvalidArgument, "--stage " + text + ": all stages must be of one kind, users or rates"};
    }
    kind = parsed->kind;
    stages.push_back(parsed->stage);
  }
  Plan plan(*kind, std::move(stages));
  if (plan.nanos() == 0 || plan.peak() == 0) {
    return Error{ErrorCode::kInvalidArgument, "the stages bring no load: give a duration and a target above 0"};
  }
  return plan;
}

/// What all targets do in a round; `seconds` is for all of them together.
Status parse_plan(const Arguments& arguments, std::size_t targets, LoadHttpOptions& options,
                  load::HttpLoadOptions& load) {
  const std::vector<std::string> stages = arguments.values("--stage");
  const Result<double> connections = load_number(arguments, "--connections", 100, 1, kUsersMax);
  const Result<double> rate = load_number(arguments, "--rate", 0, 0.001, kRateMax);
  const Result<double> seconds = load_number(arguments, "--seconds", 10, 0.01, 86400);
  const Result<double> round = load_number(arguments, "--round", targets > 1 ? 1 : *seconds, 0.01, 86400);
  const Result<std::uint64_t> pace = duration(arguments, "--pace", 0);
  const Result<std::uint64_t> timeout = duration(arguments, "--timeout", load.timeout_nanos);
  for (const Result<double>* value : {&connections, &rate, &seconds, &round}) {
    if (!*value) return value->error();
  }
  if (!pace) return pace.error();
  if (!timeout) return timeout.error();
  load.connections_max = static_cast<std::size_t>(*connections);
  load.pace_nanos = *pace;
  load.timeout_nanos = *timeout;
  if (!stages.empty()) {
    if (targets > 1 || arguments.has("--seconds") || arguments.has("--rate") || arguments.has("--round")) {
      return Error{ErrorCode::kInvalidArgument,
                   "stages say how long and how much: give them without --seconds, --rate "
                   "and --round, and with one --url"};
    }
    Result<Plan> plan = parse_stages(stages);
    if (!plan) return plan.error();
    load.plan = std::move(*plan);
  } else {
    const auto nanos = static_cast<std::uint64_t>(std::min(*round, *seconds) * 1e9);
    load.plan = *rate > 0 ? Plan::constant(Plan::Kind::kRate, *rate, nanos)
                          : Plan::constant(Plan::Kind::kUsers, std::floor(*connections), nanos);
    const double each = *seconds / static_cast<double>(targets);
    options.rounds = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(each / *round)));
  }
  if (load.pace_nanos != 0 && load.plan.kind() == Plan::Kind::kRate) {
    return Error{ErrorCode::kInvalidArgument, "--pace is for users; a rate says itself how often requests come"};
  }
  return {};
}

Result<LoadTarget> parse_target(const Arguments& arguments, std::size_t place, const load::HttpLoadOptions& load) {
  const std::vector<std::string> labels = arguments.values("--label");
  const std::vector<std::string> pids = arguments.values("--pid");
  LoadTarget target;
  target.load = load;
  Result<net::Url> url = net::parse_url(arguments.values("--url")[place]);
  if (!url) return url.error();
  target.load.origin = std::move(*url);
  Result<std::string> label = load_label(labels.empty() ? target.load.origin.origin() : labels[place]);
  if (!label) return label.error();
  target.label = std::move(*label);
  const Result<int> pid = pids.empty() ? Result<int>(0) : load_pid(pids[place]);
  if (!pid) return pid.error();
  target.pid = *pid;
  if (target.load.requests.empty()) target.load.requests.push_back({"GET", target.load.origin.path, ""});
  if (target.load.origin.https) {
    net::TlsClientOptions tls;
    tls.verify = !arguments.has("--insecure");
    target.load.make_streams = [tls, host = target.load.origin.host] {
      return net::tls_client_streams(tls, host, "http/1.1");
    };
  }
  return target;
}

}  // namespace

Result<LoadHttpOptions> parse_load_http(const Arguments& arguments) {
  const std::size_t targets = arguments.values("--url").size();
  if (targets == 0) return Error{ErrorCode::kInvalidArgument, "give --url http://host:port"};
  for (const std::string_view each : {"--label", "--pid"}) {
    const std::size_t given = arguments.values(each).size();
    if (given == 0 || given == targets) continue;
    return Error{ErrorCode::kInvalidArgument, "give one --label and one --pid for each --url, or none"};
  }
  LoadHttpOptions options;
  const Result<bool> json = load_as_json(arguments);
  if (!json) return json.error();
  options.json = *json;
  load::HttpLoadOptions load;
  load.requests.clear();
  for (const std::string& text : arguments.values("--request")) {
    Result<load::LoadRequest> request = parse_request(text);
    if (!request) return request.error();
    load.requests.push_back(std::move(*request));
  }
  for (const std::string& text : arguments.values("--header")) {
    Result<net::Header> header = parse_header(text);
    if (!header) return header.error();
    load.headers.push_back(std::move(*header));
  }
  for (const std::string& text : arguments.values("--threshold")) {
    Result<load::Threshold> threshold = load::Threshold::parse(text);
    if (!threshold) return threshold.error();
    options.thresholds.push_back(std::move(*threshold));
  }
  if (Status planned = parse_plan(arguments, targets, options, load); !planned) return planned.error();
  for (std::size_t i = 0; i < targets; ++i) {
    Result<LoadTarget> target = parse_target(arguments, i, load);
    if (!target) return target.error();
    options.targets.push_back(std::move(*target));
  }
  return options;
}

std::vector<Option> load_http_options() {
  return {
      {"--url", "URL", "http://host:port or https://...; may be given several times"},
      {"--request", "TEXT", "\"GET /path\" or \"POST /path JSON\"; several are sent in turn (GET of the URL's path)"},
      {"--header", "TEXT", "\"Name: value\", of every request"},
      {"--stage", "TIME:N", "take TIME to get to N users (30s:100) or N requests a second (30s:500/s); several follow"},
      {"--connections", "N", "users; with a rate: connections at most (100)"},
      {"--rate", "N", "requests a second, whether or not earlier ones are answered"},
      {"--pace", "TIME", "each user begins a request every TIME, at the earliest (when the last one is answered)"},
      {"--seconds", "S", "for how long, all targets together (10)"},
      {"--round", "S", "length of a round (1 with several --url)"},
      {"--timeout", "TIME", "of a request (10s)"},
      {"--threshold", "TEXT", "p99<100ms, max<1s, mean<20ms, rate>1000, errors<1%; exit code 1 if one does not hold"},
      {"--label", "NAME", "what the table calls it; one for each --url"},
      {"--pid", "PID", "the server's process, to measure its CPU time; one for each --url"},
      {"--insecure", "", "https: take any certificate"},
      {"--format", "text|json", "json: one line for each URL, which bench-compare reads"},
      {"--json", "", "the same as --format json"}};
}

}  // namespace nanospan::app
