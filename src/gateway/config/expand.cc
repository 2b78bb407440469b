// Expansion of references in configuration values. See expand.h for the grammar. Any thread.
#include "gateway/config/expand.h"

#include <algorithm>

namespace nanospan::gateway {
namespace {

constexpr int kNestingMax = 16;
constexpr std::size_t kBytesMax = 1 << 20;  // Of one expanded value: a reference must not blow up memory.

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// The position of the "}" that closes the "${" at `open`, or npos.
std::size_t closing_brace(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') {
      ++depth;
      ++i;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

class Expander {
 public:
  Expander(const EnvironmentLookup& environment, Expansion& out) : environment_(environment), out_(out) {}

  Result<std::string> run(std::string_view text, int depth) {
    if (depth > kNestingMax)
      return Error{ErrorCode::kInvalidArgument, "${} references are nested too deeply (limit 16)"};
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
      if (text[i] != '$' || i + 1 == text.size()) {
        result += text[i++];
      } else if (text[i + 1] == '$') {
        result += '$';
        i += 2;
      } else if (const std::size_t close = text[i + 1] == '{' ? closing_brace(text, i) : std::string_view::npos;
                 close != std::string_view::npos) {
        Result<std::string> value = reference(text.substr(i + 2, close - i - 2), depth);
        if (!value) return value;
        result += *value;
        i = close + 1;
      } else {
        result += text[i++];
      }
      if (result.size() > kBytesMax)
        return Error{ErrorCode::kInvalidArgument, "the value is longer than 1 MiB after expansion"};
    }
    return result;
  }

 private:
  Result<std::string> reference(std::string_view raw, int depth) {
    Result<std::string> inner = run(raw, depth + 1);
    if (!inner) return inner;
    std::string_view body = *inner;
    const std::size_t colon = body.find(':');
    if (colon != std::string_view::npos && body.substr(colon, 2) != ":-") {
      const std::string_view scheme = body.substr(0, colon);
      if (scheme != "env") {
        return Error{ErrorCode::kUnsupported, "${" + std::string(body) + "} uses \"" + std::string(scheme) +
                                                  ":\", which this build does not read; use ${env:NAME}"};
      }
      body.remove_prefix(colon + 1);
    }
    const std::size_t fallback = body.find(":-");
    const std::string_view name = body.substr(0, fallback);
    if (!is_name(name)) {
      return Error{
          ErrorCode::kInvalidArgument,
          "\"" + std::string(name) + "\" is not the name of an environment variable; a literal ${ is written $${"};
    }
    out_.has_reference = true;
    if (std::optional<std::string> value = environment_(name);
        value && !(value->empty() && fallback != std::string_view::npos)) {
      return *std::move(value);
    }
    if (fallback != std::string_view::npos) return std::string(body.substr(fallback + 2));
    out_.unset.emplace_back(name);
    return std::string();
  }

  const EnvironmentLookup& environment_;
  Expansion& out_;
};

}  // namespace

Result<Expansion> expand(std::string_view text, const EnvironmentLookup& environment) {
  Expansion out;
  if (text.find('$') == std::string_view::npos) {
    out.text = text;
    return out;
  }
  out.is_whole_value = text.substr(0, 2) == "${" && closing_brace(text, 0) == text.size() - 1;
  Result<std::string> expanded = Expander(environment, out).run(text, 0);
  if (!expanded) return expanded.error();
  out.text = std::move(expanded).value();
  return out;
}

}  // namespace nanospan::gateway
