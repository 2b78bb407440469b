// Files and messages. One thread.
#include "apps/nanospan/config_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "gateway/config/setting.h"
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

/// One byte more than the limit is read, so that the reader says it is too large.
Result<std::string> content_of(const std::string& path) {
  std::string text;
  if (const Status read = read_file(path, gateway::kYamlBytesMax + 1, text); !read) return read.error();
  return text;
}

/// "s3" of "s3://bucket/a.yaml"; "" of a path. As in the Collector, a scheme has two letters at least.
std::string_view scheme_of(std::string_view uri) {
  const std::string_view scheme = uri.substr(0, std::min(uri.find(':'), uri.size()));
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '.' || c == '-';
  };
  const bool is_scheme = scheme.size() >= 2 && scheme.size() < uri.size() &&
                         std::isalpha(static_cast<unsigned char>(scheme.front())) != 0 &&
                         std::all_of(scheme.begin(), scheme.end(), fits);
  return is_scheme ? scheme : std::string_view();
}

/// What a --config names: a path, or file:PATH, env:NAME, yaml:TEXT (confmap/provider).
Result<gateway::ConfigSource> read_source(const std::string& uri) {
  const std::string scheme(scheme_of(uri));
  const auto rest = [&uri](std::string_view prefix) { return uri.substr(prefix.size()); };
  if (uri.starts_with("yaml:")) return gateway::ConfigSource{"yaml", rest("yaml:")};
  if (uri.starts_with("env:")) {
    std::optional<std::string> value = environment(rest("env:"));
    if (!value) return Error{ErrorCode::kNotFound, uri + ": the environment variable is not set"};
    return gateway::ConfigSource{uri, *std::move(value)};
  }
  if (!scheme.empty() && scheme != "file") {
    return Error{ErrorCode::kUnsupported, uri + ": this build reads no configuration from \"" + scheme +
                                              ":\"; bring it into a file, or give env:NAME or yaml:TEXT"};
  }
  std::string path = scheme == "file" ? rest("file:") : uri;
  Result<std::string> text = content_of(path);
  if (!text) {
    return Error{text.error().code,
                 path + ": cannot be read: " + text.error().message + "; give --config the path of a YAML file"};
  }
  return gateway::ConfigSource{std::move(path), std::move(text).value()};
}

Result<std::vector<gateway::ConfigSource>> read_sources(const Arguments& arguments) {
  std::vector<gateway::ConfigSource> sources;
  for (const std::string& uri : arguments.values("--config")) {
    Result<gateway::ConfigSource> source = read_source(uri);
    if (!source) return source.error();
    sources.push_back(std::move(source).value());
  }
  if (sources.empty()) sources.push_back({"embedded configuration", std::string(gateway::embedded_config())});
  for (const std::string& setting : arguments.values("--set")) {
    Result<std::string> yaml = gateway::setting_yaml(setting);
    if (!yaml) return yaml.error().with_prefix("--set");
    sources.push_back({"--set " + setting, std::move(yaml).value()});
  }
  return sources;
}

}  // namespace

std::vector<Option> config_options(bool required) {
  return {{"--config", "FILE",
           "as the OpenTelemetry Collector's: PATH, file:PATH, env:NAME or yaml:TEXT; later ones win", required},
          {"--set", "KEY=VALUE", "one value, after all files: --set processors.batch.timeout=2s"},
          {"--feature-gates", "LIST", "accepted, without effect"}};
}

gateway::LoadedConfig load_config(const Arguments& arguments) {
  const Result<std::vector<gateway::ConfigSource>> sources = read_sources(arguments);
  if (!sources) {
    gateway::LoadedConfig loaded;
    loaded.errors.push_back(sources.error().message);
    return loaded;
  }
  return gateway::load_config(*sources, gateway::built_in_components(), {environment, content_of});
}

std::optional<gateway::LoadedConfig> read_config(const Arguments& arguments) {
  if (arguments.has("--feature-gates")) {
    std::fprintf(stderr, "warning: --feature-gates has no effect: this program has none of the Collector's\n");
  }
  gateway::LoadedConfig loaded = load_config(arguments);
  for (const std::string& line : loaded.warnings) std::fprintf(stderr, "warning: %s\n", line.c_str());
  for (const std::string& line : loaded.errors) std::fprintf(stderr, "%s\n", line.c_str());
  if (!loaded.errors.empty()) return std::nullopt;
  return loaded;
}

}  // namespace nanospan::app
