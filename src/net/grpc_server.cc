// Tells calls from other requests by their content type, and turns refusals into gRPC statuses. Threads: see the
// header.
#include "net/grpc_server.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"

namespace nanospan::net {
namespace {

constexpr std::string_view kContentType = "application/grpc";
// What a client may be told about its mistake; longer texts would only fill its log.
constexpr std::size_t kMessageBytesMax = 1024;

bool is_call(const MessageHead& head) { return is_grpc_content_type(head.headers.find("content-type").value_or("")); }

std::string_view encoding_of(const MessageHead& head) {
  return head.headers.find("grpc-encoding").value_or("identity");
}

GrpcCode code_for_refusal(int status) {
  switch (status) {
    case 400:
      return GrpcCode::kInternal;  // grpc doc/statuscodes.md: "error parsing", "compressed flag without encoding"
    case 413:
    case 431:
      return GrpcCode::kResourceExhausted;
    case 408:  // the next attempt may be faster
    case 503:
      return GrpcCode::kUnavailable;
    case 504:
      return GrpcCode::kDeadlineExceeded;
    default:
      return GrpcCode::kUnknown;
  }
}

}  // namespace

Response grpc_failure(const GrpcStatus& status) {
  Response response;
  response.headers = {{"content-type", std::string(kContentType)},
                      {"grpc-status", std::to_string(static_cast<int>(status.code))}};
  if (!status.message.empty()) {
    const std::string_view shown = std::string_view(status.message).substr(0, kMessageBytesMax);
    response.headers.push_back({"grpc-message", escape_grpc_message(shown)});
  }
  if (!status.details.empty()) {
    std::string details;
    base::append_base64(status.details, details);
    while (details.ends_with('=')) details.pop_back();  // gRPC's "should" for binary headers
    response.headers.push_back({"grpc-status-details-bin", std::move(details)});
  }
  return response;
}

void GrpcResponder::succeed(std::string_view message) {
  Response response;
  response.headers = {{"content-type", std::string(kContentType)}};
  const std::array<char, 5> prefix = grpc_prefix(message.size(), false);
  response.body.reserve(prefix.size() + message.size());
  response.body.append(prefix.data(), prefix.size()).append(message);
  response.trailers = {{"grpc-status", "0"}};
  responder_.respond(std::move(response));
}

void GrpcResponder::fail(const GrpcStatus& status) { responder_.respond(grpc_failure(status)); }

GrpcHandler::GrpcHandler(std::shared_ptr<GrpcService> service, std::vector<std::string> encodings,
                         std::shared_ptr<HttpHandler> other)
    : service_(std::move(service)),
      encodings_(std::move(encodings)),
      accepted_([this] {
        std::string list = "identity";
        for (const std::string& encoding : encodings_) list += "," + encoding;
        return list;
      }()),
      other_(std::move(other)) {}

Admission GrpcHandler::on_headers(const MessageHead& head) {
  if (!is_call(head)) {
    if (other_) return other_->on_headers(head);
    if (std::optional<Response> answer = service_->on_no_call(head)) return Admission::answer(*std::move(answer));
    return Admission::answer(on_refused(415, "this port serves gRPC; content-type must be application/grpc", nullptr));
  }
  if (head.major_version != 2) {
    if (std::optional<Response> answer = service_->on_no_call(head)) return Admission::answer(*std::move(answer));
    return Admission::answer(HttpHandler::on_refused(505, "gRPC needs HTTP/2", nullptr));
  }
  if (Fault fault = check(head); fault.http_status != 0) {
    Response response = grpc_failure(service_->on_refused(fault.http_status, std::move(fault.status), head));
    response.headers.push_back({"grpc-accept-encoding", accepted_});
    return Admission::answer(std::move(response));
  }
  GrpcService::Decision decision = service_->on_call(head);
  if (decision.status.code != GrpcCode::kOk) return Admission::answer(grpc_failure(decision.status));
  Admission admission = Admission::accept(decision.message_bytes_max, std::move(decision.ticket));
  admission.framing = BodyFraming::kGrpc;
  if (const auto timeout = head.headers.find("grpc-timeout")) {
    admission.timeout_nanos = read_grpc_timeout(*timeout).value_or(base::kNever);
  }
  return admission;
}

GrpcHandler::Fault GrpcHandler::check(const MessageHead& head) const {
  if (head.method() != "POST") return {405, {GrpcCode::kInternal, "gRPC calls are POST requests", {}}};
  const std::string_view encoding = encoding_of(head);
  const bool known =
      encoding == "identity" || std::find(encodings_.begin(), encodings_.end(), encoding) != encodings_.end();
  if (!known) {
    return {415, {GrpcCode::kUnimplemented, "grpc-encoding is not supported here; send " + accepted_, {}}};
  }
  return {};
}

void GrpcHandler::on_request(Request request, Responder responder) {
  if (!is_call(request.head)) return other_->on_request(std::move(request), std::move(responder));
  if (request.compressed && encoding_of(request.head) == "identity") {
    return responder.respond(on_refused(400, "a compressed message without grpc-encoding", &request.head));
  }
  service_->on_message(std::move(request), GrpcResponder(std::move(responder)));
}

Response GrpcHandler::on_refused(int status, std::string_view reason, const MessageHead* head) {
  if (head == nullptr || !is_call(*head)) {
    Response response =
        other_ ? other_->on_refused(status, reason, head) : HttpHandler::on_refused(status, reason, head);
    response.status = status;
    return response;
  }
  return grpc_failure(service_->on_refused(status, {code_for_refusal(status), std::string(reason), {}}, *head));
}

bool GrpcHandler::on_input_kept(std::size_t bytes, std::unique_ptr<BodyTicket>& ticket) {
  return other_ ? other_->on_input_kept(bytes, ticket) : HttpHandler::on_input_kept(bytes, ticket);
}

}  // namespace nanospan::net
