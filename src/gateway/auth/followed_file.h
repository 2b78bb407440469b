// FollowedFile: a small file with secrets (a token, a password) that others may replace while we run.
//
// It is read again when it is used, at most once a second, and compared: that also sees what stands behind a symbolic
// link, as Kubernetes swaps them, and needs no thread. One thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"

namespace nanospan::gateway {

class FollowedFile {
 public:
  static constexpr std::size_t kBytesMax = 1u << 20;

  FollowedFile(std::string path, const base::Clock& clock) : path_(std::move(path)), clock_(clock) {}

  /// The content; the error names the file.
  Result<std::string> read();
  /// The content, if it is another than the last time; or why it cannot be read. Nothing if there is nothing new.
  std::optional<Result<std::string>> look();
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const base::Clock& clock_;
  std::string last_;
  base::MonotonicNanos look_again_at_ = 0;
};

}  // namespace nanospan::gateway
