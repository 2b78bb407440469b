// A user's program: one option, and the profiler is on the port with the spans' routes in it. Argument: "option" or
// "environment" (then NANOSPAN_PROFILING and NANOSPAN_PROFILING_PORT are set by whoever runs it); or "serve": the same,
// and it works until its standard input ends, on a second thread, too, from the first byte on.
#include <nanospan/nanospan.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>

#include "tests/profile/http_get.h"

namespace {

constexpr std::uint16_t kPort = 16060;

std::atomic<bool> stop{false};

[[gnu::noinline]] void handle_order(std::uint64_t seed) {
  for (int i = 0; i < 100'000; ++i) seed = seed * 6364136223846793005u + 1;
  asm volatile("" : : "r"(seed));
}

[[gnu::noinline]] void price_cart(std::uint64_t items) {
  if (items > 1) price_cart(items - 1);
  for (int i = 0; i < 10'000; ++i) items = items * 6364136223846793005u + 1;
  asm volatile("" : : "r"(items));
}

void serve(const char* thread, std::string_view name, std::string_view route, void (*handle)(std::uint64_t)) {
  pthread_setname_np(pthread_self(), thread);
  while (!stop) {
    auto span = nanospan::tracer("shop").start_span(name);
    const nanospan::Scope scope(span);
    span.set("http.route", route);
    handle(10);
  }
}
void serve_orders() { serve("orders", "GET /orders/{id}", "/orders/{id}", handle_order); }
void serve_carts() { serve("carts", "GET /carts/{id}", "/carts/{id}", price_cart); }

int fail(const std::string& why) {
  const std::string line = why + "\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  const bool by_option = count == 2 && std::string_view(arguments[1]) == "option";
  nanospan::Options options{.service_name = "shop", .endpoint = "http://127.0.0.1:9"};
  if (by_option) options.profiling = {.enabled = true, .port = kPort};
  const auto telemetry = nanospan::start(options);
  if (!telemetry.ok()) return fail(telemetry.error().message);
  std::thread worker(serve_orders), second;
  if (count == 2 && std::string_view(arguments[1]) == "serve") {
    for (char byte = 0; read(STDIN_FILENO, &byte, 1) > 0;) {
      if (!second.joinable()) second = std::thread(serve_carts);
    }
    stop = true;
    worker.join();
    if (second.joinable()) second.join();
    return 0;
  }
  using nanospan::profile::testing::http_get;
  const auto answer = http_get(kPort, "/debug/pprof/profile?seconds=1&debug=1&labels=trace");
  const auto routes = http_get(kPort, "/debug/pprof/routes");
  stop = true;
  worker.join();
  for (const char* part : {"handle_order", "http.route=/orders/{id}", "span_name=GET /orders/{id}", "trace_id="}) {
    if (answer.body.find(part) == std::string::npos) return fail(std::string("no ") + part + " in\n" + answer.body);
  }
  return routes.body.find("  /orders/{id}\n") == std::string::npos ? fail("no route in\n" + routes.body) : 0;
}
