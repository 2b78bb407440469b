// Headers made of fuzz input, and the check that a fuzz target makes.
//
// Input: for each header name a block of lines, blocks apart by an empty line; each line is one header line of that
// name.
#pragma once

#include <nanospan/propagation.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nanospan::fuzz {

/// Stops the run: libFuzzer and the sanitizers keep the input.
inline void check(bool holds) {
  if (!holds) __builtin_trap();
}

class Carrier final : public TextMapSetter, public TextMapGetter {
 public:
  Carrier() = default;
  Carrier(std::string_view input, std::initializer_list<std::string_view> names) {
    auto name = names.begin();
    while (!input.empty() && name != names.end()) {
      const std::size_t end = std::min(input.find('\n'), input.size());
      if (end == 0) {
        ++name;
      } else {
        headers_.emplace_back(*name, input.substr(0, end));
      }
      input.remove_prefix(std::min(end + 1, input.size()));
    }
  }

  void set(std::string_view key, std::string_view value) override {
    // A header must never break out of its line.
    check(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    headers_.emplace_back(key, value);
  }
  std::string_view get(std::string_view key) const override {
    for (const auto& [name, value] : headers_) {
      if (name == key) return value;
    }
    return {};
  }
  std::vector<std::string> get_all(std::string_view key) const override {
    std::vector<std::string> values;
    for (const auto& [name, value] : headers_) {
      if (name == key) values.push_back(value);
    }
    return values;
  }

 private:
  std::vector<std::pair<std::string, std::string>> headers_;
};

}  // namespace nanospan::fuzz
