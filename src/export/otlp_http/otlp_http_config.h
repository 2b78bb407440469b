// OtlpHttpConfig: OtlpHttpOptions once they are checked, in the form in which the exporter uses them. A plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <nanospan/exporters.h>

#include "base/result.h"
#include "base/time.h"
#include "export/otlp_http/gzip_hook.h"
#include "net/http1_message.h"
#include "net/url.h"

namespace nanospan::exporters {

struct OtlpHttpConfig {
  net::Url url;
  std::vector<net::Header>
      headers;                 ///< Of each request: Content-Type, User-Agent, the user's, Content-Encoding if gzip.
  GzipEncoder gzip = nullptr;  ///< Null: bodies go out as they are.
  std::uint64_t timeout_nanos = base::kNever;
  std::size_t request_bytes_max = 0;
  std::size_t response_bytes_max = 0;
  std::uint64_t retry_initial_nanos = 0;
  std::uint64_t retry_max_nanos = 0;
  std::size_t connections_max = 1;
};

/// kInvalidArgument for what cannot be meant, kUnsupported for https and for gzip without nanospan::gzip.
Result<OtlpHttpConfig> validate(const OtlpHttpOptions& options);

/// Milliseconds as options have them, where 0 means no limit.
constexpr std::uint64_t timeout_nanos(std::uint64_t milliseconds) {
  const bool unlimited = milliseconds == 0 || milliseconds > base::kNever / base::kNanosPerMilli;
  return unlimited ? base::kNever : milliseconds * base::kNanosPerMilli;
}

}  // namespace nanospan::exporters
