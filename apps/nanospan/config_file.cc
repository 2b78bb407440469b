// Files and messages. One thread.
#include "apps/nanospan/config_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "gateway/config/yaml.h"
#include "gateway/service/components.h"
#include "net/socket.h"

namespace nanospan::app {
namespace {

constexpr int kPipeWaitMillis = 10'000;

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

/// At most `bytes_max` bytes of a file. A pipe, as `--config <(render)` gives one, is read too, but a silent one must
/// not hang the start.
Status read_file(const std::string& path, std::size_t bytes_max, std::string& text) {
  const net::Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return Error{ErrorCode::kSystem, std::strerror(errno)};
  text.assign(bytes_max, '\0');
  std::size_t size = 0;
  while (size < bytes_max) {
    const ssize_t count = ::read(file.get(), text.data() + size, bytes_max - size);
    if (count == 0) break;
    if (count > 0) {
      size += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {
      pollfd readable{file.get(), POLLIN, 0};
      if (::poll(&readable, 1, kPipeWaitMillis) == 0) return Error{ErrorCode::kSystem, "the pipe stays silent"};
    } else if (errno != EINTR) {
      return Error{ErrorCode::kSystem, std::strerror(errno)};
    }
  }
  text.resize(size);
  return {};
}

}  // namespace

std::optional<gateway::GatewayConfig> read_config(const Arguments& arguments) {
  std::string name = "embedded configuration";
  std::string text(gateway::embedded_config());
  if (std::optional<std::string> given = arguments.value("--config")) {
    name = given->rfind("file:", 0) == 0 ? given->substr(5) : *given;
    // One byte more than the limit, so that the reader says it is too large.
    if (const Status read = read_file(name, gateway::kYamlBytesMax + 1, text); !read) {
      std::fprintf(stderr, "%s: cannot be read: %s; give --config the path of a YAML file\n", name.c_str(),
                   read.error().message.c_str());
      return std::nullopt;
    }
  }
  gateway::LoadedConfig loaded = gateway::load_config(text, name, gateway::built_in_components(), environment);
  for (const std::string& line : loaded.warnings) std::fprintf(stderr, "warning: %s\n", line.c_str());
  for (const std::string& line : loaded.errors) std::fprintf(stderr, "%s\n", line.c_str());
  if (!loaded.errors.empty()) return std::nullopt;
  return std::move(loaded.config);
}

}  // namespace nanospan::app
