// BasicAuthClient: user name and password as exporters send them (RFC 7617). Thread-safe. `log` and `clock` must
// outlive it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/followed_file.h"
#include "gateway/extensions/basicauth/basic_auth_config.h"
#include "gateway/telemetry/log.h"

namespace nanospan::gateway {

class BasicAuthClient final : public ClientAuthenticator {
 public:
  /// Fails if a file cannot be read. `subject` is what the log calls it.
  static Result<std::shared_ptr<BasicAuthClient>> create(const BasicAuthConfig& config, std::string subject, Log& log,
                                                         const base::Clock& clock);
  net::Header credential() override;

 private:
  /// A text that may stand in a file.
  struct Part {
    std::string text;
    std::optional<FollowedFile> file;
  };

  BasicAuthClient(const BasicAuthConfig& config, std::string subject, Log& log, const base::Clock& clock);
  Status read(Part& part);
  void follow(Part& part);

  const std::string subject_;
  Log& log_;
  std::mutex mutex_;
  Part username_;
  Part password_;
};

}  // namespace nanospan::gateway
