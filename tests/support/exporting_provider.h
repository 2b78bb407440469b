// A provider with one batch processor and an exporter that keeps everything: what most tests of the SDK start from.
#pragma once

#include <gtest/gtest.h>
#include <nanospan/tracer_provider.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/collecting_exporter.h"

namespace nanospan::testing {

inline TracerProvider make_provider(TracerProviderOptions options) {
  auto created = TracerProvider::create(std::move(options));
  EXPECT_TRUE(created.ok());
  return std::move(created).value();
}

/// Spans never wait for a full batch here: tests ask for them by flush.
inline BatchOptions roomy_batches() {
  BatchOptions options = BatchOptions::high_throughput();
  options.queue_spans_max = 1 << 20;
  return options;
}

/// Checks at its end that the ledger balances.
class ExportingProvider {
 public:
  explicit ExportingProvider(TracerProviderOptions options = {}, BatchOptions batches = roomy_batches())
      : provider_(with_exporter(std::move(options), collected_, batches)),
        tracer_(provider_.tracer({.name = "test"})) {}
  ExportingProvider(const ExportingProvider&) = delete;
  ExportingProvider& operator=(const ExportingProvider&) = delete;
  ~ExportingProvider() {
    provider_.shutdown();
    const Ledger ledger = provider_.ledger();
    EXPECT_TRUE(ledger.balances()) << "ended " << ledger.ended << ", exported " << ledger.exported << ", dropped "
                                   << ledger.dropped_total() << ", queued " << ledger.queued;
  }

  static ExportingProvider with_limits(SpanLimits limits) {
    TracerProviderOptions options;
    options.limits = limits;
    return ExportingProvider(std::move(options));
  }

  Tracer& tracer() { return tracer_; }
  TracerProvider& provider() { return provider_; }
  Collected& collected() { return *collected_; }

  /// All spans exported so far.
  std::vector<CollectedSpan> spans() {
    EXPECT_EQ(provider_.flush(), FlushResult::kSuccess);
    return collected_->spans();
  }
  /// The one span exported so far.
  CollectedSpan only_span() {
    auto all = spans();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? CollectedSpan{} : std::move(all.front());
  }
  /// Everything exported so far, as OTLP.
  std::string bytes() {
    EXPECT_EQ(provider_.flush(), FlushResult::kSuccess);
    return collected_->bytes();
  }

 private:
  static TracerProvider with_exporter(TracerProviderOptions options, std::shared_ptr<Collected>& collected,
                                      BatchOptions batches) {
    collected = std::make_shared<Collected>();
    options.processors.push_back(batch_processor(std::make_unique<CollectingExporter>(collected), batches));
    return make_provider(std::move(options));
  }

  std::shared_ptr<Collected> collected_;
  TracerProvider provider_;
  Tracer tracer_;
};

}  // namespace nanospan::testing
