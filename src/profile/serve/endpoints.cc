// A profile of the future is answered when its seconds are over, one of the past at once. Threads: see the header.
#include "profile/serve/endpoints.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "profile/page/page.h"
#include "profile/sampler/proc.h"
#include "profile/serve/access.h"
#include "profile/serve/responses.h"

namespace nanospan::profile {
namespace {

constexpr std::string_view kRoot = "/debug/pprof";
constexpr std::size_t kSymbolBodyMax = 64u << 10;
constexpr std::size_t kCommandLineMax = 64u << 10;
constexpr std::size_t kSymbolsAskedMax = 1024;
constexpr std::uint64_t kSecondsDefault = 30;
constexpr std::uint64_t kSecondsMax = 10'000'000'000;  // year 2286

/// "-10m", "-90s", "-1h" before now, or Unix seconds.
Result<base::UnixNanos> moment_of(const Query& query, std::string_view name, base::UnixNanos now,
                                  base::UnixNanos otherwise) {
  std::string_view text = query.text(name);
  if (text == "now") return now;
  if (text.empty()) return otherwise;
  const bool before_now = text.starts_with('-');
  if (before_now) text.remove_prefix(1);
  std::uint64_t value = 0, unit = base::kNanosPerSecond;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (suffix == "m") unit *= 60;
  if (suffix == "h") unit *= 3600;
  const bool known = suffix.empty() || (before_now && (suffix == "s" || suffix == "m" || suffix == "h"));
  if (error != std::errc() || !known || value > kSecondsMax) {
    return Error{ErrorCode::kInvalidArgument,
                 std::string(name) + " is " + quoted(query.text(name)) +
                     "; it may be like -10m, -90s or -1h (before now), now, or Unix seconds"};
  }
  if (!before_now) return value * unit;
  return value * unit < now ? now - value * unit : 0;
}

/// `labels`: true for trace.
Result<bool> trace_labels_of(const Query& query) {
  const std::string_view labels = query.text("labels");
  if (labels.empty() || labels == "trace") return labels == "trace";
  return Error{ErrorCode::kInvalidArgument, "labels is " + quoted(labels) + "; it may be trace"};
}

/// "profile" of "/debug/pprof/profile?seconds=5"; "" of the index.
std::string_view page_of(std::string_view path) {
  path.remove_prefix(std::min(path.size(), kRoot.size()));
  if (path.starts_with('/')) path.remove_prefix(1);
  return path;
}

/// Several pages show one profile under Go's names.
void follow_page(const std::string& page, Profile& profile) {
  if (page == "allocs") profile.default_type = kAllocBytes;
  if (page != "goroutine" && page != "threadcreate") return;
  profile.types[0].type = page;
  profile.period_type = profile.types[0];
}

}  // namespace

net::Admission Endpoints::on_headers(const net::MessageHead& head) {
  const std::string_view method = head.method();
  if (const std::optional<Refusal> refusal = refusal_of(head, options_.token)) {
    net::Response response = error_response(refusal->status, refusal->message);
    if (refusal->status == 401) {
      for (const std::string_view challenge : kChallenges) {
        response.headers.push_back({"WWW-Authenticate", std::string(challenge)});
      }
    }
    return net::Admission::answer(std::move(response));
  }
  if (head.path() != kRoot && !head.path().starts_with(std::string(kRoot) + "/")) {
    return net::Admission::answer(error_response(404, "not found; profiles are under /debug/pprof/"));
  }
  if (method != "GET" && method != "HEAD" && !(method == "POST" && page_of(head.path()) == "symbol")) {
    net::Response response = error_response(405, "use GET");
    response.headers.push_back({"Allow", "GET, HEAD"});
    return net::Admission::answer(std::move(response));
  }
  return net::Admission::accept(kSymbolBodyMax);
}

void Endpoints::on_request(net::Request request, net::Responder responder) {
  const Query query(request.head.target());
  const std::string page(page_of(request.head.path()));
  if (page.empty()) return responder.respond(html_response(page_html()));
  if (page == "cmdline") return responder.respond(text_response(200, read_proc("/proc/self/cmdline", kCommandLineMax)));
  if (page == "symbol") return responder.respond(symbol(request));
  if (page == "routes") return responder.respond(routes());
  if (page == "recordings" && recorder_ != nullptr) {
    return responder.respond(text_response(200, recorder_->status_text()));
  }
  if (page == "profile" && (query.has("from") || query.has("to"))) return responder.respond(past(query));
  static constexpr std::pair<std::string_view, WindowKind> kKinds[] = {
      {"profile", WindowKind::kCpu},     {"wall", WindowKind::kWall},         {"heap", WindowKind::kHeap},
      {"allocs", WindowKind::kHeap},     {"mutex", WindowKind::kMutex},       {"block", WindowKind::kBlock},
      {"threads", WindowKind::kThreads}, {"goroutine", WindowKind::kThreads}, {"threadcreate", WindowKind::kThreads}};
  for (const auto& [name, kind] : kKinds) {
    if (page == name) return collect(kind, request.head, query, page, std::move(responder));
  }
  responder.respond(error_response(404, "no profile is called " + page.substr(0, 100)));
}

void Endpoints::collect(WindowKind kind, const net::MessageHead& head, const Query& query, const std::string& name,
                        net::Responder responder) {
  const bool has_all = kind >= WindowKind::kHeap;  // without `seconds`: everything so far
  const Result<std::uint64_t> seconds =
      query.number("seconds", has_all ? 0 : kSecondsDefault, has_all ? 0 : 1, options_.seconds_max);
  const Result<std::uint64_t> hz = query.number("hz", 0, 1, profiler_.options().hz_max);
  const Result<ProfileFormat> format = format_of(query);
  const Result<bool> lines = lines_of(query);
  const Result<bool> trace_labels = trace_labels_of(query);
  if (!seconds) return responder.respond(error_response(seconds.error()));
  if (!hz) return responder.respond(error_response(hz.error()));
  if (!format) return responder.respond(error_response(format.error()));
  if (!lines) return responder.respond(error_response(lines.error()));
  if (!trace_labels) return responder.respond(error_response(trace_labels.error()));
  // Nobody waits for a profile of which only the headers are sent.
  if (head.method() == "HEAD") return responder.respond(profile_response(Profile(), *format, name));
  CollectRequest request;
  request.kind = kind;
  request.nanos = *seconds * base::kNanosPerSecond;
  request.hz = static_cast<unsigned>(*hz);
  request.lines = *lines;
  request.trace_labels = *trace_labels;
  const auto collection = std::make_shared<std::uint64_t>(0);
  responder.on_peer_gone([this, collection] { profiler_.finish_early(*collection); });
  *collection = profiler_.collect(
      request, [responder = std::move(responder), format = *format, name](Result<Profile> profile) mutable {
        if (!profile) return responder.respond(error_response(profile.error()));
        follow_page(name, *profile);
        responder.respond(profile_response(*profile, format, name));
      });
}

net::Response Endpoints::past(const Query& query) {
  const base::UnixNanos now = base::system_clock().unix_now();
  const Result<ProfileFormat> format = format_of(query);
  const Result<base::UnixNanos> from = moment_of(query, "from", now, 0);
  const Result<base::UnixNanos> to = moment_of(query, "to", now, now);
  const Result<bool> lines = lines_of(query);
  const Result<bool> trace_labels = trace_labels_of(query);
  if (!format) return error_response(format.error());
  if (!from) return error_response(from.error());
  if (!to) return error_response(to.error());
  if (!lines) return error_response(lines.error());
  if (!trace_labels) return error_response(trace_labels.error());
  if (*trace_labels) {
    return error_response(400,
                          "the history has no ids of traces: leave out labels=trace, or ask for the next `seconds`");
  }
  const Result<Profile> profile = profiler_.past(*from, *to, *lines);
  return profile ? profile_response(*profile, *format, "profile") : error_response(profile.error());
}

net::Response Endpoints::routes() const {
  std::string text = "# CPU seconds by route, of sampled spans, since the start\n";
  for (const RouteTime& route : profiler_.routes()) {
    const std::uint64_t millis = route.cpu_nanos / base::kNanosPerMilli;
    const std::string fraction = std::to_string(1000 + millis % 1000).substr(1);
    text += std::to_string(millis / 1000) + "." + fraction + "  " + route.route + "\n";
  }
  return text_response(200, text);
}

// As Go's: GET says that there are symbols; POST, or the query, has addresses joined by "+".
net::Response Endpoints::symbol(const net::Request& request) {
  std::string_view asked = request.head.method() == "POST" ? request.body.view() : std::string_view();
  if (request.head.method() != "POST") {
    const std::string_view target = request.head.target();
    const std::size_t question = target.find('?');
    if (question != std::string_view::npos) asked = target.substr(question + 1);
  }
  std::vector<std::string_view> addresses;
  std::vector<std::uint64_t> pcs;
  for (std::size_t i = 0; !asked.empty() && i < kSymbolsAskedMax; ++i) {
    const std::size_t end = std::min(asked.find('+'), asked.size());
    std::string_view address = asked.substr(0, end);
    asked.remove_prefix(std::min(end + 1, asked.size()));
    if (address.starts_with("0x")) address.remove_prefix(2);
    std::uint64_t pc = 0;
    if (std::from_chars(address.data(), address.data() + address.size(), pc, 16).ec != std::errc()) continue;
    addresses.push_back(address);
    pcs.push_back(pc);
  }
  std::string text = "num_symbols: 1\n";
  const std::vector<std::string> names = pcs.empty() ? std::vector<std::string>() : profiler_.functions_at(pcs);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty()) text += "0x" + std::string(addresses[i]) + "\t" + names[i] + "\n";
  }
  return text_response(200, text);
}

}  // namespace nanospan::profile
