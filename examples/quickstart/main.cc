#include <nanospan/nanospan.h>

int main() {
  auto telemetry = nanospan::start({.service_name = "shop"});  // flushes and stops when it goes out of scope
  auto span = nanospan::tracer("shop").start_span("checkout");
  span.set("order.items", 3);
}
