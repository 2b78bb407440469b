// The answers of OTLP/HTTP: the signal's response message for success, google.rpc.Status for everything else, in the
// encoding of the request (opentelemetry-proto docs/specification.md, "OTLP/HTTP Response"). Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/pipeline/signal.h"
#include "gateway/receivers/otlp/refusal.h"
#include "net/http_message.h"
#include "wire/otlp_reply.h"

namespace nanospan::gateway {

enum class OtlpEncoding { kProtobuf, kJson };

/// The encoding that a Content-Type names, whatever its parameters; nothing for any other type.
std::optional<OtlpEncoding> encoding_of(std::string_view content_type);

/// 200 with the signal's response message: empty if all was accepted, else with what was not, or a warning.
net::Response success_answer(Signal signal, OtlpEncoding encoding, const wire::PartialSuccess& partial = {});

/// An error with a google.rpc.Status; as plain text if the request's encoding is unknown.
net::Response error_answer(int http_status, std::string_view message, std::optional<OtlpEncoding> encoding);

/// The same with Retry-After: whole seconds, rounded up, at least 1.
net::Response retry_answer(int http_status, std::string_view message, std::optional<OtlpEncoding> encoding,
                           std::uint64_t after_nanos);
/// With the refusal's own headers; a retry_answer() after `retry_nanos` if trying again helps.
net::Response refusal_answer(const Refusal& refusal, std::optional<OtlpEncoding> encoding, std::uint64_t retry_nanos);

}  // namespace nanospan::gateway
