// The shop: takes its role, and wires that service.
#include <cstdio>
#include <memory>

#include "examples/shop/front.h"
#include "examples/shop/inventory.h"
#include "examples/shop/options.h"
#include "examples/shop/payment.h"

namespace shop {
namespace {

/// Keeps what `opened` made, or says why there is none.
template <class Service>
nanospan::Status keep(nanospan::Result<std::unique_ptr<Service>> opened, std::unique_ptr<Service>& kept) {
  if (!opened) return opened.error();
  kept = std::move(*opened);
  return {};
}

int run(const Options& options) {
  orders::HttpServer server(options.threads);
  std::unique_ptr<Front> front;
  std::unique_ptr<Inventory> inventory;
  std::unique_ptr<Payment> payment;
  return orders::run_service(options.process, server, [&]() -> nanospan::Status {
    switch (options.role) {
      case Role::kFront:
        front = std::make_unique<Front>(server, options.inventory_url, options.orders_url);
        return {};
      case Role::kInventory:
        return keep(Inventory::open(server, options.database, options.stock), inventory);
      case Role::kPayment:
        return keep(Payment::open(server, options.database, options.failure_share, options.delay), payment);
    }
    return {};
  });
}

}  // namespace
}  // namespace shop

int main(int argc, char** argv) {
  const nanospan::Result<shop::Options> options = shop::parse_options({argv + 1, argv + argc});
  if (!options) {
    std::fprintf(stderr, "shop: %s\n", options.error().message.c_str());
    return 2;
  }
  if (options->help) {
    std::fwrite(shop::usage().data(), 1, shop::usage().size(), stdout);
    return 0;
  }
  return shop::run(*options);
}
