// The orders service: options and wiring.
#include <cstdio>
#include <optional>

#include "examples/orders/http_server.h"
#include "examples/orders/options.h"
#include "examples/orders/order_store.h"
#include "examples/orders/process.h"
#include "examples/orders/service.h"

namespace orders {
namespace {

constexpr std::size_t kReaders = 8;  // Reads are short; more connections would only be more page caches.

int run(const Options& options) {
  HttpServer server(options.threads);
  std::optional<OrderStore> store;
  std::optional<Service> service;
  return run_service(options.process, server, [&]() -> nanospan::Status {
    nanospan::Result<OrderStore> opened = OrderStore::open(options.database, kReaders);
    if (!opened) return opened.error();
    store.emplace(std::move(*opened));
    service.emplace(server, *store, options.payment);
    return {};
  });
}

}  // namespace
}  // namespace orders

int main(int argc, char** argv) {
  const nanospan::Result<orders::Options> options = orders::parse_options({argv + 1, argv + argc});
  if (!options) {
    std::fprintf(stderr, "orders: %s\n", options.error().message.c_str());
    return 2;
  }
  if (options->help) {
    std::fwrite(orders::usage().data(), 1, orders::usage().size(), stdout);
    return 0;
  }
  return orders::run(*options);
}
