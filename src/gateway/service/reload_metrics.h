// ReloadMetrics: how often the configuration was read again, and whether the last time went well. One thread.
#pragma once

#include "base/time.h"
#include "gateway/telemetry/metrics.h"

namespace nanospan::gateway {

class ReloadMetrics {
 public:
  ReloadMetrics(MetricsRegistry& registry, const base::Clock& clock)
      : clock_(clock),
        applied_(counter(registry, "applied")),
        unchanged_(counter(registry, "unchanged")),
        refused_(counter(registry, "refused")),
        successful_(registry.gauge("nanospan_config_last_reload_successful",
                                   "1 if the configuration that was read last is in force, 0 if it was refused.")),
        seconds_(registry.gauge("nanospan_config_last_reload_success_timestamp_seconds",
                                "When a configuration was last taken, in seconds since 1970.")) {
    succeed();
  }
  void applied(bool changed_anything) {
    (changed_anything ? applied_ : unchanged_).add(1);
    succeed();
  }
  void refused() {
    refused_.add(1);
    set(successful_, 0);
  }

 private:
  static Metric& counter(MetricsRegistry& registry, std::string_view result) {
    return registry.counter("nanospan_config_reloads", "Configurations read again, by what became of them.",
                            {{"result", result}});
  }
  static void set(Metric& gauge, std::uint64_t value) { gauge.add(value - gauge.value()); }
  void succeed() {
    set(successful_, 1);
    set(seconds_, clock_.unix_now() / base::kNanosPerSecond);
  }

  const base::Clock& clock_;
  Metric& applied_;
  Metric& unchanged_;
  Metric& refused_;
  Metric& successful_;
  Metric& seconds_;
};

}  // namespace nanospan::gateway
