// What the endpoints answer with: texts, errors as `go tool pprof` shows them, and profiles in the format asked for.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "net/http_message.h"
#include "profile/model/profile.h"
#include "profile/serve/query.h"

namespace nanospan::profile {

net::Response text_response(int status, std::string text);
net::Response html_response(std::string_view html);
/// With the mark by which `go tool pprof` prints the body.
net::Response error_response(int status, const std::string& message);
net::Response error_response(const Error& error);

enum class ProfileFormat : std::uint8_t { kPprof, kCollapsed, kSpeedscope, kListing, kHtml, kPage };
/// From `format=` and `debug=`.
Result<ProfileFormat> format_of(const Query& query);
/// `lines=1`: files, lines and inlined functions. kUnsupported without nanospan::profile_lines.
Result<bool> lines_of(const Query& query);
net::Response profile_response(const Profile& profile, ProfileFormat format, const std::string& name);

}  // namespace nanospan::profile
