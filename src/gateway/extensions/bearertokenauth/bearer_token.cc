// Comparing, and following the file. Threads: see the header.
#include "gateway/extensions/bearertokenauth/bearer_token.h"

#include <utility>

#include "base/constant_time.h"
#include "base/text.h"

namespace nanospan::gateway {
BearerToken::BearerToken(BearerTokenConfig config, std::string subject, Log& log, const base::Clock& clock)
    : config_(std::move(config)),
      challenge_(config_.scheme.empty() ? "Bearer" : config_.scheme),
      subject_(std::move(subject)),
      log_(log) {
  if (!config_.file.empty()) file_.emplace(config_.file, clock);
}

Result<std::shared_ptr<BearerToken>> BearerToken::create(BearerTokenConfig config, std::string subject, Log& log,
                                                         const base::Clock& clock) {
  const std::shared_ptr<BearerToken> made =
      std::unique_ptr<BearerToken>(new BearerToken(std::move(config), std::move(subject), log, clock));
  made->values_ = made->with_scheme(made->config_.tokens);
  if (!made->file_) return made;
  const Result<std::string> content = made->file_->read();
  if (!content) return content.error().with_prefix("filename");
  Result<Values> values = made->values_in(*content);
  if (!values) return values.error().with_prefix("filename");
  made->values_ = std::move(values).value();
  return made;
}

/// A token a line. Empty lines are none: an empty token would let anybody in.
Result<BearerToken::Values> BearerToken::values_in(const std::string& content) const {
  std::vector<std::string> tokens;
  for (std::size_t start = 0; start < content.size();) {
    const std::size_t end = std::min(content.find('\n', start), content.size());
    const std::string_view token = base::trimmed(std::string_view(content).substr(start, end - start));
    start = end + 1;
    if (token.empty()) continue;
    if (!net::is_header_value(token)) {
      return Error{ErrorCode::kInvalidArgument, "\"" + config_.file + "\" has a token that cannot be sent in a header"};
    }
    tokens.emplace_back(token);
  }
  if (tokens.empty()) {
    return Error{ErrorCode::kInvalidArgument, "\"" + config_.file + "\" holds no token; write one a line"};
  }
  return with_scheme(tokens);
}

BearerToken::Values BearerToken::with_scheme(const std::vector<std::string>& tokens) const {
  std::vector<std::string> values;
  for (const std::string& token : tokens)
    values.push_back(config_.scheme.empty() ? token : config_.scheme + " " + token);
  return std::make_shared<const std::vector<std::string>>(std::move(values));
}

BearerToken::Values BearerToken::current() {
  if (!file_) return values_;  // They never change.
  const std::lock_guard lock(mutex_);
  const std::optional<Result<std::string>> content = file_->look();
  if (!content) return values_;
  Result<Values> values = content->ok() ? values_in(**content) : Result<Values>(content->error());
  if (values) {
    values_ = std::move(values).value();
    log_.info(subject_,
              "the tokens in \"" + config_.file + "\" have changed, " + std::to_string(values_->size()) + " now");
  } else {
    log_.warn_limited(subject_, "filename", values.error().message + "; the old tokens stay in use");
  }
  return values_;
}

ServerAuthenticator::Verdict BearerToken::authenticate(const net::HeaderBlock& headers) {
  const std::string_view given = headers.find(config_.header).value_or("");
  if (given.empty()) return {Kind::kDenied, "missing or empty authorization header: " + config_.header};
  bool known = false;
  const Values values = current();  // held while it is walked: the file may change meanwhile
  for (const std::string& value : *values) known |= base::equals_in_constant_time(value, given);
  // The Collector's text goes on with what was given, which is a secret, if perhaps of another place.
  if (!known) return {Kind::kDenied, "scheme or token does not match"};
  return {};
}

net::Header BearerToken::credential() { return {config_.header, current()->front()}; }

}  // namespace nanospan::gateway
