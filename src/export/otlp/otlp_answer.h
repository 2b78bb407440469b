// Answer: what an attempt to export came to, whatever the protocol: sent, to be tried again, or lost, and the line that
// tells a person why. And what the protocols have in common in judging it.
//
// Source: opentelemetry-proto docs/specification.md "Partial Success", "Failures". Pure functions on bytes from
// outside; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nanospan/ledger.h>

#include "base/time.h"
#include "net/http_failure.h"
#include "net/url.h"

namespace nanospan::exporters {

/// A receiver that asks for longer is mistaken.
inline constexpr std::uint64_t kRetryDelayNanosMax = 24 * 3600 * base::kNanosPerSecond;

struct Answer {
  enum class Kind { kAccepted, kRetry, kLost };

  Kind kind = Kind::kAccepted;
  std::uint64_t rejected = 0;                      ///< kAccepted: refused for good, by a partial success.
  std::optional<std::uint64_t> retry_after_nanos;  ///< kRetry: the receiver's wish.
  DropReason reason = DropReason::kExportFailed;   ///< What to count if it ends here.
  std::string problem;                             ///< One line for people; empty if all is well.
  std::string cause;                               ///< Stable word for it: "refused", "404", "UNAVAILABLE".
  bool unconnected = false;                        ///< kRetry: no connection could be made.

  static Answer lost(std::string problem, DropReason reason = DropReason::kExportFailed);
  static Answer retry(std::string problem);
};

/// No answer came. `wrong_port_hint` is said where the other side may speak another protocol.
Answer judge_failure(net::HttpFailure failure, const std::string& text, const net::Url& url,
                     const std::string& wrong_port_hint);

/// An ExportTraceServiceResponse came (proto "Partial Success": never retried; rejected = 0 with a message is a
/// warning). `span_count` bounds what a receiver may claim to have rejected.
Answer judge_export_response(std::string_view response, const std::string& destination, std::size_t span_count);

/// What a receiver said, fit for a log line.
std::string quoted(std::string_view words);

}  // namespace nanospan::exporters
