// Failures, one by one, each with its remedy; and partial success. Pure.
#include "export/otlp/otlp_answer.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "export/text/printable.h"
#include "wire/otlp_reply.h"

namespace nanospan::exporters {
namespace {

constexpr std::size_t kReceiverWordsMax = 200;

Answer judge_kind(net::HttpFailure failure, const std::string& text, const net::Url& url,
                  const std::string& wrong_port_hint) {
  switch (failure) {
    case net::HttpFailure::kRefused:
      return Answer::retry(text + "; is a collector running at " +
                           (url.socket.empty() ? url.host + ":" + std::to_string(url.port) : url.origin()) + "?");
    case net::HttpFailure::kResolve:
      return Answer::retry(text + "; check the host name of the endpoint");
    case net::HttpFailure::kReset:
    case net::HttpFailure::kClosedBeforeResponse:
    case net::HttpFailure::kClosedMidResponse:
      return Answer::retry(text + wrong_port_hint);
    case net::HttpFailure::kUnreachable:
    case net::HttpFailure::kQueueFull:
    case net::HttpFailure::kSystem:
    case net::HttpFailure::kTls:
    case net::HttpFailure::kProxy:
      return Answer::retry(text);
    case net::HttpFailure::kResolveTimeout:
    case net::HttpFailure::kConnectTimeout:
    case net::HttpFailure::kSendTimeout:
    case net::HttpFailure::kResponseTimeout:
      return Answer::lost(text, DropReason::kExportTimeout);
    case net::HttpFailure::kNotHttp:
      return Answer::lost(text + wrong_port_hint);
    case net::HttpFailure::kInvalidRequest:
    case net::HttpFailure::kMalformedResponse:
    case net::HttpFailure::kResponseTooLarge:
    case net::HttpFailure::kCancelled:
      break;
  }
  return Answer::lost(text);
}

}  // namespace

Answer Answer::lost(std::string problem, DropReason reason) {
  return {Kind::kLost, 0, std::nullopt, reason, std::move(problem), {}};
}

Answer Answer::retry(std::string problem) {
  return {Kind::kRetry, 0, std::nullopt, DropReason::kExportFailed, std::move(problem), {}};
}

Answer judge_failure(net::HttpFailure failure, const std::string& text, const net::Url& url,
                     const std::string& wrong_port_hint) {
  Answer answer = judge_kind(failure, text, url, wrong_port_hint);
  answer.cause = net::to_string(failure);
  answer.unconnected = failure == net::HttpFailure::kRefused || failure == net::HttpFailure::kResolve ||
                       failure == net::HttpFailure::kUnreachable || failure == net::HttpFailure::kTls;
  return answer;
}

Answer judge_export_response(std::string_view response, const std::string& destination, std::size_t span_count) {
  Answer answer;
  const Result<wire::PartialSuccess> partial = wire::decode_export_response(response);
  if (!partial) {
    answer.problem = destination + " accepted the spans, but its answer is malformed: " + partial.error().message;
    return answer;
  }
  if (partial->full()) return answer;
  const std::int64_t claimed = std::max<std::int64_t>(partial->rejected_spans, 0);
  answer.rejected = std::min<std::uint64_t>(static_cast<std::uint64_t>(claimed), span_count);
  answer.problem = destination +
                   (answer.rejected != 0 ? " rejected " + std::to_string(answer.rejected) + " of " +
                                               std::to_string(span_count) + " spans: "
                                         : " accepted the spans with a warning: ") +
                   quoted(partial->message);
  return answer;
}

std::string quoted(std::string_view words) {
  std::string out = "\"";
  append_printable(base::trimmed(words), kReceiverWordsMax, out);  // bodies of text end with a line feed
  return out + "\"";
}

}  // namespace nanospan::exporters
