// Htpasswd: user names and their passwords, hashed or plain, as Apache's htpasswd files have them. A value; reading it
// and checking a password are reentrant.
//
//   # comment
//   alice:$2y$10$...     bcrypt, or another form of crypt(3) that begins with "$"
//   bob:secret           plain
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nanospan::gateway {

class Htpasswd {
 public:
  /// `what` is what errors call the text. Of a user that is there twice the last one counts.
  Status add(std::string_view text, std::string_view what);

  /// The password of `user`, as it is kept; empty if there is no such user.
  std::string_view find(std::string_view user) const;
  /// Of some user, a hashed one if there is one. REQUIRES: size() != 0.
  std::string_view any() const;
  std::size_t size() const { return users_.size(); }

  /// To check one takes tens of milliseconds, which is what protects it.
  static bool is_hash(std::string_view kept) { return kept.starts_with('$'); }
  static bool matches(const std::string& kept, const std::string& password);

 private:
  std::map<std::string, std::string, std::less<>> users_;
};

}  // namespace nanospan::gateway
