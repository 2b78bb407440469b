// Split at '&' and '=', then percent-decoded. Threads: see the header.
#include "profile/serve/query.h"

#include <algorithm>
#include <charconv>

namespace nanospan::profile {
namespace {

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '%' && text.size() - i > 2 && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

}  // namespace

std::string quoted(std::string_view given) { return "\"" + std::string(given.substr(0, 40)) + "\""; }

Query::Query(std::string_view target) {
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return;
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty() && values_.size() < kParametersMax) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view part = rest.substr(0, end);
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view value = equals < part.size() ? part.substr(equals + 1) : std::string_view();
    if (equals > 0) values_.insert_or_assign(percent_decoded(part.substr(0, equals)), percent_decoded(value));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

std::string_view Query::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string_view() : std::string_view(found->second);
}

Result<std::uint64_t> Query::number(std::string_view name, std::uint64_t otherwise, std::uint64_t least,
                                    std::uint64_t most) const {
  const std::string_view given = text(name);
  if (given.empty()) return otherwise;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  if (error != std::errc() || end != given.data() + given.size() || value < least || value > most) {
    return Error{ErrorCode::kInvalidArgument, std::string(name) + " is " + quoted(given) + "; it may be " +
                                                  std::to_string(least) + " to " + std::to_string(most)};
  }
  return value;
}

}  // namespace nanospan::profile
