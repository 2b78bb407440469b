// LINK: nanospan_export nanospan_export_otlp_grpc nanospan_export_gzip
// What an exporter makes of any answer, over HTTP and over gRPC: no crash, no lie in the counts, nothing in the user's
// line that moves a terminal.
//
//   input: | status: 2 digits of base 256 | content type: 1 | size of Retry-After: 1 | Retry-After | body ... |
// and the same bytes as
//          | - | grpc-status: 1 | compressed: 1 | size of the details: 1 | grpc-status-details-bin | message ... |
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "export/otlp_grpc/otlp_grpc_answer.h"
#include "export/otlp_http/otlp_http_answer.h"
#include "wire/otlp_reply.h"

namespace {

constexpr std::size_t kSpans = 100;
constexpr std::uint64_t kDayNanos = 24 * 3600 * nanospan::base::kNanosPerSecond;

void require(bool holds) {
  if (!holds) std::abort();
}

using Kind = nanospan::exporters::Answer::Kind;

void check(const nanospan::exporters::Answer& answer, bool retryable) {
  require(answer.rejected <= kSpans);
  require(answer.retry_after_nanos.value_or(0) <= kDayNanos);
  for (const char c : answer.problem) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  require(answer.problem.size() < 2000);
  require((answer.kind == Kind::kRetry) == retryable);
  require(answer.kind == Kind::kAccepted || (!answer.problem.empty() && answer.rejected == 0));
}

void check_http(std::span<const std::uint8_t, 4> head, std::string_view rest) {
  static const nanospan::net::Url url = nanospan::net::parse_url("http://collector:4318/v1/traces").value();
  constexpr const char* kTypes[] = {"", "application/x-protobuf", "application/json", "text/html", "text/plain"};
  nanospan::net::Response response;
  response.status = 100 + (head[0] * 256 + head[1]) % 500;
  const char* const type = kTypes[head[2] % 5];
  if (*type != '\0') response.headers.push_back({"Content-Type", type});
  const std::string_view retry_after = rest.substr(0, head[3]);
  if (!retry_after.empty()) response.headers.push_back({"Retry-After", std::string(retry_after)});
  response.headers.push_back({"Location", std::string(retry_after)});
  response.body = rest.substr(retry_after.size());
  const int status = response.status;
  const nanospan::net::HttpResult result(std::move(response));
  const auto answer = nanospan::exporters::judge(result, url, kSpans, 1'700'000'000 * nanospan::base::kNanosPerSecond);
  check(answer, status == 429 || status == 502 || status == 503 || status == 504);
  require(answer.kind != Kind::kAccepted || status / 100 == 2);
}

void check_grpc(std::span<const std::uint8_t, 4> head, std::string_view rest) {
  static const nanospan::net::Url url = nanospan::net::parse_url("http://collector:4317").value();
  nanospan::net::GrpcReply reply;
  reply.answered = true;
  reply.status.code = nanospan::net::read_grpc_code(std::to_string(head[1] % 20));
  reply.status.details = rest.substr(0, head[3]);
  reply.message = rest.substr(reply.status.details.size());
  reply.status.message = nanospan::net::unescape_grpc_message(reply.message);
  if (head[2] % 2 != 0) reply.encoding = "gzip";
  const auto answer = nanospan::exporters::judge(reply, url, kSpans);
  const auto details = nanospan::wire::decode_rpc_status(reply.status.details);
  const bool says_when = details && details->retry_delay_nanos;
  check(answer, nanospan::net::is_otlp_retryable(reply.status.code, says_when));
  require((answer.kind == Kind::kAccepted) == (reply.status.code == nanospan::net::GrpcCode::kOk));
  require(answer.retry_after_nanos.has_value() == (answer.kind != Kind::kAccepted && says_when));
  if (!details) return;
  const auto again = nanospan::wire::decode_rpc_status(nanospan::wire::encode_rpc_status(*details));
  require(again && again->code == details->code && again->message == details->message &&
          again->retry_delay_nanos == details->retry_delay_nanos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const std::span<const std::uint8_t, 4> head(data, 4);
  const std::string_view rest(reinterpret_cast<const char*>(data + 4), size - 4);
  check_http(head, rest);
  check_grpc(head, rest);
  return 0;
}
