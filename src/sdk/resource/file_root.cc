// Reads are bounded and never wait; what cannot be read is as if it were empty. Threads: see the header.
#include "sdk/resource/file_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace nanospan::sdk {

std::string FileRoot::read(std::string_view path) const {
  const std::string full = root_ + std::string(path);
  const int file = ::open(full.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // Never waits, should it be a pipe.
  if (file < 0) return {};
  std::string text;
  std::array<char, 4096> block;
  while (text.size() < kBytesMax) {
    const ssize_t count = ::read(file, block.data(), std::min(block.size(), kBytesMax - text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  ::close(file);
  return text;
}

std::string FileRoot::link(std::string_view path) const {
  const std::string full = root_ + std::string(path);
  std::array<char, PATH_MAX> target;
  const ssize_t size = ::readlink(full.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string FileRoot::first_line(std::string_view path) const {
  const std::string text = read(path);
  return text.substr(0, text.find('\n'));
}

std::string_view next_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string executable_path(const FileRoot& files) {
  std::string path = files.link("/proc/self/exe");
  constexpr std::string_view kDeleted = " (deleted)";  // The kernel's mark for an executable that was replaced on disk.
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  return path;
}

}  // namespace nanospan::sdk
