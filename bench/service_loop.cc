// service_loop: a service in one process that does a fixed number of operations a second, with three or four spans
// each, so that what tracing costs it can be seen: its latency, CPU and memory. For the scenarios (tools/scenario).
//
//   service_loop --rate N --seconds S [--tracing on|off|both] [--preset NAME] [--sample-ratio R] [--endpoint URL]
//
// "off" is the same code without a single call of tracing. "both" takes turns, a tenth of a second each, so that
// whatever else the machine does meets both alike; all CPU of the SDK's own threads is then the traced side's.
//
// An operation is what a trader does with one message of a market: read it, change the order book, look at the risk,
// and, where the price is right, write an order. All of it is real work on real structures, about two microseconds.
// Operations have a schedule; latency counts from when one was due, so nothing that a stall held up is left out. Prints
// one line of JSON. One thread, and those of the SDK.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanospan/nanospan.h>

#include "bench/histogram.h"

namespace nanospan::bench {
namespace {

constexpr double kWarmSeconds = 0.5;
constexpr double kTurnSeconds = 0.1;

struct Options {
  double rate = 2500;
  double seconds = 5;
  bool traced = true, untraced = false;
  double sample_ratio = 1;
  Preset preset = Preset::kDefault;
  std::string endpoint = "http://127.0.0.1:4318";
};

std::uint64_t nanos_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

void sleep_until(std::uint64_t nanos) {
  const timespec time{static_cast<time_t>(nanos / 1'000'000'000), static_cast<long>(nanos % 1'000'000'000)};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

/// What comes in and what goes out.
struct Message {
  std::int64_t price = 0;
  std::int64_t quantity = 0;
  bool buy = false;
};

/// Tracing that is not there.
struct NoSpan {
  template <class Value>
  NoSpan& set(const char*, const Value&) {
    return *this;
  }
};
struct NoScope {
  explicit NoScope(const NoSpan&) {}
  ~NoScope() {}
};
struct Untraced {
  using CurrentScope = NoScope;
  static NoSpan start(const char*, SpanKind) { return {}; }
};
struct Traced {
  using CurrentScope = Scope;
  static Span start(const char* name, SpanKind kind) {
    static Tracer tracer({.name = "trader"});
    return tracer.start_span(name, {.kind = kind});
  }
};

/// The best offers of one market, and what we hold.
template <class Tracing>
class Trader {
 public:
  void handle(const std::string& line) {
    auto span = Tracing::start("handle message", SpanKind::kConsumer);
    const typename Tracing::CurrentScope scope(span);
    span.set("messaging.system", "market").set("messaging.destination.name", "quotes");
    const Message message = read(line);
    span.set("quote.price", message.price).set("quote.quantity", message.quantity);
    update(message);
    const std::int64_t wanted = decide(message);
    if (wanted != 0) send(message, wanted);
  }
  std::uint64_t orders() const { return orders_; }
  std::uint64_t checksum() const { return checksum_; }

 private:
  static constexpr std::size_t kLevels = 64;
  static constexpr std::int64_t kHoldingMax = 10'000;

  /// "B 10023 50"
  static Message read(const std::string& line) {
    Message message;
    message.buy = line[0] == 'B';
    const char* const end = line.data() + line.size();
    const char* const gap = std::from_chars(line.data() + 2, end, message.price).ptr;
    std::from_chars(gap + 1, end, message.quantity);
    return message;
  }

  void update(const Message& message) {
    auto span = Tracing::start("update book", SpanKind::kInternal);
    auto& side = message.buy ? bids_ : asks_;
    side[message.price] += message.quantity;
    if (side.size() > kLevels) side.erase(message.buy ? side.begin() : std::prev(side.end()));
    span.set("book.levels", side.size());
  }

  /// How much to buy (or, below 0, to sell).
  std::int64_t decide(const Message& message) {
    auto span = Tracing::start("check risk", SpanKind::kInternal);
    std::int64_t depth = 0;
    double exposure = 0;
    for (const auto* const side : {&bids_, &asks_}) {
      for (const auto& [price, quantity] : *side) {
        depth += quantity;
        exposure += static_cast<double>(price) * static_cast<double>(quantity);
      }
    }
    const double fair = depth == 0 ? 0 : exposure / static_cast<double>(depth);
    span.set("risk.holding", holding_).set("risk.fair_price", fair);
    if (message.buy && static_cast<double>(message.price) > fair && holding_ > -kHoldingMax) return -message.quantity;
    if (!message.buy && static_cast<double>(message.price) < fair && holding_ < kHoldingMax) return message.quantity;
    return 0;
  }

  void send(const Message& message, std::int64_t wanted) {
    auto span = Tracing::start("send order", SpanKind::kProducer);
    span.set("order.quantity", wanted).set("messaging.destination.name", "orders");
    char order[96];
    const int size = std::snprintf(order, sizeof order, "8=FIX.4.4|35=D|38=%lld|44=%lld|54=%d|",
                                   static_cast<long long>(wanted), static_cast<long long>(message.price), wanted > 0);
    for (int i = 0; i < size; ++i) checksum_ = checksum_ * 31 + static_cast<unsigned char>(order[i]);
    holding_ += wanted;
    ++orders_;
  }

  std::map<std::int64_t, std::int64_t> bids_, asks_;
  std::int64_t holding_ = 0;
  std::uint64_t orders_ = 0, checksum_ = 0;
};

/// A market of 4096 messages, the same in each run.
std::vector<std::string> make_market() {
  std::vector<std::string> lines;
  std::uint64_t x = 88172645463325252ULL;  // xorshift64
  const auto next = [&x](std::uint64_t bound) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x % bound;
  };
  for (int i = 0; i < 4096; ++i) {
    const bool buy = next(2) == 0;
    const std::uint64_t price = 10'000 + (buy ? 0 : 5) + next(40);
    lines.push_back((buy ? "B " : "S ") + std::to_string(price) + " " + std::to_string(1 + next(100)));
  }
  return lines;
}

/// VmHWM or VmRSS of this process, in bytes.
std::uint64_t memory(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(field)) continue;
    std::uint64_t kilobytes = 0;
    const std::size_t digit = line.find_first_of("0123456789");
    std::from_chars(line.data() + digit, line.data() + line.size(), kilobytes);
    return kilobytes * 1024;
  }
  return 0;
}

