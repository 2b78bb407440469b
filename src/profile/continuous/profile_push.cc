// A request is labels and one pprof file, as push.proto has them, or one OTLP message, packed. Threads: see the header.
#include "profile/continuous/profile_push.h"

#include <unistd.h>

#include <array>
#include <span>

#include "base/uuid.h"
#include "net/gzip.h"
#include "net/linked_tls.h"
#include "net/reserved_headers.h"
#include "profile/format/otlp_profiles.h"
#include "profile/format/pprof.h"
#include "wire/otlp_reply.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace nanospan::profile {
namespace {

constexpr std::string_view kPyroscopeCall = "push.v1.PusherService/Push";
constexpr std::string_view kOtlpPath = "v1development/profiles";
constexpr int kGzipLevel = 6;  // once in half a minute
constexpr std::size_t kAnswerShownMax = 200;

// Field numbers of push.proto and types.proto.
constexpr std::uint32_t kRequestSeries = 1, kSeriesLabels = 1, kSeriesSamples = 2, kSampleProfile = 1, kSampleId = 2,
                        kLabelName = 1, kLabelValue = 2;

std::string label_message(const std::string& name, const std::string& value) {
  std::string message;
  wire::Appender out(message);
  out.bytes_field(kLabelName, name);
  out.bytes_field(kLabelValue, value);
  return message;
}

/// Errors of the Connect protocol are JSON; those of proxies are whatever they are. One line of it.
std::string shown(const std::string& body) {
  std::string text(wire::truncate_code_points(wire::repair_utf8(body), kAnswerShownMax));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::string target_of(std::string path, ProfilePushProtocol protocol) {
  if (!path.ends_with('/')) path += '/';
  return path.append(protocol == ProfilePushProtocol::kPyroscope ? kPyroscopeCall : kOtlpPath);
}

std::vector<net::Header> headers_of(ProfilePushProtocol protocol) {
  if (protocol == ProfilePushProtocol::kPyroscope) {
    return {{"Content-Type", "application/proto"}, {"Connect-Protocol-Version", "1"}, {"User-Agent", "nanospan"}};
  }
  return {{"Content-Type", "application/x-protobuf"}, {"Content-Encoding", "gzip"}, {"User-Agent", "nanospan"}};
}

/// Labels of samples become series in Pyroscope, and names of threads are often numbered.
Profile without_threads(Profile profile) {
  for (ProfileSample& sample : profile.samples) {
    std::erase_if(sample.labels, [](const ProfileLabel& label) { return label.key == "thread"; });
  }
  return profile;
}

}  // namespace

std::string push_message(const Labels& labels, std::string_view id, std::string_view pprof) {
  std::string sample, series, request;
  wire::Appender sample_out(sample);
  sample_out.bytes_field(kSampleProfile, pprof);
  sample_out.bytes_field(kSampleId, id);
  wire::Appender series_out(series);
  for (const auto& [name, value] : labels) series_out.bytes_field(kSeriesLabels, label_message(name, value));
  series_out.bytes_field(kSeriesSamples, sample);
  wire::Appender(request).bytes_field(kRequestSeries, series);
  return request;
}

Result<std::unique_ptr<ProfilePush>> ProfilePush::create(net::EventLoop& loop, PushOptions options) {
  Result<net::Url> url = net::parse_url(options.url);
  if (!url) return url.error();
  if (url->path.find('?') != std::string::npos) {
    return Error{ErrorCode::kInvalidArgument,
                 "the URL " + url->shown() + " has a query; give that of the server alone"};
  }
  for (const auto& [name, value] : options.headers) {
    if (!net::is_token(name) || !net::is_header_value(value)) {
      return Error{ErrorCode::kInvalidArgument, "\"" + name + "\" is no header, or its value has control characters"};
    }
    if (net::is_reserved_header(name) && !net::equals_ignoring_case(name, "Host")) {
      return Error{ErrorCode::kInvalidArgument, "header \"" + name + "\" is set by the sender itself; remove it"};
    }
  }
  if (options.proxy && !url->socket.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 url->origin() + " is a unix socket, which is never reached through a proxy; remove either"};
  }
  net::Http1ClientOptions http;
  http.origin = *url;
  http.proxy = options.proxy;
  http.connections_max = 1;
  http.queued_requests_max = options.in_flight_max;
  if (url->https) {
    Result<net::StreamFactory> streams =
        options.tls_streams ? options.tls_streams(*url) : net::tls_streams({}, url->host, "http/1.1");
    if (!streams) return streams.error();
    http.make_stream = std::move(streams).value();
  }
  Result<std::unique_ptr<net::Http1Client>> client = net::Http1Client::create(loop, std::move(http));
  if (!client) return client.error();
  std::unique_ptr<ProfilePush> made(new ProfilePush(loop, std::move(options), *url, host_name()));
  made->client_ = std::move(client).value();
  return made;
}

