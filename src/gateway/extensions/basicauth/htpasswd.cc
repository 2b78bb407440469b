// Parsing, and crypt(3) of libcrypt. Reentrant.
#include "gateway/extensions/basicauth/htpasswd.h"

#include <crypt.h>

#include <algorithm>
#include <memory>

#include "base/constant_time.h"

namespace nanospan::gateway {
namespace {

constexpr std::size_t kBcryptBytes = 60;

Error wrong(std::string_view what, int line, std::string_view why) {
  return Error{ErrorCode::kInvalidArgument,
               std::string(what) + ", line " + std::to_string(line) + ": " + std::string(why)};
}

/// Why a password cannot be checked here, or nothing.
std::string_view unknown_form(const std::string& kept) {
  if (kept.empty()) return "the password is empty";
  if (kept.starts_with("{SHA}") || kept.starts_with("{SSHA}") || kept.starts_with("$apr1$")) {
    return "MD5 and SHA-1 are not checked, they no longer protect a password; make it with htpasswd -B";
  }
  if (!Htpasswd::is_hash(kept)) return {};
  if (kept.starts_with("$2") && kept.size() != kBcryptBytes)
    return "the bcrypt hash is not whole; make it with htpasswd -B";
  const int verdict = ::crypt_checksalt(kept.c_str());
  if (verdict == CRYPT_SALT_OK || verdict == CRYPT_SALT_METHOD_LEGACY || verdict == CRYPT_SALT_TOO_CHEAP) return {};
  return "the password begins as a hash does, but as none that crypt(3) knows; make it with htpasswd -B";
}

}  // namespace

Status Htpasswd::add(std::string_view text, std::string_view what) {
  int number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    std::string_view line = text.substr(start, end - start);
    start = end + 1;
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) return wrong(what, number, "is not user:password");
    const std::string kept(line.substr(colon + 1));
    if (const std::string_view why = unknown_form(kept); !why.empty()) return wrong(what, number, why);
    users_[std::string(line.substr(0, colon))] = kept;
  }
  return {};
}

std::string_view Htpasswd::find(std::string_view user) const {
  const auto found = users_.find(user);
  return found != users_.end() ? std::string_view(found->second) : std::string_view();
}

std::string_view Htpasswd::any() const {
  const auto hashed = std::find_if(users_.begin(), users_.end(), [](const auto& user) { return is_hash(user.second); });
  return (hashed != users_.end() ? hashed : users_.begin())->second;
}

bool Htpasswd::matches(const std::string& kept, const std::string& password) {
  if (!is_hash(kept)) return base::equals_in_constant_time(kept, password);
  const auto data = std::make_unique<crypt_data>();  // 32 KiB, too much for a loop's stack
  const char* const hash = ::crypt_rn(password.c_str(), kept.c_str(), data.get(), sizeof *data);
  return hash != nullptr && base::equals_in_constant_time(kept, hash);
}

}  // namespace nanospan::gateway