/// A loop that has been run, for some time.
struct Work {
  std::uint64_t operations = 0;
  std::uint64_t nanos = 0;
  std::uint64_t thread_cpu_nanos = 0;  // of the loop's thread
  Histogram latency;
};

/// Operations at the given rate, from now on.
template <class Trader>
void run(double rate, double seconds, const std::vector<std::string>& market, Trader& trader, Work& work) {
  const double gap = 1e9 / rate;
  const auto operations = static_cast<std::uint64_t>(rate * seconds);
  const std::uint64_t cpu_before = nanos_of(CLOCK_THREAD_CPUTIME_ID);
  const std::uint64_t start = nanos_of(CLOCK_MONOTONIC);
  std::uint64_t now = start;
  for (std::uint64_t i = 0; i < operations; ++i, ++work.operations) {
    const std::uint64_t due = start + static_cast<std::uint64_t>(static_cast<double>(i) * gap);
    if (due > now) sleep_until(due);
    trader.handle(market[work.operations % market.size()]);
    now = nanos_of(CLOCK_MONOTONIC);
    work.latency.add(now - due);
  }
  work.nanos += nanos_of(CLOCK_MONOTONIC) - start;
  work.thread_cpu_nanos += nanos_of(CLOCK_THREAD_CPUTIME_ID) - cpu_before;
}

/// What one way of tracing came to; `turns` are the thread's CPU microseconds an operation, turn by turn.
struct Side {
  Work work;
  std::vector<double> turns;
};

template <class Trader>
void take_turn(const Options& options, double seconds, const std::vector<std::string>& market, Trader& trader,
               Side& side) {
  const std::uint64_t cpu = side.work.thread_cpu_nanos, operations = side.work.operations;
  run(options.rate, seconds, market, trader, side.work);
  side.turns.push_back(static_cast<double>(side.work.thread_cpu_nanos - cpu) / 1e3 /
                       static_cast<double>(side.work.operations - operations));
}

std::string list_of(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%.4f", text.empty() ? "" : ",", value);
    text += number;
  }
  return text;
}

