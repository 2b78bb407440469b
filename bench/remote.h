// Who receives in a benchmark: a process that decodes and counts, or a server that never reads.
//
// Thread-safety: for the main thread of a benchmark. A Receiver owns its process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include <nanospan/span_exporter.h>

#include "bench/stage.h"

namespace nanospan::bench {

/// bench/receiver, started as a process of its own and killed with this object.
class Receiver {
 public:
  struct Counts {
    std::uint64_t requests = 0, spans = 0, attributes = 0, bytes = 0, invalid = 0;
    std::uint64_t latency_count = 0, latency_p50 = 0, latency_p99 = 0, latency_max = 0;  ///< End to received, ns.
  };

  /// `look_into_spans`: also attributes and latencies, which costs the receiver about as much again.
  /// `answer_after_ms`: how far away it is.
  explicit Receiver(int processor, bool look_into_spans = true, std::uint32_t answer_after_ms = 0);
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  ~Receiver();

  std::uint16_t port() const { return port_; }
  std::string traces_endpoint() const;
  std::string base_endpoint() const;
  Counts counts() const;
  void reset_counts() const;

 private:
  std::string ask(const std::string& request_line) const;

  pid_t process_ = -1;
  std::uint16_t port_ = 0;
};

/// A server that accepts connections (by the kernel) and never reads a byte.
class BlackHole {
 public:
  BlackHole();
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;
  ~BlackHole();
  std::string traces_endpoint() const;

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

std::unique_ptr<SpanExporter> otlp_to(const std::string& traces_endpoint);

/// Pipeline::check(), and the receiver, which is this pipeline's alone, has exactly what was exported.
std::string check_received(Pipeline& pipeline, const Receiver& receiver);

}  // namespace nanospan::bench
