// Log: what the gateway says about itself, one line each; what repeats itself is counted instead.
//
//   2026-11-24T13:10:23.123Z  warn  exporter otlp_http: connection refused by 127.0.0.1:4318  (12 more like this
//   before)
//
// or, where the configuration asks for that, a JSON object a line, with the Collector's names:
//
//   {"level":"warn","ts":"2026-11-24T13:10:23.123Z","msg":"connection refused by 127.0.0.1:4318","resource":{...},
//    "otelcol.component.id":"otlp_http","otelcol.component.kind":"exporter"}
//
// Thread-safe. The memory for limits is bounded: subjects and reasons come from the configuration and the code, not
// from peers.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/unique_function.h"

namespace nanospan::gateway {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogEncoding { kConsole, kJson };

class Log {
 public:
  /// Between lines about the same: what happens in the meantime is summed up.
  static constexpr std::uint64_t kIntervalNanos = 10 * base::kNanosPerSecond;

  using Sink = net::UniqueFunction<void(std::string_view line)>;

  /// `sink` gets whole lines with their newline, one call at a time.
  Log(const base::Clock& clock, LogLevel level, Sink sink) : clock_(clock), level_(level), sink_(std::move(sink)) {}

  /// Lines below this are not written, from now on.
  void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }

  /// How lines are written, from now on. `resource` is a JSON object that says who writes, for LogEncoding::kJson.
  void set_encoding(LogEncoding encoding, std::string resource);

  void info(std::string_view subject, std::string_view text) { write(LogLevel::kInfo, subject, text); }
  void warn(std::string_view subject, std::string_view text) { write(LogLevel::kWarn, subject, text); }
  void error(std::string_view subject, std::string_view text) { write(LogLevel::kError, subject, text); }
  /// A warning about something that may happen a million times a second: each text of a `subject` and `reason` once in
  /// kIntervalNanos, and three of them at most; what is left out is counted, and said with the next line of this reason
  /// or by flush().
  void warn_limited(std::string_view subject, std::string_view reason, std::string_view text);
  /// Says what was left out and not said yet. At the end.
  void flush();

  /// The last warnings and errors that were written, oldest first, each a line with its newline.
  std::vector<std::string> recent() const;

  /// Writes `text`, which ends its last line, to the sink as it is; in JSON it is the message of one object.
  void raw(std::string_view text);

 private:
  static constexpr std::size_t kReasonsMax = 1024;
  static constexpr std::size_t kRecentMax = 50;
  static constexpr std::size_t kRecentBytesMax = 1000;  // of each
  static constexpr std::size_t kTextsMax = 3;
  struct Seen {
    std::string text;
    std::uint64_t left_out = 0;
  };
  struct Limit {
    std::string subject;
    base::MonotonicNanos next = 0;
    std::vector<Seen> seen;
    std::uint64_t others = 0;  // beyond kTextsMax
  };
  static Seen* find(Limit& limit, std::string_view text);
  void write(LogLevel level, std::string_view subject, std::string_view text);
  std::string json_line(base::UnixNanos now, LogLevel level, std::string_view subject, std::string_view text) const;
  void write_left_out(const Limit& limit, std::string_view but);

  const base::Clock& clock_;
  std::atomic<LogLevel> level_;
  mutable std::mutex mutex_;
  std::deque<std::string> recent_;
  LogEncoding encoding_ = LogEncoding::kConsole;
  std::string resource_;
  Sink sink_;
  std::map<std::string, Limit> limits_;
};

}  // namespace nanospan::gateway
