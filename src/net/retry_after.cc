// Both forms of Retry-After; of dates only IMF-fixdate, the one that senders must use (RFC 9110, 5.6.7). Pure, any
// thread.
#include "net/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace nanospan::net {
namespace {

constexpr std::uint64_t kSecondsMax = 24 * 3600;

bool read_number(std::string_view text, int& out) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc() && end == text.data() + text.size() && text.front() != '-';
}

/// "Sun, 06 Nov 1994 08:49:37 GMT"
///  0    5  8   12   17 20 23 26
std::optional<std::time_t> parse_imf_fixdate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT" || text[19] != ':' || text[22] != ':')
    return std::nullopt;
  std::tm date{};
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end() || !read_number(text.substr(5, 2), date.tm_mday) ||
      !read_number(text.substr(12, 4), date.tm_year) || !read_number(text.substr(17, 2), date.tm_hour) ||
      !read_number(text.substr(20, 2), date.tm_min) || !read_number(text.substr(23, 2), date.tm_sec)) {
    return std::nullopt;
  }
  date.tm_mon = static_cast<int>(month - kMonths.begin());
  date.tm_year -= 1900;
  return ::timegm(&date);
}

}  // namespace

std::optional<std::uint64_t> parse_retry_after(std::string_view value, base::UnixNanos now) {
  std::uint64_t seconds = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (!value.empty() && end == value.data() + value.size() && failed != std::errc::invalid_argument) {
    if (failed == std::errc::result_out_of_range) seconds = kSecondsMax;
  } else if (const std::optional<std::time_t> date = parse_imf_fixdate(value)) {
    const std::time_t present = static_cast<std::time_t>(now / base::kNanosPerSecond);
    seconds = *date > present ? static_cast<std::uint64_t>(*date - present) : 0;
  } else {
    return std::nullopt;
  }
  return std::min(seconds, kSecondsMax) * base::kNanosPerSecond;
}

}  // namespace nanospan::net
