// Expansion of references in configuration values. See expand.h for the grammar. Any thread.
#include "gateway/config/expand.h"

#include <algorithm>

namespace nanospan::gateway {
namespace {

constexpr std::size_t kBytesMax = 4 << 20;  // Of one expanded value: a reference must not blow up memory.

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

/// Files usually end with a newline that is no part of a value.
std::string_view without_last_newline(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

class Expander {
 public:
  Expander(const ConfigProviders& providers, Expansion& out) : providers_(providers), out_(out) {}

  /// What is inside of "${...}", inner references replaced: its value as it is, and where it came from.
  struct Value {
    std::string text;
    Expansion::Origin origin = Expansion::Origin::kEnvironment;
    std::string file;
    bool is_empty_default = false;
  };

  Result<std::string> run(std::string_view text, int depth) {
    if (depth > kReferenceNestingMax)
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
        Result<std::string> value = inline_value(text.substr(i + 2, close - i - 2), depth);
        if (!value) return value;
        result += *value;
        i = close + 1;
      } else {
        result += text[i++];
      }
      if (result.size() > kBytesMax)
        return Error{ErrorCode::kInvalidArgument, "the value is longer than 4 MiB after expansion"};
    }
    return result;
  }

  Result<Value> reference(std::string_view raw, int depth) {
    Result<std::string> inner = run(raw, depth + 1);
    if (!inner) return inner.error();
    out_.has_reference = true;
    const std::string_view body = *inner;
    const std::size_t colon = body.find(':');
    if (colon == std::string_view::npos || body.substr(colon, 2) == ":-") return variable(body);
    const std::string_view scheme = body.substr(0, colon), rest = body.substr(colon + 1);
    if (scheme == "env") return variable(rest);
    if (scheme == "yaml") return Value{std::string(rest), Expansion::Origin::kYaml, {}};
    if (scheme == "file" && providers_.file) return file(std::string(rest));
    return Error{ErrorCode::kUnsupported, "${" + std::string(body) + "} uses \"" + std::string(scheme) +
                                              ":\", which this build does not read; it has env:, file: and yaml:"};
  }

 private:
  /// Amid other text. What came from a file or from yaml: is configuration and may refer again; a variable is a value.
  Result<std::string> inline_value(std::string_view raw, int depth) {
    Result<Value> value = reference(raw, depth);
    if (!value) return value.error();
    if (value->origin == Expansion::Origin::kEnvironment) return std::move(value->text);
    return run(value->text, depth + 1);
  }

  Result<Value> variable(std::string_view body) {
    const std::size_t fallback = body.find(":-");
    const std::string_view name = body.substr(0, fallback);
    if (!is_name(name)) {
      return Error{
          ErrorCode::kInvalidArgument,
          "\"" + std::string(name) + "\" is not the name of an environment variable; a literal ${ is written $${"};
    }
    if (std::optional<std::string> value = providers_.environment(name))
      return Value{*std::move(value), Expansion::Origin::kEnvironment, {}};
    if (fallback == std::string_view::npos) {
      out_.unset.emplace_back(name);
      return Value{};
    }
    Value value{std::string(body.substr(fallback + 2)), Expansion::Origin::kEnvironment, {}};
    value.is_empty_default = value.text.empty();
    return value;
  }

  Result<Value> file(std::string path) const {
    Result<std::string> content = providers_.file(path);
    if (!content) {
      return Error{content.error().code, "${file:" + path + "} cannot be read: " + content.error().message};
    }
    return Value{std::string(without_last_newline(*content)), Expansion::Origin::kFile, std::move(path)};
  }

  const ConfigProviders& providers_;
  Expansion& out_;
};

}  // namespace

Result<Expansion> expand(std::string_view text, const ConfigProviders& providers) {
  Expansion out;
  if (text.find('$') == std::string_view::npos) {
    out.text = text;
    return out;
  }
  Expander expander(providers, out);
  if (text.substr(0, 2) == "${" && closing_brace(text, 0) == text.size() - 1) {
    Result<Expander::Value> value = expander.reference(text.substr(2, text.size() - 3), 0);
    if (!value) return value.error();
    out.whole_value = value->origin;
    out.file = std::move(value->file);
    out.is_empty_default = value->is_empty_default;
    out.text = std::move(value->text);
    return out;
  }
  Result<std::string> expanded = expander.run(text, 0);
  if (!expanded) return expanded.error();
  out.text = std::move(expanded).value();
  return out;
}

}  // namespace nanospan::gateway
