// BearerToken: lets in who shows one of the tokens (RFC 6750, 2.1), and shows the first of them to others.
//
// Thread-safe: the values are immutable and swapped when the file changes; without a file no lock is taken. `log` and
// `clock` must outlive it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/followed_file.h"
#include "gateway/extensions/bearertokenauth/bearer_token_config.h"
#include "gateway/telemetry/log.h"

namespace nanospan::gateway {

class BearerToken final : public ServerAuthenticator, public ClientAuthenticator {
 public:
  /// Fails if there is no token in the file. `subject` is what the log calls it.
  static Result<std::shared_ptr<BearerToken>> create(BearerTokenConfig config, std::string subject, Log& log,
                                                     const base::Clock& clock);

  Verdict authenticate(const net::HeaderBlock& headers) override;
  std::string_view challenge() const override { return challenge_; }
  net::Header credential() override;

 private:
  /// What the header holds, scheme and token, of each token; at least one.
  using Values = std::shared_ptr<const std::vector<std::string>>;

  BearerToken(BearerTokenConfig config, std::string subject, Log& log, const base::Clock& clock);
  Result<Values> values_in(const std::string& content) const;
  Values with_scheme(const std::vector<std::string>& tokens) const;
  Values current();

  const BearerTokenConfig config_;
  const std::string challenge_;
  const std::string subject_;
  Log& log_;
  std::mutex mutex_;
  std::optional<FollowedFile> file_;
  Values values_;
};

}  // namespace nanospan::gateway
