// BasicAuthServer: lets in whose user name and password (RFC 7617) are in an htpasswd file.
//
// A hash like bcrypt is made to take tens of milliseconds, and all loops wait for none of it longer than one check: so
// an answer is remembered, by a keyed digest of what was shown, and what was never seen is checked one at a time and in
// a quarter of one core's time; beyond, senders are told to come back. Nobody can stop the gateway by guessing.
//
// Thread-safe. `log` and `clock` must outlive it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "gateway/auth/authenticator.h"
#include "gateway/auth/followed_file.h"
#include "gateway/extensions/basicauth/basic_auth_config.h"
#include "gateway/extensions/basicauth/htpasswd.h"
#include "gateway/telemetry/log.h"

namespace nanospan::gateway {

class BasicAuthServer final : public ServerAuthenticator {
 public:
  /// Fails if the file or a line in it is wrong. `subject` is what the log calls it.
  static Result<std::shared_ptr<BasicAuthServer>> create(const BasicAuthConfig& config, std::string subject, Log& log,
                                                         const base::Clock& clock);

  Verdict authenticate(const net::HeaderBlock& headers) override;
  std::string_view challenge() const override { return "Basic realm=\"nanospan\""; }
  std::size_t users() const { return users_->size(); }

 private:
  static constexpr std::size_t kAnswersMax = 4096;
  using Users = std::shared_ptr<const Htpasswd>;

  BasicAuthServer(const BasicAuthConfig& config, std::string key, std::string subject, Log& log,
                  const base::Clock& clock);
  Result<Users> users_in(const std::string& content) const;
  void follow();
  Verdict check(const std::string& kept, bool is_known, const std::string& password, const std::string& digest);

  const std::string inline_;
  const std::string subject_;
  const std::string key_;  // of the digests; random
  Log& log_;
  const base::Clock& clock_;

  std::mutex mutex_;
  std::optional<FollowedFile> file_;
  Users users_;
  std::set<std::string> allowed_, denied_;  // digests of what `users_` said of hashes
  bool checking_ = false;
  base::MonotonicNanos next_check_at_ = 0;
};

}  // namespace nanospan::gateway
