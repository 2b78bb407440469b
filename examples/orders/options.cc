// The settings of the orders service.
#include "examples/orders/options.h"

#include "examples/orders/command_line.h"

namespace orders {
namespace {

std::vector<Setting<Options>> settings() {
  std::vector<Setting<Options>> all =
      process_settings<Options>([](Options& o) -> ProcessOptions& { return o.process; });
  const std::vector<Setting<Options>> own = {
      {"--database", "a file name", [](Options& o, auto v) { return !(o.database = v).empty(); }},
      {"--threads", "1 to 4096", [](Options& o, auto v) { return read_number<std::size_t>(v, 1, 4096, o.threads); }},
      {"--payment-url", "http://host:port", [](Options& o, auto v) { return (o.payment.url = v).starts_with("http"); }},
      {"--payment-failures", "0 to 1",
       [](Options& o, auto v) { return read_number(v, 0.0, 1.0, o.payment.failure_share); }},
      {"--payment-ms", "0 to 10000",
       [](Options& o, auto v) {
         int millis = 0;
         const bool good = read_number(v, 0, 10000, millis);
         o.payment.delay = std::chrono::milliseconds(millis);
         return good;
       }},
  };
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

}  // namespace

nanospan::Result<Options> parse_options(const std::vector<std::string_view>& words) {
  Options options;
  if (nanospan::Status parsed = parse_words(words, settings(), "orders", options); !parsed) return parsed.error();
  return options;
}

std::string_view usage() {
  return "Usage: orders [--option value ...]\n\n"
         "An HTTP service that keeps orders in SQLite, traced with Nanospan:\n"
         "POST /api/orders, GET /api/orders?limit=20, GET /api/orders/{id}.\n"
         "On SIGTERM or SIGINT it stops, sends what is left, and prints what became of its spans as one line of "
         "JSON.\n\n"
         "  --address ADDRESS         where to listen (127.0.0.1)\n"
         "  --port PORT               0 = any free one (8080)\n"
         "  --database FILE           SQLite database, made if it is not there (orders.db)\n"
         "  --threads N               workers; more than there are clients (128)\n"
         "  --tracing on|off          (on)\n"
         "  --sample-ratio R          share of the traces that begin here and are recorded (1)\n"
         "  --endpoint URL            OTLP/HTTP receiver (http://localhost:4318)\n"
         "  --payment-url URL         a real payment provider: POST URL/charges (simulated)\n"
         "  --payment-failures R      share of simulated payments that fail (0.01)\n"
         "  --payment-ms N            how long a simulated payment takes (2)\n";
}

}  // namespace orders
