// The real `go tool pprof`, as a judge of what we serve.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace nanospan::profile::testing {

inline std::string output_of(const std::string& command) {
  std::string text;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen((command + " 2>&1").c_str(), "r"), pclose);
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    text.append(buffer.data(), got);
  return text;
}

inline bool has_go() { return output_of("go tool pprof -h").find("usage") != std::string::npos; }

/// What `-top` says of a function, the ones that it calls included ("cum"); 0 if it does not name it.
inline double cumulative_of(std::string_view top, std::string_view function) {
  // flat flat% sum% cum cum% name
  const std::size_t name = top.find(function);
  if (name == std::string_view::npos) return 0;
  std::string_view line = top.substr(0, name);
  line.remove_prefix(line.rfind('\n') + 1);
  for (int column = 0;; ++column) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    double value = 0;
    if (column == 3) std::from_chars(line.data(), line.data() + line.size(), value);
    if (column == 3 || line.empty()) return value;
    line.remove_prefix(std::min(line.find(' '), line.size()));
  }
}

}  // namespace nanospan::profile::testing
