// Lines with time and level, and the limiter. Thread-safe; the sink is called under the lock so that lines stay whole.
#include "gateway/telemetry/log.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "base/text.h"
#include "gateway/telemetry/printable.h"
#include "wire/json_text.h"
#include "wire/utf8.h"

namespace nanospan::gateway {
namespace {

std::string timestamp(base::UnixNanos now) {
  const std::time_t seconds = static_cast<std::time_t>(now / base::kNanosPerSecond);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const unsigned millis = static_cast<unsigned>(now % base::kNanosPerSecond / base::kNanosPerMilli);
  length += static_cast<std::size_t>(std::snprintf(text.data() + length, text.size() - length, ".%03uZ", millis));
  return std::string(text.data(), length);
}

constexpr std::string_view name_of(LogLevel level) {
  constexpr std::array<std::string_view, 4> kNames = {"debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

constexpr std::array<std::string_view, 4> kKinds = {"receiver", "processor", "exporter", "extension"};

void append_json(std::string_view text, std::string& out) {
  if (wire::is_valid_utf8(text)) {
    wire::append_json_string(text, out);
  } else {
    wire::append_json_string(printable(text, text.size()), out);
  }
}

}  // namespace

void Log::write(LogLevel level, std::string_view subject, std::string_view text) {
  if (level < level_.load(std::memory_order_relaxed)) return;
  const base::UnixNanos now = clock_.unix_now();
  std::string line = timestamp(now);
  line.append("  ").append(name_of(level)).append("  ").append(subject).append(": ").append(text).append("\n");
  const std::lock_guard lock(mutex_);
  if (level >= LogLevel::kWarn) {
    recent_.push_back(line.size() <= kRecentBytesMax ? line : line.substr(0, kRecentBytesMax) + "...\n");
    if (recent_.size() > kRecentMax) recent_.pop_front();
  }
  sink_(encoding_ == LogEncoding::kJson ? json_line(now, level, subject, text) : line);
}

void Log::set_encoding(LogEncoding encoding, std::string resource) {
  const std::lock_guard lock(mutex_);
  encoding_ = encoding;
  resource_ = std::move(resource);
}

/// Mutex held. Fields and their order: go.uber.org/zap, as the Collector sets it up (service/telemetry).
std::string Log::json_line(base::UnixNanos now, LogLevel level, std::string_view subject, std::string_view text) const {
  std::string line = "{\"level\":\"";
  line.append(name_of(level)).append("\",\"ts\":\"").append(timestamp(now)).append("\",\"msg\":");
  append_json(text, line);
  line.append(",\"resource\":").append(resource_.empty() ? "{}" : resource_);
  const std::size_t space = subject.find(' ');
  const std::string_view kind = subject.substr(0, space);
  if (std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end() && space != std::string_view::npos) {
    append_json(subject.substr(space + 1), line += ",\"otelcol.component.id\":");
    append_json(kind, line += ",\"otelcol.component.kind\":");
  } else if (!subject.empty()) {
    append_json(subject, line += ",\"logger\":");
  }
  return line += "}\n";
}

std::vector<std::string> Log::recent() const {
  const std::lock_guard lock(mutex_);
  return {recent_.begin(), recent_.end()};
}

void Log::raw(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (encoding_ == LogEncoding::kJson) {
    sink_(json_line(clock_.unix_now(), LogLevel::kInfo, {}, base::trimmed(text, "\n")));
  } else {
    sink_(text);
  }
}

void Log::warn_limited(std::string_view subject, std::string_view reason, std::string_view text) {
  std::map<std::string, Limit> forgotten;
  Limit before;
  bool is_left_out = false;
  {
    const std::lock_guard lock(mutex_);
    if (limits_.size() >= kReasonsMax) forgotten.swap(limits_);
    Limit& limit = limits_[std::string(subject) + "\n" + std::string(reason)];
    const base::MonotonicNanos now = clock_.monotonic_now();
    if (now >= limit.next) {
      before = std::exchange(limit, {std::string(subject), now + kIntervalNanos, {}, 0});
    }
    if (Seen* const known = find(limit, text); known != nullptr) {
      ++known->left_out;
      is_left_out = true;
    } else if (limit.seen.size() >= kTextsMax) {
      ++limit.others;
      is_left_out = true;
    } else {
      limit.seen.push_back({std::string(text), 0});
    }
  }
  for (const auto& [key, limit] : forgotten) write_left_out(limit, {});
  if (is_left_out) return;
  write_left_out(before, text);
  std::string line(text);
  if (const Seen* const known = find(before, text); known != nullptr && known->left_out != 0) {
    line += "  (" + std::to_string(known->left_out) + " more like this before)";
  }
  write(LogLevel::kWarn, subject, line);
}

Log::Seen* Log::find(Limit& limit, std::string_view text) {
  const auto known =
      std::find_if(limit.seen.begin(), limit.seen.end(), [&](const Seen& seen) { return seen.text == text; });
  return known == limit.seen.end() ? nullptr : &*known;
}

void Log::write_left_out(const Limit& limit, std::string_view but) {
  for (const Seen& seen : limit.seen) {
    if (seen.left_out == 0 || seen.text == but) continue;
    write(LogLevel::kWarn, limit.subject, seen.text + "  (" + std::to_string(seen.left_out) + " more like this)");
  }
  if (limit.others != 0) {
    write(LogLevel::kWarn, limit.subject, std::to_string(limit.others) + " more warnings of this kind, in other words");
  }
}

void Log::flush() {
  std::map<std::string, Limit> limits;
  {
    const std::lock_guard lock(mutex_);
    limits.swap(limits_);
  }
  for (const auto& [key, limit] : limits) write_left_out(limit, {});
}

}  // namespace nanospan::gateway
