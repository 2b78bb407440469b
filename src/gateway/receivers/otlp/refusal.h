// Refusal: why a receiver refuses a request, and what its sender can do about it. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/http_message.h"

namespace nanospan::gateway {

/// When senders that are refused for now are told to come back: soon, but neither at once nor all together. OTLP/HTTP
/// rounds up to whole seconds, 1 to 3.
inline constexpr std::uint64_t kRetryNanosMin = 500 * base::kNanosPerMilli;
inline constexpr std::uint64_t kRetryNanosMax = 3 * base::kNanosPerSecond;
/// One of these times, in whole milliseconds, by 64 random bits.
constexpr std::uint64_t retry_delay_nanos(std::uint64_t random_bits) {
  constexpr std::uint64_t kChoices = (kRetryNanosMax - kRetryNanosMin) / base::kNanosPerMilli + 1;
  return kRetryNanosMin + random_bits % kChoices * base::kNanosPerMilli;
}

struct Refusal {
  int status = 0;           ///< Of HTTP.
  std::string_view reason;  ///< Label of nanospan_receiver_refused_requests; of a fixed set.
  std::string message;      ///< What is wrong, and the remedy; one line.
  bool is_for_now = false;  ///< Sending it again helps, and the answer says when: retry_delay_nanos().
  std::vector<net::Header> headers = {};

  /// No memory for now.
  static Refusal busy(std::string message) { return {503, "memory", std::move(message), true}; }
};

}  // namespace nanospan::gateway