/// `sdk_cpu_nanos`: of all threads but the loop's.
void print(const char* label, const Side& side, std::uint64_t sdk_cpu_nanos, std::uint64_t orders,
           const Ledger& ledger) {
  const Work& work = side.work;
  const auto micros = [&](double share) { return static_cast<double>(work.latency.at(share)) / 1e3; };
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "{\"label\":\"%s\",\"operations\":%llu,\"operations_per_second\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,"
      "\"p999_us\":%.1f,\"max_us\":%.1f,\"cpu_us_per_operation\":%.4f,\"sdk_cpu_us_per_operation\":%.4f,"
      "\"cpu_us_turns\":[%s],\"resident_bytes\":%llu,\"resident_peak_bytes\":%llu,\"spans_ended\":%llu,"
      "\"spans_exported\":%llu,\"spans_dropped\":%llu,\"balances\":%s,\"orders\":%llu}\n",
      label, number(work.operations), static_cast<double>(work.operations) * 1e9 / static_cast<double>(work.nanos),
      micros(0.5), micros(0.99), micros(0.999), static_cast<double>(work.latency.max()) / 1e3,
      static_cast<double>(work.thread_cpu_nanos + sdk_cpu_nanos) / 1e3 / static_cast<double>(work.operations),
      static_cast<double>(sdk_cpu_nanos) / 1e3 / static_cast<double>(work.operations), list_of(side.turns).c_str(),
      number(memory("VmRSS:")), number(memory("VmHWM:")), number(ledger.ended), number(ledger.exported),
      number(ledger.dropped_total()), ledger.balances() ? "true" : "false", number(orders));
}

bool read_options(int count, char** words, Options& out) {
  const auto number = [](std::string_view word, double& value) {
    return std::from_chars(word.data(), word.data() + word.size(), value).ec == std::errc() && value >= 0;
  };
  const auto preset = [&out](std::string_view name) {
    constexpr std::pair<std::string_view, Preset> kPresets[] = {{"default", Preset::kDefault},
                                                                {"low_latency", Preset::kLowLatency},
                                                                {"high_throughput", Preset::kHighThroughput},
                                                                {"low_memory", Preset::kLowMemory}};
    for (const auto& [known, value] : kPresets) {
      if (known == name) return out.preset = value, true;
    }
    return false;
  };
  const auto tracing = [&out](std::string_view value) {
    out.traced = value == "on" || value == "both";
    out.untraced = value == "off" || value == "both";
    return out.traced || out.untraced;
  };
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = words[i], value = words[i + 1];
    const bool known = name == "--rate"           ? number(value, out.rate) && out.rate > 0
                       : name == "--seconds"      ? number(value, out.seconds)
                       : name == "--sample-ratio" ? number(value, out.sample_ratio)
                       : name == "--tracing"      ? tracing(value)
                       : name == "--preset"       ? preset(value)
                       : name == "--endpoint"     ? (out.endpoint = value, true)
                                                  : false;
    if (!known) return false;
  }
  return count % 2 == 1;
}

int run(int count, char** words) {
  Options options;
  if (!read_options(count, words, options)) {
    std::fprintf(stderr, "usage: see the head of bench/service_loop.cc\n");
    return 2;
  }
  std::optional<Telemetry> telemetry;
  if (options.traced) {
    Result<Telemetry> started = start({.service_name = "trader",
                                       .endpoint = options.endpoint,
                                       .preset = options.preset,
                                       .sample_ratio = options.sample_ratio});
    if (!started) {
      std::fprintf(stderr, "service_loop: %s\n", started.error().message.c_str());
      return 1;
    }
    telemetry.emplace(std::move(*started));
  }
  const std::vector<std::string> market = make_market();
  Trader<Traced> traced;
  Trader<Untraced> untraced;
  Side on, off;
  Work warm;  // as a service that has run for a while
  if (options.traced) run(options.rate, kWarmSeconds, market, traced, warm);
  if (options.untraced) run(options.rate, kWarmSeconds, market, untraced, warm);
  const std::uint64_t cpu_before = nanos_of(CLOCK_PROCESS_CPUTIME_ID) - nanos_of(CLOCK_THREAD_CPUTIME_ID);
  const int turns = std::max(1, static_cast<int>(options.seconds / kTurnSeconds));
  for (int i = 0; i < turns; ++i) {
    const bool plain = options.untraced && (!options.traced || i % 4 == 1 || i % 4 == 2);  // A B, B A, A B ...
    plain ? take_turn(options, kTurnSeconds, market, untraced, off)
          : take_turn(options, kTurnSeconds, market, traced, on);
  }
  const std::uint64_t sdk_cpu = nanos_of(CLOCK_PROCESS_CPUTIME_ID) - nanos_of(CLOCK_THREAD_CPUTIME_ID) - cpu_before;
  if (telemetry) telemetry->shutdown();
  if (options.traced) print("on", on, sdk_cpu, traced.orders(), telemetry->ledger());
  if (options.untraced) print("off", off, 0, untraced.orders(), Ledger());
  return 0;
}

}  // namespace
}  // namespace nanospan::bench

int main(int count, char** words) { return nanospan::bench::run(count, words); }
