// What the system may refuse: threads, random bytes, memory that is wiped on fork. The functions are replaced here by
// ones that fail on demand.
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <array>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "tests/lifecycle/program.h"

namespace {

std::atomic<bool> refuse_threads{false};
std::atomic<bool> refuse_random{false};
std::atomic<bool> refuse_wiping{false};

template <class Function>
Function* next_of(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// A sanitizer's, where it is linked into the program: dlsym() passes by that, and its threads must be known to it.
extern "C" [[gnu::weak]] decltype(pthread_create) __interceptor_pthread_create;

extern "C" [[gnu::visibility("default")]] int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                                                             void* (*body)(void*), void* argument) noexcept {
  if (refuse_threads) return EAGAIN;
  auto* const next = &__interceptor_pthread_create != nullptr ? &__interceptor_pthread_create
                                                              : next_of<decltype(pthread_create)>("pthread_create");
  return next(thread, attributes, body, argument);
}

extern "C" [[gnu::visibility("default")]] ssize_t getrandom(void* to, std::size_t size, unsigned flags) {
  if (refuse_random) {
    errno = ENOSYS;
    return -1;
  }
  return next_of<ssize_t(void*, std::size_t, unsigned)>("getrandom")(to, size, flags);
}

extern "C" [[gnu::visibility("default")]] int madvise(void* at, std::size_t size, int advice) noexcept {
  if (refuse_wiping && advice == MADV_WIPEONFORK) {
    errno = EINVAL;
    return -1;
  }
  return next_of<int(void*, std::size_t, int)>("madvise")(at, size, advice);
}

namespace nanospan::lifecycle {
namespace {

/// What `body` requires holds in a child of a fork.
template <class Body>
void in_a_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  int status = -1;
  require(child > 0 && waitpid(child, &status, 0) == child && status == 0, "all is well in the child");
}

// In a process of its own, as it is asked for when memory is first taken.
void no_wiping() {
  refuse_wiping = true;
  Sdk sdk;
  Span span = sdk.tracer.start_span("the parent's");
  const SpanContext before = sdk.tracer.start_span("before").context();
  int ids[2];
  require(pipe(ids) == 0, "a pipe");
  in_a_child([&] {
    span.set("key", "value");
    span.end();
    require(sdk.ledger().ended == 0, "a span of the parent ends there only");
    const SpanContext own = sdk.tracer.start_span("the child's").context();
    require(own.is_valid() && own.span_id() != before.span_id(), "the child has ids");
    require(write(ids[1], own.span_id().data(), SpanId::kSize) == SpanId::kSize, "to tell");
  });
  std::array<unsigned char, SpanId::kSize> told{};
  require(read(ids[0], told.data(), told.size()) == SpanId::kSize, "the child told its id");
  const SpanContext next = sdk.tracer.start_span("next").context();
  require(std::memcmp(next.span_id().data(), told.data(), told.size()) != 0, "parent and child draw other ids");
  span.end();
  require(sdk.provider->flush(20'000) == FlushResult::kSuccess && sdk.ledger().exported == 3, "spans arrive");
}

// First, while the process has no export thread yet.
void no_threads() {
  refuse_threads = true;
  Sdk sdk;
  for (int i = 0; i < 20'000; ++i) sdk.tracer.start_span("lost").set("key", "value");
  require(sdk.provider->flush(50) != FlushResult::kSuccess, "without a thread nothing is flushed");
  require(sdk.ledger().balances(), "the ledger is exact");
  require(sdk.provider->shutdown(50) != FlushResult::kSuccess, "spans were lost");
  const Ledger ledger = sdk.ledger();
  require(ledger.ended == 20'000 && ledger.exported == 0 && ledger.queued == 0 && ledger.balances(),
          "every lost span is counted");

  // Threads are to be had again: nothing stays broken.
  refuse_threads = false;
  Sdk next;
  next.tracer.start_span("arrives").end();
  require(next.provider->flush(20'000) == FlushResult::kSuccess && *next.exported == 1, "spans arrive");

  // A thread for export, but none for the exporter.
  refuse_threads = true;
  Sdk half;
  half.tracer.start_span("lost").end();
  require(half.provider->flush(20'000) == FlushResult::kFailure, "the flush fails at once");
  require(half.ledger().dropped_by(DropReason::kExportFailed) == 1 && half.ledger().balances(), "and says why");
  refuse_threads = false;
}

void no_random() {
  refuse_random = true;
  Sdk sdk;
  std::set<SpanId> ids;
  std::set<TraceId> traces;
  for (int t = 0; t < 4; ++t) {
    pthread_t thread;
    const auto body = [](void* argument) -> void* {
      auto& tracer = *static_cast<Tracer*>(argument);
      auto* contexts = std::make_unique<std::vector<SpanContext>>().release();
      for (int i = 0; i < 100; ++i) contexts->push_back(tracer.start_span("id").context());
      return contexts;
    };
    require(pthread_create(&thread, nullptr, body, &sdk.tracer) == 0, "a thread");
    void* result = nullptr;
    pthread_join(thread, &result);
    const std::unique_ptr<std::vector<SpanContext>> contexts(static_cast<std::vector<SpanContext>*>(result));
    for (const SpanContext& context : *contexts) {
      require(context.is_valid() && context.is_sampled(), "the span records");
      ids.insert(context.span_id());
      traces.insert(context.trace_id());
    }
  }
  require(ids.size() == 400 && traces.size() == 400, "ids differ all the same");
  require(sdk.provider->flush(20'000) == FlushResult::kSuccess && sdk.ledger().exported == 400, "spans arrive");
}

}  // namespace
}  // namespace nanospan::lifecycle

int main() {
  nanospan::lifecycle::in_a_child(nanospan::lifecycle::no_wiping);
  nanospan::lifecycle::no_threads();
  nanospan::lifecycle::no_random();
  return 0;
}
