// Parsing of the header, the cache of answers, and the limit on slow ones. Threads: see the header.
#include "gateway/extensions/basicauth/basic_auth_server.h"

#include <sys/random.h>

#include <utility>

#include "base/base64.h"
#include "base/sha256.h"
#include "net/http_message.h"

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kRestPerCheck = 3;  // times as long as the check took

Result<std::string> random_key() {
  std::string key(32, '\0');
  if (::getrandom(key.data(), key.size(), 0) == static_cast<ssize_t>(key.size())) return key;
  return Error{ErrorCode::kSystem, "getrandom failed"};
}

/// "user:password" of an Authorization header, or why not; in the Collector's words.
Result<std::string> credentials_in(std::string_view header) {
  constexpr std::string_view kScheme = "Basic ";
  if (header.empty()) return Error{ErrorCode::kInvalidArgument, "no basic auth provided"};
  if (!net::equals_ignoring_case(header.substr(0, kScheme.size()), kScheme)) {
    return Error{ErrorCode::kInvalidArgument, "invalid authorization scheme prefix"};
  }
  std::string decoded;
  if (!base::append_from_base64(header.substr(kScheme.size()), decoded) || decoded.find(':') == std::string::npos ||
      decoded.find('\0') != std::string::npos) {
    return Error{ErrorCode::kInvalidArgument, "invalid authorization format"};
  }
  return decoded;
}

}  // namespace

BasicAuthServer::BasicAuthServer(const BasicAuthConfig& config, std::string key, std::string subject, Log& log,
                                 const base::Clock& clock)
    : inline_(config.htpasswd_inline), subject_(std::move(subject)), key_(std::move(key)), log_(log), clock_(clock) {
  if (!config.htpasswd_file.empty()) file_.emplace(config.htpasswd_file, clock);
}

Result<std::shared_ptr<BasicAuthServer>> BasicAuthServer::create(const BasicAuthConfig& config, std::string subject,
                                                                 Log& log, const base::Clock& clock) {
  Result<std::string> key = random_key();
  if (!key) return key.error();
  const std::shared_ptr<BasicAuthServer> made =
      std::unique_ptr<BasicAuthServer>(new BasicAuthServer(config, *key, std::move(subject), log, clock));
  const Result<std::string> content = made->file_ ? made->file_->read() : Result<std::string>(std::string());
  if (!content) return content.error().with_prefix("htpasswd.file");
  Result<Users> users = made->users_in(*content);
  if (!users) return users.error();
  made->users_ = std::move(users).value();
  return made;
}

Result<BasicAuthServer::Users> BasicAuthServer::users_in(const std::string& content) const {
  const auto users = std::make_shared<Htpasswd>();
  if (const Status added = users->add(content, file_ ? "\"" + file_->path() + "\"" : ""); !added) return added.error();
  if (const Status added = users->add(inline_, "htpasswd.inline"); !added) return added.error();
  if (users->size() == 0)
    return Error{ErrorCode::kInvalidArgument, "htpasswd has no users; write user:password a line"};
  return Users(users);
}

void BasicAuthServer::follow() {
  if (!file_) return;
  const std::optional<Result<std::string>> content = file_->look();
  if (!content) return;
  Result<Users> users = content->ok() ? users_in(**content) : Result<Users>(content->error());
  if (!users) {
    log_.warn_limited(subject_, "htpasswd", users.error().message + "; the old users stay");
    return;
  }
  users_ = std::move(users).value();
  allowed_.clear();
  denied_.clear();
  log_.info(subject_, "\"" + file_->path() + "\" has changed, " + std::to_string(users_->size()) + " users now");
}

ServerAuthenticator::Verdict BasicAuthServer::authenticate(const net::HeaderBlock& headers) {
  const std::string_view header = headers.find("authorization").value_or("");
  const Result<std::string> credentials = credentials_in(header);
  if (!credentials) return {Kind::kDenied, credentials.error().message};
  const std::size_t colon = credentials->find(':');
  const std::string user = credentials->substr(0, colon), password = credentials->substr(colon + 1);
  Users users;
  {
    const std::lock_guard lock(mutex_);
    follow();
    users = users_;
  }
  // An unknown user costs what a known one costs, so that the time does not tell them apart.
  const std::string_view found = users->find(user);
  const std::string kept(found.empty() ? users->any() : found);
  if (Htpasswd::is_hash(kept)) return check(kept, !found.empty(), password, base::sha256_hex(key_ + *credentials));
  if (Htpasswd::matches(kept, password) && !found.empty()) return {};
  return {Kind::kDenied, "invalid credentials"};
}

/// What is slow.
ServerAuthenticator::Verdict BasicAuthServer::check(const std::string& kept, bool is_known, const std::string& password,
                                                    const std::string& digest) {
  const Verdict denied{Kind::kDenied, "invalid credentials"};
  Users users;
  base::MonotonicNanos begun = 0;
  {
    const std::lock_guard lock(mutex_);
    if (allowed_.contains(digest)) return {};
    if (denied_.contains(digest)) return denied;
    begun = clock_.monotonic_now();
    if (checking_ || begun < next_check_at_) {
      return {Kind::kBusy, "other passwords are being checked, which is slow on purpose; send again"};
    }
    checking_ = true;
    users = users_;
  }
  const bool matches = Htpasswd::matches(kept, password) && is_known;
  const std::lock_guard lock(mutex_);
  const base::MonotonicNanos now = clock_.monotonic_now();
  checking_ = false;
  next_check_at_ = base::later(now, (now - begun) * kRestPerCheck);
  if (users == users_) {
    std::set<std::string>& answers = matches ? allowed_ : denied_;
    if (answers.size() >= kAnswersMax) answers.clear();
    answers.insert(digest);
  }
  return matches ? Verdict{} : denied;
}

}  // namespace nanospan::gateway
