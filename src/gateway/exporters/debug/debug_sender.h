// DebugSender: shows batches to a person, a bounded number of lines in each second. What is not shown is counted, and
// said.
//
// Output may block (a pipe nobody reads), so it has a loop and thread of its own.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "gateway/exporters/debug/debug_exporter_config.h"
#include "gateway/queue/sender.h"
#include "gateway/telemetry/log.h"
#include "gateway/telemetry/metrics.h"

namespace nanospan::gateway {

class DebugSender final : public Sender {
 public:
  static constexpr std::uint64_t kBytesASecondMax = 1 << 20;  ///< Beyond this nobody reads; and a terminal is slow.

  DebugSender(const DebugExporterConfig& config, const std::string& exporter, const base::Clock& clock,
              MetricsRegistry& metrics, Log& log);
  void send(BatchRef batch, base::Deadline deadline, Done done) override;

 private:
  bool is_sampled();
  std::string render(const Batch& batch) const;

  const DebugExporterConfig config_;
  const std::string subject_;
  const base::Clock& clock_;
  Log& log_;
  Metric& hidden_;
  base::MonotonicNanos second_began_ = 0;
  std::uint64_t in_second_ = 0;
  std::uint64_t bytes_in_second_ = 0;
  std::uint64_t hidden_since_shown_ = 0;
};

}  // namespace nanospan::gateway
