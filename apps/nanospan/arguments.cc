// Parsing of command-line words. One thread.
#include "apps/nanospan/arguments.h"

#include <algorithm>

#include "gateway/config/units.h"

namespace nanospan::app {
namespace {

bool is_positional(const Option& option) { return option.name.substr(0, 1) != "-"; }

}  // namespace

Result<Arguments> Arguments::parse(const std::vector<std::string_view>& words, const std::vector<Option>& options) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].substr(0, 1) != "-") {
      const auto place = std::find_if(options.begin(), options.end(), [&](const Option& o) {
        return is_positional(o) && (!arguments.has(o.name) || o.name.ends_with("..."));
      });
      if (place != options.end()) {
        arguments.given_.emplace_back(place->name, words[i]);
        continue;
      }
    }
    const std::size_t equals = words[i].substr(0, 2) == "--" ? words[i].find('=') : std::string_view::npos;
    const std::string_view name = words[i] == "-h" ? "--help" : words[i].substr(0, equals);
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&](const Option& o) { return o.name == name && !is_positional(o); });
    if (option == options.end()) {
      std::vector<std::string_view> names;
      for (const Option& known : options) {
        if (!is_positional(known)) names.push_back(known.name);
      }
      std::string text = "unknown argument \"" + std::string(words[i]) + "\"";
      if (const std::string_view meant = gateway::nearest(name, names); !meant.empty())
        text += "; did you mean " + std::string(meant) + "?";
      return Error{ErrorCode::kInvalidArgument, text};
    }
    if (option->value.empty()) {
      if (equals != std::string_view::npos) {
        return Error{ErrorCode::kInvalidArgument, std::string(name) + " takes no value"};
      }
      arguments.given_.emplace_back(option->name, "");
      continue;
    }
    const auto wanted = static_cast<std::size_t>(std::count(option->value.begin(), option->value.end(), ' ')) + 1;
    std::size_t got = 0;
    if (equals != std::string_view::npos) {
      arguments.given_.emplace_back(option->name, words[i].substr(equals + 1));
      got = 1;
    }
    for (; got < wanted && i + 1 < words.size(); ++got) arguments.given_.emplace_back(option->name, words[++i]);
    if (got < wanted) {
      return Error{ErrorCode::kInvalidArgument, std::string(name) +
                                                    (wanted == 1 ? " needs a value: " : " needs values: ") +
                                                    std::string(name) + " " + std::string(option->value)};
    }
  }
  return arguments;
}

bool Arguments::has(std::string_view option) const {
  return std::any_of(given_.begin(), given_.end(), [&](const auto& given) { return given.first == option; });
}

std::optional<std::string> Arguments::value(std::string_view option) const {
  const auto found =
      std::find_if(given_.rbegin(), given_.rend(), [&](const auto& given) { return given.first == option; });
  if (found == given_.rend()) return std::nullopt;
  return found->second;
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  std::vector<std::string> all;
  for (const auto& [name, value] : given_) {
    if (name == option) all.push_back(value);
  }
  return all;
}

}  // namespace nanospan::app
