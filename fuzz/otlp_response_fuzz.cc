// LINK: nanospan_export
// What an exporter makes of any answer: no crash, no lie in the counts, nothing in the user's line that moves a
// terminal.
//
//   input: | status: 2 digits of base 256 | content type: 1 | size of Retry-After: 1 | Retry-After | body ... |
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "export/otlp_http/otlp_http_answer.h"

namespace {

constexpr std::size_t kSpans = 100;
constexpr std::uint64_t kDayNanos = 24 * 3600 * nanospan::base::kNanosPerSecond;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const nanospan::exporters::Answer& answer, int status) {
  using Kind = nanospan::exporters::Answer::Kind;
  require(answer.rejected <= kSpans);
  require(answer.retry_after_nanos.value_or(0) <= kDayNanos);
  for (const char c : answer.problem) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  require(answer.problem.size() < 2000);
  const bool retryable = status == 429 || status == 502 || status == 503 || status == 504;
  require((answer.kind == Kind::kRetry) == retryable);
  require(answer.kind != Kind::kAccepted || status / 100 == 2);
  require(answer.kind == Kind::kAccepted || !answer.problem.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const nanospan::net::Url url = nanospan::net::parse_url("http://collector:4318/v1/traces").value();
  if (size < 4) return 0;
  constexpr const char* kTypes[] = {"", "application/x-protobuf", "application/json", "text/html", "text/plain"};
  nanospan::net::Response response;
  response.status = 100 + (data[0] * 256 + data[1]) % 500;
  const char* const type = kTypes[data[2] % 5];
  if (*type != '\0') response.headers.push_back({"Content-Type", type});
  std::string_view rest(reinterpret_cast<const char*>(data + 4), size - 4);
  const std::string_view retry_after = rest.substr(0, data[3]);
  if (!retry_after.empty()) response.headers.push_back({"Retry-After", std::string(retry_after)});
  response.headers.push_back({"Location", std::string(retry_after)});
  response.body = rest.substr(retry_after.size());
  const int status = response.status;
  const nanospan::net::HttpResult result(std::move(response));
  check(nanospan::exporters::judge(result, url, kSpans, 1'700'000'000 * nanospan::base::kNanosPerSecond), status);
  return 0;
}
