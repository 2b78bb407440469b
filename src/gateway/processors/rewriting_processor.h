// RewritingProcessor: a Processor that passes each request on at once, as it is or written anew. They differ in how.
//
// Holds nothing and answers with the answer of the next consumer. Thread-safe, as rewrite() must be.
#pragma once

#include <string>
#include <utility>

#include "gateway/component/component.h"
#include "gateway/processors/processor_items.h"

namespace nanospan::gateway {

class RewritingProcessor : public Processor {
 public:
  Status start() override { return {}; }
  void drain(base::Deadline /*deadline*/, net::Task done) override { done(); }

  Room room_for(const Batch& batch) const override { return next_.room_for(batch); }
  bool waits_for_result() const override { return next_.waits_for_result(); }
  void consume(BatchRef batch, Completion done) override;

 protected:
  enum class Rewritten { kUnchanged, kChanged, kOutOfMemory };

  RewritingProcessor(const std::string& name, Signal signal, Host& host, Consumer& next);
  /// Writes what the next consumer shall get, and counts it. What is unchanged is passed on without a copy.
  virtual Rewritten rewrite(const Batch& batch, net::ByteBlock& out, SpanCounts& counts) = 0;

 private:
  const std::string subject_;
  Host& host_;
  Consumer& next_;
  ProcessorItems items_;
};

}  // namespace nanospan::gateway
