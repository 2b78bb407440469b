// Refusal: why a receiver refuses a request, and what its sender can do about it. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/http1_message.h"

namespace nanospan::gateway {

/// When to come back to a gateway that is busy: soon, but not at once.
inline constexpr std::uint64_t kBusyRetryNanos = 1 * base::kNanosPerSecond;

struct Refusal {
  int status = 0;                       ///< Of HTTP.
  std::string_view reason;              ///< Label of nanospan_receiver_refused_requests; of a fixed set.
  std::string message;                  ///< What is wrong, and the remedy; one line.
  std::uint64_t retry_after_nanos = 0;  ///< Not 0: a Retry-After is sent.
  std::vector<net::Header> headers = {};

  /// No memory for now.
  static Refusal busy(std::string message) { return {503, "memory", std::move(message), kBusyRetryNanos}; }
};

}  // namespace nanospan::gateway
