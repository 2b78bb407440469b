// Keys of the `pprof` extension (Collector contrib: extension/pprofextension/config.go), and those that it has not.
// Read by one thread, then constant.
//
//   pprof:                              pprof:
//     directory: /var/lib/profiles        push: {endpoint: "http://pyroscope:4040"}
//
// Either line alone: 30 s of every minute.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/config/listen_address.h"
#include "gateway/config/map_reader.h"
#include "net/http_message.h"
#include "net/tls_options.h"
#include "net/url.h"
#include "profile/continuous/profile_push.h"
#include "profile/heap/heap_sampler.h"
#include "profile/model/history.h"

namespace nanospan::gateway {

/// Profiles are sent to a Pyroscope server, or as OTLP profiles, which are in development. The keys are named as those
/// of the Collector's HTTP clients (confighttp).
struct PprofPushConfig {
  std::optional<net::Url> url;  ///< Of the server, without a query. Nothing: nothing is sent.
  ProfilePushProtocol protocol = ProfilePushProtocol::kPyroscope;
  std::vector<net::Header> headers;  ///< Tenant, credentials.
  net::TlsClientOptions tls;
  std::string proxy_url;  ///< Empty: as the environment says.
  std::string service_name = "nanospan";
  std::uint64_t timeout_nanos = 10 * base::kNanosPerSecond;  ///< What is not taken by then is lost. 0 keeps this.
};

struct PprofConfig {
  ListenAddress address{"127.0.0.1", 1777};
  std::string token;       ///< Asked for as "Authorization: Bearer TOKEN"; needed where others can reach the address.
  bool continuous = true;  ///< Sample always, and keep the last 15 minutes.
  std::uint64_t history_bytes_max = profile::HistoryOptions().bytes_max;  ///< For these; the oldest go first.
  std::uint64_t hz = 100;                                           ///< Samples per second of each thread's CPU time.
  std::uint64_t heap_interval_bytes = profile::kHeapIntervalBytes;  ///< A sample for each on average; 0: none.
  bool locks = true;                                                ///< Record waits for mutexes and conditions.
  std::string directory;                                            ///< Profiles become files here; empty: they do not.
  std::uint64_t directory_bytes_max = std::uint64_t{64} << 20;
  PprofPushConfig push;
  std::uint64_t profile_nanos = 30 * base::kNanosPerSecond;   ///< How long one is.
  std::uint64_t interval_nanos = 60 * base::kNanosPerSecond;  ///< From the beginning of one to that of the next.
};

PprofConfig read_pprof_config(MapReader& reader);

}  // namespace nanospan::gateway
