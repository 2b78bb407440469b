// Directory entries and short files of /proc; a thread that has gone reads as nothing. Threads: see the header.
#include "profile/sampler/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <utility>

namespace nanospan::profile {

void for_each_thread(const std::function<void(std::int32_t tid)>& visit) {
  DIR* const directory = ::opendir("/proc/self/task");
  if (directory == nullptr) return;
  while (const dirent* entry = ::readdir(directory)) {
    std::int32_t tid = 0;
    const char* const end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, tid).ptr == end) visit(tid);
  }
  ::closedir(directory);
}

std::string thread_name(std::int32_t tid) {
  std::string name = read_proc("/proc/self/task/" + std::to_string(tid) + "/comm", 64);
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name.empty() ? "?" : name;
}

// "4711 (name, with any bytes) S 1 ..."
std::string thread_state(std::int32_t tid) {
  const std::string text = read_proc("/proc/self/task/" + std::to_string(tid) + "/stat", 128);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text.size()) return {};
  constexpr std::pair<char, const char*> kStates[] = {{'R', "running"}, {'S', "sleeping"},     {'D', "disk sleep"},
                                                      {'T', "stopped"}, {'t', "tracing stop"}, {'Z', "zombie"},
                                                      {'X', "dead"},    {'I', "idle"}};
  for (const auto& [letter, state] : kStates) {
    if (text[name_end + 2] == letter) return state;
  }
  return std::string(1, text[name_end + 2]);
}

std::string read_proc(const std::string& path, std::size_t bytes_max) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  text.resize(bytes_max);
  std::size_t size = 0;
  while (size < bytes_max) {
    const ssize_t got = ::read(fd, text.data() + size, bytes_max - size);
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  ::close(fd);
  text.resize(size);
  return text;
}

}  // namespace nanospan::profile
