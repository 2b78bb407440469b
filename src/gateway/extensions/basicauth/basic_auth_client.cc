// Following the files. Threads: see the header.
#include "gateway/extensions/basicauth/basic_auth_client.h"

#include <utility>

#include "base/base64.h"
#include "base/text.h"

namespace nanospan::gateway {

BasicAuthClient::BasicAuthClient(const BasicAuthConfig& config, std::string subject, Log& log, const base::Clock& clock)
    : subject_(std::move(subject)), log_(log), username_{config.username, {}}, password_{config.password, {}} {
  if (!config.username_file.empty()) username_.file.emplace(config.username_file, clock);
  if (!config.password_file.empty()) password_.file.emplace(config.password_file, clock);
}

Result<std::shared_ptr<BasicAuthClient>> BasicAuthClient::create(const BasicAuthConfig& config, std::string subject,
                                                                 Log& log, const base::Clock& clock) {
  const std::shared_ptr<BasicAuthClient> made =
      std::unique_ptr<BasicAuthClient>(new BasicAuthClient(config, std::move(subject), log, clock));
  if (Status read = made->read(made->username_); !read) return read.error().with_prefix("username_file");
  if (Status read = made->read(made->password_); !read) return read.error().with_prefix("password_file");
  return made;
}

Status BasicAuthClient::read(Part& part) {
  if (!part.file) return {};
  const Result<std::string> content = part.file->read();
  if (!content) return content.error();
  part.text = base::trimmed(*content);
  return {};
}

void BasicAuthClient::follow(Part& part) {
  if (!part.file) return;
  const std::optional<Result<std::string>> content = part.file->look();
  if (!content) return;
  if (content->ok()) {
    part.text = base::trimmed(**content);
  } else {
    log_.warn_limited(subject_, "file", content->error().message + "; what it held before stays in use");
  }
}

net::Header BasicAuthClient::credential() {
  const std::lock_guard lock(mutex_);
  follow(username_);
  follow(password_);
  std::string value = "Basic ";
  base::append_base64(username_.text + ":" + password_.text, value);
  return {"authorization", std::move(value)};
}

}  // namespace nanospan::gateway
