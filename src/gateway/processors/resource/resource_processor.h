// ResourceProcessor: changes attributes of resources. Everything below them is copied as it is, at once.
//
// Thread-safe.
#pragma once

#include <string>
#include <utility>

#include "gateway/processors/attribute_actions.h"
#include "gateway/processors/rewriting_processor.h"

namespace nanospan::gateway {

struct ResourceProcessorConfig {
  AttributeActions actions;
};

ResourceProcessorConfig read_resource_processor_config(MapReader& reader);

class ResourceProcessor final : public RewritingProcessor {
 public:
  ResourceProcessor(ResourceProcessorConfig config, const std::string& name, Signal signal, Host& host, Consumer& next)
      : RewritingProcessor(name, signal, host, next), config_(std::move(config)) {}
  std::string describe() const override { return std::to_string(config_.actions.size()) + " actions"; }

 protected:
  Rewritten rewrite(const Batch& batch, net::ByteBlock& out, SpanCounts& counts) override;

 private:
  const ResourceProcessorConfig config_;
};

}  // namespace nanospan::gateway
