// ReloadingGateway: `nanospan serve` as a process of its own, whose receiver is made anew ten times a second while
// spans arrive: each time the connection is closed after the request in flight, and for some milliseconds nobody
// listens.
//
// For the main thread of a benchmark. Owns the process, a thread and a folder.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>

namespace nanospan::bench {

class ReloadingGateway {
 public:
  ReloadingGateway();
  ReloadingGateway(const ReloadingGateway&) = delete;
  ReloadingGateway& operator=(const ReloadingGateway&) = delete;
  ~ReloadingGateway();

  std::string traces_endpoint() const;
  /// Ends the reloads; how many were carried out.
  std::uint64_t stop();

 private:
  void write_config(std::uint64_t number) const;
  std::uint64_t start_blocks() const;
  void reload_until_stopped(const std::stop_token& stopped) const;

  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
  std::jthread reloader_;
};

}  // namespace nanospan::bench
