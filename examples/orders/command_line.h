// Parsing of "--name value" and "--name=value" into a plain struct, by a table of settings.
#pragma once

#include <charconv>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nanospan/result.h>

namespace orders {

template <class Number>
bool read_number(std::string_view text, Number low, Number high, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= low && out <= high;
}

/// A setting of `Options`, which has a member `bool help`.
template <class Options>
struct Setting {
  std::string_view name;
  std::string_view allowed;                             ///< For people.
  std::function<bool(Options&, std::string_view)> set;  ///< False: not allowed.
};

/// The error names the argument and what it may be. `program` is what --help is asked of.
template <class Options>
nanospan::Status parse_words(const std::vector<std::string_view>& words, const std::vector<Setting<Options>>& settings,
                             std::string_view program, Options& options) {
  using nanospan::Error;
  using nanospan::ErrorCode;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string name(words[i].substr(0, equals));
    if (name == "--help" || name == "-h") {
      options.help = true;
      continue;
    }
    const Setting<Options>* setting = nullptr;
    for (const Setting<Options>& known : settings) {
      if (known.name == name) setting = &known;
    }
    if (setting == nullptr) {
      return Error{ErrorCode::kInvalidArgument,
                   "unknown argument " + name + "; see " + std::string(program) + " --help"};
    }
    if (equals == std::string_view::npos && i + 1 == words.size()) {
      return Error{ErrorCode::kInvalidArgument, name + " needs a value: " + std::string(setting->allowed)};
    }
    const std::string_view value = equals == std::string_view::npos ? words[++i] : words[i].substr(equals + 1);
    if (!setting->set(options, value)) {
      return Error{ErrorCode::kInvalidArgument,
                   name + " is \"" + std::string(value) + "\"; it must be " + std::string(setting->allowed)};
    }
  }
  return {};
}

/// What every service has: where it listens, and how it is traced. `process` finds the ProcessOptions in the options.
template <class Options, class Process>
std::vector<Setting<Options>> process_settings(Process process) {
  return {
      {"--address", "an address of this machine",
       [process](Options& o, auto v) { return !(process(o).address = v).empty(); }},
      {"--port", "0 to 65535", [process](Options& o, auto v) { return read_number(v, 0, 65535, process(o).port); }},
      {"--tracing", "on or off",
       [process](Options& o, auto v) { return (process(o).tracing = v == "on") || v == "off"; }},
      {"--sample-ratio", "0 to 1",
       [process](Options& o, auto v) { return read_number(v, 0.0, 1.0, process(o).sample_ratio); }},
      {"--endpoint", "http://host:port",
       [process](Options& o, auto v) { return (process(o).endpoint = v).starts_with("http"); }},
  };
}

}  // namespace orders
