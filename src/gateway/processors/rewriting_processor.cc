// Passing on. Threads: see the header.
#include "gateway/processors/rewriting_processor.h"

namespace nanospan::gateway {

RewritingProcessor::RewritingProcessor(const std::string& name, Host& host, Consumer& next)
    : subject_("processor " + name),
      host_(host),
      next_(next),
      incoming_(host.metrics().counter("otelcol_processor_incoming_items", "Spans that came into the processor.",
                                       {{"processor", name}})),
      outgoing_(host.metrics().counter("otelcol_processor_outgoing_items", "Spans passed on to the next component.",
                                       {{"processor", name}})) {}

void RewritingProcessor::consume(BatchRef batch, Completion done) {
  net::ByteBlock out;
  SpanCounts counts;
  incoming_.add(batch->counts().spans);
  switch (rewrite(*batch, out, counts)) {
    case Rewritten::kUnchanged:
      break;
    case Rewritten::kOutOfMemory:
      return done(Outcome::retry(subject_ + ": out of memory", base::kNanosPerSecond));
    case Rewritten::kChanged:
      if (counts.spans == 0) return done(Outcome::accepted());
      out.trim();
      // Charged even where the budget is used up: it takes the place of what was admitted.
      BudgetCharge charge(host_.budget());
      charge.overdraw(out.capacity());
      batch = std::make_shared<const Batch>(std::move(out), std::nullopt, counts, std::move(charge), batch->signal());
      break;
  }
  outgoing_.add(batch->counts().spans);
  next_.consume(std::move(batch), std::move(done));
}

}  // namespace nanospan::gateway
