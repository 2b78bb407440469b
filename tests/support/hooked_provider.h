// A provider with one batch processor and one processor made of what a test wants done.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "tests/support/exporting_provider.h"

namespace nanospan::testing {

/// A processor made of what a test wants done.
struct Hooks final : SpanProcessor {
  std::function<void(SpanRef&, const Context&)> start = [](SpanRef&, const Context&) {};
  std::function<void(SpanRef&)> ending = [](SpanRef&) {};
  std::function<void(const SpanView&)> ended = [](const SpanView&) {};
  int flushes = 0, shutdowns = 0;

  void on_start(SpanRef& span, const Context& parent) override { start(span, parent); }
  void on_ending(SpanRef& span) override { ending(span); }
  void on_end(const SpanView& span) override { ended(span); }
  FlushResult flush(std::uint64_t) override { return ++flushes, FlushResult::kSuccess; }
  FlushResult shutdown(std::uint64_t) override { return ++shutdowns, FlushResult::kSuccess; }
};

struct Hooked {
  std::shared_ptr<Hooks> hooks = std::make_shared<Hooks>();
  ExportingProvider sdk{with(hooks)};

  static TracerProviderOptions with(std::shared_ptr<SpanProcessor> processor, SamplerPtr sampler = nullptr) {
    TracerProviderOptions options;
    options.sampler = std::move(sampler);
    options.processors.push_back(std::move(processor));
    return options;
  }
};

}  // namespace nanospan::testing
