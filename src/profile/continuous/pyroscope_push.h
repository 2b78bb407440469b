// PyroscopePush: sends profiles to Grafana Pyroscope, or to what takes profiles as it does (Alloy), one request each.
//
// Never in anybody's way: a profile that does not get there within its time is lost and counted, not kept; while too
// many are under way, further ones are not sent. On one EventLoop, for its thread.
// Source: Pyroscope "Server HTTP API", /push.v1.PusherService/Push (scope/public): a unary call of the Connect protocol
// with a protobuf body; api/push/v1/push.proto, api/types/v1/types.proto.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http1_client.h"
#include "net/proxy.h"

namespace nanospan::profile {

using Labels = std::vector<std::pair<std::string, std::string>>;

struct PushOptions {
  std::string url = {};                  ///< Of the server: "http://pyroscope:4040". The path of the call is appended.
  Labels headers = {};                   ///< With each request: tenant, credentials.
  std::string service_name = {};         ///< Labels of the series: this and the name of the host.
  std::optional<net::Proxy> proxy = {};  ///< On the way there.
  /// The streams to an https URL; empty: by nanospan::tls, with the system's authorities.
  std::function<Result<net::StreamFactory>(const net::Url& url)> tls_streams = {};
  std::uint64_t timeout_nanos = 10 * base::kNanosPerSecond;
  std::size_t in_flight_max = 8;
};

/// PushRequest with one profile of one series. `id` is a UUID.
std::string push_message(const Labels& labels, std::string_view id, std::string_view pprof);

class PyroscopePush {
 public:
  struct Counters {
    std::uint64_t accepted = 0;
    std::uint64_t failed = 0;
    std::uint64_t skipped = 0;  ///< Too many were under way.
  };
  /// Empty: it was accepted. Else why not.
  using Done = net::UniqueFunction<void(const Status&)>;

  /// kInvalidArgument: the URL, a header, or a proxy before a unix socket; kUnsupported: https without nanospan::tls.
  static Result<std::unique_ptr<PyroscopePush>> create(net::EventLoop& loop, PushOptions options);

  /// `name` is Pyroscope's of this kind: process_cpu, memory, mutex, block. `pprof` is a file of that format.
  void send(const std::string& name, std::string_view pprof, Done done);

  const Counters& counters() const { return counters_; }
  const std::string& destination() const { return destination_; }

 private:
  PyroscopePush(net::EventLoop& loop, PushOptions options, net::Url url);
  void finish(const net::HttpResult& result, Done& done);

  net::EventLoop& loop_;
  const PushOptions options_;
  const std::string target_;
  const std::string destination_;
  const Labels labels_;
  std::vector<net::Header> headers_;
  Counters counters_;
  std::unique_ptr<net::Http1Client> client_;
};

}  // namespace nanospan::profile
