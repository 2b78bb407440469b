// What an answer to an OTLP/HTTP export means: sent, to be tried again, or lost, and the line that tells a person why.
//
// Source: opentelemetry-proto docs/specification.md "OTLP/HTTP Response", "Failures", "Retryable Response Codes".
// Pure functions on bytes from outside (fuzz/otlp_response_fuzz.cc); thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <nanospan/ledger.h>

#include "base/time.h"
#include "net/http1_client.h"
#include "net/url.h"

namespace nanospan::exporters {

struct Answer {
  enum class Kind { kAccepted, kRetry, kLost };

  Kind kind = Kind::kAccepted;
  std::uint64_t rejected = 0;                      ///< kAccepted: refused for good, by a partial success.
  std::optional<std::uint64_t> retry_after_nanos;  ///< kRetry: the receiver's wish.
  DropReason reason = DropReason::kExportFailed;   ///< What to count if it ends here.
  std::string problem;                             ///< One line for people; empty if all is well.
  std::string cause;                               ///< Stable word for it: "refused", "404", "partial_success".
};

/// `span_count` bounds what a receiver may claim to have rejected; `now` is for Retry-After as a date.
Answer judge(const net::HttpResult& result, const net::Url& url, std::size_t span_count, base::UnixNanos now);

}  // namespace nanospan::exporters
