// Parsing of durations, sizes and integers. Why by hand: Go's duration grammar and the Collector's size suffixes are in
// no standard library, and the messages have to say what would have been right. Pure functions, any thread.
#include "gateway/config/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace nanospan::gateway {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr double kMicro = 1e3, kMilli = 1e6, kSecond = 1e9, kMinute = 60e9, kHour = 3600e9;
// Longest names first where one is a prefix of another ("ms" before "m").
constexpr std::array<Unit, 8> kDurationUnits = {{{"ns", 1},
                                                 {"us", kMicro},
                                                 {"\xC2\xB5s", kMicro},  // micro sign
                                                 {"\xCE\xBCs", kMicro},  // Greek mu
                                                 {"ms", kMilli},
                                                 {"s", kSecond},
                                                 {"m", kMinute},
                                                 {"h", kHour}}};

constexpr double kLargest = 9.2e18;  // Safely inside both int64 and uint64.

/// Takes "12", "1.5" or ".5" off the front of `text`; false if there is none.
bool take_number(std::string_view& text, double& number) {
  std::size_t digits = 0;
  while (digits < text.size() && ((text[digits] >= '0' && text[digits] <= '9') || text[digits] == '.')) ++digits;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + digits, number, std::chars_format::fixed);
  if (digits == 0 || failed != std::errc() || end != text.data() + digits) return false;
  text.remove_prefix(digits);
  return true;
}

Error invalid(std::string_view text, std::string_view why) {
  return Error{ErrorCode::kInvalidArgument, "\"" + std::string(text) + "\" " + std::string(why)};
}

}  // namespace

Result<std::uint64_t> parse_duration(std::string_view text) {
  constexpr std::string_view kRemedy = "is not a duration; write it as 200ms, 5s, 1m30s or 1h";
  if (text == "0") return std::uint64_t{0};
  if (text.empty()) return invalid(text, kRemedy);
  std::string_view rest = text.front() == '+' ? text.substr(1) : text;
  double total = 0;
  while (!rest.empty()) {
    double number = 0;
    if (!take_number(rest, number)) return invalid(text, kRemedy);
    const auto unit = std::find_if(kDurationUnits.begin(), kDurationUnits.end(),
                                   [&](const Unit& u) { return rest.substr(0, u.name.size()) == u.name; });
    if (unit == kDurationUnits.end()) {
      return invalid(text, rest.empty() ? "has no unit; write it as 200ms, 5s, 1m30s or 1h" : kRemedy);
    }
    rest.remove_prefix(unit->name.size());
    total += number * unit->factor;
  }
  if (total > kLargest) return invalid(text, "is longer than 292 years");
  return static_cast<std::uint64_t>(std::llround(total));
}

std::string format_duration(std::uint64_t nanos) {
  if (nanos == 0) return "0s";
  std::string out;
  const auto append = [&out](std::uint64_t whole, std::uint64_t rest, std::size_t digits, std::string_view unit) {
    out += std::to_string(whole);
    if (rest != 0) {
      std::string fraction = std::to_string(rest);
      fraction.insert(0, digits - fraction.size(), '0');
      out += "." + fraction.substr(0, fraction.find_last_not_of('0') + 1);
    }
    out += unit;
  };
  if (nanos < 1'000) {
    append(nanos, 0, 0, "ns");
  } else if (nanos < 1'000'000) {
    append(nanos / 1'000, nanos % 1'000, 3, "us");
  } else if (nanos < 1'000'000'000) {
    append(nanos / 1'000'000, nanos % 1'000'000, 6, "ms");
  } else {
    const std::uint64_t seconds = nanos / 1'000'000'000, rest = nanos % 1'000'000'000;
    if (seconds >= 3600) append(seconds / 3600, 0, 0, "h");
    if (seconds % 3600 >= 60) append(seconds % 3600 / 60, 0, 0, "m");
    if (seconds % 60 != 0 || rest != 0) append(seconds % 60, rest, 9, "s");
  }
  return out;
}

Result<std::uint64_t> parse_byte_size(std::string_view text) {
  constexpr std::string_view kRemedy = "is not a size in bytes; write it as 1048576, 64MiB or 1.5GB";
  if (Result<std::int64_t> integer = parse_integer(text)) {
    if (*integer < 0) return invalid(text, "is negative");
    return static_cast<std::uint64_t>(*integer);
  }
  std::string_view rest = text;
  double number = 0;
  if (!take_number(rest, number)) return invalid(text, kRemedy);
  std::string suffix;
  for (const char c : rest) {
    if (c != ' ') suffix += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  if (!suffix.empty() && suffix.back() == 'b') suffix.pop_back();
  const bool binary = suffix.size() == 2 && suffix[1] == 'i';
  const std::size_t power = suffix.empty() ? 0 : std::string_view("kmgtp").find(suffix[0]) + 1;
  if (suffix.size() > (binary ? 2U : 1U) || (!suffix.empty() && power == 0)) return invalid(text, kRemedy);
  const double bytes = number * std::pow(binary ? 1024.0 : 1000.0, static_cast<double>(power));
  if (bytes > kLargest) return invalid(text, "is more than 8 EiB");
  return static_cast<std::uint64_t>(bytes);
}

std::string format_byte_size(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kNames = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double number = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (number >= 1024 && unit + 1 < kNames.size()) {
    number /= 1024;
    ++unit;
  }
  std::array<char, 40> text{};
  const char* format = number == std::floor(number) ? "%.0f %s" : "%.1f %s";
  const int length = std::snprintf(text.data(), text.size(), format, number, kNames[unit]);
  return std::string(text.data(), static_cast<std::size_t>(length));
}

Result<std::int64_t> parse_integer(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  std::string_view rest = digits;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) rest.remove_prefix(1);
  int base = 10;
  if (rest.size() > 2 && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'o' || rest[1] == 'b')) {
    base = rest[1] == 'x' ? 16 : (rest[1] == 'o' ? 8 : 2);
    rest.remove_prefix(2);
  } else if (rest.size() > 1 && rest[0] == '0') {
    base = 8;  // YAML 1.1, which the Collector's parser keeps: 0123 is 83.
  }
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  if (rest.empty() || failed != std::errc() || end != rest.data() + rest.size() ||
      value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return invalid(text, "is not an integer");
  }
  return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t best_distance = word.size() / 3 + 2;  // Farther than this is another word, not a slip.
  std::vector<std::size_t> row;
  for (const std::string_view candidate : candidates) {
    row.resize(candidate.size() + 1);
    for (std::size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t replace = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({replace, row[j] + 1, row[j - 1] + 1});
      }
    }
    if (row[candidate.size()] < best_distance) {
      best_distance = row[candidate.size()];
      best = candidate;
    }
  }
  return best;
}

}  // namespace nanospan::gateway
