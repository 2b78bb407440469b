// What a user's program does: start, one span, and a plugin (argument 1) that joins the trace although it links nothing
// of ours.
#include <nanospan/nanospan.h>

#include <dlfcn.h>

#include <cstdio>
#include <cstring>

int main(int count, char** arguments) {
  if (count != 2) return 2;
  auto telemetry = nanospan::start({.service_name = "consumer"});
  auto span = nanospan::tracer("consumer").start_span("outside");
  span.set("answer", 42);
  nanospan::Scope scope(span);

  void* plugin = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    std::printf("%s\n", dlerror());
    return 1;
  }
  const auto plugin_trace_id = reinterpret_cast<bool (*)(unsigned char*)>(dlsym(plugin, "plugin_trace_id"));
  unsigned char trace_id[16] = {};
  const bool records = plugin_trace_id(trace_id);
  const bool same = std::memcmp(trace_id, span.context().trace_id().data(), sizeof trace_id) == 0;
  std::printf("plugin: records %d, same trace %d\n", records, same);
  return records && same ? 0 : 1;
}
