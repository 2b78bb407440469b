// getaddrinfo runs on a detached thread that owns its request; who no longer waits is not called. Threads: see the
// header.
#include "net/resolver.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <unordered_map>

namespace nanospan::net {
namespace {

/// What a lookup thread owns.
struct Job {
  std::string host;
  std::uint16_t port;
  Resolver::Lookup lookup;
  UniqueFunction<void(Result<Addresses>)> deliver;
};

void* run_job(void* argument) {
  const std::unique_ptr<Job> job(static_cast<Job*>(argument));
  job->deliver(job->lookup(job->host, job->port));
  return nullptr;
}

/// A detached thread that takes no signals of the host program. False if there can be no more threads.
bool start_job(std::unique_ptr<Job> job) {
  sigset_t all, before;
  ::sigfillset(&all);
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return false;
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the thread
  pthread_t thread;
  const bool started = ::pthread_create(&thread, &attributes, run_job, job.get()) == 0;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  if (started) static_cast<void>(job.release());
  return started;
}

bool answer_without_lookup(const std::string& host, std::uint16_t port, Addresses& out) {
  out.resize(1);
  if (SocketAddress::parse(host, port, out[0])) return true;
  if (host != "localhost" && host != "localhost.") return false;
  out.resize(2);  // IPv4 first: what listens on loopback often listens there only
  return SocketAddress::parse("127.0.0.1", port, out[0]) && SocketAddress::parse("::1", port, out[1]);
}

}  // namespace

struct Resolver::State {
  struct Waiting {
    Waiting(EventLoop& loop, UniqueFunction<void()> on_deadline, OnDone on_done)
        : timer(loop, std::move(on_deadline)), done(std::move(on_done)) {}
    Timer timer;
    OnDone done;
  };

  State(EventLoop& the_loop, Lookup the_lookup) : loop(the_loop), lookup(std::move(the_lookup)) {}

  void finish(std::uint64_t id, Result<Addresses> result) {
    const auto found = waiting.extract(id);
    if (found) found.mapped()->done(std::move(result));
  }

  EventLoop& loop;
  const Lookup lookup;
  std::unordered_map<std::uint64_t, std::unique_ptr<Waiting>> waiting;
  std::uint64_t last_id = 0;
  int lookups = 0;
};

Resolver::Resolver(EventLoop& loop, Lookup lookup) : state_(std::make_shared<State>(loop, std::move(lookup))) {}
Resolver::~Resolver() { state_->waiting.clear(); }

void Resolver::resolve(const std::string& host, std::uint16_t port, base::Deadline deadline, OnDone done) {
  State& state = *state_;
  const std::uint64_t id = ++state.last_id;
  const std::weak_ptr<State> weak = state_;
  // Both run on the loop's thread, the only one that may take up the weak pointer.
  const auto finish_later = [&state, weak, id](Result<Addresses> result) {
    state.loop.post([weak, id, result = std::move(result)]() mutable {
      if (const auto alive = weak.lock()) alive->finish(id, std::move(result));
    });
  };
  auto on_deadline = [weak, id, host] {
    if (const auto alive = weak.lock()) {
      alive->finish(id, Error{ErrorCode::kDeadlineExceeded, "looking up \"" + host + "\" took too long"});
    }
  };
  auto& waiting = *(state.waiting[id] = std::make_unique<State::Waiting>(state.loop, on_deadline, std::move(done)));
  waiting.timer.arm(deadline.at);

  Addresses known;
  if (answer_without_lookup(host, port, known)) return finish_later(std::move(known));
  if (state.lookups >= kLookupsMax) {
    return finish_later(
        Error{ErrorCode::kResourceExhausted, "earlier name lookups are still hanging in the system's resolver"});
  }
  auto deliver = [weak, id, loop = state.loop.handle()](Result<Addresses> result) {
    loop->post([weak, id, result = std::move(result)]() mutable {
      const auto alive = weak.lock();
      if (!alive) return;
      --alive->lookups;
      alive->finish(id, std::move(result));
    });
  };
  auto job = std::make_unique<Job>(Job{host, port, state.lookup, std::move(deliver)});
  if (!start_job(std::move(job))) return finish_later(Error{ErrorCode::kSystem, "no thread for a name lookup"});
  ++state.lookups;
}

Result<Addresses> Resolver::system_lookup(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (failure == EAI_SYSTEM) return system_error("looking up \"" + host + "\"", errno);
  if (failure != 0) return Error{ErrorCode::kNotFound, "looking up \"" + host + "\": " + ::gai_strerror(failure)};
  Addresses addresses;
  constexpr std::size_t kAddressesMax = 16;
  for (const addrinfo* entry = list; entry != nullptr && addresses.size() < kAddressesMax; entry = entry->ai_next) {
    addresses.push_back(SocketAddress::from(entry->ai_addr, entry->ai_addrlen));
    addresses.back().set_port(port);
  }
  ::freeaddrinfo(list);
  if (addresses.empty()) return Error{ErrorCode::kNotFound, "looking up \"" + host + "\": no address"};
  return addresses;
}

}  // namespace nanospan::net
