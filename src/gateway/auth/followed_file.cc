// Reading and comparing. Threads: see the header.
#include "gateway/auth/followed_file.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kIntervalNanos = 1 * base::kNanosPerSecond;

Error failed(const std::string& path, const std::string& why) {
  return Error{ErrorCode::kUnavailable, "\"" + path + "\" " + why};
}

}  // namespace

Result<std::string> FollowedFile::read() {
  look_again_at_ = base::later(clock_.monotonic_now(), kIntervalNanos);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path_.c_str(), "rbe"), &std::fclose);
  if (!file) return failed(path_, "cannot be opened: " + std::generic_category().message(errno));
  std::string content(kBytesMax + 1, '\0');
  content.resize(std::fread(content.data(), 1, content.size(), file.get()));
  if (std::ferror(file.get()) != 0) return failed(path_, "cannot be read: " + std::generic_category().message(errno));
  if (content.size() > kBytesMax) return failed(path_, "is larger than 1 MiB; is it the right file?");
  return last_ = std::move(content);
}

std::optional<Result<std::string>> FollowedFile::look() {
  if (clock_.monotonic_now() < look_again_at_) return std::nullopt;
  const std::string before = last_;
  Result<std::string> content = read();
  if (content && *content == before) return std::nullopt;
  return content;
}

}  // namespace nanospan::gateway
