#include "profile/serve/profile_server.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <latch>
#include <optional>
#include <utility>

#include "profile/serve/access.h"

namespace nanospan::profile {

Result<std::unique_ptr<ProfileServer>> ProfileServer::start(ProfileServerOptions options) {
  if (!is_loopback(options.host) && options.endpoints.token.empty()) {
    return Error{ErrorCode::kInvalidArgument, "profiles on " + (options.host.empty() ? "all addresses" : options.host) +
                                                  " need a token: whoever sees them sees names, routes and trace ids"};
  }
  auto parts = std::make_unique<Parts>();
  Result<std::unique_ptr<net::LoopThreads>> threads = net::LoopThreads::start(1, "nanospan-prof");
  if (!threads) return threads.error();
  parts->threads = std::move(threads).value();
  net::EventLoop& loop = *parts->threads->loops().front();
  std::optional<Result<std::unique_ptr<Profiler>>> profiler;
  std::latch made(1);
  loop.post([&] {  // there: the profiler leaves its own thread alone
    profiler.emplace(Profiler::create(loop, static_cast<std::int32_t>(::syscall(SYS_gettid)), options.profiler));
    made.count_down();
  });
  made.wait();
  if (!*profiler) return profiler->error();
  parts->profiler = std::move(*profiler).value();
  net::Http1ServerOptions http;
  http.host = options.host;
  http.port = options.port;
  http.connections_max = 100;  // people and scrapers
  Result<std::unique_ptr<net::Http1Server>> server = net::Http1Server::start(
      {&loop}, std::move(http), std::make_shared<Endpoints>(*parts->profiler, std::move(options.endpoints)));
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
  parts_->threads->stop();
  parts_->profiler.reset();
  parts_->server.reset();
}

}  // namespace nanospan::profile
