// The words for each failure, and the error code that it is to callers. Pure.
#include "net/http_failure.h"

namespace nanospan::net {

std::string_view to_string(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::kInvalidRequest:
      return "invalid_request";
    case HttpFailure::kQueueFull:
      return "queue_full";
    case HttpFailure::kResolve:
      return "resolve";
    case HttpFailure::kResolveTimeout:
      return "resolve_timeout";
    case HttpFailure::kRefused:
      return "refused";
    case HttpFailure::kUnreachable:
      return "unreachable";
    case HttpFailure::kConnectTimeout:
      return "connect_timeout";
    case HttpFailure::kSendTimeout:
      return "send_timeout";
    case HttpFailure::kResponseTimeout:
      return "response_timeout";
    case HttpFailure::kReset:
      return "reset";
    case HttpFailure::kClosedBeforeResponse:
      return "closed_before_response";
    case HttpFailure::kClosedMidResponse:
      return "closed_mid_response";
    case HttpFailure::kNotHttp:
      return "not_http";
    case HttpFailure::kMalformedResponse:
      return "malformed_response";
    case HttpFailure::kResponseTooLarge:
      return "response_too_large";
    case HttpFailure::kCancelled:
      return "cancelled";
    case HttpFailure::kSystem:
      return "system";
    case HttpFailure::kTls:
      return "tls";
    case HttpFailure::kProxy:
      return "proxy";
  }
  return "unknown";
}

ErrorCode error_code_for(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::kInvalidRequest:
      return ErrorCode::kInvalidArgument;
    case HttpFailure::kQueueFull:
    case HttpFailure::kResponseTooLarge:
      return ErrorCode::kResourceExhausted;
    case HttpFailure::kResolve:
    case HttpFailure::kRefused:
    case HttpFailure::kUnreachable:
    case HttpFailure::kTls:
    case HttpFailure::kProxy:
    case HttpFailure::kReset:
    case HttpFailure::kClosedBeforeResponse:
    case HttpFailure::kClosedMidResponse:
      return ErrorCode::kUnavailable;
    case HttpFailure::kResolveTimeout:
    case HttpFailure::kConnectTimeout:
    case HttpFailure::kSendTimeout:
    case HttpFailure::kResponseTimeout:
      return ErrorCode::kDeadlineExceeded;
    case HttpFailure::kNotHttp:
    case HttpFailure::kMalformedResponse:
      return ErrorCode::kMalformed;
    case HttpFailure::kCancelled:
      return ErrorCode::kCancelled;
    case HttpFailure::kSystem:
      return ErrorCode::kSystem;
  }
  return ErrorCode::kUnknown;
}

}  // namespace nanospan::net
