// `nanospan load otlp`: spans to an OTLP receiver, as fast as it acknowledges them (closed loop) or at a given rate
// (open loop), and an exact account of what became of each.
//
// In the open loop request k is due at start + k x interval, whatever happened to those before it, and its latency is
// counted from that moment: a receiver that stalls is charged for all who would have come in the meantime (no
// coordinated omission). In the closed loop each of connections x in_flight senders sends its next request when the
// last one is answered, and latency is counted from the sending: it says how long a sender waits at full load.
//
// Generator and sink share one thread and one loop, so that a gateway can have the other processor for itself.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "apps/nanospan/load_bodies.h"
#include "apps/nanospan/load_ledger.h"
#include "apps/nanospan/load_sink.h"
#include "base/result.h"
#include "base/time.h"
#include "load/latency_histogram.h"
#include "net/url.h"

namespace nanospan::app {

struct OtlpLoadOptions {
  net::Url url;
  std::string label;
  bool grpc = true;    ///< Else HTTP/1.1.
  std::string coding;  ///< The name of bodies.codec; empty for none.
  LoadBodiesOptions bodies;
  std::size_t connections = 4;
  std::size_t in_flight = 4;                            ///< Requests at a time on each connection; HTTP/1.1 has one.
  double spans_per_second = 0;                          ///< The rate of the open loop; 0: closed loop.
  std::uint64_t warm_up_nanos = base::kNanosPerSecond;  ///< Sent before it, and accounted for, but not measured.
  std::uint64_t measured_nanos = 10 * base::kNanosPerSecond;
  /// After the last request: for the sink to get what was acknowledged.
  std::uint64_t settle_nanos = 10 * base::kNanosPerSecond;
  std::uint64_t request_timeout_nanos = 30 * base::kNanosPerSecond;
  std::string ca_file;  ///< For https; empty: the system's authorities.
  int pid = 0;          ///< The receiver's process, to account its CPU time and memory; 0 = not wanted.
  std::optional<LoadSinkOptions> sink;
};

struct OtlpLoadResult {
  // While it was measured.
  double seconds = 0;
  std::uint64_t requests = 0;      ///< Acknowledged.
  std::uint64_t spans = 0;         ///< In them.
  load::LatencyHistogram latency;  ///< Of acknowledged requests.
  double receiver_cpu_seconds = 0;
  double own_cpu_seconds = 0;  ///< Of this process, generator and sink.
  // From the first request to the end.
  LoadLedger::Totals spans_total;
  std::uint64_t refused = 0;       ///< Requests answered "later": UNAVAILABLE, 503 and alike.
  std::uint64_t rejected = 0;      ///< Spans that acknowledgements said were rejected (partial success).
  std::uint64_t failed = 0;        ///< Requests with another answer, or without one.
  std::uint64_t not_sent = 0;      ///< Open loop: requests that were due, but for which nobody was free.
  std::uint64_t sink_invalid = 0;  ///< Requests that the sink could not decode.
  std::string first_failure;
  bool with_sink = false;
  bool repeated = false;  ///< The spans' ids came again and again; see LoadLedger.
  double plain_bytes_per_span = 0, wire_bytes_per_span = 0;
  double receiver_rss_mib = 0;  ///< Its high water; 0 without a pid.
};

/// Told about each second that is over: seconds since the start, spans acknowledged in the last one, and the latencies
/// so far.
using OnLoadProgress = std::function<void(double seconds, std::uint64_t spans, const OtlpLoadResult& so_far)>;

/// Runs it. Fails if the receiver or the sink's address cannot be used, or nothing at all was acknowledged.
Result<OtlpLoadResult> run_otlp_load(const OtlpLoadOptions& options, const base::Clock& clock,
                                     const OnLoadProgress& on_progress);

}  // namespace nanospan::app
