#include "profile/serve/profile_server.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <latch>
#include <utility>

#include "profile/serve/access.h"

namespace nanospan::profile {
namespace {

void run_on(net::EventLoop& loop, net::UniqueFunction<void()> work) {
  std::latch done(1);
  loop.post([&] {
    work();
    done.count_down();
  });
  done.wait();
}

}  // namespace

// On the loop's thread, which the profiler leaves alone.
Status ProfileServer::make_profiler(Parts& parts, const ProfileServerOptions& options) {
  net::EventLoop& loop = *parts.threads->loops().front();
  Status made;
  run_on(loop, [&] {
    Result<std::unique_ptr<Profiler>> profiler =
        Profiler::create(loop, static_cast<std::int32_t>(::syscall(SYS_gettid)), options.profiler);
    if (!profiler) {
      made = profiler.error();
      return;
    }
    parts.profiler = std::move(profiler).value();
    if (!ProfileRecorder::is_wanted(options.recorder)) return;
    Result<std::unique_ptr<ProfileRecorder>> recorder =
        ProfileRecorder::create(loop, *parts.profiler, options.recorder);
    if (!recorder) {
      made = recorder.error();
      return;
    }
    parts.recorder = std::move(recorder).value();
  });
  return made;
}

Result<std::unique_ptr<ProfileServer>> ProfileServer::start(ProfileServerOptions options) {
  if (!is_loopback(options.host) && options.endpoints.token.empty()) {
    return Error{ErrorCode::kInvalidArgument, "profiles on " + (options.host.empty() ? "all addresses" : options.host) +
                                                  " need a token: whoever sees them sees names, routes and trace ids"};
  }
  auto parts = std::make_unique<Parts>();
  Result<std::unique_ptr<net::LoopThreads>> threads = net::LoopThreads::start(1, "nanospan-prof");
  if (!threads) return threads.error();
  parts->threads = std::move(threads).value();
  if (const Status made = make_profiler(*parts, options); !made) {
    parts->threads->stop();
    return made.error();
  }
  net::Http1ServerOptions http;
  http.host = options.host;
  http.port = options.port;
  http.connections_max = 100;  // people and scrapers
  Result<std::unique_ptr<net::Http1Server>> server = net::Http1Server::start(
      parts->threads->loops(), std::move(http),
      std::make_shared<Endpoints>(*parts->profiler, parts->recorder.get(), std::move(options.endpoints)));
  if (!server) {
    parts->threads->stop();
    return server.error();
  }
  parts->server = std::move(server).value();
  return std::unique_ptr<ProfileServer>(new ProfileServer(std::move(parts)));
}

ProfileServer::ProfileServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)), process_(::getpid()) {}

ProfileServer::~ProfileServer() {
  if (::getpid() != process_) {  // the thread is the parent's
    static_cast<void>(parts_.release());
    return;
  }
  parts_->server->shutdown(base::Deadline{0});
  if (parts_->recorder) run_on(*parts_->threads->loops().front(), [this] { parts_->recorder->finish(); });
  parts_->threads->stop();
  parts_->recorder.reset();
  parts_->profiler.reset();
  parts_->server.reset();
}

}  // namespace nanospan::profile
