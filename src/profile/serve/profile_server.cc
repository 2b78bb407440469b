// The profiler is made and used on the server's own thread, which is left to end by itself if the last profiles take
// too long. Threads: see the header.
#include "profile/serve/profile_server.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <mutex>
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
  const std::uint64_t stop_nanos = options.stop_nanos;
  auto parts = std::make_unique<Parts>();
  Result<std::unique_ptr<net::LoopThreads>> threads = net::LoopThreads::start(1, "nanospan-prof");
  if (!threads) return threads.error();
  parts->threads = std::move(threads).value();
  if (const Status made = make_profiler(*parts, options); !made) {
    parts->threads->stop();
    return made.error();
  }
  net::HttpServerOptions http;
  http.host = options.host;
  http.port = options.port;
  http.connections_max = 100;  // people and scrapers
  Result<std::unique_ptr<net::HttpServer>> server = net::HttpServer::start(
      parts->threads->loops(), std::move(http),
      std::make_shared<Endpoints>(*parts->profiler, parts->recorder.get(), std::move(options.endpoints)));
  if (!server) {
    parts->threads->stop();
    return server.error();
  }
  parts->server = std::move(server).value();
  return std::unique_ptr<ProfileServer>(new ProfileServer(std::move(parts), stop_nanos));
}

ProfileServer::ProfileServer(std::unique_ptr<Parts> parts, std::uint64_t stop_nanos)
    : parts_(std::move(parts)), stop_nanos_(stop_nanos), process_(::getpid()) {}

void ProfileServer::stop(std::uint64_t nanos) {
  if (parts_ == nullptr) return;
  if (::getpid() != process_) {  // the thread is the parent's
    static_cast<void>(parts_.release());
    return;
  }
  parts_->server->shutdown(base::Deadline{0});
  if (!finish(std::min(nanos, stop_nanos_))) {
    leave(std::move(parts_));
    return;
  }
  parts_->threads->stop();
  parts_->recorder.reset();
  parts_->profiler.reset();
  parts_->server.reset();
  parts_.reset();
}

/// The last profiles, on the loop's thread. False if they took too long: that thread ends by itself.
bool ProfileServer::finish(std::uint64_t nanos) {
  struct Closing {
    std::mutex mutex;
    std::condition_variable changed;
    bool finished = false, left = false;
  };
  const auto closing = std::make_shared<Closing>();
  net::EventLoop& loop = *parts_->threads->loops().front();
  const auto finished = [parts = parts_.get(), closing] {
    std::unique_lock lock(closing->mutex);
    closing->finished = true;
    if (!closing->left) return closing->changed.notify_all();
    lock.unlock();
    end_on_its_own(*parts);
  };
  // The last tenth is for giving up what was not answered, so that the thread need not be left.
  loop.post([recorder = parts_->recorder.get(), for_answers = nanos - nanos / 10, finished] {
    if (recorder == nullptr) return finished();
    recorder->finish(for_answers, finished);
  });
  std::unique_lock lock(closing->mutex);
  const auto is_finished = [&] { return closing->finished; };
  closing->left = !closing->changed.wait_for(lock, std::chrono::nanoseconds(nanos), is_finished);
  return !closing->left;
}

// On the loop's thread. What is left of the parts lives as long as the process.
void ProfileServer::end_on_its_own(Parts& parts) {
  parts.recorder.reset();
  parts.profiler.reset();
  parts.threads->loops().front()->stop();
  ::pthread_detach(::pthread_self());
}

/// Its thread may still use them, at any time.
void ProfileServer::leave(std::unique_ptr<Parts> parts) {
  static std::atomic<Parts*> last{nullptr};
  Parts* const left = parts.release();
  left->left_before = last.exchange(left);
}

}  // namespace nanospan::profile
