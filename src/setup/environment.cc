// Reading and complaining. Thread-safe as getenv() is.
#include "setup/environment.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/text.h"
#include "sdk/diagnostics.h"

namespace nanospan::setup {
namespace {

/// The whole of `text` as a T; nothing for anything else.
template <class T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string quoted(std::string_view value) {
  constexpr std::size_t kShownMax = 100;
  return "\"" + std::string(value.substr(0, kShownMax)) + (value.size() > kShownMax ? "...\"" : "\"");
}

}  // namespace

Environment Environment::of_process() {
  return Environment(
      [](const char* name) -> std::optional<std::string> {
        const char* value = std::getenv(name);
        return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
      },
      [](const std::string& line) { sdk::report("environment", line); });
}

Environment Environment::none() {
  return Environment([](const char*) { return std::nullopt; }, [](const std::string&) {});
}

std::optional<std::string> Environment::text(const char* name) const {
  const std::optional<std::string> value = lookup_(name);
  if (!value) return std::nullopt;
  const std::string_view kept = base::trimmed(*value);
  return kept.empty() ? std::nullopt : std::optional<std::string>(kept);
}

bool Environment::boolean(const char* name) const {
  const std::optional<std::string> value = text(name);
  if (!value) return false;
  const std::string lowered = lower(*value);
  if (lowered == "true") return true;
  if (lowered != "false") warn(name, quoted(*value) + " is neither true nor false and counts as false");
  return false;
}

std::optional<std::uint64_t> Environment::number(const char* name, Range range) const {
  const std::optional<std::string> value = text(name);
  if (!value) return std::nullopt;
  const std::optional<std::uint64_t> number = parse<std::uint64_t>(*value);
  if (number && *number >= range.least && *number <= range.most) return number;
  warn(name, quoted(*value) + " is not a whole number from " + std::to_string(range.least) + " to " +
                 std::to_string(range.most) + " and is ignored");
  return std::nullopt;
}

std::optional<double> Environment::ratio(const char* name) const {
  const std::optional<std::string> value = text(name);
  if (!value) return std::nullopt;
  const std::optional<double> number = parse<double>(*value);
  if (number && *number >= 0 && *number <= 1) return number;
  warn(name, quoted(*value) + " is not a number from 0 to 1 and is ignored");
  return std::nullopt;
}

std::vector<ListEntry> Environment::list(const char* name) const {
  std::vector<ListEntry> parts;
  const std::string value = text(name).value_or("");
  for (std::string_view rest = value; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view text = base::trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    std::string part = lower(text);
    const auto same = [&part](const ListEntry& entry) { return entry.name == part; };
    if (part.empty() || std::any_of(parts.begin(), parts.end(), same)) continue;
    parts.push_back({std::move(part), std::string(text)});
  }
  return parts;
}

void Environment::warn(const char* name, std::string_view why) const {
  warn_(std::string(name) + ": " + std::string(why));
}

void Environment::warn_unknown(const char* name, std::string_view value, std::string_view known) const {
  warn(name, quoted(value) + " is not known and is ignored; write one of: " + std::string(known));
}

std::string Environment::lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace nanospan::setup
