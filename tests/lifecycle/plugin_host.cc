// Opens plugins (arguments) that have the public headers only. With an SDK in this program their spans arrive and share
// its context; after dlclose nothing refers to them. With LIFECYCLE_NO_SDK this program itself has only the headers:
// the plugin's spans are no-ops that carry the parent.
#include <dlfcn.h>

#include <cstring>
#include <string>

#include <nanospan/nanospan.h>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

// Two spans of the plugin, children of the current one: true if they record and share its trace.
void run_plugin(const char* path, const SpanContext& parent, bool expect_recording) {
  void* plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  require(plugin != nullptr, path);
  const auto run = reinterpret_cast<bool (*)(unsigned char*)>(dlsym(plugin, "plugin_run"));
  require(run != nullptr, "plugin_run");
  unsigned char trace_id[16] = {};
  require(run(trace_id) == expect_recording, "it records if there is an SDK");
  require(std::memcmp(trace_id, parent.trace_id().data(), sizeof trace_id) == 0, "it shares the context");
  require(dlclose(plugin) == 0, "it can be closed");
}

#ifdef LIFECYCLE_NO_SDK

void run(int count, char** paths) {
  const std::uint64_t words[3] = {1, 2, 3};
  const SpanContext remote(TraceId::from_bytes(words), SpanId::from_bytes(words + 2), TraceFlags::kSampled, true);
  for (int i = 1; i < count; ++i) {
    // Two modules without an SDK share no thread state: each sees its own current context, which is the root.
    run_plugin(paths[i], SpanContext(), false);
    const Scope scope(Context::root().with_span_context(remote));
    require(tracer("host").start_span("none").context() == remote, "a no-op span carries its parent");
  }
}

#else

void run(int count, char** paths) {
  Sdk sdk;
  sdk.provider->set_default();
  std::uint64_t spans = 0;
  for (int i = 1; i < count; ++i) {
    for (int round = 0; round < 3; ++round, spans += 3) {
      Span parent = sdk.tracer.start_span("parent");
      const Scope scope(parent);
      run_plugin(paths[i], parent.context(), true);
    }
  }
  require(sdk.provider->shutdown(20'000) == FlushResult::kSuccess, "after dlclose all is exported");
  require(sdk.ledger().exported == spans && sdk.ledger().balances(), "the spans of the plugins arrived");
}

#endif

}  // namespace
}  // namespace nanospan::lifecycle

int main(int count, char** arguments) {
  nanospan::lifecycle::require(count > 1, "plugins are the arguments");
  nanospan::lifecycle::run(count, arguments);
  return 0;
}
