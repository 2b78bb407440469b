// What the SDK says while a test runs, in place of standard error.
#pragma once

#include <nanospan/diagnostics.h>

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace nanospan::testing {

class SaidLines {
 public:
  SaidLines() {
    set_error_handler([this](std::string_view component, std::string_view line) {
      const std::lock_guard<std::mutex> lock(mutex_);
      lines_.push_back(std::string(component) + ": " + std::string(line));
    });
  }
  SaidLines(const SaidLines&) = delete;
  SaidLines& operator=(const SaidLines&) = delete;
  ~SaidLines() { set_error_handler(nullptr); }

  std::vector<std::string> all() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace nanospan::testing
