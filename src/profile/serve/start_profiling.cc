// start_profiling(), and the symbol by which nanospan::start() finds it (setup/profile_hook.h).
#include <nanospan/profile.h>

#include <errno.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "profile/serve/profile_server.h"

namespace nanospan {
inline namespace v0 {

struct Profiling::State {
  std::unique_ptr<profile::ProfileServer> server;
};

Profiling::~Profiling() { const std::unique_ptr<State> owned(state_); }

std::uint16_t Profiling::port() const { return state_->server->port(); }

namespace {

Status check_recorder(const ProfilingOptions& options) {
  constexpr std::uint32_t kSecondsMax = 86'400;
  if (options.profile_seconds == 0 || options.every_seconds < options.profile_seconds ||
      options.every_seconds > kSecondsMax) {
    return Error{ErrorCode::kInvalidArgument, "profiling takes " + std::to_string(options.profile_seconds) +
                                                  " s of every " + std::to_string(options.every_seconds) +
                                                  " s; both may be 1 to 86400, the first not more than the second"};
  }
  return {};
}

Result<profile::RecorderOptions> recorder_options(ProfilingOptions& options, std::string_view resource_fields) {
  profile::RecorderOptions recorder;
  recorder.profile_nanos = options.profile_seconds * base::kNanosPerSecond;
  recorder.every_nanos = options.every_seconds * base::kNanosPerSecond;
  recorder.files = {std::move(options.directory), options.directory_bytes_max};
  recorder.push.url = std::move(options.push_url);
  recorder.push.protocol = options.push_protocol;
  recorder.push.headers = std::move(options.push_headers);
  recorder.push.resource_fields = resource_fields;
  if (options.push_proxy && !options.push_proxy->empty()) {
    Result<net::Proxy> proxy = net::parse_proxy(*options.push_proxy);
    if (!proxy) return proxy.error().with_prefix("push_proxy");
    recorder.push.proxy = std::move(proxy).value();
  }
  recorder.push.service_name = options.service_name.empty()
                                   ? std::string("unknown_service:") + program_invocation_short_name
                                   : std::move(options.service_name);
  if (options.error_handler != nullptr) {
    recorder.problem = [tell = options.error_handler](const std::string& line) {
      try {
        tell("profiling", line);
      } catch (...) {  // the user's; it is counted and shown all the same
      }
    };
  }
  return recorder;
}

/// `no_directory`, `no_push`: why there is none; null: then it is an error.
Result<std::unique_ptr<profile::ProfileServer>> start_server(ProfilingOptions options,
                                                             const std::string& resource_fields, Error* no_directory,
                                                             Error* no_push) {
  constexpr std::uint32_t kHzMax = 1000;
  if (const Status checked = check_recorder(options); !checked) return checked.error();
  if (options.hz == 0 || options.hz > kHzMax) {
    return Error{ErrorCode::kInvalidArgument,
                 "profiling hz is " + std::to_string(options.hz) + "; it may be 1 to " + std::to_string(kHzMax)};
  }
  constexpr std::size_t kHistoryBytesLeast = std::size_t{64} << 10;  // a bucket or two of some stacks
  if (options.continuous && options.history_bytes_max < kHistoryBytesLeast) {
    return Error{ErrorCode::kInvalidArgument,
                 "profiling history_bytes_max is " + std::to_string(options.history_bytes_max) + "; it may be " +
                     std::to_string(kHistoryBytesLeast) + " or more; set continuous to false to keep no history"};
  }
  profile::ProfileServerOptions server;
  if (!options.host.empty()) server.host = std::move(options.host);
  server.port = options.port;
  server.endpoints.token = std::move(options.token);
  server.profiler.hz = options.hz;
  server.profiler.continuous = options.continuous;
  server.profiler.history.bytes_max = options.history_bytes_max;
  server.profiler.heap_interval_bytes = options.heap_interval_bytes;
  server.profiler.locks = options.locks;
  Result<profile::RecorderOptions> recorder = recorder_options(options, resource_fields);
  if (!recorder) return recorder.error().with_prefix("profiling");
  server.recorder = std::move(recorder).value();
  server.profiler.problem = server.recorder.problem;
  const auto told = [](Error* where) {
    return where == nullptr ? std::function<void(const Error&)>() : [where](const Error& why) { *where = why; };
  };
  server.recorder.no_files = told(no_directory);
  server.recorder.no_push = told(no_push);
  Result<std::unique_ptr<profile::ProfileServer>> started = profile::ProfileServer::start(std::move(server));
  if (!started) return started.error().with_prefix("profiling");
  return started;
}

}  // namespace

Result<Profiling> start_profiling(ProfilingOptions options) {
  Result<std::unique_ptr<profile::ProfileServer>> started = start_server(std::move(options), {}, nullptr, nullptr);
  if (!started) return started.error();
  auto state = std::make_unique<Profiling::State>(Profiling::State{std::move(started).value()});
  return Profiling(state.release());
}

}  // namespace v0
}  // namespace nanospan

// The declaration is in setup/profile_hook.cc.
extern "C" [[gnu::visibility("default")]] void* nanospan_profile_r4(nanospan::ProfilingOptions& options,
                                                                    const std::string& resource_fields,
                                                                    void (*&stop)(void*), nanospan::Error& error,
                                                                    nanospan::Error* no_directory,
                                                                    nanospan::Error* no_push) {
  auto started = nanospan::start_server(std::move(options), resource_fields, no_directory, no_push);
  if (!started) {
    error = started.error();
    return nullptr;
  }
  stop = [](void* running) {
    const std::unique_ptr<nanospan::profile::ProfileServer> owned(
        static_cast<nanospan::profile::ProfileServer*>(running));
  };
  return started->release();
}
