// ProfilePush: sends profiles to a server, one request each: to Grafana Pyroscope, or to what takes profiles as it does
// (Alloy); or, in development, as OTLP profiles to whatever takes those.
//
// Never in anybody's way: a profile that does not get there within its time is lost and counted, not kept; while too
// many are under way, further ones are not sent. On one EventLoop, for its thread.
// Source: Pyroscope "Server HTTP API", /push.v1.PusherService/Push (scope/public): a unary call of the Connect protocol
// with a protobuf body; api/push/v1/push.proto, api/types/v1/types.proto. OTLP/HTTP: /v1development/profiles.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanospan/profile.h>

#include "base/result.h"
#include "net/http1_client.h"
#include "net/proxy.h"
#include "profile/model/profile.h"

namespace nanospan::profile {

using Labels = std::vector<std::pair<std::string, std::string>>;

struct PushOptions {
  std::string url = {};  ///< Of the server: "http://pyroscope:4040". The path of the call is appended.
  ProfilePushProtocol protocol = ProfilePushProtocol::kPyroscope;
  Labels headers = {};            ///< With each request: tenant, credentials.
  std::string service_name = {};  ///< What the profiles are of: this and the name of the host.
  /// The same for OTLP, with all else that is known: see otlp_profiles_message(). Empty: the two.
  std::string resource_fields = {};
  std::optional<net::Proxy> proxy = {};  ///< On the way there.
  /// The streams to an https URL; empty: by nanospan::tls, with the system's authorities.
  std::function<Result<net::StreamFactory>(const net::Url& url)> tls_streams = {};
  std::uint64_t timeout_nanos = 10 * base::kNanosPerSecond;
  std::size_t in_flight_max = 8;
};

/// PushRequest with one profile of one series. `id` is a UUID.
std::string push_message(const Labels& labels, std::string_view id, std::string_view pprof);

class ProfilePush {
 public:
  struct Counters {
    std::uint64_t accepted = 0;
    std::uint64_t failed = 0;
    std::uint64_t skipped = 0;  ///< Too many were under way.
  };
  /// Empty: it was accepted. Else why not.
  using Done = net::UniqueFunction<void(const Status&)>;

  /// kInvalidArgument: the URL, a header, or a proxy before a unix socket; kUnsupported: https without nanospan::tls.
  static Result<std::unique_ptr<ProfilePush>> create(net::EventLoop& loop, PushOptions options);

  /// `name` is Pyroscope's of this kind: process_cpu, memory, mutex, block.
  void send(const std::string& name, Profile profile, Done done);
  /// What is under way is lost, as it had `nanos` to get there: counted as failed, and told to its `done`, soon.
  void give_up(std::uint64_t nanos);

  bool wants_trace_ids() const { return options_.protocol == ProfilePushProtocol::kOtlpDevelopment; }
  const Counters& counters() const { return counters_; }
  std::size_t in_flight() const { return in_flight_; }  ///< Neither accepted nor failed yet.
  const std::string& destination() const { return destination_; }

 private:
  ProfilePush(net::EventLoop& loop, PushOptions options, const net::Url& url, const std::string& host);
  Result<std::string> body_of(const std::string& name, Profile profile) const;
  void finish(const net::HttpResult& result, Done& done);
  Status judge(const net::Response& response) const;

  net::EventLoop& loop_;
  const PushOptions options_;
  const std::string target_;
  const std::string destination_;
  const Labels labels_;
  const std::string resource_fields_;
  std::vector<net::Header> headers_;
  std::string authority_;  // of Host; empty: the URL's
  Counters counters_;
  std::size_t in_flight_ = 0;
  std::optional<std::uint64_t> given_up_;  ///< After these nanoseconds.
  std::unique_ptr<net::Http1Client> client_;
};

}  // namespace nanospan::profile
