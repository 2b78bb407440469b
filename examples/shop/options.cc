// The settings of each role.
#include "examples/shop/options.h"

#include "examples/orders/command_line.h"

namespace shop {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;
using orders::read_number;
using Setting = orders::Setting<Options>;

constexpr std::int64_t kStockMin = 1000;  // The most of one article in one order.

std::vector<Setting> settings_of(Role role) {
  std::vector<Setting> all =
      orders::process_settings<Options>([](Options& o) -> orders::ProcessOptions& { return o.process; });
  const auto add = [&all](std::string_view name, std::string_view allowed, auto set) {
    all.push_back({name, allowed, set});
  };
  add("--threads", "1 to 4096", [](Options& o, auto v) { return read_number<std::size_t>(v, 1, 4096, o.threads); });
  if (role == Role::kFront) {
    add("--inventory-url", "http://host:port",
        [](Options& o, auto v) { return (o.inventory_url = v).starts_with("http"); });
    add("--orders-url", "http://host:port", [](Options& o, auto v) { return (o.orders_url = v).starts_with("http"); });
    return all;
  }
  add("--database", "a file name", [](Options& o, auto v) { return !(o.database = v).empty(); });
  if (role == Role::kInventory) {
    add("--stock", "1000 to 1000000000000",
        [](Options& o, auto v) { return read_number<std::int64_t>(v, kStockMin, 1'000'000'000'000, o.stock); });
    return all;
  }
  add("--failures", "0 to 1", [](Options& o, auto v) { return read_number(v, 0.0, 1.0, o.failure_share); });
  add("--delay-ms", "0 to 10000", [](Options& o, auto v) {
    int millis = 0;
    const bool good = read_number(v, 0, 10000, millis);
    o.delay = std::chrono::milliseconds(millis);
    return good;
  });
  return all;
}

struct NamedRole {
  std::string_view name;
  Role role;
  int port;
};
constexpr NamedRole kRoles[] = {
    {"front", Role::kFront, 8080}, {"inventory", Role::kInventory, 8081}, {"payment", Role::kPayment, 8083}};

}  // namespace

nanospan::Result<Options> parse_options(const std::vector<std::string_view>& words) {
  Options options;
  const std::string_view first = words.empty() ? std::string_view() : words[0];
  if (first == "--help" || first == "-h") {
    options.help = true;
    return options;
  }
  for (const NamedRole& known : kRoles) {
    if (known.name != first) continue;
    options.role = known.role;
    options.process.name = known.name;
    options.process.port = known.port;
    options.database = std::string(known.name) + ".db";
    const nanospan::Status parsed =
        orders::parse_words({words.begin() + 1, words.end()}, settings_of(known.role), "shop", options);
    if (!parsed) return parsed.error();
    return options;
  }
  return Error{ErrorCode::kInvalidArgument,
               "the first argument is \"" + std::string(first) + "\"; it must be front, inventory or payment"};
}

std::string_view usage() {
  return "Usage: shop front|inventory|payment [--option value ...]\n\n"
         "A small shop of four processes, traced with Nanospan: front takes orders, reserves their articles at\n"
         "inventory and passes them on to the orders service (examples/orders, with --payment-url of payment).\n"
         "On SIGTERM or SIGINT each stops, sends what is left, and prints what became of its spans as one line of\n"
         "JSON.\n\n"
         "  --address ADDRESS         where to listen (127.0.0.1)\n"
         "  --port PORT               0 = any free one (front 8080, inventory 8081, payment 8083)\n"
         "  --threads N               workers; more than there are clients (128)\n"
         "  --tracing on|off          (on)\n"
         "  --sample-ratio R          share of the traces that begin here and are recorded (1)\n"
         "  --endpoint URL            OTLP/HTTP receiver (http://localhost:4318)\n"
         "front\n"
         "  --inventory-url URL       (http://127.0.0.1:8081)\n"
         "  --orders-url URL          (http://127.0.0.1:8082)\n"
         "inventory, payment\n"
         "  --database FILE           SQLite database, made if it is not there (inventory.db, payment.db)\n"
         "inventory\n"
         "  --stock N                 pieces of each article at first (1000000000)\n"
         "payment\n"
         "  --failures R              share of the orders whose charge is refused (0.01)\n"
         "  --delay-ms N              how long the bank takes (2)\n";
}

}  // namespace shop
