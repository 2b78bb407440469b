// AttributesProcessor: changes attributes of spans, log records and data points. One whose attributes come out as they
// were keeps its bytes.
//
// Thread-safe.
#pragma once

#include <optional>
#include <string>

#include "gateway/pipeline/request_builder.h"
#include "gateway/processors/attribute_actions.h"
#include "gateway/processors/attributes/item_matcher.h"
#include "gateway/processors/rewriting_processor.h"

namespace nanospan::gateway {

struct AttributesProcessorConfig {
  AttributeActions actions;
  std::optional<ItemMatcher> include;  ///< Only these,
  std::optional<ItemMatcher> exclude;  ///< but not those.
};

AttributesProcessorConfig read_attributes_processor_config(MapReader& reader);
/// Complains about conditions that a pipeline of this signal does not have.
void check_attributes_processor_config(MapReader& reader, Signal signal);

class AttributesProcessor final : public RewritingProcessor {
 public:
  AttributesProcessor(AttributesProcessorConfig config, const std::string& name, Signal signal, Host& host,
                      Consumer& next)
      : RewritingProcessor(name, signal, host, next), config_(std::move(config)) {}
  std::string describe() const override { return std::to_string(config_.actions.size()) + " actions"; }

 protected:
  Rewritten rewrite(const Batch& batch, net::ByteBlock& out, SpanCounts& counts) override;

 private:
  class Rewriter;
  const AttributesProcessorConfig config_;
};

}  // namespace nanospan::gateway
