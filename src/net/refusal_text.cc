// The sentences. Pure, any thread.
#include "net/refusal_text.h"

#include "base/time.h"

namespace nanospan::net {

std::string whole_seconds(std::uint64_t nanos) { return std::to_string(nanos / base::kNanosPerSecond) + " s"; }

std::string head_too_large_text(std::uint64_t bytes_max) {
  return "the headers are larger than " + std::to_string(bytes_max) + " bytes in all; send fewer or shorter ones";
}

std::string body_too_large_text(std::uint64_t bytes_max) {
  return "the body is larger than " + std::to_string(bytes_max) + " bytes; send smaller ones";
}

std::string body_too_slow_text(std::uint64_t bytes, std::uint64_t nanos, std::uint64_t bytes_per_second_min) {
  return "the request's body came too slowly: " + std::to_string(bytes) + " bytes in " + whole_seconds(nanos) +
         ", less than " + std::to_string(bytes_per_second_min) + " bytes a second; send smaller or compressed bodies";
}

std::string fault_text(Http1Fault fault, const Http1Limits& limits, std::uint64_t body_bytes_max) {
  switch (fault) {
    case Http1Fault::kStartLineTooLong:
      return "the start line is longer than " + std::to_string(limits.start_line_bytes_max) +
             " bytes; send a shorter URL";
    case Http1Fault::kHeadTooLarge:
      return head_too_large_text(limits.head_bytes_max);
    case Http1Fault::kTooManyFields:
      return "there are more than " + std::to_string(limits.head_fields_max) + " header fields; send fewer";
    case Http1Fault::kBodyTooLarge:
      return body_too_large_text(body_bytes_max);
    default:
      return std::string(describe(fault));
  }
}

}  // namespace nanospan::net
