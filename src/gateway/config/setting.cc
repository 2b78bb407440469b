// Turning a path into nested maps. Any thread.
#include "gateway/config/setting.h"

namespace nanospan::gateway {

Result<std::string> setting_yaml(std::string_view setting) {
  const std::size_t equals = setting.find('=');
  if (equals == setting.npos || equals == 0 || setting.find('\n') != setting.npos) {
    return Error{ErrorCode::kInvalidArgument, "\"" + std::string(setting) + "\" is not KEY.KEY=VALUE"};
  }
  std::string_view path = setting.substr(0, equals);
  const std::string_view separator = path.find("::") != path.npos ? "::" : ".";
  std::string yaml;
  for (std::string indent;; indent += ' ') {
    const std::size_t end = path.find(separator);
    const std::string_view key = path.substr(0, end);
    if (key.empty()) {
      return Error{ErrorCode::kInvalidArgument, "\"" + std::string(setting) + "\" has an empty key"};
    }
    yaml.append(indent).append("\"");
    for (const char c : key) {
      if (c == '"' || c == '\\') yaml += '\\';
      yaml += c;
    }
    yaml.append("\":");
    if (end == path.npos) break;
    yaml += '\n';
    path.remove_prefix(end + separator.size());
  }
  return yaml.append(" ").append(setting.substr(equals + 1)).append("\n");
}

}  // namespace nanospan::gateway
