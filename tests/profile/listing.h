// Reads the listing of a profile (debug=1): the sums of its values over the stacks that hold a function.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace nanospan::profile::testing {

template <std::size_t kValues>
std::array<double, kValues> sums_of(const std::string& listing, std::string_view function) {
  std::array<double, kValues> sums{};
  for (std::size_t at = listing.find("\n\n"); at != std::string::npos;) {
    const std::size_t next = listing.find("\n\n", at + 2);
    const std::string_view block = std::string_view(listing).substr(at + 2, next - at - 2);
    at = next;
    if (block.find(function) == std::string_view::npos) continue;
    const char* number = block.data();
    for (double& sum : sums) {
      std::int64_t value = 0;
      number = std::from_chars(number, block.data() + block.size(), value).ptr + 1;
      sum += static_cast<double>(value);
    }
  }
  return sums;
}

}  // namespace nanospan::profile::testing
