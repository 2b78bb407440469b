// gRPC's words on the wire (grpc doc/PROTOCOL-HTTP2.md): status codes, the message prefix, timeouts, escaped messages.
//
// Pure functions on bytes from outside (fuzz/grpc_framing_fuzz.cc); thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"

namespace nanospan::net {

/// google.rpc.Code; the numbers are gRPC's.
enum class GrpcCode : std::uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};
/// "UNAVAILABLE"; "UNKNOWN" for a number that is none.
std::string_view to_string(GrpcCode code);
/// Of a grpc-status field; kUnknown if it is not one of the numbers above.
GrpcCode read_grpc_code(std::string_view text);
/// What a peer that is no gRPC server means by an HTTP status (grpc doc/http-grpc-status-mapping.md).
GrpcCode grpc_code_for_http(int status);

/// May an OTLP export that ended so be sent again (opentelemetry-proto docs/specification.md, "OTLP/gRPC Response")?
/// RESOURCE_EXHAUSTED only if the server said when, by a RetryInfo.
bool is_otlp_retryable(GrpcCode code, bool has_retry_info);

/// How a call ended.
struct GrpcStatus {
  GrpcCode code = GrpcCode::kOk;
  std::string message = {};
  std::string details = {};  ///< A serialized google.rpc.Status; empty: none.
};

/// Before each message: one byte, 1 if it is compressed, and its length, 32 bit, big endian.
struct GrpcPrefix {
  bool valid = true;
  bool compressed = false;
  std::size_t size = 0;
};
GrpcPrefix read_grpc_prefix(std::span<const char, 5> bytes);
std::array<char, 5> grpc_prefix(std::size_t message_bytes, bool compressed);

/// grpc-timeout: up to eight digits and a unit. Nothing if it is neither.
std::optional<std::uint64_t> read_grpc_timeout(std::string_view text);
/// Rounded up, so that the server never gives up before its client does.
std::string grpc_timeout(std::uint64_t nanos);

/// grpc-message: percent-encoded but for printable ASCII without '%'.
std::string escape_grpc_message(std::string_view text);
/// Forgiving: what is not an escape stays as it is.
std::string unescape_grpc_message(std::string_view text);

/// True for "application/grpc", with or without "+proto" and parameters.
bool is_grpc_content_type(std::string_view value);

}  // namespace nanospan::net
