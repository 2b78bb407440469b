// An environment that a test fills, and the warnings that it brought.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "setup/environment.h"

namespace nanospan::setup {

using Variables = std::map<std::string, std::string>;

class FakeEnvironment {
 public:
  FakeEnvironment() = default;
  explicit FakeEnvironment(Variables variables) : variables_(std::move(variables)) {}

  operator Environment() {
    return Environment(
        [this](const char* name) -> std::optional<std::string> {
          const auto found = variables_.find(name);
          return found == variables_.end() ? std::nullopt : std::optional<std::string>(found->second);
        },
        [this](const std::string& line) { warnings_.push_back(line); });
  }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  Variables variables_;
  std::vector<std::string> warnings_;
};

}  // namespace nanospan::setup
