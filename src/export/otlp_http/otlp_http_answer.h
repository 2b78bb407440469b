// What an answer to an OTLP/HTTP export means: sent, to be tried again, or lost, and the line that tells a person why.
//
// Source: opentelemetry-proto docs/specification.md "OTLP/HTTP Response", "Failures", "Retryable Response Codes".
// Pure functions on bytes from outside (fuzz/otlp_response_fuzz.cc); thread-safe.
#pragma once

#include <cstddef>

#include "base/time.h"
#include "export/otlp/otlp_answer.h"
#include "net/http1_client.h"
#include "net/url.h"

namespace nanospan::exporters {

/// `span_count` bounds what a receiver may claim to have rejected; `now` is for Retry-After as a date.
Answer judge(const net::HttpResult& result, const net::Url& url, std::size_t span_count, base::UnixNanos now);

}  // namespace nanospan::exporters
