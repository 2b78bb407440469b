// Writes whole texts to descriptors that the host program may share with us, without ever killing or hanging it.
// Thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

namespace nanospan::exporters {

struct WriteResult {
  std::size_t written = 0;
  int error = 0;  ///< The errno; 0 if all was written.
};

/// Writes all of `text`. A closed pipe is EPIPE, never SIGPIPE; a descriptor that somebody made non-blocking is waited
/// for, each time for at most `wait_ms` (then EAGAIN); a full disk is ENOSPC with what went before.
WriteResult write_fully(int fd, std::string_view text, int wait_ms = 1000);

}  // namespace nanospan::exporters
