// A request is labels and one profile, as push.proto has them. Threads: see the header.
#include "profile/continuous/pyroscope_push.h"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <span>

#include "net/linked_tls.h"
#include "wire/json_text.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace nanospan::profile {
namespace {

constexpr std::string_view kCall = "push.v1.PusherService/Push";
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

/// Version 4 (RFC 9562). It only tells profiles apart.
std::string random_uuid() {
  std::array<char, 16> bytes{};
  [[maybe_unused]] const ssize_t filled = ::getrandom(bytes.data(), bytes.size(), GRND_NONBLOCK);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string text;
  wire::append_hex({bytes.data(), bytes.size()}, text);
  for (const std::size_t at : {20u, 16u, 12u, 8u}) text.insert(at, 1, '-');
  return text;
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

std::string with_call(std::string path) {
  if (!path.ends_with('/')) path += '/';
  return path + std::string(kCall);
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

Result<std::unique_ptr<PyroscopePush>> PyroscopePush::create(net::EventLoop& loop, PushOptions options) {
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
  std::unique_ptr<PyroscopePush> made(new PyroscopePush(loop, std::move(options), std::move(url).value()));
  made->client_ = std::move(client).value();
  return made;
}

PyroscopePush::PyroscopePush(net::EventLoop& loop, PushOptions options, net::Url url)
    : loop_(loop),
      options_(std::move(options)),
      target_(with_call(url.path)),
      destination_(url.shown()),
      labels_{{"service_name", options_.service_name}, {"hostname", host_name()}},
      headers_{{"Content-Type", "application/proto"}, {"Connect-Protocol-Version", "1"}, {"User-Agent", "nanospan"}} {
  for (const auto& [name, value] : options_.headers) headers_.push_back({name, value});
}

void PyroscopePush::send(const std::string& name, std::string_view pprof, Done done) {
  if (client_->in_flight() >= options_.in_flight_max) {
    ++counters_.skipped;
    return done(Error{
        ErrorCode::kUnavailable,
        destination_ + " is behind by " + std::to_string(options_.in_flight_max) + " profiles; this one is not sent"});
  }
  Labels labels = labels_;
  labels.emplace_back("__name__", name);
  const auto body = std::make_shared<const std::string>(push_message(labels, random_uuid(), pprof));
  net::HttpRequest request;
  request.target = target_;
  request.headers = headers_;
  request.body = {*body};
  request.body_owner = body;
  request.deadline = base::Deadline::after(loop_.clock(), options_.timeout_nanos);
  client_->send(std::move(request),
                [this, done = std::move(done)](const net::HttpResult& result) mutable { finish(result, done); });
}

void PyroscopePush::finish(const net::HttpResult& result, Done& done) {
  if (result.ok() && result.response.status / 100 == 2) {
    ++counters_.accepted;
    return done({});
  }
  ++counters_.failed;
  if (!result.ok()) return done(result.error.error);
  std::string why = destination_ + " answered " + std::to_string(result.response.status);
  if (!result.response.body.empty()) why += ": " + shown(result.response.body);
  done(Error{ErrorCode::kUnavailable, std::move(why)});
}

}  // namespace nanospan::profile
