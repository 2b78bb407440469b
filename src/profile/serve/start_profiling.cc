// start_profiling(), and the symbol by which nanospan::start() finds it (setup/profile_hook.h).
#include <nanospan/profile.h>

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

Result<Profiling> start_profiling(ProfilingOptions options) {
  constexpr std::uint32_t kHzMax = 1000;
  if (options.hz == 0 || options.hz > kHzMax) {
    return Error{ErrorCode::kInvalidArgument,
                 "profiling hz is " + std::to_string(options.hz) + "; it may be 1 to " + std::to_string(kHzMax)};
  }
  profile::ProfileServerOptions server;
  if (!options.host.empty()) server.host = std::move(options.host);
  server.port = options.port;
  server.endpoints.token = std::move(options.token);
  server.profiler.hz = options.hz;
  server.profiler.continuous = options.continuous;
  server.profiler.history.bytes_max = options.history_bytes_max;
  Result<std::unique_ptr<profile::ProfileServer>> started = profile::ProfileServer::start(std::move(server));
  if (!started) return started.error().with_prefix("profiling");
  auto state = std::make_unique<Profiling::State>(Profiling::State{std::move(started).value()});
  return Profiling(state.release());
}

}  // namespace v0
}  // namespace nanospan

// The declaration is in setup/profile_hook.cc.
extern "C" [[gnu::visibility("default")]] void* nanospan_profile_r1(nanospan::ProfilingOptions& options,
                                                                    void (*&stop)(void*), nanospan::Error& error) {
  nanospan::Result<nanospan::Profiling> started = nanospan::start_profiling(std::move(options));
  if (!started) {
    error = started.error();
    return nullptr;
  }
  stop = [](void* running) {
    const std::unique_ptr<nanospan::Profiling> owned(static_cast<nanospan::Profiling*>(running));
  };
  return std::make_unique<nanospan::Profiling>(std::move(started).value()).release();
}