ProfilePush::ProfilePush(net::EventLoop& loop, PushOptions options, const net::Url& url, const std::string& host)
    : loop_(loop),
      options_(std::move(options)),
      target_(target_of(url.path, options_.protocol)),
      destination_(url.shown()),
      labels_{{"service_name", options_.service_name}, {"hostname", host}},
      resource_fields_(options_.resource_fields.empty() ? profile_resource_fields(options_.service_name, host)
                                                        : options_.resource_fields),
      headers_(headers_of(options_.protocol)) {
  for (const auto& [name, value] : options_.headers) {
    if (net::equals_ignoring_case(name, "Host")) {
      authority_ = value;
    } else {
      headers_.push_back({name, value});
    }
  }
}

Result<std::string> ProfilePush::body_of(const std::string& name, Profile profile) const {
  const std::string id = base::random_uuid();  // it only tells profiles apart
  if (options_.protocol == ProfilePushProtocol::kOtlpDevelopment) {
    const std::string message = otlp_profiles_message(profile, resource_fields_, id);
    const Result<net::ByteBlock> packed = net::gzip_compress(std::array{std::string_view(message)}, kGzipLevel);
    return packed ? Result<std::string>(std::string(packed->view())) : packed.error();
  }
  const Result<net::ByteBlock> file = pprof_file(without_threads(std::move(profile)));
  if (!file) return file.error();
  Labels labels = labels_;
  labels.emplace_back("__name__", name);
  return push_message(labels, base::uuid_text(id), file->view());
}

void ProfilePush::send(const std::string& name, Profile profile, Done done) {
  if (in_flight_ >= options_.in_flight_max) {
    ++counters_.skipped;
    return done(Error{
        ErrorCode::kUnavailable,
        destination_ + " is behind by " + std::to_string(options_.in_flight_max) + " profiles; this one is not sent"});
  }
  Result<std::string> made = body_of(name, std::move(profile));
  if (!made) {
    ++counters_.failed;
    return done(made.error());
  }
  const auto body = std::make_shared<const std::string>(std::move(made).value());
  net::HttpRequest request;
  request.target = target_;
  request.authority = authority_;
  request.headers = headers_;
  request.body = {*body};
  request.body_owner = body;
  request.deadline = base::Deadline::after(loop_.clock(), options_.timeout_nanos);
  ++in_flight_;
  client_->send(std::move(request),
                [this, done = std::move(done)](const net::HttpResult& result) mutable { finish(result, done); });
}

void ProfilePush::give_up(std::uint64_t nanos) {
  given_up_ = nanos;
  client_->cancel_all();
}

void ProfilePush::finish(const net::HttpResult& result, Done& done) {
  --in_flight_;
  Status status = result.ok() ? judge(result.response) : Status(result.error.error);
  if (!result.ok() && given_up_) {
    status = Error{ErrorCode::kDeadlineExceeded, destination_ + " has not answered within the " +
                                                     std::to_string(*given_up_ / base::kNanosPerMilli) +
                                                     " ms that it had when the profiler stopped; this profile is lost"};
  }
  ++(status ? counters_.accepted : counters_.failed);
  done(status);
}

Status ProfilePush::judge(const net::Response& response) const {
  const std::string answered = destination_ + " answered " + std::to_string(response.status);
  if (response.status / 100 != 2) {
    return Error{ErrorCode::kUnavailable, response.body.empty() ? answered : answered + ": " + shown(response.body)};
  }
  if (options_.protocol == ProfilePushProtocol::kPyroscope) return {};
  const auto type = net::find_header(response.headers, "Content-Type");
  const std::string_view why = wire::why_no_export_answer(type.value_or(""), response.body);
  if (!why.empty()) return Error{ErrorCode::kUnavailable, answered + " " + std::string(why)};
  if (type.value_or("").starts_with("application/json")) return {};
  const Result<wire::PartialSuccess> partial = wire::decode_export_response(response.body);
  if (!partial) return partial.error().with_prefix(destination_);
  if (partial->rejected_spans == 0) return {};
  return Error{ErrorCode::kUnavailable, destination_ + " rejected " + std::to_string(partial->rejected_spans) +
                                            " profiles: " + shown(partial->message)};
}

}  // namespace nanospan::profile
