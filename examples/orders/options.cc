// Parsing of "--name value" and "--name=value".
#include "examples/orders/options.h"

#include <charconv>
#include <functional>

namespace orders {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;
using nanospan::Result;

template <class Number>
bool read_number(std::string_view text, Number low, Number high, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= low && out <= high;
}

struct Setting {
  std::string_view name;
  std::string_view allowed;
  std::function<bool(Options&, std::string_view)> set;
};

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = {
      {"--address", "an address of this machine", [](Options& o, auto v) { return !(o.address = v).empty(); }},
      {"--port", "0 to 65535", [](Options& o, auto v) { return read_number<std::uint16_t>(v, 0, 65535, o.port); }},
      {"--database", "a file name", [](Options& o, auto v) { return !(o.database = v).empty(); }},
      {"--threads", "1 to 4096", [](Options& o, auto v) { return read_number<std::size_t>(v, 1, 4096, o.threads); }},
      {"--tracing", "on or off", [](Options& o, auto v) { return (o.tracing = v == "on") || v == "off"; }},
      {"--sample-ratio", "0 to 1", [](Options& o, auto v) { return read_number(v, 0.0, 1.0, o.sample_ratio); }},
      {"--endpoint", "http://host:port", [](Options& o, auto v) { return (o.endpoint = v).starts_with("http"); }},
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
  return all;
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string_view>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string name(words[i].substr(0, equals));
    if (name == "--help" || name == "-h") {
      options.help = true;
      continue;
    }
    const Setting* setting = nullptr;
    for (const Setting& known : settings()) {
      if (known.name == name) setting = &known;
    }
    if (setting == nullptr) {
      return Error{ErrorCode::kInvalidArgument, "unknown argument " + name + "; see orders --help"};
    }
    if (equals == std::string_view::npos && i + 1 == words.size()) {
      return Error{ErrorCode::kInvalidArgument, name + " needs a value: " + std::string(setting->allowed)};
    }
    const std::string_view value = equals == std::string_view::npos ? words[++i] : words[i].substr(equals + 1);
    if (!setting->set(options, value)) {
      return Error{ErrorCode::kInvalidArgument,
                   name + " is \"" + std::string(value) + "\"; it must be " + std::string(setting->allowed)};
    }
  }
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
